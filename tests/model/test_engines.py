"""Trees that LightGBM and XGBoost fit on pairs: what may interact, the same bytes, the library's bits, no library."""

import subprocess
import sys
from types import SimpleNamespace

import lightgbm
import numpy as np
import pytest
import xgboost
from click.testing import CliRunner
from scipy.special import log_expit

from credit_model import LimitPredictor, simulate_portfolio
from credit_model.cli import main
from credit_model.errors import EngineError
from credit_model.model.classifier import LimitTierClassifier
from credit_model.model.engines import lightgbm as lightgbm_engine
from credit_model.model.engines import xgboost as xgboost_engine
from credit_model.model.engines.choosing import check_engine
from credit_model.model.engines.pair_task import own_trees
from credit_model.model.forest import tier_probabilities
from credit_model.model.structures import STRUCTURES, interaction_groups
from credit_model.trees.engines import flat
from tests.model.examples import N_TIERS, as_rows, portfolio, portfolio_model

ENGINES = ("lightgbm", "xgboost")

each_engine = pytest.mark.parametrize("engine", ENGINES)


@each_engine
@pytest.mark.parametrize("structure", STRUCTURES)
def test_a_structure_is_kept_and_every_forecast_is_coherent_and_goes_the_declared_way(engine, structure):
    frame, tier = portfolio(41)
    model = portfolio_model(engine=engine, structure=structure, max_iter=80, n_jobs=1).fit(frame, tier)
    groups = interaction_groups(structure, width=5, tier_column=0, states=[])
    if groups is not None:
        used = list(model.forest_.trees.features_by_path())
        assert all(any(own <= group for group in groups) for own in used)
        assert len({min(own) for own in used}) > 1  # not the lines alone
    frame, _ = portfolio(42, n=60)
    scores = model.forest_.survival_scores(as_rows(frame))
    assert (np.diff(scores, axis=1) <= 1e-12).all()
    probability = tier_probabilities(scores)
    assert (probability >= 0).all()
    np.testing.assert_allclose(probability.sum(axis=1), 1, atol=1e-12)
    values = np.linspace(-4, 4, 41)
    sweep = frame.loc[frame.index.repeat(len(values))].assign(income=np.tile(values, len(frame)))
    for t in range(1, N_TIERS):
        score = model.keep_score(sweep, t).reshape(len(frame), len(values))
        assert (np.diff(score, axis=1) >= -1e-12).all()
        assert (score[:, 0] != score[:, -1]).any()


@each_engine
def test_the_forest_scores_pairs_as_the_library_does(engine, monkeypatch):
    kept = []
    module = {"lightgbm": lightgbm_engine, "xgboost": xgboost_engine}[engine]
    monkeypatch.setattr(module, "own_trees", lambda booster, *rest: kept.append(booster) or own_trees(booster, *rest))
    frame, tier = portfolio(43)
    model = portfolio_model(engine=engine, max_iter=40, n_jobs=1).fit(frame, tier)
    rows = as_rows(frame)
    for k in range(N_TIERS - 1):
        pairs = np.column_stack([rows, np.full(len(rows), k), k - rows[:, 0]])
        ours = model.keep_score(frame, k + 1)
        if engine == "lightgbm":
            assert (kept[0].predict(pairs, raw_score=True) == ours).all()
        else:  # adds up in float32
            kinds = ["q"] * 4 + ["c"] + ["q"] * 2
            matrix = xgboost.DMatrix(pairs, feature_types=kinds, enable_categorical=True)
            np.testing.assert_allclose(kept[0].predict(matrix, output_margin=True), ours, atol=1e-5)


@each_engine
def test_neither_threads_nor_a_second_run_change_a_byte(engine):
    frame, tier = portfolio(44)
    weight = np.random.default_rng(0).random(1500) + 0.1
    fits = [
        portfolio_model(engine=engine, max_iter=20, n_jobs=n_jobs).fit(frame, tier, sample_weight=weight).forest_.trees
        for n_jobs in (1, 3, 3)
    ]
    assert fits[0].nodes.tobytes() == fits[1].nodes.tobytes() == fits[2].nodes.tobytes()
    assert fits[0].baseline == fits[1].baseline == fits[2].baseline


@each_engine
def test_held_out_rows_stop_a_fit_and_the_rounds_make_the_same_trees_again(engine):
    frame, tier = portfolio(45)
    given = {"engine": engine, "structure": "free", "n_iter_no_change": 10, "n_jobs": 1}
    stopped = portfolio_model(**given, max_iter=2000).fit(frame[:900], tier[:900], X_val=frame[900:], y_val=tier[900:])
    assert stopped.n_iter_ < 1000
    again = portfolio_model(**given, max_iter=stopped.rounds_).fit(frame[:900], tier[:900])
    assert again.forest_.trees.nodes.tobytes() == stopped.forest_.trees.nodes.tobytes()


