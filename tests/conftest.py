"""A small simulated portfolio, a model trained on it and its explained decreases: made once, read by many tests."""

import os
from pathlib import Path

import pytest

from credit_model import LimitPredictor, simulate_portfolio


@pytest.fixture(scope="session")
def portfolio():
    return simulate_portfolio(1500, 36, seed=11)


@pytest.fixture(scope="session")
def predictor(portfolio):
    return LimitPredictor(max_iter=60, seed=3).fit(portfolio.history)


@pytest.fixture(scope="session")
def explanations(predictor, portfolio):
    return predictor.explain_decreases(portfolio.history)


@pytest.fixture(scope="session")
def saved(portfolio, predictor, tmp_path_factory):
    """A folder with the portfolio (``portfolio/history.parquet``) and the model (``model``), as commands read them."""
    folder = tmp_path_factory.mktemp("saved")
    (folder / "portfolio").mkdir()
    portfolio.history.to_parquet(folder / "portfolio" / "history.parquet", index=False)
    predictor.save(folder / "model")
    return folder


@pytest.fixture(scope="session")
def warned_panel():
    return simulate_portfolio(500, 36, seed=942, root_causes=False)


@pytest.fixture(scope="session")
def warned(warned_panel):
    """A model with the early warning, on `warned_panel`."""
    return LimitPredictor(structure="score", max_iter=60, n_fits=2, warning=True).fit(warned_panel.history)


@pytest.fixture(scope="session")
def saved_warned(warned_panel, warned, tmp_path_factory):
    """A folder with the panel (``history.parquet``) and the model (``model``), as commands read them."""
    folder = tmp_path_factory.mktemp("warned")
    warned_panel.history.to_parquet(folder / "history.parquet", index=False)
    warned.save(folder / "model")
    return folder


@pytest.fixture(scope="session")
def real_data():
    """The folder of real data sets, where one is given."""
    folder = os.environ.get("CREDIT_MODEL_REAL_DATA")
    if not folder:
        pytest.skip("CREDIT_MODEL_REAL_DATA is not set: no real data to test on")
    return Path(folder)
