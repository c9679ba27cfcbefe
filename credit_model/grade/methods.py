"""The methods that are graded, side by side on the same cuts and the same pairs of snapshots."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import NamedTuple

from credit_model.errors import CreditModelError
from credit_model.grade.answers import Attribution, Decreases, Named
from credit_model.grade.model_methods import against, as_told, population_difference, population_now
from credit_model.grade.oracle import TrueScore, one_factor_back
from credit_model.grade.rivals import FITS, Rival, adverse_changes
from credit_model.predictor import LimitPredictor


@dataclass(frozen=True)
class Knowledge:
    """What methods explain by.

    Attributes
    ----------
    predictor : LimitPredictor
        Fitted.
    rivals : mapping of method to Rival
        Those that have been fitted.
    true_score : TrueScore or None
        The lender's own, which the oracle alone may see.
    """

    predictor: LimitPredictor
    rivals: Mapping[str, Rival] = field(default_factory=dict)
    true_score: TrueScore | None = None


Explain = Callable[[Knowledge, Decreases], Named]


class Method(NamedTuple):
    """What a method is, in a few words, and how it explains."""

    about: str
    explain: Explain


def _ours(known: Knowledge, decreases: Decreases) -> Named:
    return as_told(known.predictor, decreases)


def _against(known: Knowledge, decreases: Decreases, *, reference: str) -> Named:
    return against(known.predictor, decreases, reference)


def _fitted(known: Knowledge, decreases: Decreases, *, rival: str) -> Named:
    return Named.by_size(known.rivals[rival].contributions(decreases.x, decreases.z))


def _adverse(known: Knowledge, decreases: Decreases) -> Named:
    return Named.by_size(adverse_changes(decreases.snapshots).contributions(decreases.x, decreases.z))


def _population(known: Knowledge, decreases: Decreases) -> Named:
    return population_now(known.predictor, decreases)


def _population_difference(known: Knowledge, decreases: Decreases) -> Named:
    return population_difference(known.predictor, decreases)


def _oracle(known: Knowledge, decreases: Decreases) -> Named:
    assert known.true_score is not None
    catalogue = decreases.snapshots.catalogue
    return Named.by_size(one_factor_back(known.true_score, catalogue, decreases.x, decreases.z))


#: Method -> what it is and how it explains; ``ours`` first.
METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "ours": Method("change since the limit was last set, as told", _ours),
        "ours_largest_first": Method(
            "ours, without the rule that doubt is not laid on the borrower", partial(_against, reference="last_set")
        ),
        "last_review": Method("change since the last review", partial(_against, reference="last_review")),
        "previous_month": Method("change since the month before", partial(_against, reference="previous_month")),
        "hazard": Method("monotone boosted hazard of the cut, the same game", partial(_fitted, rival="hazard")),
        "logistic_differences": Method(
            "logistic regression on differences since the limit was set", partial(_fitted, rival="logistic_differences")
        ),
        "logistic_levels": Method(
            "logistic regression on the current snapshot, times differences", partial(_fitted, rival="logistic_levels")
        ),
        "adverse_z": Method("sum of standardised adverse changes since the limit was set", _adverse),
        "population_shap": Method("current snapshot against the population", _population),
        "population_shap_difference": Method("population SHAP now less then", _population_difference),
        "oracle": Method("the true policy's score with one factor alone put back", _oracle),
    }
)


def check_methods(methods: Iterable[str]) -> tuple[str, ...]:
    """Names of methods, checked.

    Raises
    ------
    CreditModelError
        There is no such method, or none is named.
    """
    names = tuple(methods)
    for method in names:
        if method not in METHODS:
            raise CreditModelError(f"method must be one of {', '.join(METHODS)}, got {method!r}")
    if not names:
        raise CreditModelError(f"methods must name at least one of {', '.join(METHODS)}, got none")
    return names


def answerable(methods: Iterable[str], *, trained: bool, scored: bool) -> dict[str, str]:
    """Why each of ``methods`` can not be asked; "" where it can.

    Parameters
    ----------
    methods : iterable of str
    trained : bool
        There are data to fit rivals on.
    scored : bool
        The lender's true score is known.
    """
    why = {}
    for method in methods:
        why[method] = ""
        if method in FITS and not trained:
            why[method] = "is fitted to data, and none are given that the model was fitted on"
        elif method == "oracle" and not scored:
            why[method] = "needs the lender's true score, which is not known"
    return why


def attribute(
    predictor: LimitPredictor,
    decreases: Decreases,
    method: str,
    *,
    rivals: Mapping[str, Rival] | None = None,
    true_score: TrueScore | None = None,
) -> Attribution:
    """Explain ``decreases`` by one of `METHODS`.

    Parameters
    ----------
    predictor : LimitPredictor
    decreases : Decreases
    method : str
    rivals : mapping, optional
        The fitted rivals (`rivals.fit_rivals`), for methods that are fitted to data.
    true_score : TrueScore, optional
        For the oracle.

    Raises
    ------
    CreditModelError
        There is no such method, or what it needs is not given.
    """
    check_methods([method])
    known = Knowledge(predictor, rivals or {}, true_score)
    why = answerable([method], trained=method in known.rivals, scored=true_score is not None)[method]
    if why:
        raise CreditModelError(f"method {method!r} {why}; leave it out")
    about, explain = METHODS[method]
    start = time.perf_counter()
    named = explain(known, decreases)
    return Attribution(method, about, *named, seconds=time.perf_counter() - start)
