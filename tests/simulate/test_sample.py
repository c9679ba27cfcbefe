"""The sample under data/synthetic is what its README says: made again from the same arguments, bit for bit."""

import importlib.util
from pathlib import Path

import pandas as pd
import pytest

from credit_model import check_history, read_catalogue
from credit_model.readers.tables import read_table
from credit_model.simulate.truth import read_truth
from credit_model.simulate.writing import write_portfolio

SAMPLE = Path(__file__).parents[2] / "data" / "synthetic"


@pytest.fixture(scope="module")
def maker():
    spec = importlib.util.spec_from_file_location("make_sample", SAMPLE / "make_sample.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_sample_is_made_again_bit_for_bit(maker, tmp_path):
    write_portfolio(tmp_path / "again", maker.SETTINGS)
    kept = SAMPLE / "portfolio"
    assert (tmp_path / "again" / "manifest.json").read_text() == (kept / "manifest.json").read_text()
    # Values, not file bytes: another version of pyarrow may lay the same table out differently.
    pd.testing.assert_frame_equal(read_table(kept), read_table(tmp_path / "again"), check_exact=True)
    for name in ("decisions", "decreases"):
        ours, again = getattr(read_truth(kept), name), getattr(read_truth(tmp_path / "again"), name)
        pd.testing.assert_frame_equal(ours, again, check_exact=True)


def test_the_sample_fits_the_catalogue():
    history = check_history(read_table(SAMPLE / "portfolio"), read_catalogue("synthetic"))
    assert len(history.borrower_ids) == 500
    assert len(history) == 500 * 36


def test_the_data_dictionary_names_every_column(maker):
    readme = (SAMPLE / "README.md").read_text(encoding="utf-8")
    assert maker.with_columns(readme) == readme
    for name in read_table(SAMPLE / "portfolio").columns:
        assert f"`{name}`" in readme
