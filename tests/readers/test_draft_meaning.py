"""What a draft takes columns for where a name alone would mislead, and what it does with columns of no use."""

import numpy as np
import pandas as pd
import pytest

from credit_model import draft_catalogue


def panel_of(n_borrowers=600, n_months=30, seed=0):
    """Borrowers whose arrears begin by chance, stay and end, and the moves of a lender that knows the month before."""
    random = np.random.default_rng(seed)
    late = np.zeros((n_borrowers, n_months))
    for month in range(1, n_months):
        stays = np.where(random.random(n_borrowers) < 0.7, 0.0, late[:, month - 1])
        late[:, month] = np.where(random.random(n_borrowers) < 0.08, late[:, month - 1] + 30, stays)
    limit = np.full((n_borrowers, n_months), 9000.0)
    for month in range(1, n_months):
        chance = np.where(late[:, month - 1] > 30, 0.2, 0.06) * (late[:, month - 1] > 0)
        cut = (random.random(n_borrowers) < chance) & (limit[:, month - 1] > 1000)
        limit[:, month] = limit[:, month - 1] - 1000 * cut
    return pd.DataFrame(
        {
            "id": np.repeat(np.arange(n_borrowers), n_months),
            "month": np.tile(pd.date_range("2022-01-01", periods=n_months, freq="MS"), n_borrowers),
            "limit": limit.ravel(),
            "days_past_due": late.ravel().astype(int),
        }
    )


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_news_that_go_the_wrong_way_are_no_evidence(seed):
    """Arrears that end in the month of the cut go with it, too: the lender did not cut because of that."""
    draft = draft_catalogue(panel_of(seed=seed))
    assert draft.lag.lag in (1, None)
    assert draft.catalogue.decision_lag == 1


@pytest.fixture(scope="module")
def panel():
    """Columns whose names mislead, beside a balance under the limit."""
    table = panel_of(200, 24)
    random = np.random.default_rng(5)
    n = len(table)
    amount = np.round(table["limit"] * random.uniform(0.1, 0.9, n), 2)
    return table.assign(
        balance=amount,
        income=np.round(random.uniform(1000, 5000, n), 2),
        pd_12m=random.uniform(0, 0.4, n).round(4),
        dpd_other=random.uniform(0, 0.4, n).round(4),
        emi_to_income=random.uniform(0, 0.9, n).round(3),
        ltv=random.uniform(0.2, 1.1, n).round(3),
        fico_drop_3m=random.integers(0, 80, n),
        closed_tl=random.integers(0, 5, n),
        contact_attempts=random.integers(0, 9, n),
        months_on_book=np.tile(np.arange(24), 200) + np.repeat(random.integers(0, 90, 200), 24),
        od_limit=random.integers(5, 60, n) * 100,
        min_bal=random.uniform(10, 900, n).round(2),
        frozen=random.integers(0, 30, n),
        **{"Ausnutzung %": (random.uniform(0, 1, n) ** 2 * 250).round(1)},
        spare=amount,
    )


@pytest.fixture(scope="module")
def drafted(panel):
    return draft_catalogue(panel)


def effects(draft, column):
    return {f.effect for f in draft.catalogue.drivers if column in (f.column, f.numerator) and f.summary != "trend"}


def test_names_that_mislead_have_the_right_direction(drafted):
    for column in ("pd_12m", "emi_to_income", "ltv", "fico_drop_3m", "contact_attempts"):
        assert effects(drafted, column) == {"lowers"}, column
    units = {name: drafted.catalogue.column(name).unit for name in ("pd_12m", "emi_to_income", "ltv", "closed_tl")}
    assert units == {"pd_12m": "share", "emi_to_income": "share", "ltv": "share", "closed_tl": "count"}
    assert drafted.catalogue.column("od_limit").unit == "money"
    exempt = {f.column for f in drafted.catalogue.drivers if f.exemption}
    assert exempt == {"days_past_due"}
    assert {f.denominator for f in drafted.catalogue.drivers} <= {None, "income", "limit_in_force", "balance"}
    factor = next(f.factor for f in drafted.catalogue.drivers if f.column == "months_on_book")
    assert next(f.about for f in drafted.catalogue.factors if f.id == factor) == "borrower"


def test_what_a_name_leaves_open_is_marked(drafted):
    sure = drafted.findings.drop_duplicates("what").set_index("what")["how sure"]
    assert {"od_limit", "min_bal", "dpd_other", "frozen"} <= set(sure.index[sure == "unsure"])


def test_days_that_are_never_whole_are_no_days(drafted):
    assert drafted.catalogue.column("dpd_other").unit != "days"
    assert "those are whole numbers" in drafted.findings.set_index("what").loc["dpd_other", "why"]


def test_only_money_is_divided_by_the_limit(drafted):
    over = {f.numerator for f in drafted.catalogue.drivers if f.denominator == "limit_in_force"}
    assert "balance" in over
    assert all(drafted.catalogue.column(name).unit == "money" for name in over)
    assert any(f.column == "Ausnutzung %" for f in drafted.catalogue.drivers)


def test_a_copy_of_another_column_is_left_out(drafted):
    left_out = drafted.findings.query("decided == 'left out'").set_index("what")["why"]
    assert left_out["spare"] == "it is a copy of 'balance': all their cells are the same"
    assert "balance" not in left_out


@pytest.mark.parametrize("name", ["approved_line", "sanctioned"])
def test_an_approved_line_is_the_limit(panel, name):
    renamed = panel[["id", "month", "limit", "days_past_due", "income"]].rename(columns={"limit": name})
    assert draft_catalogue(renamed).catalogue.limit == name


def test_whole_days_that_are_mostly_0_are_past_due_whatever_pd_means(panel):
    renamed = panel[["id", "month", "limit", "days_past_due", "income"]].rename(columns={"days_past_due": "pd"})
    draft = draft_catalogue(renamed)
    assert draft.catalogue.column("pd").unit == "days"
    assert "days past due, of which it has the cells" in draft.findings.set_index("what").loc["pd", "why"]


def test_a_fall_that_is_below_0_has_no_direction_by_its_name(panel):
    random = np.random.default_rng(6)
    fall = random.integers(-80, 80, len(panel))
    draft = draft_catalogue(panel[["id", "month", "limit", "days_past_due"]].assign(score_drop=fall))
    remarks = draft.findings.set_index("what")["why"]
    assert "its name says a fall, but some are below 0" in remarks["score_drop"]
    assert all(f.effect == "free" or "from the data alone" in remarks.get(f.id, "") for f in draft.catalogue.drivers
               if f.column == "score_drop")  # fmt: skip
