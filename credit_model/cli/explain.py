"""The command explain: every decrease, exactly, by factor."""

from __future__ import annotations

from pathlib import Path

import click
import pandas as pd

from credit_model.cli import options
from credit_model.cli.console import heading, say, show_facts, show_table, working
from credit_model.cli.outputs import Folder
from credit_model.cli.why import show_why
from credit_model.explain.decreases import DecreaseExplanations
from credit_model.explain.pairs import count_falls_within_tier
from credit_model.explain.saved import FORMAT
from credit_model.explain.support import SUPPORT_LEVELS
from credit_model.files import fresh_folder
from credit_model.places import file_names


@options.command()
@options.model_on_data
@options.out("Folder of tables and plots to write.", Folder(FORMAT))
@options.reference
@options.borrower(required=False)
@options.month()
@click.option("--plots", type=click.IntRange(min=0), default=3, show_default=True, help="Decreases to draw.")
@options.language
def explain_command(
    source: options.ModelOnData,
    out: str,
    reference: str,
    borrower: str | None,
    month: str | None,
    plots: int,
    lang: str,
) -> None:
    """Explain every limit decrease, exactly, by factor.

    Writes summary, by_factor, by_feature, values_before, values_after, what_if and waves (Parquet), and plots. Of one
    borrower it prints the whole answer about each cut, as 'credit-model why' does.

    \b
    Example:  credit-model explain --data portfolio --model model --out explanations
              credit-model explain --data portfolio --model model --borrower 42 --out one --lang zh
    """
    with working("explaining"):
        explanations = source.explained(borrower=borrower, month=month, reference=reference)
        within_tier = None
        if borrower is None and month is None:
            within_tier = count_falls_within_tier(source.history, source.predictor.ladder)
    with fresh_folder(out, format=FORMAT) as partial:
        explanations.write_into(partial)
        draw_changes(explanations, partial / "plots", most=plots, lang=lang)
    if borrower is None:
        show_explained(explanations, within_tier, lang=lang)
    else:
        for one in explanations:
            show_why(one, lang)
    say(f"Written to {out}")


def show_explained(explanations: DecreaseExplanations, within_tier: int | None, *, lang: str = "en") -> None:
    """Print how far the decreases are supported, which factors led them, and how exactly they are explained."""
    n = len(explanations)
    verdicts = explanations.verdicts
    told = sum(verdict.leading_factor >= 0 for verdict in verdicts)
    exact = explanations.contributions.sum(axis=1) - (explanations.keep_score_after - explanations.keep_score_before)
    heading(f"{n:,} limit decreases")
    meaning = {
        "expected": "expected: the model itself would not have kept the limit",
        "raised": "raised: the risk at least doubled since the reference, and is high for the portfolio",
        "unexplained": "unexplained: candidates for re-evaluation",
    }
    facts: list[tuple[str, object]] = [
        (meaning[level], int((explanations.support == level).sum())) for level in SUPPORT_LEVELS
    ]
    facts += [
        ("supported, but nothing to compare with or nothing worsened", _n_withheld(explanations)),
        ("leading factors nearly tied", sum(v.near_tie and v.leading_factor >= 0 for v in verdicts)),
        ("in a wave of cuts", sum(verdict.wave is not None for verdict in verdicts)),
        ("largest error of a sum of contributions (log-odds)", f"{abs(exact).max(initial=0.0):.1e}"),
    ]
    if within_tier is not None:
        facts.append(("smaller limits within one tier (not explained)", within_tier))
    show_facts(facts)
    if not told:
        return
    counts = pd.Series(explanations.leading_factor_index).value_counts()
    rows = []
    for place, factor in enumerate(explanations.catalogue.factors):
        count = int(counts.get(place, 0))
        rows.append((factor.label.text(lang), factor.about, count, f"{count / told:.0%}"))
    table = pd.DataFrame(rows, columns=["leading factor", "about", "decreases", "share"])
    show_table(table.sort_values("decreases", ascending=False, kind="stable"))


def _n_withheld(explanations: DecreaseExplanations) -> int:
    return sum(verdict.withheld in ("no_reference", "not_worsened") for verdict in explanations.verdicts)


def draw_changes(
    explanations: DecreaseExplanations, folder: Path, *, most: int | None = None, lang: str = "en"
) -> None:
    """Draw the change plots of the first ``most`` decreases into a folder, one file each."""
    from credit_model.plots import close_plot, plot_change, save_plot
    from credit_model.portfolio.months import format_month

    months = [format_month(int(m), explanations.month_type) for m in explanations.month_number]
    names = file_names(list(explanations.borrower_id), months)
    for i, name in enumerate(names[:most]):
        axes = plot_change(explanations[i], lang=lang)
        save_plot(axes, folder / f"change-{name}.png")
        close_plot(axes)
