"""From a bag of additive forests to a scorecard: every column's trees are added up once, exactly, cell by cell.

The mean of additive models is additive, so a bag becomes one scorecard.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from itertools import product

import numpy as np

from credit_model.arrays import FloatArray, IntArray
from credit_model.errors import CreditModelError
from credit_model.export.cells import CardColumn, Cells, Lines
from credit_model.export.edges import edges_of, inside
from credit_model.export.scaling import Scaling
from credit_model.export.scorecard import Scorecard
from credit_model.fitted_model import FittedModel
from credit_model.model.bag import Bag
from credit_model.model.forest import OrdinalForest
from credit_model.portfolio.declarations import Catalogue
from credit_model.trees.nodes import fill_leaf_values

#: A number is a whole multiple of 10^-12 log-odds; fewer digits only where sums would leave 2^53.
DECIMALS = 12
_LARGEST = 2**53
#: The owner of trees that set lines.
_LINES = -1


def scorecard_of(fitted: FittedModel, scaling: Scaling | None = None) -> Scorecard:
    """The scorecard of a fitted model whose columns add up.

    Parameters
    ----------
    fitted : FittedModel
        Of a `LimitPredictor`: its ``fitted``.
    scaling : Scaling, optional
        None: 20 points double the odds, 600 points stand for 50 to 1.

    Raises
    ------
    CreditModelError
        The model is not additive.
    """
    catalogue = fitted.catalogue
    return additive_scorecard(
        fitted.bag,
        described(catalogue),
        states=[catalogue.feature_names.index(name) for name in catalogue.state_names],
        keys=(catalogue.borrower, catalogue.month),
        scaling=Scaling() if scaling is None else scaling,
        version=fitted.version,
        name=catalogue.name,
    )


def described(catalogue: Catalogue) -> tuple[CardColumn, ...]:
    """What a catalogue says of its features, in their order."""
    return tuple(
        CardColumn(
            name=feature.id,
            label=feature.label.text("en"),
            factor=feature.factor,
            code=feature.code,
            sign=feature.sign,
            categories=catalogue.column(feature.column or "").categories if feature.categorical else None,
        )
        for feature in catalogue.features
    )


def additive_scorecard(
    bag: Bag,
    columns: Sequence[CardColumn],
    *,
    states: Sequence[int],
    keys: tuple[str, ...],
    scaling: Scaling,
    version: str,
    name: str,
) -> Scorecard:
    """The scorecard of a bag.

    Parameters
    ----------
    bag : Bag
    columns : sequence of CardColumn, (width,)
    states : sequence of int
        Positions of the columns that set lines: the tier in force, and at most one other.
    keys : tuple of str
    scaling : Scaling
    version, name : str

    Raises
    ------
    CreditModelError
        The model is not additive.
    """
    owners = [_owners(fit, columns, states, version) for fit in bag.fits]
    sums = {
        j: _sums(bag, owners, j, *_probes(bag, j, columns[j].categories))
        for j in range(bag.width)
        if any(j in own for own in owners)
    }
    tier_position, state_position, edges, line_sums = _line_sums(bag, owners, states)
    most = sum(np.abs(own - own.min()).max() + abs(own.min()) for own in sums.values())
    most += np.abs(line_sums).max()
    decimals = DECIMALS
    while most * 10.0**decimals >= _LARGEST:
        decimals -= 1
    per = 10**decimals
    lines, found = _whole(line_sums, per), []
    for j, own in sums.items():
        numbers = _whole(own, per)
        worst = int(numbers.min())
        lines, numbers = lines + worst, numbers - worst
        if not numbers.any():
            continue
        cells, _ = _probes(bag, j, columns[j].categories)
        found.append(Cells(j, columns[j], cells, numbers[:-1], int(numbers[-1])).merged())
    names = tuple(column.name for column in columns)
    return Scorecard(
        version=version,
        name=name,
        features=names,
        keys=keys,
        columns=tuple(found),
        lines=Lines(
            tier_position,
            state_position,
            names[tier_position] if tier_position >= 0 else "",
            names[state_position] if state_position >= 0 else "",
            edges,
            lines,
        ),
        scaling=scaling,
        per_log_odds=float(per),
    )


def _owners(
    fit: OrdinalForest, columns: Sequence[CardColumn], states: Sequence[int], version: str
) -> dict[int, IntArray]:
    """Column -> the first nodes of its trees; `_LINES` -> those that set lines."""
    remedy = "train with --structure score, or LimitPredictor(structure='score')"
    if fit.has_heads:
        raise CreditModelError(
            f"model {version} is not additive, cuts and raises have trees of their own, so there are no points for "
            f"each column alone; {remedy}"
        )
    lines = {*states, fit.width, fit.width + 1}
    if fit.tier_column >= 0:
        lines.add(fit.tier_column)
    owned: dict[int, list[int]] = {}
    for root, used in zip(fit.trees.roots.tolist(), fit.trees.features_by_tree(), strict=True):
        if used <= lines:
            owned.setdefault(_LINES, []).append(root)
        elif len(used) == 1:
            owned.setdefault(next(iter(used)), []).append(root)
        else:
            names = [_name(j, columns) for j in sorted(used)]
            raise CreditModelError(
                f"model {version} is not additive, a tree reads {names[0]} and {names[1]} together, so there are no "
                f"points for each column alone; {remedy}"
            )
    return {owner: np.array(roots, dtype=np.int64) for owner, roots in owned.items()}


def _name(j: int, columns: Sequence[CardColumn]) -> str:
    return columns[j].name if j < len(columns) else "the tier to keep"


def _probes(bag: Bag, j: int, categories: tuple[str, ...] | None) -> tuple[FloatArray, FloatArray]:
    """A column's edges, or codes; and a value of each cell, missing last."""
    if categories is not None:
        codes = np.arange(len(categories), dtype=np.float64)
        return codes, np.append(codes, np.nan)
    edges = edges_of(bag, j)
    return edges, inside(edges)


