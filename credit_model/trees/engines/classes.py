"""Which score of a model with several classes is meant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from credit_model.errors import EngineError


def class_place(score_class: Any, classes: Sequence[Any], *, one_score: bool) -> int:
    """The place of a class whose score is asked for.

    Parameters
    ----------
    score_class : label or None
    classes : sequence
        All labels, in the model's order.
    one_score : bool
        Of two classes the model gives one score, of the second; else one a class.

    Raises
    ------
    EngineError
        None is named where one is needed, there is no such class, or the score is another's.

    Examples
    --------
    >>> class_place(None, ["good", "bad"], one_score=True)
    1
    >>> class_place("b", ["a", "b", "c"], one_score=False)
    1
    """
    labels = [str(label) for label in classes]
    if score_class is None:
        if len(labels) == 2:
            return 1
        raise EngineError(
            f"a model of {len(labels)} classes has a score of each; name one as score_class: {', '.join(labels[:10])}"
        )
    if str(score_class) not in labels:
        raise EngineError(
            f"score_class must be one of the model's classes, {', '.join(labels[:10])}; got {score_class!r}"
        )
    place = labels.index(str(score_class))
    if one_score and place != 1:
        raise EngineError(
            f"the score of a binary model is that of its second class, {labels[1]!r}; name that one, or none "
            f"(the log-odds of {labels[0]!r} are its negative)"
        )
    return place


def no_classes(score_class: Any, what: str) -> None:
    """Refuse a class that is named of a model without classes.

    Raises
    ------
    EngineError
        One is.
    """
    if score_class is not None:
        raise EngineError(f"{what} has a single score and no classes; leave score_class {score_class!r} out")
