"""Whether a scorecard is its model: on every edge, one ulp beside it, and missing; and what whole points change.

The trees of a column read nothing else, so what a column gives is known wholly from one value of each of its cells;
the edges of the *model* are probed, not those that the scorecard kept. A scorecard's sum and the model's own, floats
added tree by tree, differ in the last digits. By how much at most is computed (`Parity.bound`): only a row whose score
lies so near to 0 could be given another tier.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from credit_model.arrays import BoolArray, FloatArray, IntArray
from credit_model.errors import CreditModelError
from credit_model.export.cells import Cells
from credit_model.export.edges import edges_of
from credit_model.export.sums import Sums
from credit_model.model.bag import Bag
from credit_model.model.forest import predicted_tier
from credit_model.trees.nodes import LEAF

#: Half the distance from 1 to the next float: a sum's relative error.
_ROUND_OFF = 2.0**-53
#: Rows that are scored at a time.
_ROWS_AT_ONCE = 100_000
#: Combinations that are drawn to see how many tiers whole points change.
DRAWN = 200_000


@dataclass(frozen=True)
class Parity:
    """A scorecard held against its model.

    Attributes
    ----------
    edges : int
        Values that were probed: edges, one ulp on both sides, missing, codes known and unknown.
    rows, scores : int
        Rows, and scores: one for each tier to keep.
    tiers_differing : int
        Rows that are given another tier.
    signs_differing : int
        Scores of which one keeps the tier and the other does not.
    largest_difference : float
        Between both scores, log-odds.
    bound : float
        The most that they can differ by in any row, log-odds.
    nearest : float
        How near to 0 the model's score came, log-odds; beyond ``bound`` no tier can differ.
    against_the_sign : int
        Neighbouring cells that go against what is declared of their column.
    """

    edges: int
    rows: int
    scores: int
    tiers_differing: int
    signs_differing: int
    largest_difference: float
    bound: float
    nearest: float
    against_the_sign: int

    @property
    def holds(self) -> bool:
        """Whether nothing differs by more than sums of floats must, and every direction is kept."""
        differing = self.tiers_differing + self.signs_differing + self.against_the_sign
        return differing == 0 and self.largest_difference <= self.bound


@dataclass(frozen=True)
class Rounding:
    """What whole points change.

    Attributes
    ----------
    rows : int
    tiers_changed : int
        Rows that are given another tier.
    kept_changed : int or None
        Rows whose tier in force, above the lowest, is kept by one and not by the other; None: no tier is in force.
    largest_move : float
        Of the points of any tier in these rows.
    most : float
        That points can move by, in any row whatever.
    share_drawn : float
        Of `DRAWN` combinations of cells and states, each as likely, those whose tier changes.
    share_at_most : float
        Of all combinations, those whose tier could change, at most.
    """

    rows: int
    tiers_changed: int
    kept_changed: int | None
    largest_move: float
    most: float
    share_drawn: float
    share_at_most: float


def held_against(card: Sums, bag: Bag, X: FloatArray | None = None, *, states: str = "drawn", seed: int = 0) -> Parity:
    """Hold a scorecard against its model, at each of the tiers to keep.

    Parameters
    ----------
    card : Sums
        Not rounded.
    bag : Bag
        The model that it was made of.
    X : float64 array, (n, n_features), optional
        Further rows, such as a panel's.
    states : {"drawn", "each"}
        Each edge in one state of the line, drawn; or in each: every tier in force, every cell of the other state.
    seed : int
        Draws the other columns of each row from their own edges.

    Raises
    ------
    CreditModelError
        The scorecard has whole points, or ``states`` is unknown.
    """
    if card.is_rounded:
        raise CreditModelError("a scorecard in whole points is another model; check the one that it was rounded from")
    if states not in ("drawn", "each"):
        raise CreditModelError(f"states must be 'drawn' or 'each', got {states!r}")
    rng = np.random.default_rng(seed)
    values = probed_values(card, bag)
    parts = edge_rows(card, values, rng, each_state=states == "each")
    parts += [] if X is None else [card.rows(X)]
    rows = differing = signs = scores = 0
    largest, nearest = 0.0, np.inf
    for part in parts:
        for start in range(0, len(part), _ROWS_AT_ONCE):
            some = part[start : start + _ROWS_AT_ONCE]
            ours, theirs = card.survival_scores(some), bag.survival_scores(some)
            differing += int((card.predict(some) != predicted_tier(theirs)).sum())
            signs += int(((ours >= 0) != (theirs >= 0)).sum())
            largest = max(largest, float(np.abs(ours - theirs).max()))
            nearest = min(nearest, float(np.abs(theirs).min()))
            rows, scores = rows + len(some), scores + ours.size
    return Parity(
        edges=sum(len(own) for own in values.values()),
        rows=rows,
        scores=scores,
        tiers_differing=differing,
        signs_differing=signs,
        largest_difference=largest,
        bound=largest_possible_difference(card, bag),
        nearest=nearest,
        against_the_sign=sum(_against_the_sign(cells) for cells in card.columns),
    )


def probed_values(card: Sums, bag: Bag) -> dict[int, FloatArray]:
    """For each feature the values to probe: edges of the model, one ulp beside them, NaN; codes, one too many, NaN."""
    categories = {c.position: len(c.edges) for c in card.columns if c.is_category}
    categories |= {j: int(max(own, default=0.0)) + 1 for fit in bag.fits for j, own in fit.categories.items()
                   if j not in categories}  # fmt: skip
    found = {}
    for j in range(bag.width):
        if j == bag.tier_column:
            found[j] = np.append(np.arange(bag.n_tiers, dtype=np.float64), np.nan)
        elif j in categories:
            found[j] = np.append(np.arange(categories[j] + 1, dtype=np.float64), np.nan)
        else:
            edges = edges_of(bag, j)
            beside = [np.nextafter(edges, -np.inf), edges, np.nextafter(edges, np.inf)]
            found[j] = np.append(np.unique(np.concatenate(beside)) if len(edges) else [0.0], np.nan)
    return found


def edge_rows(
    card: Sums, values: dict[int, FloatArray], rng: np.random.Generator, *, each_state: bool
) -> list[FloatArray]:
    """Rows (n, n_features) in which each value of each column stands, beside others drawn from their own values."""
    lines = card.lines
    states = [j for j in (lines.tier_position, lines.state_position) if j >= 0]
    grid = np.array(list(product(*[values[j] for j in states])))
    columns = [j for j in values if j not in states]
    at = np.concatenate([np.full(len(values[j]), j) for j in columns])
    probe = np.concatenate([values[j] for j in columns])
    rows = _drawn(values, len(probe), rng)
    rows[np.arange(len(probe)), at] = probe
    lined = _drawn(values, len(grid), rng)
    lined[:, states] = grid
    if not each_state or not states:
        return [rows, lined]
    parts = [lined]
    for state in grid:
        own = rows.copy()
        own[:, states] = state
        parts.append(own)
    return parts


def _drawn(values: dict[int, FloatArray], n: int, rng: np.random.Generator) -> FloatArray:
    return np.column_stack([rng.choice(values[j], n) for j in range(len(values))])


def largest_possible_difference(card: Sums, bag: Bag) -> float:
    """The most by which the scorecard's score and the model's, added tree by tree, can differ: log-odds.

    Half a number for each column and the line; and of each fit n round-offs of the sum of its trees' largest leaves.
    """
    rounding = 0.5 * (len(edges_by_column(bag)) + 1) / card.per_log_odds
    adding = 0.0
    for fit in bag.fits:
        trees = fit.trees
        starts = np.where(trees.nodes["kind"] == LEAF, np.abs(trees.nodes["threshold"]), 0.0)
        largest = np.maximum.reduceat(starts, trees.roots)
        adding += (len(largest) + len(bag) + 2) * _ROUND_OFF * (largest.sum() + abs(trees.baseline))
    return float(rounding + adding / len(bag) + 2 * _ROUND_OFF * adding)


def edges_by_column(bag: Bag) -> set[int]:
    """The features that any tree reads."""
    return {j for fit in bag.fits for used in fit.trees.features_by_tree() for j in used if j < bag.width}


def _against_the_sign(cells: Cells) -> int:
    if cells.is_category or not cells.about.sign:
        return 0
    return int((np.diff(cells.numbers) * cells.about.sign < 0).sum())


def what_rounding_changes(card: Sums, X: FloatArray) -> Rounding:
    """What whole points change.

    Parameters
    ----------
    card : Sums
        Not rounded.
    X : rows, as `Sums.numbers` takes them
    """
    rounded, rows = card.rounded(), card.rows(X)
    before, after = card.numbers(rows), rounded.numbers(rows)
    moved = np.abs(after - before / card.per_log_odds * card.scaling.factor).max(initial=0.0)
    most, share = _bounds(card)
    return Rounding(
        rows=len(rows),
        tiers_changed=int(((before >= 0).sum(axis=1) != (after >= 0).sum(axis=1)).sum()),
        kept_changed=_kept_changed(card, rows, before >= 0, after >= 0),
        largest_move=float(moved),
        most=most,
        share_drawn=_share_drawn(card),
        share_at_most=share,
    )


def _kept_changed(card: Sums, rows: FloatArray, before: BoolArray, after: BoolArray) -> int | None:
    if card.lines.tier_position < 0:
        return None
    tier = rows[:, card.lines.tier_position]
    row = np.flatnonzero(np.isin(tier, np.arange(1, card.n_tiers)))
    place = tier[row].astype(np.int64) - 1
    return int((before[row, place] != after[row, place]).sum())


def _share_drawn(card: Sums) -> float:
    """Of combinations drawn from all, the share whose tier changes."""
    rng = np.random.default_rng(0)
    shape = card.lines.numbers.shape
    tier, cell = (rng.integers(0, n, DRAWN) for n in shape[1:])
    before = card.lines.numbers[:, tier, cell]
    after = _rounded(card, card.lines.numbers)[0][:, tier, cell]
    for cells in card.columns:
        numbers = cells.all_numbers
        place = rng.integers(0, len(numbers), DRAWN)
        before, after = before + numbers[place], after + _rounded(card, numbers)[0][place]
    return float(((before >= 0).sum(axis=0) != (after >= 0).sum(axis=0)).mean())


def _bounds(card: Sums) -> tuple[float, float]:
    """The most that rounding can move points, and the share of all combinations whose tier it could change at most.

    The exact points are the whole ones less what rounding added, in [lowest, highest] whatever the combination; so only
    a whole sum in [lowest, highest) can be on the other side. Combinations of whole sums are counted by convolution.
    """
    added_low = added_high = 0.0
    count, first = np.ones(1), 0
    for cells in card.columns:
        whole, added = _rounded(card, cells.all_numbers)
        added_low, added_high = added_low + added.min(), added_high + added.max()
        count = np.convolve(count, np.bincount(whole - whole.min()) / len(whole))
        first += int(whole.min())
    lines, added = _rounded(card, card.lines.numbers)
    below = np.append(0.0, np.cumsum(count))

    def share_below(total: IntArray) -> FloatArray:
        """Of combinations of cells whose whole sum lies below totals."""
        return below[np.clip(total - first, 0, len(count))]

    highest = np.ceil(np.maximum(added_high + added, 0.0)).astype(np.int64)
    lowest = np.ceil(np.minimum(added_low + added, 0.0)).astype(np.int64)
    could = share_below(highest - lines) - share_below(lowest - lines)
    most = max(added_high + added.max(), -(added_low + added.min()))
    return float(most), float(np.minimum(could.sum(axis=0), 1.0).mean())


def _rounded(card: Sums, numbers: IntArray) -> tuple[IntArray, FloatArray]:
    """Whole points, and what rounding added to each."""
    points = numbers / card.per_log_odds * card.scaling.factor
    whole = np.rint(points)
    return whole.astype(np.int64), whole - points
