"""`read_tree_model`: from a model of any library, or its file, to trees that are known to score like it."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from credit_model.errors import EngineError
from credit_model.trees.engines.parity import checked
from credit_model.trees.engines.tree_model import TreeModel

_HIST = ("HistGradientBoostingClassifier", "HistGradientBoostingRegressor")
#: The module here that reads the models of a library, by the package that they come from.
_LIBRARIES = {"lightgbm": "lightgbm", "xgboost": "xgboost", "catboost": "catboost"}


def read_tree_model(model: Any, *, score_class: Any = None, data: Any = None, trust: bool = False) -> TreeModel:
    """A fitted model as trees that score like it, to the bit.

    Parameters
    ----------
    model : fitted model, path or TreeModel
        Of scikit-learn a HistGradientBoosting, GradientBoosting, RandomForest, ExtraTrees, DecisionTree or
        IsolationForest; of LightGBM a Booster or estimator; of XGBoost a Booster or estimator; of CatBoost a model that
        splits numbers. A path is a LightGBM text file, an XGBoost JSON or UBJ file, a CatBoost file or a pickle. A
        `TreeModel` is given back.
    score_class : label, optional
        Of several classes the one whose score is meant.
    data : DataFrame or array-like, (n, n_features), optional
        Further rows to check the scores on, beside those made of the model's own thresholds.
    trust : bool, default False
        A path may be a pickle (``.joblib``, ``.pkl``), which can run any code when it is loaded.

    Returns
    -------
    TreeModel

    Raises
    ------
    EngineError
        The model is of another kind or not fitted, a class is missing, it holds what trees here cannot, or its score
        differs from the library's in any bit.
    DataFileError
        A path is no such file.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.ensemble import RandomForestRegressor
    >>> X = np.random.default_rng(0).normal(size=(200, 3))
    >>> forest = RandomForestRegressor(5, max_depth=4, random_state=0).fit(X, X[:, 0])
    >>> model = read_tree_model(forest)
    >>> model.unit, bool((model.scores(X) == forest.predict(X)).all())
    ('value', True)
    """
    if isinstance(model, TreeModel):
        return model
    if isinstance(model, str | Path):
        from credit_model.trees.engines.files import load_native

        model = load_native(Path(model), trust=trust)
    read = checked(_reader(model)(model, score_class))
    return read if data is None else checked(read, data)


def _reader(model: Any) -> Any:
    """The function that reads models like this one."""
    from credit_model.trees.engines import cart

    own = [(cls.__module__.split(".")[0], cls.__name__) for cls in type(model).__mro__]
    for package, name in own:
        if package in _LIBRARIES:
            if package == "lightgbm" and name not in ("Booster", "LGBMModel"):
                continue
            return importlib.import_module(f"credit_model.trees.engines.{_LIBRARIES[package]}").read
        if package == "sklearn" and name in _HIST:
            from credit_model.trees.engines import hist_gradient_boosting

            return hist_gradient_boosting.read
        if package == "sklearn" and name in cart.KINDS:
            return cart.read
    raise EngineError(
        "model must be fitted trees that can be read: HistGradientBoosting, GradientBoosting, RandomForest, "
        "ExtraTrees, DecisionTree or IsolationForest of scikit-learn, or a model of LightGBM, XGBoost or CatBoost; got "
        f"{type(model).__name__}"
    )