def _sums(bag: Bag, owners: Sequence[dict[int, IntArray]], j: int, edges: FloatArray, probes: FloatArray) -> FloatArray:
    """What a column adds in the mean at values (n,): (n,), correctly rounded."""
    X = np.zeros((len(probes), bag.width))
    X[:, j] = probes
    return _mean(bag, owners, j, X, np.zeros(len(X), dtype=np.int64))


def _mean(
    bag: Bag, owners: Sequence[dict[int, IntArray]], owner: int, X: FloatArray, threshold: IntArray
) -> FloatArray:
    """The mean over fits of what the trees of one owner give in rows: (n,), each sum rounded once."""
    parts = []
    for fit, own in zip(bag.fits, owners, strict=True):
        roots = own.get(owner, np.empty(0, dtype=np.int64))
        trees = fit.trees
        values = np.zeros((len(X), len(roots) + 1))
        fill_leaf_values(
            trees.nodes,
            roots,
            trees.left_categories,
            trees.known_categories,
            fit.rows(X, threshold),
            values,
        )
        values[:, -1] = trees.baseline if owner == _LINES else 0.0
        parts.append(values)
    every = np.hstack(parts)
    return np.array([math.fsum(row) / len(bag) for row in every.tolist()])


def _line_sums(
    bag: Bag, owners: Sequence[dict[int, IntArray]], states: Sequence[int]
) -> tuple[int, int, FloatArray, FloatArray]:
    """Positions of the tier in force and of the other state, that one's edges, and the lines as `Lines` has them."""
    split = [j for j in states if j != bag.tier_column and len(edges_of(bag, j))]
    if len(split) > 1:
        raise CreditModelError(
            f"a scorecard's lines take the tier in force and at most one other state, found {len(split)} others; "
            "declare fewer states in the catalogue"
        )
    state = split[0] if split else -1
    edges = edges_of(bag, state) if state >= 0 else np.empty(0)
    tiers = np.append(np.arange(bag.n_tiers, dtype=np.float64), np.nan) if bag.tier_column >= 0 else np.zeros(1)
    cells = inside(edges)
    every = np.array(list(product(range(bag.n_tiers - 1), tiers, cells)))
    X = np.zeros((len(every), bag.width))
    if bag.tier_column >= 0:
        X[:, bag.tier_column] = every[:, 1]
    if state >= 0:
        X[:, state] = every[:, 2]
    sums = _mean(bag, owners, _LINES, X, every[:, 0].astype(np.int64))
    return bag.tier_column, state, edges, sums.reshape(bag.n_tiers - 1, len(tiers), len(cells))


def _whole(values: FloatArray, per: int) -> IntArray:
    """The nearest whole numbers of 1 / per: exact, whatever the digits."""
    nearest = [round(Fraction(value) * per) for value in values.ravel().tolist()]
    return np.array(nearest, dtype=np.int64).reshape(values.shape)
