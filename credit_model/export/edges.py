"""The edges of a model's columns: where any of its trees may tell two values apart."""

from __future__ import annotations

import numpy as np

from credit_model.arrays import FloatArray
from credit_model.model.bag import Bag
from credit_model.trees.nodes import NUMERIC


def edges_of(bag: Bag, j: int) -> FloatArray:
    """The finite thresholds of a column in all fits, rising; one at infinity only parts what is missing."""
    found = [np.empty(0)]
    for fit in bag.fits:
        nodes = fit.trees.nodes
        found.append(nodes["threshold"][(nodes["kind"] == NUMERIC) & (nodes["feature"] == j)])
    every = np.unique(np.concatenate(found))
    return np.asarray(every[np.isfinite(every)], dtype=np.float64)


def inside(edges: FloatArray) -> FloatArray:
    """A value of each cell between edges (n,), and missing: (n + 2,)."""
    last = np.nextafter(edges[-1], np.inf) if len(edges) else 0.0
    return np.array([*edges, last, np.nan])
