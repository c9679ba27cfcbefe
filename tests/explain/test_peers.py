"""The second reference: borrowers who kept the same tier by the narrowest margin."""

from __future__ import annotations

import numpy as np
import pytest

from credit_model.errors import HistoryError
from credit_model.explain.explaining import change_values
from credit_model.explain.pairs import decrease_rows, driver_columns
from credit_model.explain.peers import PEERS_PER_TIER, Peers, explain_against_peers, find_peers, typical_values
from credit_model.explain.stability import peer_agreement
from tests.words.reason_examples import NAN, small_catalogue


@pytest.fixture(scope="module")
def snapshots(predictor, portfolio):
    return predictor.snapshots(portfolio.history)


@pytest.fixture(scope="module")
def decisions(snapshots):
    return np.flatnonzero(snapshots.is_decision).astype(np.int64)


@pytest.fixture(scope="module")
def peers(predictor, snapshots, decisions):
    return find_peers(predictor.forest, snapshots, decisions)


def explain(predictor, peers, snapshots, row):
    return explain_against_peers(predictor.forest, peers, snapshots, row, model_version="test", n_jobs=1)


def test_peers_kept_their_tier_by_the_narrowest_margin(predictor, snapshots, decisions, peers):
    before, after = snapshots.tier_before[decisions], snapshots.tier_after[decisions]
    kept = decisions[(before > 0) & (after >= before)]
    score = predictor.forest.keep_score(snapshots.X[kept], snapshots.tier_before[kept])
    for tier in np.unique(peers.tier):
        mine = (snapshots.tier_before[kept] == tier) & (score >= 0)
        # By thought: each borrower's narrowest month, of those the narrowest.
        narrowest = {}
        for borrower, s in zip(snapshots.borrower_row[kept[mine]], score[mine], strict=True):
            narrowest[borrower] = min(s, narrowest.get(borrower, np.inf))
        expected = sorted(narrowest.values())[:PEERS_PER_TIER]
        theirs = peers.X[peers.tier == tier]
        found = predictor.forest.keep_score(theirs, np.full(len(theirs), tier))
        assert found.tolist() == expected


def test_contributions_are_the_mean_over_the_peers_and_sum_to_the_change(predictor, snapshots, peers):
    row = decrease_rows(snapshots)
    row = row[np.isin(snapshots.tier_before[row], peers.tier)][:12]
    explained = explain(predictor, peers, snapshots, row)
    change = explained.keep_score_after - explained.keep_score_before
    assert np.abs(explained.contributions.sum(axis=1) - change).max() < 1e-9
    states = np.setdiff1d(np.arange(snapshots.X.shape[1]), driver_columns(snapshots.catalogue))
    for i, r in enumerate(row[:3]):
        tier = snapshots.tier_before[r]
        singles = []
        for other in peers.X[peers.tier == tier]:
            z = other.copy()
            z[states] = snapshots.X[r, states]
            values = change_values(
                predictor.forest, snapshots.catalogue, snapshots.X[[r]], z[None], np.array([tier]), n_jobs=1
            )
            singles.append(values.contributions[0])
        assert np.abs(explained.contributions[i] - np.mean(singles, axis=0)).max() < 1e-12


def test_a_tier_without_peers_has_no_reference(predictor, snapshots, peers):
    row = decrease_rows(snapshots)
    tier = snapshots.tier_before[row][0]
    without = Peers(peers.X[peers.tier != tier], peers.tier[peers.tier != tier])
    explained = explain(predictor, without, snapshots, row)
    lacks = snapshots.tier_before[row] == tier
    assert not explained.has_reference[lacks].any()
    assert (explained.contributions[lacks] == 0).all()
    assert explained.has_reference[np.isin(snapshots.tier_before[row], without.tier)].all()


def test_a_model_without_peers_says_so(predictor, snapshots):
    none = Peers(np.empty((0, snapshots.X.shape[1])), np.empty(0, dtype=np.int64))
    with pytest.raises(HistoryError, match="use reference 'last_set'"):
        explain(predictor, none, snapshots, decrease_rows(snapshots))


def test_the_two_references_can_be_compared(predictor, snapshots, explanations):
    found = peer_agreement(explanations, predictor.explain_snapshots(snapshots, reference="peers"))
    assert 0 < found.n <= len(explanations)
    assert 0 <= found.leading_factor <= 1
    assert -1 <= found.rank_correlation <= 1


def test_what_is_typical_is_the_mean_and_of_categories_the_most_frequent():
    catalogue = small_catalogue()
    names = list(catalogue.driver_names)
    values = np.zeros((4, len(names)))
    values[:, names.index("lenders")] = [1, 2, 6, NAN]  # known: 9 / 3
    values[:, names.index("employment")] = [0, 2, 2, 1]  # their mean, 1.25, would be no category
    values[:, names.index("unemployment")] = NAN
    typical = dict(zip(names, typical_values(values, catalogue), strict=True))
    assert typical["lenders"] == 3
    assert typical["employment"] == 2
    assert np.isnan(typical["unemployment"])
    assert typical["tightness"] == 0
