"""What a user may hand to the classifier: labels, columns and weights of any kind are read rightly or refused."""

import numpy as np
import pandas as pd
import pytest

from credit_model.model.artifact import forest_arrays, forest_from_arrays
from credit_model.model.booster import _with_values
from credit_model.model.classifier import LimitTierClassifier
from credit_model.model.features import check_width, feature_rows
from credit_model.model.labels import row_weights
from credit_model.trees.engines.sklearn import tree_ensemble
from credit_model.trees.nodes import MOST_FEATURES, NODE
from tests.model.examples import N_TIERS, portfolio, portfolio_model

NAMES = ["none", "low", "mid", "high", "top"]  # in no alphabetical order
N = 400


@pytest.fixture(scope="module")
def rows():
    """Rows (n, 3) whose first column orders the tiers 0 .. 3 (n,)."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N, 3))
    return X, np.digitize(X[:, 0] + 0.3 * rng.normal(size=N), [-1, 0, 1])


@pytest.fixture(scope="module")
def table():
    return portfolio(1, n=N)


def model(**changes):
    return LimitTierClassifier(**{"max_iter": 20, "random_state": 0, **changes})


def named(tier):
    return [NAMES[t + 1] for t in tier]


IN_ORDER = {
    "Categorical": lambda y: pd.Categorical(named(y), NAMES[1:], ordered=True),
    "Series": lambda y: pd.Series(pd.Categorical(named(y), NAMES[1:], ordered=True), index=range(7, N + 7)),
    "an unused category": lambda y: pd.Series(pd.Categorical(named(y), NAMES, ordered=True)),
    "descending numbers": lambda y: pd.Categorical(3 - y, [3, 2, 1, 0], ordered=True),
    "intervals": lambda y: pd.cut(y, [-1, 0, 1, 2, 3]),
}


@pytest.mark.parametrize("kind", IN_ORDER)
def test_tiers_of_an_ordered_categorical_keep_its_order(rows, kind):
    X, tier = rows
    expected = model().fit(X, tier)
    y = IN_ORDER[kind](tier)
    fitted = model().fit(X, y, X_val=X, y_val=y)
    in_order = list(pd.Series(y).cat.remove_unused_categories().cat.categories)
    assert list(fitted.classes_) == in_order
    assert len(fitted.classes_) == 4  # categories that no row has are left out, as scikit-learn's classes are
    plain = model().fit(X, y)
    assert plain.predict_proba(X).tobytes() == expected.predict_proba(X).tobytes()
    assert list(plain.predict(X)) == [in_order[t] for t in expected.predict(X)]


def test_a_column_vector_of_an_ordered_categorical_keeps_its_order_too(rows):
    X, tier = rows
    y = pd.DataFrame({"tier": IN_ORDER["Categorical"](tier)})
    with pytest.warns(UserWarning, match="column-vector y was passed"):
        assert list(model().fit(X, y).classes_) == NAMES[1:]


@pytest.mark.parametrize(
    "make", [list, np.array, lambda y: pd.Series(y, dtype="string"), lambda y: pd.Categorical(y), pd.Series]
)
def test_other_texts_are_sorted_as_documented(rows, make):
    X, tier = rows
    assert list(model().fit(X, make(named(tier))).classes_) == sorted(NAMES[1:])


@pytest.mark.parametrize("dtype", ["Int64", "UInt8", "Float64", "int64[pyarrow]", "category"])
def test_tiers_of_pandas_own_types_are_the_numbers_that_they_show(rows, dtype):
    X, tier = rows
    fitted = model().fit(X, pd.Series(tier, dtype=dtype))
    assert fitted.classes_.tolist() == [0, 1, 2, 3]
    assert fitted.classes_.dtype.kind == ("f" if dtype == "Float64" else fitted.classes_.dtype.kind)
    assert (fitted.predict(X) == model().fit(X, tier).predict(X)).all()


def missing(values, dtype):
    return pd.Series([None, *values[1:]], dtype=dtype)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda y: missing(y, "Int64"), r"Input y contains NaN or another missing value in 1 of 400 rows .* row 0"),
        (lambda y: missing(named(y), "object"), "Input y contains NaN or another missing value"),
        (lambda y: missing(named(y), "string"), "Input y contains NaN or another missing value"),
        (lambda y: missing(named(y), "category"), "Input y contains NaN or another missing value"),
        (lambda y: np.where(y == 0, np.nan, y), "Input y contains NaN"),
        (lambda y: np.where(y == 0, np.inf, y), "Input y contains infinity"),
        (lambda y: y[1:], "X and y must have the same number of rows, got 400 and 399"),
        (lambda y: np.array([1, "a"] * 200, dtype=object), "Unknown label type"),
    ],
)
def test_labels_that_are_no_tiers_are_refused(rows, change, message):
    X, tier = rows
    with pytest.raises(ValueError, match=message):
        model().fit(X, change(tier))


@pytest.mark.parametrize("n_tiers", [1, 0, True, 2.5, "4", 4.0])
def test_a_number_of_tiers_that_is_none_is_refused(rows, n_tiers):
    with pytest.raises(ValueError, match="n_tiers must be a whole number >= 2"):
        model(n_tiers=n_tiers).fit(*rows)


@pytest.mark.parametrize("change", [named, lambda y: y.astype(str), lambda y: y - 1, IN_ORDER["Categorical"]])
def test_with_a_number_of_tiers_labels_are_these_numbers(rows, change):
    X, tier = rows
    with pytest.raises(ValueError, match=r"y must hold only the tiers \[0, 1, 2, 3\]|ordered as numbers are"):
        model(n_tiers=4).fit(X, change(tier))


@pytest.mark.parametrize(
    ("X_val", "y_val", "message"),
    [
        (lambda X: X, lambda y: None, "X_val and y_val must be given together"),
        (lambda X: None, lambda y: y, "X_val and y_val must be given together"),
        (lambda X: X, lambda y: y[1:], "X_val and y_val must have the same number of rows, got 400 and 399"),
        (lambda X: X[:, 1:], lambda y: y, "X has 2 features"),
        (lambda X: X, lambda y: np.where(y == 0, np.nan, y), "y_val contains NaN"),
        (lambda X: X, lambda y: y + 1, r"y_val must hold only the tiers \[0, 1, 2, 3\], found 4"),
        (lambda X: X, named, r"y_val must hold only the tiers \[0, 1, 2, 3\], found '"),
        (lambda X: np.where(X[0, 0] == X, np.inf, X), lambda y: y, "X contains infinity"),
    ],
)
def test_held_out_rows_that_do_not_fit_are_refused(rows, X_val, y_val, message):
    X, tier = rows
    with pytest.raises(ValueError, match=message):
        model().fit(X, tier, X_val=X_val(X), y_val=y_val(tier))


def test_permuted_columns_are_refused_with_categories_given_by_name_as_without(table):
    frame, tier = table
    permuted = frame[frame.columns[::-1]]
    for fitted, other in (
        (portfolio_model(max_iter=3).fit(frame, tier), permuted),
        (model().fit(frame.drop(columns="job"), tier), permuted.drop(columns="job")),
    ):
        with pytest.raises(ValueError, match="feature names should match"):
            fitted.predict(other)
        with pytest.raises(ValueError, match="feature names should match"):
            fitted.keep_score(other, 1)
    with pytest.raises(ValueError, match="feature names should match"):
        portfolio_model(max_iter=3).fit(frame, tier, X_val=permuted, y_val=tier)


COLUMNS = {
    "infinity": ({"income": np.inf}, "Input X contains infinity"),
    "minus infinity once": ({"noise": lambda f: f["noise"].where(f["noise"] < f["noise"].max(), -np.inf)}, "infinity"),
    "text": ({"income": "high"}, "column 'income' must hold numbers, could not convert string to float: 'high'"),
    "dates": ({"income": pd.Timestamp("2024-01-01")}, "column 'income' must hold numbers, found datetime64"),
    "time spans": ({"income": pd.Timedelta(days=1)}, "column 'income' must hold numbers, found timedelta64"),
    "complex numbers": ({"income": 1j}, "column 'income' must hold numbers, found complex128"),
    "categories of texts": ({"noise": lambda f: pd.Categorical(f["job"])}, "column 'noise' must hold numbers"),
    "an infinite category": ({"job": lambda f: np.where(f["noise"] > 0, 1.0, np.inf)}, "X contains infinity"),
    "categories of two types": ({"job": [1, "a"] * 200}, "'job' must hold values of one type, found int, str"),
    "too many categories": (
        {"job": lambda f: np.arange(N).astype(str)},
        "categorical column 'job' must have at most 255 categories, found 400",
    ),
    "too many categories of numbers": ({"job": lambda f: np.arange(256.0)[np.arange(N) % 256]}, "found 256"),
    "a tier in force that is none": ({"tier_in_force": 2.5}, "'tier_in_force' must hold tiers in 0 .. 4, or NaN"),
    "a tier in force above all": ({"tier_in_force": 5}, "found 5 in 400 of 400 rows"),
    "a negative tier in force": ({"tier_in_force": -1}, "found -1"),
}


@pytest.mark.parametrize("kind", COLUMNS)
def test_a_column_that_cannot_be_read_rightly_is_refused_by_name(table, kind):
    frame, tier = table
    changes, message = COLUMNS[kind]
    with pytest.raises(ValueError, match=message) as error:
        portfolio_model(max_iter=3).fit(frame.assign(**changes), tier)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("value", [np.inf, -np.inf])
def test_an_infinite_value_is_refused_at_prediction_too(table, value):
    frame, tier = table
    fitted = portfolio_model(max_iter=3).fit(frame, tier)
    with pytest.raises(ValueError, match="Input X contains infinity"):
        fitted.predict_proba(frame.assign(income=value))


def nullable(frame):
    return frame.convert_dtypes()


def arrow(frame):
    return frame.convert_dtypes(dtype_backend="pyarrow")


def objects(frame):
    return frame.astype(object).where(frame.notna(), pd.NA)


def nones(frame):
    return frame.astype(object).where(frame.notna(), None)


@pytest.mark.parametrize("kind", [nullable, arrow, objects, nones])
def test_missing_values_of_every_kind_are_missing(table, kind):
    frame, tier = table
    fitted = portfolio_model(max_iter=5).fit(frame, tier)
    expected = fitted.predict_proba(frame)
    assert fitted.predict_proba(kind(frame)).tobytes() == expected.tobytes()
    assert portfolio_model(max_iter=5).fit(kind(frame), tier).predict_proba(frame).tobytes() == expected.tobytes()
    numbers = frame.drop(columns="job")
    plain = model().fit(numbers, tier)
    assert plain.predict_proba(kind(numbers)).tobytes() == plain.predict_proba(numbers).tobytes()
    array = model().fit(numbers.to_numpy(), tier)
    assert array.predict_proba(objects(numbers).to_numpy()).tobytes() == plain.predict_proba(numbers).tobytes()


@pytest.mark.parametrize("column", ["income", "noise", "job", "tier_in_force"])
@pytest.mark.parametrize("blank", [np.nan, None, pd.NA])
@pytest.mark.parametrize("structure", ["free", "joint", "pairwise", "score", "heads"])
def test_a_column_without_any_value_changes_nothing_and_may_hold_values_later(table, column, blank, structure):
    frame, tier = table
    empty = frame.assign(**{column: blank})
    fitted = portfolio_model(max_iter=5, structure=structure).fit(empty, tier)
    expected = fitted.predict_proba(empty)
    assert np.isfinite(expected).all()
    forest = forest_from_arrays(forest_arrays(fitted.forest_), "")
    if column == "tier_in_force":
        return
    assert fitted.predict_proba(frame).tobytes() == expected.tobytes()
    X = frame.assign(**{"job": 1.0, column: np.nan}).to_numpy(dtype=np.float64)
    assert np.isfinite(forest.keep_score(X, np.full(N, 2))).all()


def test_rows_without_any_value_are_forecast_with_the_shares(rows):
    X, tier = rows
    shares = np.bincount(tier) / N
    fitted = model(max_iter=400).fit(np.full_like(X, np.nan), tier)
    np.testing.assert_allclose(fitted.predict_proba(X[:1])[0], shares, atol=1e-3)


def test_a_column_that_the_booster_may_never_see_a_value_of_is_constant_for_it():
    # scikit-learn bins 200,000 rows drawn by weight; it fails on a column of which they hold no value.
    X = np.full((300_000, 4), np.nan)
    X[:, 0] = 1.0
    X[0, 1] = X[:40, 2] = X[:3_000, 3] = 1.0
    weight = np.ones(len(X))
    constant = (_with_values(X, weight) == 0).all(axis=0)
    assert constant.tolist() == [False, True, True, False]
    assert np.isnan(X[:, 1]).sum() == len(X) - 1  # the rows given are left as they are
    weight[1:40] = 1e4
    assert (_with_values(X, weight) == 0).all(axis=0).tolist() == [False, True, False, False]
    few = X[:1000]
    assert _with_values(few, np.ones(1000)) is few  # all rows are binned: one value is enough


@pytest.mark.parametrize("scale", [1e300, 1.7e308, 1e-300, 5e-324, 1 / N])
def test_weights_that_all_are_the_same_are_no_weights(rows, scale):
    X, tier = rows
    with np.errstate(all="raise"):
        weighted = model().fit(X, tier, sample_weight=np.full(N, scale))
    assert weighted.predict_proba(X).tobytes() == model().fit(X, tier).predict_proba(X).tobytes()


def test_huge_weights_keep_their_proportions():
    X, y = np.ones((300, 1)), np.repeat([0, 1, 2], 100)
    weight = 1e305 * np.array([1.0, 2.0, 5.0])[y]
    fitted = model(max_iter=400).fit(X, y, sample_weight=weight)
    np.testing.assert_allclose(fitted.predict_proba([[1.0]])[0], [1 / 8, 2 / 8, 5 / 8], atol=1e-4)


def test_weights_of_usual_size_are_taken_as_they_are():
    weight = np.array([0.0, 0.5, 3.0, 1e6])
    assert row_weights(weight, np.zeros((4, 1))).tolist() == weight.tolist()


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        (np.r_[-1e-9, np.ones(N - 1)], "Negative values in data passed to `sample_weight`"),
        (np.full(N, -1.0), "Negative values"),
        (np.r_[np.nan, np.ones(N - 1)], "sample_weight contains NaN"),
        (np.r_[np.inf, np.ones(N - 1)], "sample_weight contains infinity"),
        (np.zeros(N), "at least one non-zero number"),
        (np.ones(N - 1), "sample_weight.shape"),
        (np.ones((N, 2)), "Sample weights must be 1D"),
    ],
)
def test_weights_that_are_none_are_refused(rows, weight, message):
    with pytest.raises(ValueError, match=message):
        model().fit(*rows, sample_weight=weight)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"categorical_features": "job"}, "given as a sequence of names or positions, got 'job' alone"),
        ({"categorical_features": [True]}, "a column is given by its name or its position"),
        ({"categorical_features": [4.7]}, "a column is given by its name or its position, a whole number, got 4.7"),
        ({"categorical_features": ["job", "tier_in_force"]}, "the tier in force, must not be categorical"),
        ({"monotonic_cst": {"income": 0.5}}, "monotonic_cst must hold only -1, 0, 1, got 0.5"),
        ({"monotonic_cst": {"income": np.nan}}, "monotonic_cst must hold only -1, 0, 1, got nan"),
    ],
)
def test_a_parameter_is_not_bent_to_fit(table, changes, message):
    with pytest.raises(ValueError, match=message):
        portfolio_model(max_iter=3, **changes).fit(*table)


@pytest.mark.parametrize("tier", [True, 1.5, "1", None, [1, 2], [[1]], 0, N_TIERS])
def test_a_keep_score_is_of_a_tier_that_can_be_lost(table, tier):
    frame, tiers = table
    with pytest.raises(ValueError, match="tier must"):
        portfolio_model(max_iter=2).fit(frame, tiers).keep_score(frame, tier)


def test_more_columns_than_a_node_can_name_are_refused_before_anything_is_fitted():
    assert np.iinfo(NODE["feature"]).max == MOST_FEATURES - 1
    check_width(MOST_FEATURES - 2)  # the threshold and its distance come on top
    wide = np.zeros((4, MOST_FEATURES - 1))
    for X in (wide, pd.DataFrame(wide)):
        with pytest.raises(ValueError, match="X must have at most 32,766 features, got 32,767"):
            model().fit(X, [0, 1, 0, 1])


def test_trees_of_more_columns_than_a_node_can_name_are_not_read_wrongly():
    class Fitted:
        _predictors, _bin_mapper, n_trees_per_iteration_, n_features_in_ = [], None, 1, MOST_FEATURES + 1

    with pytest.raises(ValueError, match="model must have at most 32,768 features, got 32,769"):
        tree_ensemble(Fitted())


def test_categories_of_whole_numbers_beside_a_blank_are_numbers():
    table = pd.DataFrame({"a": pd.Categorical([1, None, 2]), "b": pd.Series([1, None, 2], dtype="Int64")})
    np.testing.assert_array_equal(feature_rows(table, {}), [[1, 1], [np.nan, np.nan], [2, 2]])
    with pytest.raises(ValueError, match="column 'a' must hold numbers, found datetime64"):
        feature_rows(pd.DataFrame({"a": pd.Categorical(pd.to_datetime(["2024-01-01"]))}), {})
