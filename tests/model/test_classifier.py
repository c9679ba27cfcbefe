import joblib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.impute import SimpleImputer
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks
from threadpoolctl import threadpool_info

from credit_model.errors import CreditModelError
from credit_model.model.booster import fit_booster
from credit_model.model.classifier import LimitTierClassifier
from tests.model.examples import N_TIERS, as_rows, portfolio, portfolio_model


# With its own parameters: one of the checks wants the likeliest class, and this classifier predicts the median one;
# on that check's three well separated blobs, fitted to the end, they are the same.
@parametrize_with_checks([LimitTierClassifier()])
def test_keeps_scikit_learns_contract_for_estimators(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def fitted():
    return portfolio_model().fit(*portfolio())


@given(seed=st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_tier_probabilities_are_coherent_for_any_row(fitted, seed):
    frame, _ = portfolio(seed, n=50)
    frame[["income", "debt"]] *= 20  # far outside the training data as well
    probability = fitted.predict_proba(frame)
    assert probability.shape == (50, N_TIERS)
    assert (probability >= 0).all()
    # sums telescope to 1 - 0, so only the rounding of five terms below 1 is left
    np.testing.assert_allclose(probability.sum(axis=1), 1, rtol=0, atol=1e-15)
    scores = fitted.forest_.survival_scores(as_rows(frame))
    assert (np.diff(scores, axis=1) <= 0).all()


@pytest.mark.parametrize(("feature", "sign"), [("income", 1), ("debt", -1)])
def test_every_keep_score_moves_in_the_declared_direction_over_a_sweep(fitted, feature, sign):
    frame, _ = portfolio(1, n=40)
    values = np.concatenate([[-1e9], np.linspace(-4, 4, 161), [1e9]])
    sweep = frame.loc[frame.index.repeat(len(values))].assign(**{feature: np.tile(values, len(frame))})
    for tier in range(1, N_TIERS):
        score = fitted.keep_score(sweep, tier).reshape(len(frame), len(values))
        assert (sign * np.diff(score, axis=1) >= 0).all()
        assert (score[:, 0] != score[:, -1]).any()  # the feature is used at all
    likely = fitted.predict_proba(sweep) @ np.arange(N_TIERS)
    assert (sign * np.diff(likely.reshape(len(frame), -1), axis=1) >= -1e-14).all()


def test_the_tier_is_kept_exactly_where_the_keep_score_is_not_negative(fitted):
    frame, _ = portfolio(2, n=300)
    predicted = fitted.predict(frame)
    for tier in range(1, N_TIERS):
        assert ((fitted.keep_score(frame, tier) >= 0) == (predicted >= tier)).all()


def test_a_keep_score_is_the_log_odds_of_the_tier_probabilities(fitted):
    frame, _ = portfolio(3, n=200)
    at_least_two = fitted.predict_proba(frame)[:, 2:].sum(axis=1)
    np.testing.assert_allclose(
        fitted.keep_score(frame, 2), np.log(at_least_two / (1 - at_least_two)), rtol=0, atol=1e-9
    )


def test_the_forest_scores_pairs_as_the_booster_does_bit_for_bit(fitted):
    frame, _ = portfolio(4, n=400)
    rows = as_rows(frame)
    scores = fitted.forest_.survival_scores(rows)
    for k in range(N_TIERS - 1):
        pairs = np.column_stack([rows, np.full(len(rows), k), k - rows[:, 0]])
        assert (fitted.booster_.decision_function(pairs) == scores[:, k]).all()
        assert (fitted.keep_score(frame, k + 1) == scores[:, k]).all()


def test_equal_rows_are_forecast_with_their_weighted_tier_shares():
    # One repeated row, tiers 0, 1, 2 with total weights 1 : 2 : 5; a forecast has nothing to go by but the shares.
    X, y = np.ones((300, 1)), np.repeat([0, 1, 2], 100)
    weight = np.array([1.0, 2.0, 5.0])[y]
    model = LimitTierClassifier(max_iter=400).fit(X, y, sample_weight=weight)
    np.testing.assert_allclose(model.predict_proba([[1.0]])[0], [1 / 8, 2 / 8, 5 / 8], atol=1e-4)


@pytest.mark.parametrize("structure", ["score", "joint", "free", "heads"])
def test_weights_that_are_all_alike_change_nothing(structure):
    frame, tier = portfolio(n=600)
    given = {"structure": structure, "max_iter": 20, "min_samples_leaf": 5}
    held_out = {"X_val": frame[400:], "y_val": tier[400:]}
    plain = portfolio_model(**given).fit(frame[:400], tier[:400], **held_out)
    weighed = portfolio_model(**given).fit(
        frame[:400], tier[:400], np.ones(400), **held_out, sample_weight_val=np.ones(200)
    )
    np.testing.assert_array_equal(weighed.predict_proba(frame), plain.predict_proba(frame))


@pytest.mark.parametrize("structure", ["score", "joint"])
def test_a_row_of_weight_two_counts_as_two_rows_of_a_score(structure):
    # A leaf takes any number of rows here, and bins are the values themselves: both fits have the same to choose from.
    frame, tier = portfolio(n=600)
    frame, weight = frame.drop(columns="noise"), np.r_[np.full(200, 2.0), np.ones(400)]
    given = {"structure": structure, "max_iter": 30, "min_samples_leaf": 1}
    held_out = {"X_val": frame[400:], "y_val": tier[400:]}
    weighed = portfolio_model(**given).fit(frame[:400], tier[:400], weight[:400], **held_out)
    twice = np.r_[np.arange(200), np.arange(400)]
    doubled = portfolio_model(**given).fit(frame.iloc[twice], tier[twice], **held_out)
    np.testing.assert_allclose(weighed.predict_proba(frame), doubled.predict_proba(frame), atol=1e-9)


@pytest.mark.parametrize("structure", ["score", "free", "heads", "auto"])
def test_held_out_rows_count_by_their_weights(structure):
    frame, tier = portfolio(n=900)
    given = {"structure": structure, "max_iter": 40, "n_iter_no_change": 5, "min_samples_leaf": 5}
    weight = np.r_[np.ones(150), np.zeros(150)]
    few = portfolio_model(**given).fit(frame[:600], tier[:600], X_val=frame[600:750], y_val=tier[600:750])
    weighed = portfolio_model(**given).fit(
        frame[:600], tier[:600], X_val=frame[600:], y_val=tier[600:], sample_weight_val=weight
    )
    assert weighed.rounds_ == few.rounds_
    np.testing.assert_array_equal(weighed.predict_proba(frame), few.predict_proba(frame))


def test_rows_without_weight_change_nothing():
    frame, tier = portfolio(5, n=600)
    weight = np.r_[np.ones(400), np.zeros(200)]
    with_them = portfolio_model(max_iter=10).fit(frame, tier, sample_weight=weight)
    without = portfolio_model(max_iter=10).fit(frame[:400], tier[:400])
    assert (with_them.predict_proba(frame) == without.predict_proba(frame)).all()


def test_sampled_thresholds_forecast_the_same_shares_on_average():
    # The thresholds not next to a row's tier are drawn with probability 0.3 and weigh 1 / 0.3.
    rng = np.random.default_rng(6)
    X, y = np.ones((4000, 1)), rng.integers(0, 6, 4000)
    model = LimitTierClassifier(max_iter=100, threshold_fraction=0.3, random_state=0).fit(X, y)
    # the standard error of a survival share is below sqrt(0.25 * 3.3 / 4000) = 0.014
    np.testing.assert_allclose(model.predict_proba([[1.0]])[0], np.bincount(y) / len(y), atol=0.06)


def test_string_categories_are_followed_by_name_and_an_unknown_one_is_missing(fitted):
    frame, _ = portfolio(7, n=200)
    frame["tier_in_force"] = 2.0  # with tier 2 in force, whether tier 2 is kept hangs on the job
    salaried = fitted.keep_score(frame.assign(job="salaried"), 2)
    gig = fitted.keep_score(frame.assign(job="gig"), 2)
    assert salaried.mean() > gig.mean() + 0.5
    unknown = fitted.keep_score(frame.assign(job="astronaut"), 2)
    assert (unknown == fitted.keep_score(frame.assign(job=None), 2)).all()


def test_categories_may_be_numbers_strings_or_a_pandas_dtype_alike():
    frame, tier = portfolio(8)
    as_numbers = frame.assign(job=frame["job"].map({"gig": 10, "salaried": 20, "self_employed": 30}))
    as_dtype = frame.assign(job=frame["job"].astype("category"))
    forecasts = [
        portfolio_model(max_iter=15).fit(table, tier).predict_proba(table) for table in (frame, as_numbers, as_dtype)
    ]
    assert (forecasts[0] == forecasts[1]).all()
    assert (forecasts[0] == forecasts[2]).all()


@pytest.mark.parametrize("numbers", [(10, 20, 30), (1, 2, 4)])
@pytest.mark.parametrize("structure", ["score", "free"])
def test_numeric_categories_become_codes_once(numbers, structure):
    # Codes are 0, 1, 2. Made of codes again, 10, 20, 30 would all be unknown, and 1, 2, 4 each another category.
    frame, tier = portfolio(20)
    job = frame["job"].map({"gig": 0, "salaried": 1, "self_employed": 2})
    table = frame.assign(job=job.map(dict(enumerate(numbers))).astype(float))
    model = portfolio_model(structure=structure, engine="sklearn", max_iter=120).fit(table, tier)
    read = frame.assign(job=job).to_numpy(dtype=np.float64)
    for k in range(N_TIERS - 1):
        pairs = np.column_stack([read, np.full(len(read), k), k - read[:, 0]])
        expected = model.booster_.decision_function(pairs)
        assert model.keep_score(table, k + 1).tobytes() == expected.tobytes()
        # the forest takes the same values, and so do arrays without names
        raw = table.to_numpy(dtype=np.float64)
        assert model.forest_.keep_score(raw, np.full(len(raw), k + 1)).tobytes() == expected.tobytes()
        assert model.forest_.survival_scores(raw)[:, k].tobytes() == expected.tobytes()
        assert model.forest_.rows(raw, np.full(len(raw), k)).tobytes() == pairs.tobytes()
    held = table.assign(tier_in_force=2.0)  # whether tier 2 is then kept hangs on the job
    gig, salaried = (model.keep_score(held.assign(job=float(number)), 2) for number in numbers[:2])
    assert (salaried - gig).mean() > 0.2


def test_held_out_rows_with_numeric_categories_are_read_as_the_training_rows_are():
    frame, tier = portfolio(21, n=1200)
    as_numbers = frame.assign(job=frame["job"].map({"gig": 10, "salaried": 20, "self_employed": 30}))
    fits = [
        portfolio_model(structure="auto", max_iter=60, n_iter_no_change=10).fit(
            table[:800], tier[:800], X_val=table[800:], y_val=tier[800:]
        )
        for table in (frame, as_numbers)
    ]
    assert fits[0].structure_ == fits[1].structure_
    assert fits[0].n_iter_ == fits[1].n_iter_
    assert (fits[0].predict_proba(frame) == fits[1].predict_proba(as_numbers)).all()


def test_a_second_fit_without_categories_forgets_those_of_the_first():
    frame, tier = portfolio(22, n=600)
    table = frame.assign(job=frame["job"].map({"gig": 10, "salaried": 20, "self_employed": 30}))
    model = portfolio_model(max_iter=10).fit(table, tier)
    model.set_params(categorical_features=None).fit(table, tier)
    fresh = portfolio_model(max_iter=10, categorical_features=None).fit(table, tier)
    assert model.predict_proba(table).tobytes() == fresh.predict_proba(table).tobytes()


def test_the_number_of_threads_changes_neither_the_model_nor_its_forecasts():
    frame, tier = portfolio(23, n=4000)
    one, three, every = (portfolio_model(max_iter=40, n_jobs=n_jobs).fit(frame, tier) for n_jobs in (1, 3, None))
    for other in (three, every):
        assert one.forest_.trees.nodes.tobytes() == other.forest_.trees.nodes.tobytes()
        assert one.predict_proba(frame).tobytes() == other.predict_proba(frame).tobytes()
        assert one.keep_score(frame, 2).tobytes() == other.keep_score(frame, 2).tobytes()


@pytest.mark.parametrize(("n_jobs", "threads"), [(2, 2), (3, 3), (None, None)])
def test_a_fit_keeps_to_its_number_of_threads(n_jobs, threads, monkeypatch):
    def openmp_threads():
        return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "openmp"}

    seen = []
    monkeypatch.setattr(
        "credit_model.model.fitting.fit_booster",
        lambda *args, **kwargs: seen.append(openmp_threads()) or fit_booster(*args, **kwargs),
    )
    before = openmp_threads()
    portfolio_model(max_iter=2, n_jobs=n_jobs).fit(*portfolio(24, n=200))
    assert seen == [before if threads is None else {threads}]
    assert openmp_threads() == before


def test_a_number_of_threads_that_makes_no_sense_is_refused_before_any_work():
    frame, tier = portfolio(25, n=100)
    with pytest.raises(CreditModelError, match="n_jobs must be -1"):
        portfolio_model(n_jobs=0).fit(frame, tier)


def test_held_out_rows_stop_the_fit_at_their_best_loss():
    frame, tier = portfolio(9, n=900)
    X, y, X_val, y_val = frame[:600], tier[:600], frame[600:], tier[600:]
    options = {"learning_rate": 0.3, "threshold_fraction": 1.0}
    stopped = portfolio_model(max_iter=200, n_iter_no_change=15, **options)
    stopped.fit(X, y, X_val=X_val, y_val=y_val)
    assert stopped.n_iter_ < 200
    assert len(stopped.forest_.trees.roots) == stopped.n_iter_

    def loss(n_trees):
        model = portfolio_model(max_iter=n_trees, **options).fit(X, y)
        at_least = model.predict_proba(X_val)[:, ::-1].cumsum(axis=1)[:, ::-1][:, 1:]
        reached = y_val[:, None] > np.arange(N_TIERS - 1)
        return -np.log(np.where(reached, at_least, 1 - at_least)).mean()

    # The first n trees do not depend on how many follow.
    best = loss(stopped.n_iter_)
    assert best < loss(stopped.n_iter_ + 15)
    assert best < loss(max(1, stopped.n_iter_ - 10))
    refitted = portfolio_model(max_iter=stopped.n_iter_, **options).fit(X, y)
    assert (refitted.predict_proba(X_val) == stopped.predict_proba(X_val)).all()


def test_tiers_that_do_not_occur_in_training_still_have_a_place():
    frame, tier = portfolio(11)
    few = tier < 3
    model = portfolio_model(max_iter=20).fit(frame[few], tier[few])
    assert model.classes_.tolist() == [0, 1, 2, 3, 4]
    assert model.predict_proba(frame).shape == (len(frame), N_TIERS)


def test_clone_dump_and_refit_give_the_same_model(fitted, tmp_path):
    frame, tier = portfolio()
    joblib.dump(fitted, tmp_path / "model.joblib")
    again = joblib.load(tmp_path / "model.joblib")
    refitted = clone(fitted).fit(frame, tier)
    expected = fitted.predict_proba(frame)
    assert again.predict_proba(frame).tobytes() == expected.tobytes()
    assert refitted.predict_proba(frame).tobytes() == expected.tobytes()


def test_works_in_a_pipeline_a_grid_search_and_cross_validation():
    frame, tier = portfolio(12, n=400)
    X = frame[["income", "debt", "noise"]]
    pipeline = make_pipeline(SimpleImputer(), LimitTierClassifier(max_iter=5, random_state=0))
    assert pipeline.fit(X, tier).predict(X).shape == (400,)
    search = GridSearchCV(
        LimitTierClassifier(max_iter=5, monotonic_cst={"income": 1}, random_state=0),
        {"max_leaf_nodes": [2, 15]},
        cv=2,
    ).fit(X, tier)
    assert search.best_params_["max_leaf_nodes"] in (2, 15)
    assert len(cross_val_score(search.best_estimator_, X, tier, cv=3)) == 3


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"monotonic_cst": {"wealth": 1}}, "column 'wealth' is not among the features"),
        ({"monotonic_cst": {"income": 2}}, "monotonic_cst must hold only -1, 0, 1, got"),
        ({"monotonic_cst": [1, 1]}, "monotonic_cst must have 5 signs, got 2"),
        ({"categorical_features": ["job", 9]}, "column 9 must fulfil 0 <= column < 5"),
        ({"threshold_fraction": 0}, "threshold_fraction must fulfil 0 < threshold_fraction <= 1, got 0"),
        ({"structure": "deep"}, "structure must be one of auto, score, pairwise, joint, free, heads, got 'deep'"),
        ({"structure": "score", "state_features": ["rank"]}, "column 'rank' is not among the features"),
        ({"n_tiers": None}, "tier_in_force needs n_tiers"),
        ({"n_tiers": 3}, r"y must hold only the tiers \[0, 1, 2\]"),
        ({"tier_in_force": "rank"}, "column 'rank' is not among the features"),
    ],
)
def test_a_parameter_that_breaks_its_rule_is_named(changes, message):
    with pytest.raises(ValueError, match=message):
        portfolio_model(**changes).fit(*portfolio(13, n=100))


def test_held_out_tiers_must_be_known_and_scores_need_a_tier_that_can_be_lost(fitted):
    frame, tier = portfolio(14, n=100)
    with pytest.raises(ValueError, match="y_val must hold only the tiers"):
        portfolio_model().fit(frame, tier, X_val=frame, y_val=tier + 7)
    with pytest.raises(ValueError, match="1 <= tier <= 4, found 0"):
        fitted.keep_score(frame, 0)
    with pytest.raises(NotFittedError):
        portfolio_model().predict(frame)
    with pytest.raises(ValueError, match="at least 2 classes"):
        portfolio_model().fit(frame, np.ones(100, dtype=int))
