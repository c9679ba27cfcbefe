"""The booster of ordered tiers by rows: its gradients, its trees, what may interact, and what it learns."""

import numpy as np
import pytest
from scipy.special import expit, log_expit

from credit_model.model.binning import MISSING, Binning
from credit_model.model.classifier import LimitTierClassifier
from credit_model.model.row_boosting import RowSample, RowTask, boosted
from credit_model.model.row_kernels import LOGISTIC, N_BINS, loss_of_cells, set_gradients, step_of
from credit_model.model.row_trees import Columns, Limits, grow_tree, grow_trees_of_columns
from credit_model.trees.ensemble import layout_fault
from tests.model.examples import N_TIERS, as_rows, portfolio, portfolio_model


def at_once(work, columns, size):
    work(columns)


def task(**given):
    usual = {
        "n_tiers": 4,
        "tier_column": 0,
        "states": (0,),
        "categorical": (),
        "signs": (0, 1, -1, 0),
        "columns_together": 1,
        "limits": Limits(4, 5, 0.0),
        "learning_rate": 0.5,
        "max_features": 1.0,
        "max_iter": 60,
        "n_iter_no_change": 30,
        "max_bins": 255,
        "seed": 0,
        "n_jobs": 1,
    }
    return RowTask(**{**usual, **given})


def sample(seed=0, n=800):
    rng = np.random.default_rng(seed)
    before = rng.integers(0, 4, n).astype(float)
    X = rng.normal(size=(n, 3)).round(1)
    tier = np.clip(before + np.digitize(X[:, 0] - X[:, 1] + rng.logistic(size=n) / 3, [-1.5, 1.5]) - 1, 0, 3)
    return RowSample(np.column_stack([before, X]), tier.astype(np.int64), rng.integers(1, 4, n).astype(float))


def test_gradients_are_those_of_the_loss():
    rng = np.random.default_rng(1)
    first = np.array([0, 3, 3, 8])
    score, lines = rng.normal(size=8) * 3, np.sort(rng.normal(size=(3, 4)))[:, ::-1] * 3
    tier, weight = rng.integers(0, 5, 8), rng.random(8) + 0.5
    cell = np.repeat([0, 1, 2], np.diff(first))
    stats, line_stats = np.empty((8, 3)), np.empty((3, 4, 3))
    set_gradients(score, lines, first, tier, weight, LOGISTIC, 0, 3, stats, line_stats)
    chance = expit(score[:, None] + lines[cell])
    reached = tier[:, None] > np.arange(4)
    expected = weight[:, None] * (chance - reached)
    np.testing.assert_allclose(stats[:, 0], expected.sum(axis=1), atol=1e-6)
    np.testing.assert_allclose(stats[:, 1], (weight[:, None] * chance * (1 - chance)).sum(axis=1), atol=1e-6)
    for c in range(3):
        np.testing.assert_allclose(line_stats[c, :, 0], expected[cell == c].sum(axis=0), atol=1e-6)
        assert (line_stats[c, :, 2] == np.sum(cell == c)).all()
    margin = np.where(reached, 1, -1) * (score[:, None] + lines[cell])
    loss = loss_of_cells(score, lines, first, tier, weight, 0, 3)
    np.testing.assert_allclose(loss, -(weight[:, None] * log_expit(margin)).sum(), rtol=1e-12)


@pytest.mark.parametrize("sign", [-1, 0, 1])
def test_a_tree_of_one_column_is_the_tree_that_is_grown_leaf_by_leaf(sign):
    rng = np.random.default_rng(2)
    X = rng.normal(size=(500, 1)).round(1)
    X[rng.random(500) < 0.1] = np.nan
    stats = np.column_stack([rng.normal(size=500) + np.sin(2 * np.nan_to_num(X[:, 0])), rng.random(500), np.ones(500)])
    binning = Binning.of_rows(X, (), 255, seed=0)
    columns = Columns.of(binning.bins(X), binning, [sign])
    limits = Limits(6, 10, 0.1)
    alone, whole = grow_trees_of_columns(columns, stats, limits, at_once), grow_tree(columns, stats, limits, at_once)
    tree = alone.tree(0)
    assert whole.gain > 0
    np.testing.assert_allclose(alone.gain[0], whole.gain)
    np.testing.assert_allclose(tree.values_of(columns.bins), whole.values_of(columns.bins))
    np.testing.assert_allclose(alone.by_bin[0][columns.bins[0]], tree.values_of(columns.bins))
    known = columns.bins[0] != MISSING
    values = tree.values_of(columns.bins)[known][np.argsort(X[known, 0])]
    assert (sign * np.diff(values) >= 0).all()


