"""A policy's score of a snapshot, whichever form the policy has: what the kernels decide and the truth is told by.

Every score is an intercept, a term linear in the way that each feature has come on its ramp (`measuring.way_come`),
and what the form adds:

* `SCORECARD`: products of how bad two or three features are;
* `SUBSCORES`, `WEAKEST`, `MATRIX`: a function of the factors' standings. A factor's standing is a weighted mean of how
  good its features are, from 0 (all at their worst) to 1 (all at their best);
* `TERMS`: points for conjunctions ("income below this, and other lenders above that").
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from credit_model.arrays import FloatArray, IntArray
from credit_model.simulate.measuring import badness

#: What the form of a policy adds to its linear terms.
SCORECARD, SUBSCORES, WEAKEST, MATRIX, TERMS = range(5)
#: Axes of a matrix: the factors of each are read as one grade.
RISK, CAPACITY, CONDITIONS = range(3)


class PolicyTable(NamedTuple):
    """A policy as the kernels take it; one row a feature (drivers only), in the catalogue's order.

    Attributes
    ----------
    form : int
        One of the forms above; only its own arrays matter.
    measures : int64 array, (n_drivers, 6)
        Ledger row, summary, window, ledger row of the denominator (or a code of `window_kernels`), its summary, and
        1 where a higher value is worse.
    above : float64 array, (n_drivers,)
    ramps : float64 array, (n_drivers, 5)
        Signed weight, low, 1 / (high - low) (of logarithms where so scaled), 1 for the logarithm, way come if missing.
    factor : int64 array, (n_drivers,)
    lines : float64 array, (n_tiers - 1,)
    amounts : float64 array, (n_tiers,)
    intercept : float
    knock_out, class_wide, dormancy : int
        Positions of the features that stand for these rules. Knock-out and dormancy are linear in every form.
    products : int64 array, (n_products, 3)
        Positions of features; -1 for none. Of three, the first two share a factor, which the third is not of.
    product_weights : float64 array, (n_products,)
    parts : float64 array, (n_drivers,)
        The feature's part in its factor's standing; the parts of a factor sum to 1.
    links : float64 array, (n_factors, 2)
        `SUBSCORES`: how much of the product the factor can take away, 0. `WEAKEST`: log-odds from its worst standing
        to its best, and the standing that counts as 0. `MATRIX`: the factor's axis, and its part in the axis.
    scale : float
        `SUBSCORES`: log-odds from a product of 0 to one of 1. `WEAKEST`: the weight of the worst factor.
    edges : float64 array, (n_axes, n_grades - 1)
        `MATRIX`: where the grades of an axis meet, worst first.
    grids : float64 array, (2, n_grades, n_grades)
        `MATRIX`: points of risk by capacity, and of risk by conditions.
    terms : int64 array, (n_terms, MOST_CONDITIONS)
        `TERMS`: positions of features; -1 for none.
    thresholds : float64 array, (n_terms, MOST_CONDITIONS)
        On how good the feature is, 0 .. 1: a term that gives points needs more, one that takes points needs less.
    term_weights : float64 array, (n_terms,)
        Points, log-odds.
    """

    form: int
    measures: IntArray
    above: FloatArray
    ramps: FloatArray
    factor: IntArray
    lines: FloatArray
    amounts: FloatArray
    intercept: float
    knock_out: int
    class_wide: int
    dormancy: int
    products: IntArray
    product_weights: FloatArray
    parts: FloatArray
    links: FloatArray
    scale: float
    edges: FloatArray
    grids: FloatArray
    terms: IntArray
    thresholds: FloatArray
    term_weights: FloatArray


@njit(nogil=True, inline="always")
def score_of(ways, policy):  # type: ignore[no-untyped-def]
    """The policy's score of a snapshot, log-odds."""
    # A whole table is much to hand over: the default form, whose speed matters most, is given only what it needs.
    if policy.form == SCORECARD:
        return _scorecard(
            ways, policy.intercept, policy.ramps, policy.products, policy.product_weights, policy.measures
        )
    return _other_forms(ways, policy)


