"""`TreeModel`: a model of another library, read once, with the rows it takes and the score it gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from credit_model.arrays import FloatArray
from credit_model.trees.engines.rows import RowCoder, exact_sum
from credit_model.trees.ensemble import TreeEnsemble
from credit_model.trees.nodes import fill_leaf_values
from credit_model.trees.scoring import scores

#: What a score is: log-odds of the positive class; the logarithm of a mean; a probability; a mean depth; a number in
#: the units of what was learnt; one class's part of a multiclass score (before the softmax).
ScoreUnit = Literal["log_odds", "log", "probability", "depth", "value", "class_score"]

#: Leaves of so many rows and trees are held at a time.
_AT_ONCE = 1 << 22


@dataclass(frozen=True, eq=False)
class TreeModel:
    """A fitted model as the package reads it, from `read_tree_model`.

    Attributes
    ----------
    engine : str
        The library, such as "LightGBM 4.7.0".
    kind : str
        The model's class there, or its objective.
    trees : TreeEnsemble
    coder : RowCoder
        From tables to the rows that the trees read.
    unit : ScoreUnit
        What the score is.
    native : callable
        The library's own score of `RowCoder.numbers` (n, n_features), in its own precision: (n,).
    score_class : str
        The class that the score is of; "" of a regression.
    dtype : dtype
        The precision in which the library adds leaves up.
    baseline_last : bool
        Whether it adds the baseline after the trees, or starts with it.
    finish : callable, optional
        From the sum of the leaves to what ``native`` gives; None: divided, it is that already.
    n_checked : int
        Rows on which both agreed, to the bit, when the model was read.
    """

    engine: str
    kind: str
    trees: TreeEnsemble
    coder: RowCoder
    unit: ScoreUnit
    native: Callable[[FloatArray], NDArray[Any]]
    score_class: str = ""
    dtype: Any = np.float64
    baseline_last: bool = False
    finish: Callable[[NDArray[Any]], NDArray[Any]] | None = None
    n_checked: int = field(default=0)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the features; empty where the model knows none."""
        return self.coder.columns

    @property
    def n_features(self) -> int:
        """Number of features."""
        return self.trees.n_features

    def rows(self, table: Any, name: str = "X") -> FloatArray:
        """Rows of a table as the trees read them: float64 (n, n_features).

        Parameters
        ----------
        table : DataFrame or array-like
            A data frame is read by the features' names, where the model has them.
        name : str
            Of the table, for messages.

        Raises
        ------
        EngineError
            The table does not fit the model, or holds a value that the library itself refuses.
        """
        return self.coder.rows(self.coder.numbers(table, name))

    def scores(self, table: Any, *, n_jobs: int = -1) -> FloatArray:
        """Scores (n,) in float64: of XGBoost, which adds up in float32, without that rounding."""
        return scores(self.trees, self.rows(table), n_jobs=n_jobs)

    def native_scores(self, numbers: FloatArray) -> NDArray[Any]:
        """What the library gives, to the bit, from the flat trees alone: (n,), in its own precision.

        Parameters
        ----------
        numbers : float64 array, (n, n_features)
            As `RowCoder.numbers` gives them.
        """
        trees, rows = self.trees, self.coder.rows(numbers)
        out = np.empty(len(rows), dtype=self.dtype)
        step = max(1, _AT_ONCE // len(trees.roots))
        for start in range(0, len(rows), step):
            some = rows[start : start + step]
            leaves = np.empty((len(some), len(trees.roots)))
            fill_leaf_values(trees.nodes, trees.roots, trees.left_categories, trees.known_categories, some, leaves)
            out[start : start + step] = exact_sum(leaves, trees.baseline, self.dtype, baseline_last=self.baseline_last)
        if self.finish is not None:
            return self.finish(out)
        return out if trees.divisor == 1 else out / self.dtype(trees.divisor)
