"""A bag of fits: its mean is exact, and nobody is scored by a fit that saw them."""

import numpy as np
import pandas as pd
import pytest

from credit_model import DecreaseExplanations, LimitPredictor, simulate_portfolio
from credit_model.errors import CreditModelError, CreditModelWarning
from credit_model.model.bag import Members
from credit_model.portfolio.catalogue import read_catalogue
from credit_model.portfolio.history import check_history

N_FITS = 4


@pytest.fixture(scope="module")
def panel():
    return simulate_portfolio(700, 30, seed=21)


@pytest.fixture(scope="module")
def bagged(panel):
    return LimitPredictor(n_fits=N_FITS, max_iter=40, seed=2).fit(panel.history)


def test_every_fit_sees_half_of_the_borrowers_and_every_borrower_is_seen_by_half_of_the_fits():
    ids = np.arange(4000)
    for n_fits, half in ((2, 1), (3, 2), (8, 4)):
        sees = Members(0, n_fits, *[np.empty(0)] * 3).sees(ids)
        assert (sees.sum(axis=1) == half).all()
        np.testing.assert_allclose(sees.mean(axis=0), half / n_fits, atol=0.04)
    assert Members(0, 1, *[np.empty(0)] * 3).sees(ids).all()


def test_a_borrower_belongs_to_the_same_fits_in_every_panel():
    one, all_ = (Members(5, 8, *[np.empty(0)] * 3).sees(ids) for ids in (np.array([17]), np.arange(100)))
    np.testing.assert_array_equal(one[0], all_[17])


def test_members_are_scored_by_the_fits_that_did_not_see_them(bagged, panel):
    snapshots = bagged.snapshots(panel.history)
    weight = bagged.fitted.weights(snapshots, None)
    sees = bagged.fitted.members.sees(snapshots.history.borrower_ids)[snapshots.borrower_row]
    assert weight.shape == (len(snapshots), N_FITS)
    assert (weight[sees] == 0).all()
    np.testing.assert_allclose(weight.sum(axis=1), 1)
    row = np.flatnonzero(snapshots.is_decision & (snapshots.tier_before > 0))[:200]
    tier = snapshots.tier_before[row]
    alone = np.stack([fit.keep_score(snapshots.X[row], tier) for fit in bagged.bag.fits], axis=1)
    np.testing.assert_allclose(
        bagged.fitted.keep_scores(snapshots, row), (alone * weight[row]).sum(axis=1), rtol=0, atol=1e-12
    )


def test_shares_have_intervals_where_enough_fits_count(bagged, panel, tmp_path):
    own = bagged.explain_decreases(panel.history)
    assert np.isnan(own.share_spread).all()  # two of the four fits count for a member: too few
    strangers = panel.history.assign(borrower_id=panel.history["borrower_id"] + 10_000)
    told = bagged.explain_decreases(strangers)
    assert (told.n_fits == N_FITS).all()
    assert (told.share_spread >= 0).all()
    shares = told.shares
    assert list(shares.columns[:3]) == [("credit_score", end) for end in ("share", "low", "high")]
    debt = shares["debt"]
    assert (debt["low"] <= debt["share"]).all()
    assert (debt["share"] <= debt["high"]).all()
    moved = (told.factor_contributions != 0).any(axis=1)
    assert moved.mean() > 0.95
    np.testing.assert_allclose(shares.xs("share", axis=1, level="of").abs().sum(axis=1), np.where(moved, 1, 0))
    told.save(tmp_path / "told")
    pd.testing.assert_frame_equal(DecreaseExplanations.load(tmp_path / "told").shares, shares)


def test_strangers_are_scored_by_all_fits_also_if_they_have_the_ids_of_members(bagged, panel):
    other = simulate_portfolio(700, 30, seed=22).history  # the same ids, other borrowers
    history = check_history(other, read_catalogue("synthetic"))
    members = bagged.fitted.members.are_among(history)
    assert members.mean() < 0.4  # those whose last limit happens to be the same
    renamed = check_history(other.assign(borrower_id=other["borrower_id"] + 10_000), read_catalogue("synthetic"))
    assert bagged.fitted.weights(bagged.snapshots(renamed), None) is None
    assert bagged.fitted.members.are_among(check_history(panel.history, read_catalogue("synthetic"))).all()


def test_a_member_stays_one_in_a_longer_and_in_a_shorter_history(bagged, panel):
    catalogue = read_catalogue("synthetic")
    last = panel.history[panel.history["month"] == panel.history["month"].max()]
    later = last.assign(month=last["month"] + pd.DateOffset(months=1), limit_amount=0.0, days_past_due=0)
    longer = pd.concat([panel.history, later.astype({"month": panel.history["month"].dtype})])
    assert bagged.fitted.members.are_among(check_history(longer, catalogue)).all()
    months = np.sort(panel.history["month"].unique())
    shorter = panel.history[panel.history["month"] < months[-3]]
    assert bagged.fitted.members.are_among(check_history(shorter, catalogue)).all()


