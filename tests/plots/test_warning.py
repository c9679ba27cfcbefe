"""The *warning* plot draws the warnings' own numbers, in every language and size."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib import pyplot as plt

from credit_model.errors import CreditModelError
from credit_model.palette import FAINT, factor_colour
from credit_model.plots import plot_warning
from credit_model.portfolio.catalogue import read_catalogue
from tests.act.warning_examples import example_warnings
from tests.plots.plot_examples import LANGUAGES, assert_readable, drawn, words_on

CATALOGUE = read_catalogue("synthetic")


def test_rings_and_dots_are_the_scores_then_and_now() -> None:
    warnings = example_warnings(CATALOGUE)
    ax = plot_warning(warnings)
    then, now = ([float(dot.get_xdata()[0]) for dot in drawn(ax, gid)] for gid in ("then", "now"))
    np.testing.assert_array_equal(then, warnings.reasons.score_then)
    np.testing.assert_array_equal(now, warnings.reasons.score_now)
    assert [dot.get_color() for dot in drawn(ax, "now")] == [factor_colour(0), FAINT]
    assert "50%" in words_on(ax.figure)
    assert len(drawn(plot_warning(warnings, most=1), "now")) == 1


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("size", [None, (7, 4), (12, 6)])
def test_it_can_be_read(lang: str, size: tuple[float, float] | None) -> None:
    ax = None if size is None else plt.subplots(figsize=size)[1]
    assert_readable(plot_warning(example_warnings(CATALOGUE), ax=ax, lang=lang).figure)


@pytest.mark.parametrize("wrong", [0, -1, 1.5, True])
def test_how_many_lines_must_be_a_number(wrong: object) -> None:
    with pytest.raises(CreditModelError, match="most must be a whole number above 0"):
        plot_warning(example_warnings(CATALOGUE), most=wrong)  # type: ignore[arg-type]
