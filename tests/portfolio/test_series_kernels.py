"""Summaries of whole series, taken together, against the same windows one by one: the same bits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from credit_model.portfolio import window_kernels
from credit_model.portfolio.declarations import SUMMARIES
from credit_model.portfolio.series_kernels import summarise_series
from credit_model.portfolio.window_kernels import summarise_rows

CELLS = st.one_of(st.sampled_from([0.0, -0.0, 0.1, 1.0, 1e15, 1e-15, np.inf]), st.floats(-1e6, 1e6))


@pytest.mark.parametrize("summary", SUMMARIES)
@settings(max_examples=100, deadline=None)
@given(
    cells=st.lists(CELLS, min_size=1, max_size=40),
    window=st.integers(1, 45),
    above=st.sampled_from([-1.0, 0.0, 0.1, 1e15]),
)
@example(cells=[0.0, -0.0, 0.0, -0.0], window=2, above=0.0)  # of two zeros, max and min keep the first
@example(cells=[0.1] * 37, window=12, above=0.0)
@example(cells=[0.1, 0.2, 0.3], window=3, above=0.2)
@example(cells=[0.1, 0.2, 0.3], window=4, above=0.2)
def test_the_windows_of_a_series_give_the_bits_of_each_window_alone(
    summary: str, cells: list[float], window: int, above: float
) -> None:
    number = getattr(window_kernels, summary.upper())
    values = np.array(cells)
    month = np.arange(len(values)) - 3
    found, alone, spare = np.full(len(values), 7.0), np.full(len(values), 9.0), np.empty(len(values) + 2)
    with np.errstate(invalid="ignore"):  # inf - inf, where numba compiles nothing
        summarise_series(number, values, window, above, found, spare)
        summarise_rows(number, values, month, 0, window, above, alone)
    missing = np.isnan(alone)
    assert np.isnan(found[missing]).all()
    assert found[~missing].tobytes() == alone[~missing].tobytes()
