"""A lender's own model that decides limits: its cut-offs, its trees as they are, and what follows from them."""

import lightgbm
import numpy as np
import pandas as pd
import pytest
import xgboost
from scipy.special import logit
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier

from credit_model import LimitPredictor, read_catalogue, read_tree_model
from credit_model.errors import CreditModelError, EngineError
from credit_model.model.deciding import CutOffs, Grid
from credit_model.model.own_forest import own_forest
from credit_model.own_model import worth_of_margin
from credit_model.trees.engines.parity import probes
from credit_model.trees.engines.plain_trees import plain_trees
from credit_model.trees.scoring import scores
from tests.explain.own_examples import example_script
from tests.trees.engines.random_models import ENGINES


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    """The example's folder in a small size, with its panel."""
    folder = tmp_path_factory.mktemp("own")
    example_script().write(folder, n_borrowers=120, n_training=1500)
    return folder, pd.read_csv(folder / "panel.csv")


def predictor_of(folder, model="lightgbm.txt", **more):
    given = {"decide": CutOffs([0.35, 0.20, 0.10, 0.05], of="probability"), "worse": "higher"} | more
    return LimitPredictor.from_model(folder / model, folder / "mine.toml", n_jobs=1, **given)


@pytest.fixture(scope="module")
def fitted(example):
    folder, panel = example
    return predictor_of(folder).fit(panel)


def test_cut_offs_are_in_the_order_of_the_tiers():
    # of a probability of default, turned round: the lines rise
    lines = CutOffs([0.2, 0.1], of="probability").lines("higher", "log_odds")
    np.testing.assert_allclose(lines[:, 0], [-logit(0.2), -logit(0.1)], rtol=1e-12)
    assert CutOffs([600, 700]).lines("lower", "value").tolist() == [[600], [700]]
    for wrong, worse in (([0.1, 0.2], "higher"), ([700, 600], "lower"), ([], "lower"), ([np.nan], "lower")):
        with pytest.raises(CreditModelError, match="cut-offs must be"):
            CutOffs(wrong).lines(worse, "value")
    with pytest.raises(CreditModelError, match="must lie between 0 and 1"):
        CutOffs([2.0], of="probability").lines("higher", "log_odds")
    with pytest.raises(CreditModelError, match="it is 'value'"):
        CutOffs([0.5], of="probability").lines("higher", "value")


def test_a_grid_gives_each_cell_its_tier():
    grid = Grid([0.05, 0.15], "income", [3000, 6000], [[2, 3, 3], [1, 1, 2], [0, 0, 1]], of="probability")
    lines = grid.lines("higher", "probability")
    for p in (0.01, 0.05, 0.1, 0.15, 0.9):
        for c in range(3):
            row = int(p > 0.05) + int(p > 0.15)  # a probability on a line has the better tier
            assert (-p >= lines[:, c]).sum() == grid.tiers[row][c]
    with pytest.raises(CreditModelError, match="tiers only fall"):
        Grid([0.05], "income", [], [[0], [1]]).lines("higher", "probability")
    with pytest.raises(CreditModelError, match="a row for each of 2"):
        Grid([0.05], "income", [1.0], [[0], [1]]).lines("higher", "probability")


@pytest.mark.parametrize("engine", ["GradientBoosting", "forests", "XGBoost", "CatBoost", "LightGBM", "DecisionTree"])
def test_trees_that_read_float64_themselves_score_as_the_library_does(engine):
    for seed in (0, 2, 3, 4):
        model, score_class = ENGINES[engine](seed)
        read = read_tree_model(model, score_class=score_class)
        numbers = probes(read)
        texts = {j: [str(c) for c in range(60)] for j in read.coder.codes}
        if texts:  # codes of a catalogue: whole, known or missing
            for j in texts:
                wild = ~(np.isin(numbers[:, j], np.arange(60)) | np.isnan(numbers[:, j]))
                numbers[wild, j] = 7.0
        place = [3, 1, 0, 4, 2]
        rows = np.zeros((len(numbers), 6))
        rows[:, place] = numbers
        plain = plain_trees(read, place, 6, {place[j]: names for j, names in texts.items()})
        assert (scores(plain, rows) == scores(read.trees, read.coder.rows(numbers))).all()


def test_zeros_taken_for_missing_are_refused():
    model, _ = ENGINES["LightGBM"](1)  # zero_as_missing
    read = read_tree_model(model)
    assert read.coder.zero_is_missing is not None
    with pytest.raises(EngineError, match="must not take a number for a missing value"):
        plain_trees(read, range(5), 6, {4: ["0"]})


def test_the_keep_score_is_how_far_the_models_own_score_lies_beyond_the_line(example, fitted):
    folder, panel = example
    snapshots = fitted.snapshots(panel)
    read = read_tree_model(folder / "lightgbm.txt")
    native = read.scores(panel)  # texts and blanks as the library takes them
    row = np.flatnonzero(snapshots.tier_before > 0)
    tier = snapshots.tier_before[row]
    lines = logit(np.array([0.35, 0.20, 0.10, 0.05]))
    margin = lines[tier - 1] - native[row]
    found = fitted.fitted.keep_scores(snapshots, row)
    factor = found[np.abs(margin).argmax()] / margin[np.abs(margin).argmax()]
    assert factor > 0
    np.testing.assert_allclose(found, factor * margin, rtol=1e-9, atol=1e-9 * factor)
    # the model decided the panel, but for the 2 % that were decided by hand
    kept = snapshots.tier_after[row] >= tier
    assert ((found >= 0) == kept).mean() > 0.97


