"""LightGBM's models, from the text that it saves them as: every number is there with all its digits.

What its predictor does, and these trees therefore do: a value within 1e-35 of zero is zero; a missing value is zero
where training saw none (missing type None), and where zeros count as missing (type Zero) zeros go with it; a category
that a split does not name, a negative one and a missing one go right; a fraction is cut.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from credit_model.arrays import FloatArray, IntArray
from credit_model.errors import EngineError
from credit_model.trees.engines.classes import class_place, no_classes
from credit_model.trees.engines.flat import CategorySplit, Tree, flat_trees
from credit_model.trees.engines.rows import RowCoder
from credit_model.trees.engines.tree_model import ScoreUnit, TreeModel

_CATEGORICAL, _DEFAULT_LEFT = 1, 2
_NONE, _ZERO, _NAN = 0, 1, 2
#: Objectives whose score is the logarithm of a mean.
_LOGARITHMS = ("poisson", "gamma", "tweedie")
#: The versions of the text that are known.
_VERSIONS = ("v3", "v4")


def read(model: Any, score_class: Any) -> TreeModel:
    """A Booster, or a fitted estimator of LightGBM's scikit-learn interface; not yet checked."""
    import lightgbm

    labels = None if isinstance(model, lightgbm.Booster) else getattr(model, "classes_", None)
    booster = model if isinstance(model, lightgbm.Booster) else model.booster_
    head, sections = _parsed(booster.model_to_string())
    objective = head.get("objective", "").split()
    n_scores = int(head["num_tree_per_iteration"])
    unit, place, of_class = _score(objective, n_scores, labels, score_class)
    names = tuple(booster.feature_name())
    trees = [_tree(section) for section in sections][place::n_scores]
    n_features = int(head["max_feature_idx"]) + 1
    ensemble, codes = flat_trees(
        trees,
        baseline=0.0,
        divisor=float(len(trees)) if "average_output" in head else 1.0,
        n_features=n_features,
        names=names,
    )
    zero = _zero_is_missing(sections, n_features)
    unnamed = all(name == f"Column_{j}" for j, name in enumerate(names))

    def native(rows: FloatArray) -> FloatArray:
        raw = booster.predict(rows, raw_score=True, num_threads=1)
        return np.asarray(raw if n_scores == 1 else raw[:, place])

    return TreeModel(
        engine=f"LightGBM {lightgbm.__version__}",
        kind=" ".join(objective[:1]) or "custom objective",
        trees=ensemble,
        coder=RowCoder(
            n_features=n_features,
            columns=() if unnamed else names,
            tiny_is_zero=True,
            zero_is_missing=zero if zero.any() else None,
            codes=codes,
            levels=_levels(head.get("feature_infos", "").split(), booster.pandas_categorical or []),
        ),
        unit=unit,
        native=native,
        # the raw score of a forest is the sum of its trees, its probability that of their mean
        finish=(lambda total: total) if "average_output" in head else None,
        score_class=of_class,
    )


def _score(objective: list[str], n_scores: int, labels: Any, score_class: Any) -> tuple[ScoreUnit, int, str]:
    """What the score is, and of which class."""
    name = objective[0] if objective else ""
    if n_scores > 1:
        classes = list(range(n_scores)) if labels is None else list(labels)
        place = class_place(score_class, classes, one_score=False)
        return "class_score", place, str(classes[place])
    if name in ("binary", "cross_entropy"):
        classes = [0, 1] if labels is None else list(labels)
        place = class_place(score_class, classes, one_score=True)
        plain = not any(part.startswith("sigmoid:") and float(part[8:]) != 1 for part in objective)
        return "log_odds" if plain else "value", 0, str(classes[place])
    no_classes(score_class, f"a LightGBM model with the objective {name or 'of its own'}")
    return "log" if name in _LOGARITHMS else "value", 0, ""


