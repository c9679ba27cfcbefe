"""The catalogues of the public data sets, by themselves and on the real data."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from credit_model.portfolio.catalogue import read_catalogue
from credit_model.portfolio.history import check_history
from credit_model.portfolio.ladder import LimitLadder
from credit_model.portfolio.snapshots import Snapshots, build_snapshots
from credit_model.readers.public_data import convert_home_credit, convert_uci_taiwan

PROTECTED = {"gender", "age_years", "marriage", "education"}


@pytest.fixture(scope="module")
def real_data() -> Path:
    folder = os.environ.get("CREDIT_MODEL_REAL_DATA")
    if not folder:
        pytest.skip("CREDIT_MODEL_REAL_DATA names no folder with home_credit/ and uci_taiwan/")
    return Path(folder)


@pytest.fixture(scope="module")
def home_credit(real_data: Path) -> Snapshots:
    catalogue = read_catalogue("home_credit")
    assert catalogue.ladder is not None
    history = convert_home_credit(real_data / "home_credit")
    return build_snapshots(check_history(history, catalogue), catalogue.ladder)


@pytest.fixture(scope="module")
def uci_taiwan(real_data: Path) -> Snapshots:
    catalogue = read_catalogue("uci_taiwan")
    history = check_history(convert_uci_taiwan(real_data / "uci_taiwan"), catalogue)
    limits = history.values(catalogue.limit)
    return build_snapshots(history, LimitLadder.from_quantiles(limits, catalogue.quantiles or 0))


@pytest.mark.parametrize("name", ["home_credit", "uci_taiwan"])
def test_protected_facts_are_carried_for_audits_and_are_no_features(name: str) -> None:
    catalogue = read_catalogue(name)
    declared = {column.name for column in catalogue.columns}
    assert set(catalogue.audit_names) == PROTECTED & declared
    used = {c for f in catalogue.drivers for c in (f.column, f.numerator, f.denominator)}
    assert not used & PROTECTED


def test_a_static_limit_enters_no_feature() -> None:
    # Bills reach as far as the limit allows: a bill over the limit would be the answer itself.
    catalogue = read_catalogue("uci_taiwan")
    assert catalogue.state_names == ()
    assert {f.denominator for f in catalogue.drivers} <= {None, "bill_amount"}


def test_only_the_lenders_factor_holds_dormancy_and_class_wide_moves() -> None:
    catalogue = read_catalogue("home_credit")
    for feature in catalogue.drivers:
        lender = catalogue.factor(feature.factor).about == "lender"
        assert lender == (feature.id in ("contract", "card_age") or feature.exemption in ("inactivity", "class_wide"))


def test_the_cards_cuts_fall_into_tiers_of_their_own(home_credit: Snapshots) -> None:
    fell = home_credit.limit_after < home_credit.limit_before
    in_tiers = (home_credit.tier_after < home_credit.tier_before) & (home_credit.tier_before > 0)
    to_zero = fell & (home_credit.limit_after == 0)
    assert fell.sum() == 1143
    assert in_tiers.sum() / fell.sum() > 0.98
    assert 0.5 < to_zero.sum() / fell.sum() < 0.65
    assert (home_credit.tier_after[to_zero] == 0).all()
    assert (home_credit.tier_after[home_credit.limit_after > 0] > 0).all()  # zero is a tier of its own


def test_cuts_to_zero_follow_idle_months(home_credit: Snapshots) -> None:
    # Published panels: 95 % of the cuts to zero come without a balance.
    frame = home_credit.frame()
    to_zero = (home_credit.limit_after == 0) & (home_credit.limit_before > 0)
    assert (frame["balance"][to_zero] <= 0).mean() > 0.9
    idle = frame["idle_months"]
    assert idle[to_zero].median() > idle[home_credit.is_decision & ~to_zero].median()


def test_utilisation_of_a_card_month_is_last_months_balance_over_the_limit_then(home_credit: Snapshots) -> None:
    history = home_credit.history
    row = int(np.flatnonzero(home_credit.is_decision & (home_credit.limit_before > 0))[1000])
    expected = history.values("balance_amount")[row - 1] / history.values("limit_amount")[row - 1]
    assert home_credit.frame()["utilisation"][row] == expected


@pytest.mark.parametrize("panel", ["home_credit", "uci_taiwan"])
def test_every_feature_of_the_real_data_is_known_somewhere_and_varies(
    panel: str, request: pytest.FixtureRequest
) -> None:
    snapshots: Snapshots = request.getfixturevalue(panel)
    frame = snapshots.frame()[snapshots.is_decision]
    assert len(frame) > 20_000
    known = frame.notna().mean()
    assert (known > 0.3).all(), known[known <= 0.3]
    assert (frame.max() > frame.min()).all()
    assert np.isfinite(frame.to_numpy()[frame.notna().to_numpy()]).all()


def test_deleting_the_real_future_changes_no_snapshot(home_credit: Snapshots, real_data: Path) -> None:
    # Also through the converter: what it adds to a month must have been known in it.
    cards = pd.read_parquet(real_data / "home_credit" / "credit_card_balance.parquet")
    few = np.sort(cards["sk_id_prev"].unique())[:200]
    history = home_credit.history.select(few)
    whole = build_snapshots(history, home_credit.ladder)
    past = history.frame[history.frame["month"] <= -12]
    part = build_snapshots(check_history(past, history.catalogue), home_credit.ladder)
    kept = whole.month_number <= -12
    assert whole.X[kept].tobytes() == part.X.tobytes()
    assert (whole.is_decision[kept] == part.is_decision).all()


def test_the_converter_lets_no_later_month_into_an_earlier_one(real_data: Path, tmp_path: Path) -> None:
    source = real_data / "home_credit"
    cards = pd.read_parquet(source / "credit_card_balance.parquet")
    cards = cards[cards["sk_id_prev"] < 1_200_000]
    for name, rows in (("whole", cards), ("past", cards[cards["months_balance"] <= -12])):
        (tmp_path / name).mkdir()
        rows.to_parquet(tmp_path / name / "credit_card_balance.parquet")
        for other in ("application", "bureau"):
            (tmp_path / name / f"{other}.parquet").symlink_to((source / f"{other}.parquet").resolve())
    whole, past = convert_home_credit(tmp_path / "whole"), convert_home_credit(tmp_path / "past")
    whole = whole[whole["month"] <= -12].reset_index(drop=True)
    pd.testing.assert_frame_equal(whole, past)


def test_every_client_of_the_static_panel_has_one_decision(uci_taiwan: Snapshots) -> None:
    assert len(uci_taiwan.history.borrower_ids) == uci_taiwan.is_decision.sum() == 30_000
    assert (np.bincount(uci_taiwan.tier_after[uci_taiwan.is_decision]) > 1_500).all()