def test_the_first_split_is_the_best_of_all():
    rng = np.random.default_rng(3)
    X = rng.integers(0, 6, size=(300, 3)).astype(float)
    stats = np.column_stack([rng.normal(size=300) - (X[:, 1] > 3), rng.random(300) + 0.1, np.ones(300)])
    binning = Binning.of_rows(X, (2,), 255, seed=0)
    tree = grow_tree(Columns.of(binning.bins(X), binning, [0, 0, 0]), stats, Limits(2, 1, 0.0), at_once)

    def loss(rows):
        return -(stats[rows, 0].sum() ** 2) / stats[rows, 1].sum() / 2

    best = 0.0
    for j in range(3):
        for subset in range(1, 2**5):  # of a category any set of codes, of a number what lies below
            left = np.isin(X[:, j], [c for c in range(6) if subset >> c & 1]) if j == 2 else X[:, j] <= subset - 1
            if left.any() and not left.all():
                best = max(best, loss(np.ones(300, dtype=bool)) - loss(left) - loss(~left))
    np.testing.assert_allclose(tree.gain, best)


@pytest.mark.parametrize("together", [1, 2, None])
def test_trees_read_the_score_or_the_lines_and_no_more_columns_together_than_they_may(together):
    trees = boosted(task(columns_together=together, limits=Limits(8, 5, 0.0)), sample(), None)
    assert layout_fault(trees) == ""
    read = trees.features_by_tree()
    assert len(read) == 60
    lines = {0, 4, 5}
    assert all(own <= lines or not own & lines for own in read)
    assert any(own <= lines for own in read)
    most = max(len(path) for path in trees.features_by_path() if not path & lines)
    assert most == (together or 3)


def test_weights_stand_for_repeated_rows():
    given = sample()
    times = given.weight.astype(int)
    repeated = RowSample(np.repeat(given.rows, times, axis=0), np.repeat(given.tier, times), np.ones(times.sum()))
    limits = Limits(4, 0, 0.0)  # a leaf counts rows, not weights
    one, other = (boosted(task(limits=limits, max_iter=20), rows, None) for rows in (given, repeated))
    assert one.nodes["feature"].tolist() == other.nodes["feature"].tolist()
    np.testing.assert_allclose(one.nodes["threshold"], other.nodes["threshold"], rtol=1e-9)


@pytest.mark.parametrize("structure", ["score", "pairwise", "joint"])
def test_held_out_loss_is_no_worse_than_that_of_pairs(structure):
    # The same likelihood, by scikit-learn on a pair of row and threshold each; both stop at their best.
    frame, tier = portfolio(31, n=3000)
    losses = {}
    for engine in ("auto", "sklearn"):
        model = portfolio_model(structure=structure, engine=engine, max_iter=None)
        model.fit(frame[:2000], tier[:2000], X_val=frame[2000:], y_val=tier[2000:])
        scores = model.forest_.survival_scores(as_rows(frame[2000:]))
        reached = tier[2000:, None] > np.arange(N_TIERS - 1)
        losses[engine] = -log_expit(np.where(reached, scores, -scores)).mean()
    assert losses["auto"] < 1.03 * losses["sklearn"]


def test_columns_that_say_the_same_do_not_overshoot():
    # Four copies of a column are four best trees of a round; without a step they would move four times as far.
    rng = np.random.default_rng(5)
    x = rng.normal(size=1000)
    tier = np.digitize(3 * x + rng.logistic(size=1000), [-1, 1])
    X = np.column_stack([np.ones(1000), x, x, x, x])
    fit = {"n_tiers": 3, "tier_in_force": 0, "structure": "score", "learning_rate": 1.0, "max_iter": 200}
    model = LimitTierClassifier(**fit).fit(X, tier)
    assert (model.predict(X) == tier).mean() > 0.7


def test_a_step_is_the_least_of_the_quadratic_model():
    stats = np.array([[-1.0, 2.0, 1.0], [-3.0, 1.0, 1.0]])
    direction = np.array([2.0, 4.0])
    at = np.linspace(0, 1, 1001)
    model = [(stats[:, 0] * s * direction + stats[:, 1] * (s * direction) ** 2 / 2).sum() for s in at]
    assert step_of(stats, direction) == pytest.approx(at[np.argmin(model)], abs=1e-3)
    assert step_of(stats, -direction) == 0.0


def test_values_lie_in_the_bin_that_their_edges_name():
    rng = np.random.default_rng(6)
    X = np.column_stack([rng.normal(size=5000), rng.integers(0, 3, 5000), np.full(5000, np.nan)])
    X[::7, 0] = np.nan
    X[1::7, 0] = np.nextafter(X[1, 0], np.inf)
    binning = Binning.of_rows(X, (1,), 64, seed=0)
    bins = binning.bins(X)
    assert (bins[0][::7] == MISSING).all()
    assert (bins[2] == MISSING).all()
    assert (bins[1] == X[:, 1]).all()
    assert len(binning.edges[0]) <= 63
    known = bins[0] != MISSING
    edges = np.concatenate([[-np.inf], binning.edges[0], [np.inf]])
    assert ((X[known, 0] > edges[bins[0][known]]) & (X[known, 0] <= edges[bins[0][known] + 1])).all()
    assert binning.n_bins(bins).tolist() == [len(binning.edges[0]) + 1, 3, 1]
    assert bins.max() < N_BINS
