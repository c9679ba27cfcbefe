"""The command why: the whole answer about one limit decrease, at the terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Table
from rich.text import Text

from credit_model.cli import by_blocks, options
from credit_model.cli.console import heading, say, show, working
from credit_model.explain.decreases import DecreaseExplanations
from credit_model.words.reasons import DecreaseReasons, decrease_reasons
from credit_model.words.values import CatalogueWords, catalogue_words

_BAR = 30
_MOST_SETS = 3


@options.command()
@options.model_on_data
@options.borrower(required=True)
@options.month("The month in which the limit fell; else the borrower's last decrease.")
@options.reference
@options.language
def why_command(source: options.ModelOnData, borrower: str, month: str | None, reference: str, lang: str) -> None:
    """The whole answer about one limit decrease: what fell, how far the model supports it, why, and what would have
    kept it.

    \b
    Example:  credit-model why --data portfolio --model model --borrower 42
              credit-model why --data portfolio --model model --borrower 42 --month 2024-03 --lang zh
    """
    source = by_blocks.about(source, borrower)
    with working("explaining"):
        explanation = source.explained(borrower=borrower, month=month, reference=reference)[-1]
    show_why(explanation, lang)


def show_why(explanation: DecreaseExplanations, lang: str) -> None:
    """Print everything that is told of one decrease."""
    words = catalogue_words(explanation.catalogue, lang, explanation.month_type)
    told = decrease_reasons(explanation, lang=lang)[0]
    language = words.language
    heading(
        language.say(
            "why.title",
            borrower=explanation.borrower_id[0],
            month=words.month(int(explanation.month_number[0])),
            before=words.money(float(explanation.limit_before[0])),
            after=words.money(float(explanation.limit_after[0])),
        )
    )
    show(_facts(explanation, told, words))
    if explanation.has_reference[0]:
        heading(language.say("why.factors"))
        show(_bars(explanation, words))
    heading(language.say(_reasons_title(told)))
    for reason in told.reasons:
        text = language.headed(reason.text)
        say(f"  {reason.rank}. {text}{language.bracketed(language.share(reason.reason.share))}")
    for note in told.notes:
        say(f"  {note}")
    sets = list(_restoring(explanation, words))
    if sets:
        raised = told.verdict.support == "raised"
        heading(language.say("why.restoring_raised" if raised else "why.restoring"))
        for line in sets:
            say(f"  {line}")


def _reasons_title(told: DecreaseReasons) -> str:
    if not told.reasons:
        return "why.no_reasons"
    return "why.reasons_raised" if told.verdict.support == "raised" else "why.reasons"


def _facts(explanation: DecreaseExplanations, told: DecreaseReasons, words: CatalogueWords) -> Table:
    language = words.language
    support = language.say(f"support.{told.verdict.support}")
    tiers = {"before": int(explanation.tier_before[0]), "after": int(explanation.tier_after[0])}
    rows = [
        ("", language.say("why.tier", **tiers)),
        (language.say("why.compared"), told.compared_with),
        (language.say("why.support"), f"{support}{language.colon}{told.support_sentence}"),
        (language.say("why.risk"), told.risk),
        (language.say("why.frequency"), told.frequency),
        (language.say("why.wave"), told.wave),
    ]
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column()
    for name, text in rows:
        if text:
            table.add_row(Text(name, style="dim"), Text(text))
    return table


def _bars(explanation: DecreaseExplanations, words: CatalogueWords) -> Table:
    """Factors as bars to the left (lowered the score) and right, in the order in which they are told."""
    values = explanation.factor_contributions[0]
    largest = max(float(abs(values).max()), 1e-12)
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    for g in explanation.factor_order():
        bar = "█" * round(_BAR * abs(float(values[g])) / largest)
        left, right = (bar, "") if values[g] < 0 else ("", bar)
        table.add_row(
            Text(f"  {words.factor_labels[g]}"),
            Text(words.language.score(float(values[g]), signed=True)),
            Text(f"{left:>{_BAR}}", style="red"),
            Text(right, style="green"),
        )
    return table


def _restoring(explanation: DecreaseExplanations, words: CatalogueWords) -> Iterator[str]:
    """The smallest sets of factors that would have kept the limit, with the risk that they reach."""
    language, ids = words.language, words.catalogue.factor_ids
    if explanation.verdicts[0].withheld in ("not_supported", "no_reference"):
        return
    table = explanation.restoring_table(0)
    for chosen, risk, restores in zip(table["factors"], table["risk"], table["restores"], strict=True):
        if not restores:
            yield language.say("why.never")
            return
        labels = language.join([words.factor_labels[ids.index(factor)] for factor in chosen])
        yield f"{labels}{language.bracketed(language.risk(float(risk)))}"
        if chosen is table["factors"].iloc[min(len(table), _MOST_SETS) - 1]:
            return