@njit(nogil=True)
def _scorecard(ways, intercept, ramps, products, product_weights, measures):  # type: ignore[no-untyped-def]
    total = intercept
    for f in range(len(ways)):
        total += ramps[f, 0] * ways[f]
    for p in range(len(products)):
        together = product_weights[p]
        for place in range(3):
            f = products[p, place]
            if f >= 0:
                together *= badness(ways, f, measures)
        total -= together
    return total


@njit(nogil=True)
def _other_forms(ways, policy):  # type: ignore[no-untyped-def]
    total = policy.intercept
    for f in range(len(ways)):
        total += policy.ramps[f, 0] * ways[f]
    if policy.form == TERMS:
        for j in range(len(policy.terms)):
            total += policy.term_weights[j] * _holds(ways, j, policy)
        return total
    standings = np.zeros(len(policy.links))
    for f in range(len(ways)):
        standings[policy.factor[f]] += part_of_standing(ways, f, policy)
    return total + link(standings, policy.form, policy.links, policy.scale, policy.edges, policy.grids)


@njit(nogil=True, inline="always")
def part_of_standing(ways, f, policy):  # type: ignore[no-untyped-def]
    """What feature f adds to its factor's standing."""
    return policy.parts[f] * (1.0 - badness(ways, f, policy.measures))


@njit(nogil=True)
def link(standings, form, links, scale, edges, grids):  # type: ignore[no-untyped-def]
    """What the factors' standings add to the score; arguments as in `PolicyTable`, which is much to hand over."""
    if form == SUBSCORES:
        product = scale
        for g in range(len(standings)):
            product *= 1.0 - links[g, 0] * (1.0 - standings[g])
        return product
    if form == WEAKEST:
        worst = second = np.inf
        for g in range(len(standings)):
            level = links[g, 0] * (standings[g] - links[g, 1])
            if level < worst:
                worst, second = level, worst
            elif level < second:
                second = level
        return scale * worst + (1.0 - scale) * second
    risk = _grade(standings, RISK, links, edges)
    return (
        grids[0, risk, _grade(standings, CAPACITY, links, edges)]
        + (grids[1, risk, _grade(standings, CONDITIONS, links, edges)])
    )


@njit(nogil=True)
def _grade(standings, axis, links, edges):  # type: ignore[no-untyped-def]
    """The grade on an axis of the matrix, 0 the worst."""
    value = 0.0
    for g in range(len(standings)):
        if links[g, 0] == axis:
            value += links[g, 1] * standings[g]
    grade = 0
    while grade < edges.shape[1] and value > edges[axis, grade]:
        grade += 1
    return grade


@njit(nogil=True, inline="always")
def condition_holds(ways, j, place, policy):  # type: ignore[no-untyped-def]
    """Whether a term's condition holds."""
    f = policy.terms[j, place]
    good = 1.0 - badness(ways, f, policy.measures)
    threshold = policy.thresholds[j, place]
    return good > threshold if policy.term_weights[j] > 0 else good < threshold


@njit(nogil=True)
def _holds(ways, j, policy):  # type: ignore[no-untyped-def]
    """1.0 where all of a term's conditions hold, else 0.0."""
    for place in range(policy.terms.shape[1]):
        if policy.terms[j, place] >= 0 and not condition_holds(ways, j, place, policy):
            return 0.0
    return 1.0


@njit(nogil=True)
def gain_without(f, way, ways, policy):  # type: ignore[no-untyped-def]
    """How much higher the score would be if feature f had come ``way``, all else equal."""
    if policy.form == SCORECARD:  # linear in it: no product has such a feature
        return policy.ramps[f, 0] * (way - ways[f])
    changed = ways.copy()
    changed[f] = way
    return score_of(changed, policy) - score_of(ways, policy)