def test_cuts_plans_and_a_saved_model_are_those_of_the_lenders_own_model(example, fitted, tmp_path):
    _, panel = example
    explanations = fitted.explain_decreases(panel)
    assert len(explanations) > 50
    assert (explanations.support == "expected").mean() > 0.9
    change = explanations.keep_score_after - explanations.keep_score_before
    np.testing.assert_allclose(explanations.contributions.sum(axis=1), change, rtol=0, atol=1e-9)
    plans = fitted.plans(panel)[:20]
    assert any(plan.outcome == "by_plan" for plan in plans)
    fitted.save(tmp_path / "model")
    again = LimitPredictor.load(tmp_path / "model")
    assert again.version == fitted.version
    assert (again.explain_decreases(panel).contributions == explanations.contributions).all()


def test_a_grid_of_a_second_feature_decides_by_both(example):
    folder, panel = example
    income = float(panel["income"].median())
    grid = Grid([0.05, 0.10, 0.20, 0.35], "income", [income], [[4, 4], [3, 3], [1, 2], [0, 1], [0, 0]], "probability")
    read = read_tree_model(folder / "lightgbm.txt")
    catalogue = read_catalogue(folder / "mine.toml")
    forest = own_forest(read, catalogue, grid, "higher")
    snapshots = predictor_of(folder).fit(panel).snapshots(panel)
    tier = (forest.survival_scores(snapshots.X) >= 0).sum(axis=1)
    risk = 1 / (1 + np.exp(-read.scores(panel)))
    row = np.searchsorted([0.05, 0.10, 0.20, 0.35], risk, side="left")
    rich = (panel["income"] > income).to_numpy().astype(int)  # blank: the first column
    assert (tier == np.array(grid.tiers)[row, rich]).all()


def test_models_of_other_libraries_decide_too(example):
    folder, panel = example
    columns = read_tree_model(folder / "lightgbm.txt").columns
    snapshots = predictor_of(folder).fit(panel).snapshots(panel)
    names = list(snapshots.catalogue.feature_names)
    X = pd.DataFrame(snapshots.X[:, [names.index(c) for c in columns]], columns=list(columns))
    y = (np.random.default_rng(0).random(len(X)) < 0.2).astype(int)
    codes = [j for j, c in enumerate(columns) if c in snapshots.catalogue.categorical_names]
    models = [
        HistGradientBoostingClassifier(max_iter=5, categorical_features=codes).fit(X, y),
        RandomForestClassifier(5, max_depth=5, random_state=0, n_jobs=1).fit(X, y),
        xgboost.XGBClassifier(n_estimators=5, n_jobs=1).fit(X, y),
        lightgbm.LGBMClassifier(n_estimators=5, n_jobs=1, verbose=-1).fit(X, y),
    ]
    for model in models:
        cut_offs = CutOffs([0.9, 0.3, 0.2, 0.1], of="probability")
        predictor = LimitPredictor.from_model(
            model, folder / "mine.toml", decide=cut_offs, worse="higher", n_jobs=1
        ).fit(panel)
        tier = (predictor.bag.survival_scores(snapshots.X) >= 0).sum(axis=1)
        risk = model.predict_proba(X)[:, 1]
        near = np.abs(risk[:, None] - [0.9, 0.3, 0.2, 0.1]).min(axis=1) < 1e-6  # of float32 margins
        assert (tier == (risk[:, None] <= [0.9, 0.3, 0.2, 0.1]).sum(axis=1))[~near].all()


def test_what_does_not_fit_together_is_refused_in_one_line(example):
    folder, panel = example
    cases = [
        ({"decide": CutOffs([0.2], of="probability")}, "as many tiers as the model decides, 2, found 5"),
        ({"worse": "lower"}, "cut-offs must be rising"),
        ({"worse": "worse"}, "'higher' or 'lower'"),
        ({"decide": Grid([0.5], "nobody", [], [[4], [0]])}, "must be a driver of the catalogue, got 'nobody'"),
    ]
    for given, message in cases:
        with pytest.raises(CreditModelError, match=message) as error:
            predictor_of(folder, **given).fit(panel)
        assert "\n" not in str(error.value)
    bare, _ = ENGINES["XGBoost"](0)
    catalogue = read_catalogue(folder / "mine.toml")
    with pytest.raises(CreditModelError, match="must know its columns by name"):
        own_forest(read_tree_model(bare), catalogue, CutOffs([1, 2, 3, 4]), "lower")
    with pytest.raises(CreditModelError, match="are missing: late_months"):
        own_forest(read_tree_model(folder / "lightgbm.txt"), read_catalogue("synthetic"), CutOffs([1, 2]), "lower")


def test_the_worth_of_a_margin_is_bounded_where_it_tells_every_cut():
    margin = np.array([1.0, 2.0, -1.0, -2.0])
    assert worth_of_margin(margin, margin < 0) == pytest.approx(50 / 1.5, rel=1e-3)
