"""A panel in blocks, and its source: rows in any order, months and borrowers over several files."""

import numpy as np
import pytest

from credit_model import read_catalogue
from credit_model.scale.partitioning import write_partition


@pytest.fixture(scope="session")
def shuffled(warned_panel, tmp_path_factory):
    """The folder of the panel of `warned`, its rows shuffled over three files."""
    folder = tmp_path_factory.mktemp("shuffled")
    rows = warned_panel.history.sample(frac=1, random_state=3)
    for k, part in enumerate(np.array_split(np.arange(len(rows)), 3)):
        rows.iloc[part].to_parquet(folder / f"{k}.parquet", index=False)
    return folder


@pytest.fixture(scope="session")
def blocks(shuffled, tmp_path_factory):
    """The same in four blocks."""
    folder = tmp_path_factory.mktemp("blocks") / "panel"
    return write_partition(shuffled, read_catalogue("synthetic"), folder, blocks=4)
