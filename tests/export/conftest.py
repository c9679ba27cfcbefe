"""A small additive model on a small panel, made once."""

import pytest

from credit_model import LimitPredictor, simulate_portfolio


@pytest.fixture(scope="session")
def small_panel():
    return simulate_portfolio(300, 24, seed=943, root_causes=False)


@pytest.fixture(scope="session")
def additive(small_panel):
    return LimitPredictor(structure="score", max_iter=40, n_fits=2).fit(small_panel.history)


@pytest.fixture(scope="session")
def additive_files(small_panel, additive, tmp_path_factory):
    """A folder with the panel (``history.parquet``) and the model (``model``), as commands read them."""
    folder = tmp_path_factory.mktemp("additive")
    small_panel.history.to_parquet(folder / "history.parquet", index=False)
    additive.save(folder / "model")
    return folder