def _parsed(text: str) -> tuple[dict[str, str], list[dict[str, str]]]:
    """The head of a saved model, and its trees, as names and values."""
    parts = text.split("\nend of trees", 1)[0].split("\nTree=")
    head = dict(_fields(parts[0]))
    if head.get("version") not in _VERSIONS:
        raise EngineError(
            f"a LightGBM model must be of version {' or '.join(_VERSIONS)}, found {head.get('version')!r}; "
            "save it with a release that is known here"
        )
    sections = [dict(_fields(part)) for part in parts[1:]]
    if any(section.get("is_linear", "0") != "0" for section in sections):
        raise EngineError(
            "a LightGBM model must have leaves that are numbers, found linear leaves (linear_tree), whose score is no "
            "sum of leaves; train without linear_tree"
        )
    return head, sections


def _fields(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        name, _, value = line.partition("=")
        yield name.strip(), value.strip()


def _numbers(section: Mapping[str, str], name: str, dtype: Any) -> Any:
    return np.array(section.get(name, "").split(), dtype=dtype)


def _tree(section: Mapping[str, str]) -> Tree:
    """Inner nodes come first, then leaves, as the text numbers both."""
    leaves = _numbers(section, "leaf_value", np.float64)
    n_inner = int(section["num_leaves"]) - 1
    if n_inner < 1:
        return _constant(leaves[:1])
    kind = _numbers(section, "decision_type", np.int64)
    threshold = _numbers(section, "threshold", np.float64)
    missing = kind >> 2 & 3
    is_left = np.where(missing == _NONE, threshold >= 0, kind & _DEFAULT_LEFT != 0)
    is_category = kind & _CATEGORICAL != 0
    nothing = np.zeros(len(leaves))
    none = np.full(len(leaves), -1, dtype=np.int64)

    def numbered(name: str) -> IntArray:
        child = _numbers(section, name, np.int64)
        return np.concatenate([np.where(child < 0, n_inner + ~child, child), none])

    bounds, bits = _numbers(section, "cat_boundaries", np.int64), _numbers(section, "cat_threshold", np.uint32)
    splits = {}
    for node in np.flatnonzero(is_category).tolist():
        first, end = bounds[int(threshold[node])], bounds[int(threshold[node]) + 1]
        named = np.flatnonzero(np.unpackbits(bits[first:end].astype("<u4").view(np.uint8), bitorder="little"))
        splits[node] = CategorySplit(named.astype(np.int64), go_left=True)
    return Tree(
        left=numbered("left_child"),
        right=numbered("right_child"),
        feature=np.concatenate([_numbers(section, "split_feature", np.int64), np.zeros(len(leaves), dtype=np.int64)]),
        threshold=np.concatenate([threshold, nothing]),
        missing_left=np.concatenate([is_left & ~is_category, nothing != 0]),
        value=np.concatenate([np.zeros(n_inner), leaves]),
        categories=splits,
    )


def _constant(value: FloatArray) -> Tree:
    none, zero = np.full(1, -1, dtype=np.int64), np.zeros(1, dtype=np.int64)
    return Tree(none, none, zero, np.zeros(1), np.zeros(1, dtype=np.bool_), value)


def _zero_is_missing(sections: list[dict[str, str]], n_features: int) -> Any:
    """Features whose zeros count as missing: (n_features,)."""
    seen = np.zeros((n_features, 3), dtype=np.bool_)
    for section in sections:
        kind, feature = _numbers(section, "decision_type", np.int64), _numbers(section, "split_feature", np.int64)
        numeric = kind & _CATEGORICAL == 0
        seen[feature[numeric], (kind >> 2 & 3)[numeric]] = True
    if both := np.flatnonzero(seen[:, _ZERO] & seen[:, _NAN]).tolist():
        raise EngineError(
            f"feature {both[0]} must treat missing values alike in all trees, found zeros taken for missing in some "
            "and not in others; train anew, with zero_as_missing or without"
        )
    return seen[:, _ZERO]


def _levels(infos: list[str], pandas_categorical: list[list[Any]]) -> dict[int, list[Any]]:
    """The values of columns that were pandas categories in training: LightGBM keeps them in the columns' order."""
    categorical = [j for j, info in enumerate(infos) if info != "none" and not info.startswith("[")]
    if len(categorical) != len(pandas_categorical):
        return {}
    return dict(zip(categorical, pandas_categorical, strict=True))
