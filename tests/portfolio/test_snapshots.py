"""Snapshots against plain Python, row by row, and against values derived by hand."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_model.portfolio import snapshots as snapshots_module
from credit_model.portfolio.catalogue import parse_catalogue
from credit_model.portfolio.declarations import SUMMARIES, Catalogue, Feature
from credit_model.portfolio.history import check_history
from credit_model.portfolio.ladder import LimitLadder
from credit_model.portfolio.snapshots import Snapshots, build_snapshots

LADDER = LimitLadder((0, 1000, 5000))
NAN = math.nan

HEAD = """
[portfolio]
name = "small"
version = "1.0"
borrower = "borrower"
month = "month"
limit = "limit"
{reviewed}
decision_lag = {lag}
warm_up = {warm_up}
[ladder]
amounts = [0, 1000, 5000]
[[column]]
name = "balance"
kind = "number"
unit = "money"
label = {{ zh = "余额", en = "balance" }}
[[column]]
name = "paid"
kind = "number"
unit = "money"
label = {{ zh = "还款", en = "paid" }}
[[factor]]
id = "debt"
label = {{ zh = "负债", en = "debt" }}
about = "borrower"
"""
STATES = """
[[feature]]
id = "tier_in_force"
role = "state"
label = { zh = "档位", en = "tier" }
[[feature]]
id = "limit_in_force"
role = "state"
label = { zh = "额度", en = "limit" }
"""
FEATURE = """
[[feature]]
id = "{id}"
factor = "debt"
{what}
summary = "{summary}"
window = {window}
above = {above}
effect = "free"
code = "{id}"
label = {{ zh = "甲", en = "a" }}
reason = {{ zh = "{{before}}{{after}}", en = "{{before}} {{after}}" }}
"""
COLUMN = 'column = "balance"'
RATIO = 'numerator = "balance"\ndenominator = "paid"'
RATIO_TO_MEAN = RATIO + '\ndenominator_summary = "mean"'
RATIO_TO_LIMIT = 'numerator = "balance"\ndenominator = "limit_in_force"'


def catalogue_with(
    features: list[tuple[str, str, int, float]],
    *,
    lag: int = 0,
    warm_up: int = 1,
    reviewed: bool = False,
    states: str = STATES,
) -> Catalogue:
    """A catalogue of (what, summary, window, above) features, named f0, f1, ..."""
    head = HEAD.format(lag=lag, warm_up=warm_up, reviewed='reviewed = "reviewed"' if reviewed else "")
    body = "".join(
        FEATURE.format(id=f"f{i}", what=what, summary=summary, window=window, above=above)
        for i, (what, summary, window, above) in enumerate(features)
    )
    return parse_catalogue(head + body + states)


def every_feature(window: int, above: float = 0.0) -> list[tuple[str, str, int, float]]:
    return [
        (what, summary, window, above)
        for what in (COLUMN, RATIO, RATIO_TO_MEAN, RATIO_TO_LIMIT)
        for summary in SUMMARIES
    ]


def panel(balance: list[float], **columns: list[float]) -> pd.DataFrame:
    """One borrower B from month 1 on; 2000 is its limit unless given."""
    n = len(balance)
    columns = {"month": list(range(1, n + 1)), "limit": [2000.0] * n, "paid": [1.0] * n} | columns
    return pd.DataFrame({"borrower": ["B"] * n, "balance": balance, **columns})


def built(raw: pd.DataFrame, catalogue: Catalogue, n_jobs: int = 1) -> Snapshots:
    return build_snapshots(check_history(raw, catalogue), LADDER, n_jobs=n_jobs)


# ---------------------------------------------------------------------------------------------- plain reference


def plain_summary(name: str, cells: list[tuple[int, float]], until: int, window: int, above: float) -> float:
    """A summary of (month, value) cells as its definition reads."""
    known = sorted((month, value) for month, value in cells if not math.isnan(value))
    if not known:
        return NAN
    values = [value for _, value in known]
    if name == "months_since":
        months = [month for month, value in known if value > above]
        unseen = float(window) if len(known) == window else NAN
        return float(until - max(months)) if months else unseen
    if name == "trend":
        if len(known) < 2:
            return NAN
        x_mean = math.fsum(m for m, _ in known) / len(known)
        y_mean = math.fsum(values) / len(known)
        return math.fsum((m - x_mean) * (v - y_mean) for m, v in known) / math.fsum((m - x_mean) ** 2 for m, _ in known)
    return {
        "last": lambda: values[-1],
        "mean": lambda: math.fsum(values) / len(values),
        "max": lambda: max(values),
        "min": lambda: min(values),
        "std": lambda: float(np.std(values)),
        "sum": lambda: math.fsum(values),
        "share": lambda: sum(v > above for v in values) / len(values),
        "count": lambda: float(sum(v > above for v in values)),
        "change": lambda: values[-1] - values[0],
    }[name]()


Months = dict[int, dict[str, float]]


def plain_feature(feature: Feature, months: Months, month: int, lag: int, limit_before: float) -> float:
    until = month - lag

    def summary_of(column: str | None, name: str) -> float:
        cells = [(m, months[m][str(column)]) for m in months if until - feature.window < m <= until]
        return plain_summary(name, cells, until, feature.window, feature.above)

    if feature.column is not None:
        return summary_of(feature.column, feature.summary)
    above = summary_of(feature.numerator, feature.summary)
    below = (
        limit_before
        if feature.denominator == "limit_in_force"
        else summary_of(feature.denominator, feature.denominator_summary)
    )
    return above / below if below > 0 else NAN


def plain_snapshots(raw: pd.DataFrame, catalogue: Catalogue) -> np.ndarray:
    panels: dict[str, Months] = {}
    for cells in raw.to_dict("records"):
        panels.setdefault(cells["borrower"], {})[cells["month"]] = cells
    rows = []
    for borrower in sorted(panels):
        limit_before = NAN
        for month in sorted(panels[borrower]):
            tier = NAN if math.isnan(limit_before) else float(sum(a <= limit_before for a in LADDER.amounts[1:]))
            state = {"tier_in_force": tier, "limit_in_force": limit_before}
            rows.append(
                [
                    state[f.id]
                    if f.role == "state"
                    else plain_feature(f, panels[borrower], month, catalogue.decision_lag, limit_before)
                    for f in catalogue.features
                ]
            )
            limit_before = panels[borrower][month]["limit"]
    return np.array(rows)


NUMBERS = st.one_of(st.just(0.0), st.integers(-3, 3).map(float), st.floats(-1e6, 1e6))
CELLS = st.one_of(st.just(NAN), NUMBERS)


@st.composite
def panels(draw: st.DrawFn) -> pd.DataFrame:
    """Unsorted months of up to three borrowers, with gaps and missing cells, or whole."""
    rows: list[tuple[str, int]] = []
    is_whole = draw(st.booleans())
    for borrower in "ABC"[: draw(st.integers(1, 3))]:
        months = draw(st.lists(st.integers(-9, 15), min_size=1, max_size=14, unique=True))
        months = list(range(min(months), min(months) + len(months))) if is_whole else months
        rows += [(borrower, month) for month in months]
    rows = draw(st.permutations(rows))
    n = len(rows)
    limits = st.one_of(st.just(NAN), st.sampled_from([0.0, 500.0, 1000.0, 4999.0, 80000.0]))
    frame = pd.DataFrame(rows, columns=["borrower", "month"])
    for name in ("balance", "paid"):
        has_all = is_whole and draw(st.booleans())
        frame[name] = draw(st.lists(NUMBERS if has_all else CELLS, min_size=n, max_size=n))
    frame["limit"] = draw(st.lists(limits, min_size=n, max_size=n))
    if frame["limit"].isna().all():
        frame["limit"] = 0.0
    return frame


@pytest.mark.parametrize("lag", [0, 1])
@settings(max_examples=60, deadline=None)
@given(raw=panels(), window=st.sampled_from([1, 2, 3, 5, 12]), above=st.sampled_from([-1.0, 0.0, 2.0]))
def test_every_summary_equals_its_definition_applied_row_by_row(
    lag: int, raw: pd.DataFrame, window: int, above: float
) -> None:
    catalogue = catalogue_with(every_feature(window, above), lag=lag)
    found = built(raw, catalogue)
    expected = plain_snapshots(raw, catalogue)
    assert found.X.shape == expected.shape == (len(raw), len(SUMMARIES) * 4 + 2)
    exact = ("last", "max", "min", "share", "count", "change", "months_since")
    for place, feature in enumerate(catalogue.features):
        if feature.role == "state" or (feature.summary in exact and feature.denominator_summary in exact):
            np.testing.assert_array_equal(found.X[:, place], expected[:, place], err_msg=str(feature))
    # Sums in another order: cells are up to 1e6, so an absolute 1e-7 is 1e-13 of the largest. Ratios of such sums
    # may divide by what is left after cancelling, so they are compared where the divisor is not such a rest.
    for place, feature in enumerate(catalogue.features):
        if feature.denominator == "paid":
            continue
        np.testing.assert_allclose(found.X[:, place], expected[:, place], rtol=1e-12, atol=1e-7, err_msg=str(feature))
    divided = [p for p, f in enumerate(catalogue.features) if f.denominator == "paid"]
    whole = raw["paid"].fillna(0) % 1 == 0
    if whole.all():
        np.testing.assert_allclose(found.X[:, divided], expected[:, divided], rtol=1e-9, atol=1e-7)


@pytest.mark.parametrize("lag", [0, 1])
@settings(max_examples=40, deadline=None)
@given(raw=panels(), cut=st.integers(-9, 15))
def test_deleting_the_future_changes_no_bit_of_a_snapshot(lag: int, raw: pd.DataFrame, cut: int) -> None:
    catalogue = catalogue_with(every_feature(4), lag=lag)
    past = raw[raw["month"] <= cut]
    if past.empty or past["limit"].isna().all():
        return
    whole, part = built(raw, catalogue), built(past, catalogue)
    known = whole.month_number <= cut
    assert whole.X[known].tobytes() == part.X.tobytes()
    assert whole.numerators[known].tobytes() == part.numerators.tobytes()
    assert whole.limit_before[known].tobytes() == part.limit_before.tobytes()
    assert (whole.is_decision[known] == part.is_decision).all()


@settings(max_examples=20, deadline=None)
@given(raw=panels())
def test_with_a_lag_of_one_the_months_own_cells_do_not_enter(raw: pd.DataFrame) -> None:
    catalogue = catalogue_with(every_feature(3), lag=1)
    last = raw["month"] == raw.groupby("borrower")["month"].transform("max")
    changed = raw.copy()
    changed.loc[last, ["balance", "paid"]] = 77.0
    a, b = built(raw, catalogue), built(changed, catalogue)
    assert a.X.tobytes() == b.X.tobytes()


def test_a_distant_past_changes_no_bit_of_a_window() -> None:
    # Running sums would carry the 1e15 of month 1 into every later month as a rounding error.
    catalogue = catalogue_with(every_feature(3))
    balance = [0.1, 0.2, 0.3, 0.7, 0.1, 0.4]
    small, large = built(panel([0.5, *balance]), catalogue), built(panel([1e15, *balance]), catalogue)
    assert small.X[4:].tobytes() == large.X[4:].tobytes()


@pytest.mark.parametrize("n_jobs", [2, 3, -1])
def test_the_result_does_not_depend_on_the_threads(n_jobs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots_module, "ROWS_AT_ONCE", 7)
    rng = np.random.default_rng(5)
    raw = pd.DataFrame(
        {
            "borrower": np.repeat(np.arange(40), 10),
            "month": np.tile(np.arange(10), 40),
            "balance": rng.normal(size=400),
            "paid": rng.normal(size=400),
            "limit": rng.choice([0.0, 2000.0, 6000.0], size=400),
        }
    )[rng.random(400) < 0.8]
    catalogue = catalogue_with(every_feature(3))
    one, many = built(raw, catalogue, 1), built(raw, catalogue, n_jobs)
    assert one.X.tobytes() == many.X.tobytes()
    assert one.numerators.tobytes() == many.numerators.tobytes()


def test_borrowers_do_not_see_each_other() -> None:
    catalogue = catalogue_with(every_feature(12))
    a = panel([1.0, 2.0, 4.0])
    b = panel([8.0, 16.0, 32.0]).assign(borrower="C")
    both = built(pd.concat([b, a]), catalogue)
    assert both.X[:3].tobytes() == built(a, catalogue).X.tobytes()
    assert both.X[3:].tobytes() == built(b, catalogue).X.tobytes()


# ------------------------------------------------------------------------------------------------ derived by hand


@pytest.mark.parametrize(
    ("summary", "expected"),
    [
        # months 1..4, month 3 missing, window 3; the windows' known cells are (4), (4, 1), (4, 1), (1, 7)
        ("last", [4, 1, 1, 7]),
        ("mean", [4, 2.5, 2.5, 4]),
        ("max", [4, 4, 4, 7]),
        ("min", [4, 1, 1, 1]),
        ("std", [0, 1.5, 1.5, 3]),  # half the distance of two cells
        ("sum", [4, 5, 5, 8]),
        ("share", [1, 0.5, 0.5, 0.5]),  # above 2
        ("count", [1, 1, 1, 1]),
        ("change", [0, -3, -3, 6]),
        ("trend", [NAN, -3, -3, 3]),  # (7 - 1) over the 2 months from 2 to 4
        ("months_since", [0, 1, 2, 0]),
    ],
)
def test_a_window_takes_its_known_cells(summary: str, expected: list[float]) -> None:
    catalogue = catalogue_with([(COLUMN, summary, 3, 2.0)])
    found = built(panel([4.0, 1.0, NAN, 7.0]), catalogue)
    np.testing.assert_array_equal(found.X[:, 0], expected)


def test_a_gap_counts_as_missing_months_and_not_as_rows() -> None:
    # Month 5 looks back to months 3 and 4, which have no row: two rows back would be month 1.
    catalogue = catalogue_with([(COLUMN, "sum", 3, 0.0), (COLUMN, "months_since", 9, 0.0)])
    found = built(panel([10.0, 20.0, 0.0], month=[1, 2, 5]), catalogue)
    np.testing.assert_array_equal(found.X[:, 0], [10, 30, 0])
    np.testing.assert_array_equal(found.X[:, 1], [0, 0, 3])


def test_with_a_lag_the_window_ends_a_month_earlier_even_across_a_gap() -> None:
    # At month 5 with lag 1 and window 2 the window is months 3 and 4: no cell. At month 3: months 1 and 2.
    catalogue = catalogue_with([(COLUMN, "sum", 2, 0.0)], lag=1)
    found = built(panel([1.0, 2.0, 4.0, 8.0], month=[1, 2, 3, 6]), catalogue)
    np.testing.assert_array_equal(found.X[:, 0], [NAN, 1, 3, NAN])


def test_months_since_is_the_window_where_nothing_exceeded_the_bound() -> None:
    catalogue = catalogue_with([(COLUMN, "months_since", 4, 0.0)])
    found = built(panel([5.0, 0.0, 0.0, 0.0, 0.0, NAN]), catalogue)
    np.testing.assert_array_equal(found.X[:, 0], [0, 1, 2, 3, 4, NAN])  # the last month may have been one


def test_a_ratio_is_unknown_where_its_denominator_is_not_above_zero() -> None:
    catalogue = catalogue_with([(RATIO, "sum", 2, 0.0)])
    found = built(panel([1.0, 2.0, 3.0, 4.0], paid=[0.0, 4.0, -6.0, NAN]), catalogue)
    # sums 1/0, 3/4, 5/-2, 7/-6
    np.testing.assert_array_equal(found.X[:, 0], [NAN, 0.75, NAN, NAN])


def test_a_ratio_to_the_limit_takes_the_limit_before_the_decision() -> None:
    catalogue = catalogue_with([(RATIO_TO_LIMIT, "mean", 2, 0.0)])
    found = built(panel([100.0, 300.0, 500.0, 700.0], limit=[1000.0, 400.0, 0.0, 2000.0]), catalogue)
    np.testing.assert_array_equal(found.X[:, 0], [NAN, 0.2, 1.0, NAN])  # 200/1000, 400/400, 600/0
    np.testing.assert_array_equal(found.numerators[:, 0], [100, 200, 400, 600])
    assert found.state_ratio_index.tolist() == [0]


def test_limits_and_tiers_before_and_after_are_those_of_the_previous_and_this_row() -> None:
    catalogue = catalogue_with([(COLUMN, "last", 1, 0.0)])
    found = built(panel([0.0] * 4, limit=[500.0, 5000.0, NAN, 1000.0]), catalogue)
    np.testing.assert_array_equal(found.limit_before, [NAN, 500, 5000, NAN])
    np.testing.assert_array_equal(found.limit_after, [500, 5000, NAN, 1000])
    assert found.tier_before.tolist() == [-1, 0, 2, -1]
    assert found.tier_after.tolist() == [0, 2, -1, 1]
    np.testing.assert_array_equal(found.frame()["tier_in_force"], [NAN, 0, 2, NAN])
    assert found.is_decision.tolist() == [False, True, False, False]


def test_decisions_are_reviewed_months_past_the_warm_up() -> None:
    catalogue = catalogue_with([(COLUMN, "last", 1, 0.0)], warm_up=2, reviewed=True)
    raw = panel([0.0] * 5).assign(reviewed=[True, True, True, False, True])
    assert built(raw, catalogue).is_decision.tolist() == [False, False, True, False, True]


def test_without_a_tier_in_force_the_first_month_may_be_a_decision() -> None:
    catalogue = catalogue_with([(COLUMN, "last", 1, 0.0)], warm_up=0, states="")
    assert built(panel([0.0] * 2), catalogue).is_decision.tolist() == [True, True]
    lagged = catalogue_with([(COLUMN, "last", 1, 0.0)], warm_up=0, lag=1, states="")
    assert built(panel([0.0] * 2), lagged).is_decision.tolist() == [False, True]


def test_a_constant_has_the_same_mean_bit_for_bit_however_many_months_are_known() -> None:
    # 0.1 + 0.1 + 0.1 is not 3 * 0.1 in binary; an unchanged feature must stay unchanged.
    catalogue = catalogue_with([(COLUMN, s, 6, 0.0) for s in ("mean", "std", "trend")])
    found = built(panel([0.1] * 8), catalogue)
    assert np.nan_to_num(found.X[:, :3]).tolist() == [[0.1, 0.0, 0.0]] * 8  # of one month there is no trend


def test_snapshots_of_dated_months_count_calendar_months() -> None:
    raw = panel([1.0, 2.0, 4.0]).assign(month=["2023-11", "2023-12", "2024-01"])
    assert built(raw, catalogue_with([(COLUMN, "sum", 2, 0.0)])).X[:, 0].tolist() == [1, 3, 6]