@each_engine
@pytest.mark.parametrize("structure", ["score", "joint"])
def test_held_out_loss_is_about_that_of_scikit_learn(engine, structure):
    frame, tier = portfolio(46, n=2500)
    losses = {}
    for name in ("sklearn", engine):
        model = portfolio_model(structure=structure, engine=name, max_iter=150, learning_rate=0.2, n_jobs=1)
        model.fit(frame[:2000], tier[:2000], X_val=frame[2000:], y_val=tier[2000:])
        scores = model.forest_.survival_scores(as_rows(frame[2000:]))
        reached = tier[2000:, None] > np.arange(N_TIERS - 1)
        losses[name] = -log_expit(np.where(reached, scores, -scores)).mean()
    assert losses[engine] < 1.1 * losses["sklearn"]  # 500 rows tell no smaller difference from chance


def test_xgboosts_gradients_add_up_to_the_same_in_any_order():
    rng = np.random.default_rng(2)
    n = 100_000
    above, weight = rng.integers(0, 2, n), rng.random(n) * 7
    gradients = xgboost_engine._Gradients(above, weight)
    margin = rng.normal(scale=6, size=n).astype(np.float32)
    for found in gradients(margin, None):
        values = found.astype(np.float64)
        sums = {float(np.add.reduce(values[rng.permutation(n)])) for _ in range(4)} | {float(np.cumsum(values)[-1])}
        assert len(sums) == 1
    chance = 1 / (1 + np.exp(-margin.astype(np.float64)))
    np.testing.assert_allclose(gradients(margin, None)[0], weight * (chance - above), atol=2e-6)


@each_engine
def test_categories_that_are_numbers_or_texts_give_the_same_model(engine):
    frame, tier = portfolio(47)
    as_numbers = frame.assign(job=frame["job"].map({"gig": 10, "salaried": 20, "self_employed": 30}))
    one, other = (
        portfolio_model(engine=engine, max_iter=40, n_jobs=1).fit(table, tier) for table in (frame, as_numbers)
    )
    assert one.predict_proba(frame).tobytes() == other.predict_proba(as_numbers).tobytes()
    salaried, gig = (one.keep_score(frame.assign(job=job, tier_in_force=2.0), 2).mean() for job in ("salaried", "gig"))
    assert salaried > gig + 0.3
    unknown = one.keep_score(frame.assign(job="astronaut"), 2)
    assert (unknown == one.keep_score(frame.assign(job=None), 2)).all()


@each_engine
def test_columns_without_a_value_and_values_beyond_float32_are_taken(engine):
    frame, tier = portfolio(48, n=600)
    frame.loc[frame.index[:5], "noise"] = 1e300
    frame["empty"] = np.nan
    model = portfolio_model(engine=engine, max_iter=20, n_jobs=1).fit(frame, tier)
    assert np.isfinite(model.predict_proba(frame)).all()


@each_engine
def test_trees_that_do_not_score_like_the_library_are_refused(engine, monkeypatch):
    right = flat._in_preorder

    def damaged(tree, root, codes, left):
        nodes = right(tree, root, codes, left)
        nodes["threshold"][-1] += 0.5  # of the last leaf
        return nodes

    monkeypatch.setattr(flat, "_in_preorder", damaged)
    with pytest.raises(EngineError, match="to the bit"):
        portfolio_model(engine=engine, max_iter=5).fit(*portfolio(49, n=400))


def test_an_engine_or_device_that_is_none_is_refused_by_name():
    with pytest.raises(ValueError, match="engine must be one of auto, sklearn, lightgbm, xgboost, got 'weka'"):
        LimitTierClassifier(engine="weka").fit([[0.0], [1.0]], [0, 1])
    with pytest.raises(ValueError, match="device must be one of cpu, cuda, got 'tpu'"):
        LimitTierClassifier(engine="xgboost", device="tpu").fit([[0.0], [1.0]], [0, 1])
    with pytest.raises(EngineError, match="'cuda' goes with engine 'xgboost', got engine 'lightgbm'"):
        check_engine("lightgbm", "cuda")


