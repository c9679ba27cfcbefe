"""The demonstration on own data: drafts a catalogue, checks, trains, tests, explains and reports."""

from __future__ import annotations

import re
import time
import warnings
from pathlib import Path

import click
import numpy as np

from credit_model.cli import key_options, options
from credit_model.cli.console import heading, progress, say, show_facts, working
from credit_model.cli.demo_appeal import show_appeal
from credit_model.cli.draft import drafted, show_draft
from credit_model.cli.explain import draw_changes, show_explained
from credit_model.cli.model import show_scores, show_support, warn_if_useless
from credit_model.cli.plan import plans_of
from credit_model.cli.why import show_why
from credit_model.documents.notice import build_notice
from credit_model.documents.report import write_report
from credit_model.documents.tracks import score_tracks
from credit_model.errors import CreditModelWarning, HistoryError
from credit_model.evaluation import evaluate
from credit_model.explain.decreases import DecreaseExplanations
from credit_model.explain.pairs import count_falls_within_tier
from credit_model.files import fresh_folder, write_text
from credit_model.portfolio.catalogue import read_catalogue
from credit_model.portfolio.declarations import Catalogue
from credit_model.portfolio.history import History
from credit_model.portfolio.months import format_month
from credit_model.predictor import LimitPredictor

#: Fits of the model (each on half of the borrowers, so that nobody is explained by a fit that saw them) and its trees.
_FITS, _MOST_TREES = 4, 150
#: Pages of the report.
_MOST_PAGES = 50


def explain_own_data(
    folder: Path, shown: Path, data: options.DataSource, catalogue: str | None, keys: key_options.Keys, jobs: int
) -> None:
    """Do everything in ``folder``, which will be ``shown``."""
    start = time.perf_counter()
    data.check_sheet()
    declared = _catalogue(folder, shown, data, catalogue, keys)
    history = _checked(data, declared)
    predictor = LimitPredictor(declared, n_fits=_FITS, n_jobs=jobs, max_iter=_MOST_TREES)
    heading("3. Training, and testing on borrowers and months never seen")
    with working("training"):
        predictor.fit(history)
    predictor.save(folder / "model")
    warn_if_useless(predictor, [history])
    try:
        with working("evaluating"):
            evaluation = evaluate(predictor, history)
        show_scores(evaluation.scores.reset_index(), evaluation.n_test, evaluation.n_borrowers)
        if evaluation.support is not None:
            show_support(evaluation.support, "Cuts supported, and kept decisions of which the model says the same")
    except HistoryError as mistake:
        say(f"Note: {mistake}")
    files: list[tuple[str, object]] = [("catalogue", shown / "catalogue.toml"), ("model", shown / "model")]
    files += _explained(folder, shown, predictor, history)
    show_facts([*((name, str(path)) for name, path in files), ("minutes", f"{(time.perf_counter() - start) / 60:.1f}")])


def _catalogue(
    folder: Path, shown: Path, data: options.DataSource, catalogue: str | None, keys: key_options.Keys
) -> Catalogue:
    """The catalogue that is given, or one drafted from the data; it lies in the folder, too."""
    if catalogue is not None:
        heading(f"1. The catalogue {catalogue}")
        declared = read_catalogue(catalogue)
        write_text(declared.text, folder / "catalogue.toml")
        say(f"{len(declared.drivers)} features in {len(declared.factors)} factors")
        return declared
    heading(f"1. Drafting a catalogue of {data}")
    draft = drafted(data, keys)
    draft.write(folder / "catalogue.toml")
    show_draft(draft, str(shown / "catalogue.toml"))
    return draft.catalogue


def _checked(data: options.DataSource, catalogue: Catalogue) -> History:
    heading("2. Checking the histories against it")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CreditModelWarning)  # the draft has told what is left out
        history = data.history(catalogue)
    first, last = (
        format_month(int(m), history.month_type) for m in (history.month_number.min(), history.month_number.max())
    )
    show_facts(
        [("borrowers", len(history.borrower_ids)), ("borrower-months", len(history)), ("months", f"{first} to {last}")]
    )
    return history


def _explained(folder: Path, shown: Path, predictor: LimitPredictor, history: History) -> list[tuple[str, object]]:
    """Explain and report the cuts; gives what was written."""
    heading("4. Explaining every decrease")
    if "tier_in_force" not in predictor.catalogue.state_names:
        say("No limit moves in these data: there is a model of the limits, and no decrease to explain.")
        return []
    with working("explaining"):
        snapshots = predictor.snapshots(history)
        explanations = predictor.explain_snapshots(snapshots)
    if not len(explanations):
        say("No limit falls by a tier in these data after the first months: there is no decrease to explain.")
        return []
    lang = "zh" if re.search(r"[\u3400-\u9fff]", predictor.catalogue.factors[0].label.text("en")) else "en"
    show_explained(explanations, count_falls_within_tier(history, predictor.ladder), lang=lang)
    chosen = clearest(explanations, most=_MOST_PAGES)
    with fresh_folder(folder / "explanations") as partial:
        explanations.write_into(partial)
        draw_changes(chosen[: min(5, len(chosen))], partial / "pictures", lang=lang)
    with progress("writing pages") as advance:
        involved = history.select(sorted(set(chosen.borrower_id.tolist())))
        theirs = predictor.snapshots(involved)
        tracks = score_tracks(predictor.fitted, theirs, n_jobs=predictor.n_jobs)
        plans = plans_of(predictor, theirs, chosen)
        pages = write_report(chosen, tracks, folder / "report", lang=lang, plans=plans, on_progress=advance)
    notice = build_notice(chosen[0], lang=lang, plan=None if plans is None else plans[0])
    write_text(notice.html(), folder / "notice.html")
    heading("The clearest cut, in words")
    show_why(chosen[0], lang)
    heading("An appeal: a document, a second look, two persons, an answer in both languages, and its proof")
    appeal = show_appeal(predictor, explanations, history, folder, shown, seed=0, lang=lang)
    own = shown / pages.index.relative_to(folder)
    return [("pages (open in a browser)", own), ("a notice to the borrower", shown / "notice.html"), *appeal,
            ("tables and pictures", shown / "explanations")]  # fmt: skip


def clearest(explanations: DecreaseExplanations, *, most: int) -> DecreaseExplanations:
    """The decreases of which most is told and most clearly, those on which all fits agree first."""
    verdicts = explanations.verdicts
    support = {"expected": 2.0, "raised": 1.0}
    values = explanations.factor_contributions
    total = np.maximum(np.abs(values).sum(axis=1), 1e-12)
    leads = np.array(
        [abs(values[i, v.leading_factor]) if v.leading_factor >= 0 else 0.0 for i, v in enumerate(verdicts)]
    )
    rank = np.array([support.get(str(level), 0.0) for level in explanations.support]) * (leads > 0)
    rank = rank + leads / total - 0.5 * np.array([bool(v.near_tie) for v in verdicts]) - explanations.reference_censored
    order = np.argsort(-rank, kind="stable")[:most]
    return explanations[order.astype(np.int64)]


def refuse_simulation_options(ctx: click.Context) -> None:
    """Options of the simulated demonstration say nothing of own data."""
    for name in ("borrowers", "months", "seed"):
        if ctx.get_parameter_source(name) is not click.core.ParameterSource.DEFAULT:
            raise click.UsageError(f"--{name} is for the simulated demonstration; leave it out beside --data.", ctx)
