"""Values that a model has never seen are flagged, and no reason is told of what it makes of them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from credit_model import DecreaseExplanations, LimitPredictor, simulate_portfolio
from credit_model.documents.notice import build_notice
from credit_model.explain.seen import Seen
from credit_model.portfolio.catalogue import read_catalogue
from credit_model.words.language import language
from credit_model.words.reasons import decrease_reasons

CATALOGUE = read_catalogue("synthetic")


@pytest.fixture(scope="module")
def calm():
    return LimitPredictor(n_fits=1, max_iter=30).fit(simulate_portfolio(600, 30, seed=31).history)


def test_the_range_is_of_known_values_and_a_feature_never_known_was_never_seen():
    seen = Seen.in_rows(np.array([[1.0, np.nan, np.nan], [3.0, 5.0, np.nan]]))
    np.testing.assert_array_equal(seen.low, [1, 5, np.nan])
    np.testing.assert_array_equal(seen.high, [3, 5, np.nan])


def test_a_value_outside_is_found_in_either_row_and_the_heaviest_is_named():
    n = len(CATALOGUE.feature_names)
    drivers = [CATALOGUE.feature_names.index(name) for name in CATALOGUE.driver_names]
    seen = Seen(np.zeros(n), np.ones(n))
    x, z = np.full((5, n), 0.5), np.full((5, n), 0.5)
    x[0, drivers[3]] = 1.5
    z[1, drivers[4]] = -0.5
    x[2, drivers[5]] = np.nan  # unknown is not unseen
    x[3, drivers[6]], z[3, drivers[7]] = 2.0, 2.0
    contributions = np.zeros((5, len(drivers)))
    contributions[3, 7] = -1.0
    assert seen.unseen_driver(CATALOGUE, x, z, contributions).tolist() == [3, 4, -1, 7, -1]


def test_every_cut_with_a_value_outside_the_training_range_is_flagged_and_told_no_firm_reason(calm, tmp_path):
    downturn = simulate_portfolio(600, 48, seed=32, scenario="downturn").history
    explanations = calm.explain_decreases(downturn)
    low, high = (pd.Series(side, CATALOGUE.feature_names) for side in (calm.fitted.seen.low, calm.fitted.seen.high))
    outside = np.zeros(len(explanations), dtype=bool)
    for values in (explanations.values_before, explanations.values_after):
        for name in CATALOGUE.driver_names:
            outside |= ((values[name] < low[name]) | (values[name] > high[name])).to_numpy()
    flagged = explanations.unseen >= 0
    np.testing.assert_array_equal(flagged, outside)
    assert 0.05 < flagged.mean() < 1
    assert all(v.needs_confirmation for v, f in zip(explanations.verdicts, flagged, strict=True) if f)
    explanations.save(tmp_path / "x")
    np.testing.assert_array_equal(DecreaseExplanations.load(tmp_path / "x").unseen, explanations.unseen)
    i = next(i for i, v in enumerate(explanations.verdicts) if flagged[i] and v.support == "expected" and v.reasons)
    assert explanations.summary["unseen"].iloc[i] == CATALOGUE.driver_names[explanations.unseen[i]]
    for lang, again in (("en", "fit the model again"), ("zh", "重新训练")):
        assert any(again in note for note in decrease_reasons(explanations[i], lang=lang)[0].notes)
        draft = build_notice(explanations[i], lang=lang).markdown()
        confirmed = build_notice(explanations[i], lang=lang, confirmed_by="A. Officer").markdown()
        assert language(lang).say("notice.head.draft") in draft
        assert language(lang).say("notice.head.draft") not in confirmed


def test_nothing_of_the_training_portfolio_is_outside():
    history = simulate_portfolio(500, 28, seed=33).history
    predictor = LimitPredictor(n_fits=1, max_iter=10).fit(history)
    explanations = predictor.explain_decreases(history)
    # Ratios to the limit are taken with the decision's limit also then, which may lie outside.
    ratios = {f.id for f in CATALOGUE.drivers if f.denominator == "limit_in_force"}
    assert set(explanations.summary["unseen"]) <= {"", *ratios}


def test_explanations_made_without_a_model_have_seen_everything(explanations):
    assert (replace(explanations, unseen=np.empty(0, dtype=np.int64)).unseen == -1).all()


def test_ranges_of_parts_together_are_those_of_all_rows():
    X = np.array([[1.0, np.nan, np.nan], [3.0, 5.0, np.nan], [np.nan, 2.0, np.nan]])
    together, whole = Seen.together([Seen.in_rows(X[:1]), Seen.in_rows(X[1:])]), Seen.in_rows(X)
    np.testing.assert_array_equal(together.low, whole.low)
    np.testing.assert_array_equal(together.high, whole.high)
