"""What `explain_changes` asks of a model, of trees or of a sum of columns: to read tables, and explain their rows."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd

from credit_model.arrays import BoolArray, FloatArray, IntArray
from credit_model.explain.additive import AdditiveScore
from credit_model.trees.engines.parity import check_parity
from credit_model.trees.engines.reading import read_tree_model
from credit_model.trees.engines.tree_model import ScoreUnit, TreeModel
from credit_model.trees.owen import Changes, ensemble_changes


@dataclass(frozen=True)
class Rows:
    """Rows as a model scores them, and as they are shown: float64 arrays, (n, n_features) both."""

    scored: FloatArray
    shown: FloatArray

    def with_columns_of(self, other: Rows, chosen: BoolArray) -> Rows:
        """The same rows with the ``chosen`` columns (n_features,) of others."""
        return Rows(np.where(chosen, other.scored, self.scored), np.where(chosen, other.shown, self.shown))


class ScoredModel(Protocol):
    """A model that tells why two of its scores differ.

    Attributes
    ----------
    names : tuple of str, (n_features,)
    kind, version : str
        What the model is, and which one.
    unit : str
        What its score is.
    levels : mapping of feature to sequence
        Values of categories, by their codes.
    categorical : sequence of int
        Features that are categories.
    """

    names: tuple[str, ...]
    kind: str
    version: str
    unit: ScoreUnit
    levels: Mapping[int, Sequence[Any]]
    categorical: tuple[int, ...]

    def read(self, table: Any, name: str) -> Rows:
        """The rows of a table, called ``name`` in messages."""

    def explained(self, x: Rows, z: Rows, group: IntArray, n_tabulated: int, *, n_jobs: int) -> Changes:
        """Why x scores otherwise than z; the first ``n_tabulated`` groups are tabulated."""


def scored_model(model: Any, *, score_class: Any = None) -> ScoredModel:
    """A model as `explain_changes` takes it: fitted trees, their file, a `TreeModel` or an `AdditiveScore`."""
    if isinstance(model, AdditiveScore):
        return _OfColumns(model)
    return _OfTrees(read_tree_model(model, score_class=score_class))


class _OfTrees:
    def __init__(self, model: TreeModel) -> None:
        self.model = model
        self.names = model.columns or tuple(f"x{j}" for j in range(model.n_features))
        self.kind, self.unit, self.levels = model.kind, model.unit, model.coder.levels
        self.categorical = tuple(model.coder.codes)
        digest = hashlib.sha256(model.trees.nodes.tobytes() + model.trees.left_categories.tobytes())
        digest.update(np.array([model.trees.baseline, model.trees.divisor]).tobytes())
        self.version = f"{model.engine} {model.kind} {digest.hexdigest()[:12]}"

    def read(self, table: Any, name: str) -> Rows:
        numbers = self.model.coder.numbers(table, name)
        if len(numbers):
            check_parity(self.model, numbers)
        return Rows(self.model.coder.rows(numbers), numbers)

    def explained(self, x: Rows, z: Rows, group: IntArray, n_tabulated: int, *, n_jobs: int) -> Changes:
        return ensemble_changes(self.model.trees, x.scored, z.scored, group, n_tabulated, n_jobs=n_jobs)


class _OfColumns:
    """Columns count as what their terms add; texts are shown by the places in which they were met."""

    def __init__(self, model: AdditiveScore) -> None:
        self.model, self.names, self.kind, self.unit = model, model.columns, model.name, model.unit
        self._met: dict[int, list[Any]] = {}
        self.levels: Mapping[int, Sequence[Any]] = self._met
        self.categorical: tuple[int, ...] = ()
        self.version = model.name

    def read(self, table: Any, name: str) -> Rows:
        parts = self.model.parts(table, name)
        return Rows(parts, np.column_stack([self._shown(j, table[column]) for j, column in enumerate(self.names)]))

    def _shown(self, j: int, cells: pd.Series[Any]) -> FloatArray:
        if pd.api.types.is_numeric_dtype(cells.dtype):
            return np.asarray(cells.to_numpy(dtype=np.float64, na_value=np.nan))
        met = self._met.setdefault(j, [])
        met += [value for value in dict.fromkeys(cells.dropna()) if value not in met]
        return np.array([met.index(value) if value in met else np.nan for value in cells], dtype=np.float64)

    def explained(self, x: Rows, z: Rows, group: IntArray, n_tabulated: int, *, n_jobs: int) -> Changes:
        before = z.scored.sum(axis=1) + self.model.intercept
        after = x.scored.sum(axis=1) + self.model.intercept
        change = x.scored - z.scored
        table = np.zeros((len(change), 1 << n_tabulated if n_tabulated else 0))
        if n_tabulated:
            table[:, 0] = before
            for g in range(n_tabulated):
                table[:, 1 << g : 2 << g] = table[:, : 1 << g] + change[:, group == g].sum(axis=1)[:, None]
            table[:, -1] = after
        return Changes(change, table, after, before)