def test_no_borrowers_own_cut_moves_its_own_explanation(panel):
    """Another last limit of one borrower changes the fits that saw it, and none of those that explain it."""
    history = panel.history
    settings = {"n_fits": 2, "max_iter": 15, "structure": "score"}
    everybody = {"validation_share": 0.0, "test_share": 0.0}  # no fit is stopped: all have as many trees
    first = LimitPredictor(**settings).fit(history, **everybody)
    explanations = first.explain_decreases(history)
    who = explanations.borrower_id[0]
    changed = history.copy()
    mine = np.flatnonzero(changed["borrower_id"] == who)
    changed.loc[changed.index[mine], "limit_amount"] = changed["limit_amount"].iloc[mine[0]]  # never cut at all
    second = LimitPredictor(**settings).fit(changed, **everybody)
    sees = first.fitted.members.sees(np.array([who]))[0]
    assert sees.sum() == 1
    for b in range(2):
        same = first.bag.fits[b].trees.nodes.tobytes() == second.bag.fits[b].trees.nodes.tobytes()
        assert same == (not sees[b])


def test_contributions_of_a_bag_sum_exactly_and_unchanged_features_have_none(bagged, panel):
    explanations = bagged.explain_decreases(panel.history)
    change = explanations.keep_score_after - explanations.keep_score_before
    np.testing.assert_allclose(explanations.contributions.sum(axis=1), change, rtol=0, atol=1e-9)
    before, after = explanations.features_before, explanations.features_after
    unchanged = (before == after) | (np.isnan(before) & np.isnan(after))
    assert (explanations.contributions[unchanged] == 0).all()
    snapshots = bagged.snapshots(panel.history)
    row = np.flatnonzero((snapshots.tier_before > 0) & (snapshots.tier_after < snapshots.tier_before))
    scores = bagged.fitted.keep_scores(snapshots, row)
    np.testing.assert_allclose(np.sort(scores), np.sort(explanations.keep_score_after), rtol=0, atol=1e-12)


def test_how_many_fits_agree_on_the_leader_is_told_and_saved(bagged, panel, tmp_path):
    explanations = bagged.explain_decreases(panel.history)
    assert (explanations.n_fits == N_FITS // 2).all()
    assert (explanations.fits_led.sum(axis=1) <= explanations.n_fits).all()
    summary = explanations.summary
    assert summary["leader_fits"].between(0, N_FITS // 2).all()
    assert summary["leader_fits"].mean() > 1
    explanations.save(tmp_path / "x")
    back = DecreaseExplanations.load(tmp_path / "x")
    np.testing.assert_array_equal(back.fits_led, explanations.fits_led)
    pd.testing.assert_frame_equal(back.summary, summary)


def test_a_saved_bag_comes_back_and_scores_the_same(bagged, panel, tmp_path):
    bagged.save(tmp_path / "m")
    back = LimitPredictor.load(tmp_path / "m")
    assert back.version == bagged.version
    assert back.n_fits == N_FITS
    pd.testing.assert_frame_equal(back.predict(panel.history), bagged.predict(panel.history))
    pd.testing.assert_frame_equal(
        back.explain_decreases(panel.history).summary, bagged.explain_decreases(panel.history).summary
    )
    trial = back.as_trial()
    pd.testing.assert_frame_equal(trial.predict(panel.history), bagged.as_trial().predict(panel.history))


def test_the_track_of_a_member_shows_the_scores_of_its_explanations(bagged, panel):
    explanations = bagged.explain_decreases(panel.history)
    who = explanations.borrower_id[0]
    track = bagged.track(panel.history, who)
    cut = track[track["event"] == "decrease"]
    mine = explanations.select(who)
    np.testing.assert_allclose(cut["keep_score"].to_numpy()[-len(mine) :], mine.keep_score_after, rtol=0, atol=1e-12)


@pytest.mark.parametrize("n_fits", [0, -1, 1.5, True, "8", 101])
def test_a_number_of_fits_that_is_none_is_refused(panel, n_fits):
    with pytest.raises(CreditModelError, match=r"n_fits must be a whole number in 1 \.\. 100"):
        LimitPredictor(n_fits=n_fits).fit(panel.history)


def test_too_few_borrowers_for_a_bag_get_one_fit_and_a_warning(panel):
    few = panel.history[panel.history["borrower_id"].isin([1, 2, 3])]
    with pytest.warns(CreditModelWarning, match="is too little for a bag of 8 fits"):
        predictor = LimitPredictor(n_fits=8, max_iter=3).fit(few, test_share=0, validation_share=0, late_share=0)
    assert len(predictor.bag) == 1


def test_a_bag_has_no_single_forest(bagged):
    with pytest.raises(CreditModelError, match="the model is the mean of 4 fits"):
        _ = bagged.forest
