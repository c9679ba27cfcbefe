"""Over all cuts of a simulated portfolio, plots say what the verdict says."""

from __future__ import annotations

from collections.abc import Iterator

from credit_model.explain.decreases import DecreaseExplanations
from credit_model.plots import plot_change, plot_leading_factors
from credit_model.plots.change_rows import ChangeRows
from credit_model.plots.fonts import typeface
from credit_model.words.values import catalogue_words
from tests.plots.plot_examples import drawn, factors_shown


def rows_of(explanations: DecreaseExplanations) -> Iterator[list[str]]:
    """The factors' ids in the lanes of every cut's *change* plot, from the top."""
    face = typeface("en")
    words = catalogue_words(explanations.catalogue, face.lang, explanations.month_type)
    for one in explanations:
        rows = ChangeRows(one, words, face, 596.0, None, 1.0).rows()
        yield [row.factor for row in rows if row.factor is not None]


def test_the_first_factor_of_the_plot_is_the_verdicts_and_the_first_reasons(
    explanations: DecreaseExplanations,
) -> None:
    ids, verdicts = explanations.catalogue.factor_ids, explanations.verdicts
    assert {verdict.support for verdict in verdicts} == {"expected", "raised", "unexplained"}
    assert explanations.has_reference.all()  # else there is nothing to show
    for shown, verdict in zip(rows_of(explanations), verdicts, strict=True):
        assert sorted(shown) == sorted(ids)
        assert shown[: len(verdict.factors)] == [ids[g] for g in verdict.factors]
        if verdict.reasons:
            assert shown[0] == ids[verdict.reasons[0].factor] == ids[verdict.leading_factor]


def test_what_is_drawn_are_those_rows(explanations: DecreaseExplanations) -> None:
    some = explanations[::60]
    for one, shown in zip(some, rows_of(some), strict=True):
        assert factors_shown(plot_change(one)) == shown


def test_bars_of_a_month_add_up_to_its_cuts_by_leading_factor(explanations: DecreaseExplanations) -> None:
    ax = plot_leading_factors(explanations)
    led = explanations.summary["leading_factor"].value_counts()
    for factor in explanations.catalogue.factor_ids:
        assert sum(bar.get_height() for bar in drawn(ax, f"leading-{factor}")) == led.get(factor, 0)
    assert sum(bar.get_height() for bar in drawn(ax, "leading-unexplained")) == led.get("", 0)
