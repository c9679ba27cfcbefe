"""How the commands of the appeal desk show cases, re-evaluations and what was found."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from credit_model.cli.console import heading, say, show_facts, show_table

if TYPE_CHECKING:
    from credit_model.act.appeals.cases import Case
    from credit_model.act.appeals.desk import Desk
    from credit_model.act.appeals.evaluating import Evaluation
    from credit_model.act.appeals.evidence import Flag
    from credit_model.act.appeals.reading import CaseFile
    from credit_model.act.appeals.verifying import Verification
    from credit_model.words.values import CatalogueWords

#: SHA-256, of which a table shows the first digits.
_DIGEST = re.compile(r"\b([0-9a-f]{12})[0-9a-f]{52}\b")


def _words(file: CaseFile, lang: str) -> CatalogueWords:
    from credit_model.words.values import catalogue_words

    return catalogue_words(file.declaration, lang, file.frozen.month_type)


def show_flags(file: CaseFile, flags: Sequence[Flag], lang: str) -> None:
    """Print what a person should look at before deciding."""
    words = _words(file, lang)
    labels = {one.id: one.label for one in words.catalogue.documents}
    labels |= {one.id: one.label for one in words.catalogue.ledgers}
    for flag in flags:
        about = words.language.label(labels[flag.about]) if flag.about else ""
        datum = words.language.headed(words.language.label(words.catalogue.column(flag.column).label))
        places = {"datum": datum, "month": words.month(flag.month), "ledger": about, "document": about}
        say(words.language.say(f"appeal.{flag.kind}", count=None, **places))


def show_evaluation(file: CaseFile, found: Evaluation, lang: str) -> None:
    """Print a re-evaluation: both scores, the line, what moved, and what could still matter."""
    words = _words(file, lang)
    score = words.language.score
    show_facts(
        [
            ("case", file.case.number),
            ("score as decided", score(found.score_before)),
            ("score corrected", score(found.score_after)),
            ("line", "-" if math.isnan(found.line) else score(found.line)),
            ("over the line", found.crosses),
            ("fits over the line", f"{found.n_cross} of {found.n_fits}"),
            ("support", f"{found.support_before or '-'} -> {found.support_after or '-'}"),
            ("tier the model gives", f"{found.tier_before} -> {found.tier_after}"),
            ("limit of that tier", f"{words.money(found.limit_before)} -> {words.money(found.limit_after)}"),
            ("recommendation", found.recommendation),
        ]
    )
    labels = dict(zip(words.catalogue.factor_ids, words.factor_labels, strict=True))
    moved = sorted(
        (name for name, value in found.by_factor.items() if value), key=lambda name: -abs(found.by_factor[name])
    )
    if moved:
        heading("Moved by the corrections, log-odds")
        values = [found.by_factor[name] for name in moved]
        show_table(pd.DataFrame({"factor": [labels[name] for name in moved], "contribution": values}))
    if found.further and not found.crosses:
        heading("Where further evidence would matter most")
        show_table(
            pd.DataFrame(
                [
                    (
                        one.column,
                        "all" if one.month is None else words.month_short(one.month),
                        one.value,
                        one.gain,
                        one.crosses,
                    )
                    for one in found.further
                ],
                columns=["column", "month", "value", "gain", "alone enough"],
            )
        )


def show_cases(desk: Desk, lang: str) -> None:
    """Print all cases, those due first."""
    from credit_model.act.appeals.summary import cases_table
    from credit_model.words.language import language

    spoken = language(lang)
    today = desk.day(desk.store.now()).isoformat()
    table = cases_table(desk.store, today=today).set_index("case").loc[desk.store.cases()].reset_index()
    table["kind"] = [spoken.say(f"appeal.kind_{kind}") for kind in table["kind"]]
    table["state"] = [spoken.say(f"appeal.state_{state}") for state in table["state"]]
    table["late"] = [spoken.say("appeal.late") if late else "" for late in table["late"]]
    show_table(table[["case", "kind", "state", "opened", "due", "answered", "late", "outcome", "n_documents"]])
    show_facts([("cases", len(table)), ("head", desk.store.head)])


def show_case(desk: Desk, case: Case, lang: str) -> None:
    """Print all that was done in a case."""
    from credit_model.act.appeals.verifying import facts_as_text
    from credit_model.words.language import language

    spoken = language(lang)
    late = case.is_late(desk.day(desk.store.now()).isoformat())
    show_facts(
        [
            ("case", case.number),
            ("kind", spoken.say(f"appeal.kind_{case.kind}")),
            ("state", spoken.say(f"appeal.state_{case.state}")),
            ("due", case.due + (f" ({spoken.say('appeal.late')})" if late else "")),
            ("erased", case.is_erased),
        ]
    )
    facts = [_DIGEST.sub(r"\1…", facts_as_text(one)) for one in case.events]
    rows = [(one.seq, one.at[:16], one.actor, one.action, told) for one, told in zip(case.events, facts, strict=True)]  # noqa: PD008
    show_table(pd.DataFrame(rows, columns=["event", "at (UTC)", "who", "what", "facts"]))
    say(f"head {case.events[-1].head}")


def show_verification(found: Verification) -> None:
    """Print what was looked at."""
    show_facts(
        [
            ("events", found.n_events),
            ("cases", found.n_cases),
            ("sealed items", found.n_sealed),
            ("erased items", found.n_erased),
            ("head", found.head),
            ("sound", found.is_sound),
        ]
    )