@each_engine
def test_a_missing_library_is_refused_with_the_extra_to_install(engine, monkeypatch):
    monkeypatch.setitem(sys.modules, engine, None)
    with pytest.raises(EngineError, match=rf'pip install "credit-model\[{engine}\]"') as refused:
        portfolio_model(engine=engine).fit(*portfolio(n=100))
    assert "\n" not in str(refused.value)


def test_a_gpu_is_refused_where_xgboost_has_none(monkeypatch):
    monkeypatch.setattr(xgboost, "build_info", lambda: {"USE_CUDA": False})
    with pytest.raises(EngineError, match="built with CUDA"):
        check_engine("xgboost", "cuda")
    # built with it, but no GPU: XGBoost says so only in its configuration, and would train on the processor
    monkeypatch.setattr(xgboost, "build_info", lambda: {"USE_CUDA": True})
    on = SimpleNamespace(save_config=lambda: '{"learner": {"generic_param": {"device": "cpu"}}}')
    monkeypatch.setattr(xgboost, "train", lambda *_, **__: on)
    with pytest.raises(EngineError, match="finds none"):
        check_engine("xgboost", "cuda")
    on.save_config = lambda: '{"learner": {"generic_param": {"device": "cuda:0"}}}'
    check_engine("xgboost", "cuda")


def test_the_device_reaches_xgboost(monkeypatch):
    asked = []
    made = xgboost.Booster
    monkeypatch.setattr(xgboost_engine, "check_cuda", lambda: None)

    class OnAProcessor(made):
        def __init__(self, params=None, *rest, **more):
            asked.extend([params["device"]] if params else [])
            super().__init__({**params, "device": "cpu"} if params else None, *rest, **more)

    monkeypatch.setattr(xgboost, "Booster", OnAProcessor)
    model = portfolio_model(engine="xgboost", device="cuda", max_iter=2).fit(*portfolio(n=200))
    assert asked == ["cuda"]
    assert len(model.forest_.trees.roots) == 2


@each_engine
def test_a_saved_model_needs_no_library(engine, tmp_path):
    history = simulate_portfolio(200, 18, seed=1).history
    predictor = LimitPredictor(engine=engine, structure="score", max_iter=30, n_jobs=1).fit(history)
    predictor.save(tmp_path / "model")
    history.to_parquet(tmp_path / "panel.parquet")
    code = f"""
import sys
for name in ("lightgbm", "xgboost", "catboost"):
    sys.modules[name] = None  # an import of it fails
import pandas as pd
from credit_model import LimitPredictor
predictor = LimitPredictor.load({str(tmp_path / "model")!r}, n_jobs=1)
found = predictor.explain_decreases(pd.read_parquet({str(tmp_path / "panel.parquet")!r}))
print(len(found), repr(float(found.summary["keep_score_after"].sum())))
"""
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    here = predictor.explain_decreases(history)
    assert out.split() == [str(len(here)), repr(float(here.summary["keep_score_after"].sum()))]
    assert len(here) > 10


def test_boosters_are_not_kept():
    model = portfolio_model(engine="lightgbm", max_iter=3).fit(*portfolio(n=200))
    assert model.booster_ is None
    assert not any(isinstance(value, lightgbm.Booster) for value in vars(model).values())


@each_engine
def test_the_command_trains_by_an_engine(engine, tmp_path):
    simulate_portfolio(150, 18, seed=2).history.to_parquet(tmp_path / "panel.parquet")
    words = ["train", "--data", tmp_path / "panel.parquet", "--catalogue", "synthetic", "--structure", "score",
             "--fits", 1, "--trees", 20, "--no-warning", "--jobs", 1, "--engine", engine]  # fmt: skip
    done = CliRunner().invoke(main, [str(word) for word in (*words, "--out", tmp_path / "model")])
    assert done.exit_code == 0, done.output
    assert LimitPredictor.load(tmp_path / "model").get_params()["engine"] == engine
    on_a_gpu = CliRunner().invoke(
        main, [str(word) for word in (*words, "--device", "cuda", "--out", tmp_path / "other")]
    )
    assert on_a_gpu.exit_code == 1
    assert on_a_gpu.stderr.startswith("Error: device 'cuda' ")
    assert on_a_gpu.stderr.count("\n") == 1
    assert not (tmp_path / "other").exists()


def test_an_engine_beside_a_model_of_ones_own_is_wrong_usage():
    done = CliRunner().invoke(main, ["train", "--engine-model", "m.txt", "--engine", "lightgbm", "--decide", "d.toml",
                                     "--data", "p.csv", "--catalogue", "synthetic", "--out", "o"])  # fmt: skip
    assert done.exit_code == 2
    assert "nothing is trained" in done.output
