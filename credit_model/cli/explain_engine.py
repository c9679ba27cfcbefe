"""What ``explain --engine-model`` does: changes of a lender's own scores, and the limits that its model decided."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from credit_model.arrays import IntArray
from credit_model.cli import options
from credit_model.cli.console import heading, say, show_facts, show_table, working
from credit_model.cli.engine_options import OwnModelOptions, TwoTables, needed, read_groups
from credit_model.cli.plan import plans_of
from credit_model.documents.page_score import ScoreRecords
from credit_model.documents.score_report import FORMAT as SCORE_FORMAT
from credit_model.documents.score_report import page_files, worst_first, write_pages_into
from credit_model.explain.decreases import DecreaseExplanations
from credit_model.explain.score_changes import ScoreChanges, explain_changes
from credit_model.files import fresh_folder, write_manifest, write_table
from credit_model.portfolio.history import History
from credit_model.predictor import LimitPredictor
from credit_model.readers.tables import read_table
from credit_model.words.language import language
from credit_model.words.score_changes import ScoreFigures, change_reasons

#: So many changes are told at the terminal.
_TOLD = 3


@dataclass(frozen=True)
class OwnOnData(options.ModelOnData):
    """A lender's own model and the histories of what it decided: `options.ModelOnData` without a trained model."""

    own: OwnModelOptions

    @cached_property
    def _unfitted(self) -> LimitPredictor:
        assert self.catalogue is not None
        return own_predictor(self.own, self.catalogue, jobs=self.jobs)

    @cached_property
    def history(self) -> History:
        """The checked histories, as the catalogue declares them."""
        return self.data.history(self._unfitted.catalogue)

    @cached_property
    def predictor(self) -> LimitPredictor:
        """The model, with what became of its decisions."""
        return self._unfitted.fit(self.history)


def own_predictor(own: OwnModelOptions, catalogue: str, *, jobs: int, seed: int = 0) -> LimitPredictor:
    """A predictor by a lender's own model, not yet fitted."""
    decide, worse = own.deciding
    with working(f"reading {own.engine_model}"):
        return LimitPredictor.from_model(own.trees, catalogue, decide=decide, worse=worse, n_jobs=jobs, seed=seed)


def explain_tables(
    own: OwnModelOptions,
    tables: TwoTables,
    *,
    catalogue: str | None,
    out: str,
    plots: int,
    pages: int,
    lang: str,
    jobs: int,
) -> None:
    """Explain why scores differ between two tables, and write what explains it."""
    before = read_table(needed(tables.before, "--before", " to compare with"), id_column=tables.key)
    after = read_table(needed(tables.after, "--after", " to compare with"), id_column=tables.key)
    needed(tables.worse, "--worse", ": higher of a probability of default, lower of a credit score")
    groups: Any = None if tables.groups is None else read_groups(Path(tables.groups))
    with working("explaining"):
        changes = explain_changes(
            own.trees, before, after, groups=groups, catalogue=catalogue, keys=tables.key, worse=tables.worse,
            dates=tables.dates, n_jobs=jobs,
        )  # fmt: skip
        told = change_reasons(changes, lang=lang)
    chosen = worst_first(changes)
    with fresh_folder(out, format=SCORE_FORMAT) as partial:
        write_score_tables(changes, partial)
        write_table(told.table.astype({"key": str}), partial / "reasons.parquet")
        _draw(changes, chosen[:plots], partial / "plots", lang)
        shown = changes[chosen[:pages]]
        files = page_files(shown)
        if pages and len(shown):
            write_pages_into(partial, ScoreRecords(shown, language(lang).code), files)
        write_manifest(
            partial, SCORE_FORMAT, {"model_version": changes.model_version, "changes": len(changes), "pages": files}
        )
    exact = changes.contributions.sum(axis=1) - (changes.score_after - changes.score_before)
    heading(f"{len(changes):,} changes of a score")
    show_facts(
        [
            ("model", changes.model_version),
            ("rows on which it scores like its library to the bit", own.trees.n_checked + 2 * len(changes)),
            ("worse than before", int(changes.summary["worsened"].sum())),
            ("largest error of a sum of contributions", f"{abs(exact).max(initial=0.0):.1e}"),
        ]
    )
    _show_worst(changes, chosen[:10], lang)
    for i in chosen[:_TOLD].tolist():
        say(f"{changes.borrower_id[i]}: {told[i]}")
    say(f"Written to {out}" + (f"; open {Path(out) / 'index.html'}" if pages and len(changes) else ""))


def write_score_tables(changes: ScoreChanges, folder: Path) -> None:
    """Write the tables of explained changes (Parquet) into a folder."""
    tables = {name: getattr(changes, name) for name in ("summary", "by_factor", "by_feature")}
    tables |= {"values_before": changes.values_before, "values_after": changes.values_after}
    tables["summary"] = tables["summary"].astype({"key": str})
    if changes.has_what_if:
        tables["what_if"] = changes.what_if.set_axis([str(c) for c in changes.what_if], axis=1)
    for name, table in tables.items():
        write_table(table, folder / f"{name}.parquet")


def write_pages(
    source: options.ModelOnData, explanations: DecreaseExplanations, folder: Path, *, most: int, lang: str
) -> None:
    """Write pages of the latest decreases, with what brings each limit back."""
    from credit_model.documents.report import write_report
    from credit_model.documents.tracks import score_tracks

    latest = np.sort(explanations.month_number.argsort(kind="stable")[-most:])
    chosen, predictor = explanations[latest], source.predictor
    snapshots = predictor.snapshots(source.history.select(sorted(set(chosen.borrower_id.tolist()))))
    with working("planning"):
        planned = plans_of(predictor, snapshots, chosen)
    with working("writing pages"):
        tracks = score_tracks(predictor.fitted, snapshots, n_jobs=source.jobs)
        write_report(chosen, tracks, folder, lang=lang, plans=planned)


def _draw(changes: ScoreChanges, chosen: IntArray, folder: Path, lang: str) -> None:
    from credit_model.places import file_names
    from credit_model.plots import close_plot, plot_score_change, save_plot

    names = file_names(list(changes.borrower_id[chosen]), ["score"] * len(chosen))
    for i, name in zip(chosen.tolist(), names, strict=True):
        axes = plot_score_change(changes[i], lang=lang)
        save_plot(axes, folder / f"change-{name}.png")
        close_plot(axes)


def _show_worst(changes: ScoreChanges, chosen: IntArray, lang: str) -> None:
    figures, table = ScoreFigures(changes, language(lang)), changes.summary.iloc[chosen].copy()
    for name in ("score_before", "score_after"):
        table[name] = [figures.text(float(v)) for v in table[name]]
    table["change"] = [figures.text(float(v), signed=True) for v in table["change"]]
    show_table(table.drop(columns="worsened"))
