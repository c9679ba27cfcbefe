"""scikit-learn's histogram gradient boosting as a `TreeModel`; `engines.sklearn` reads the trees themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from credit_model.arrays import FloatArray
from credit_model.errors import EngineError
from credit_model.trees.engines.classes import class_place, no_classes
from credit_model.trees.engines.flat import Codes
from credit_model.trees.engines.rows import RowCoder
from credit_model.trees.engines.sklearn import encoded_rows, tree_ensemble
from credit_model.trees.engines.tree_model import ScoreUnit, TreeModel
from credit_model.trees.nodes import CATEGORICAL

_LOG_LINKS = ("poisson", "gamma")


@dataclass(frozen=True)
class _Encoded(RowCoder):
    """Rows by scikit-learn's own encoder of categories, which may be texts."""

    model: Any = None

    def numbers(self, table: Any, name: str = "X") -> FloatArray:
        """Rows as the trees read them, through the model's encoder; see `RowCoder.numbers`."""
        model = self.model
        if isinstance(table, pd.DataFrame) and self.columns:
            if missing := [column for column in self.columns if column not in table.columns]:
                raise EngineError(
                    f"{name} must have a column for each of the model's {self.n_features} features, "
                    f"{len(missing)} are missing: {', '.join(missing[:5])}"
                )
            table = table[list(self.columns)]
        width = np.shape(table)[1] if np.ndim(table) == 2 else None
        if width != self.n_features:
            raise EngineError(
                f"{name} must have a column for each of the model's {self.n_features} features, found "
                + (f"an array of shape {np.shape(table)}" if width is None else f"{width} columns")
            )
        if isinstance(table, pd.DataFrame) or not self.columns:
            return encoded_rows(model, table)
        # an array for a model that knows names: its columns are in the model's order
        return encoded_rows(model, pd.DataFrame(np.asarray(table), columns=list(self.columns)))


def read(model: Any, score_class: Any) -> TreeModel:
    """A fitted HistGradientBoostingClassifier or ...Regressor, not yet checked."""
    import sklearn

    classes: Sequence[Any] | None = getattr(model, "classes_", None)
    if classes is None:
        no_classes(score_class, "a regression")
        place, of_class = 0, ""
    else:
        place = class_place(score_class, classes, one_score=len(classes) == 2)
        of_class = str(classes[place])
        place = 0 if len(classes) == 2 else place
    trees = tree_ensemble(model, place)
    order = np.argsort(_inner_order(model))

    def native(rows: FloatArray) -> FloatArray:
        inner = np.ascontiguousarray(rows[:, np.argsort(order)])
        raw = np.zeros((len(rows), model.n_trees_per_iteration_), dtype=np.float64, order="F")
        raw += model._baseline_prediction
        model._predict_iterations(inner, model._predictors, raw, False, 1)
        return raw[:, place]

    unit: ScoreUnit = "log" if getattr(model, "loss", "") in _LOG_LINKS else "value"
    if classes is not None:
        unit = "log_odds" if len(classes) == 2 else "class_score"
    splits = np.unique(trees.nodes["feature"][trees.nodes["kind"] == CATEGORICAL])
    coder = _Encoded(
        n_features=trees.n_features,
        columns=tuple(map(str, getattr(model, "feature_names_in_", ()))),
        codes={int(j): Codes(np.arange(255), np.arange(255), 255) for j in splits},
        negative_is_other=True,
        levels=_levels(model),
        model=model,
    )
    return TreeModel(
        engine=f"scikit-learn {sklearn.__version__}",
        kind=type(model).__name__,
        trees=trees,
        coder=coder,
        unit=unit,
        native=native,
        score_class=of_class,
    )


def _levels(model: Any) -> dict[int, list[Any]]:
    """The values of categorical features, by the codes of the model's own encoder."""
    categorical, encoder = getattr(model, "is_categorical_", None), getattr(model, "_preprocessor", None)
    if categorical is None or encoder is None:
        return {}
    values = encoder.named_transformers_["encoder"].categories_
    places = np.flatnonzero(categorical).tolist()
    return {j: [v for v in own.tolist() if v == v] for j, own in zip(places, values, strict=True)}


def _inner_order(model: Any) -> Any:
    from credit_model.trees.engines.sklearn import _feature_order

    return _feature_order(model)
