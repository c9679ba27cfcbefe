"""What a scorecard is made of: the cells of its columns, and the lines that their sum is held against."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from credit_model.arrays import FloatArray, IntArray


@dataclass(frozen=True)
class CardColumn:
    """What is said of a column: its names, its factor, its reason code.

    Attributes
    ----------
    name : str
        Of the feature, and so of the snapshots' column.
    label, factor, code : str
        In words; the id of its factor; its reason code.
    sign : int
        That a higher value may have: -1, 0, 1.
    categories : tuple of str or None
        Texts of its codes 0, 1, ...; None: a number.
    """

    name: str
    label: str
    factor: str
    code: str
    sign: int
    categories: tuple[str, ...] | None = None


@dataclass(frozen=True, eq=False)
class Cells:
    """A column's cells, and the whole number that each gives.

    Attributes
    ----------
    position : int
        Of the column among the features.
    about : CardColumn
    edges : float64 array, (n,)
        Of a number, rising: cell i holds edges[i - 1] < x <= edges[i], the last all above. Of a category: its codes.
    numbers : int64 array, (n + 1,), of a category (n,)
    missing : int
        Where the value is missing; of a category also where it is another.
    """

    position: int
    about: CardColumn
    edges: FloatArray
    numbers: IntArray
    missing: int

    @property
    def is_category(self) -> bool:
        """Whether the cells are codes."""
        return self.about.categories is not None

    def numbers_of(self, x: FloatArray) -> IntArray:
        """What values (n,) give: (n,)."""
        place = np.searchsorted(self.edges, x, side="left")
        if not self.is_category:
            return np.where(np.isnan(x), self.missing, self.numbers[np.minimum(place, len(self.edges))])
        place = np.minimum(place, len(self.edges) - 1)
        return np.where(self.edges[place] == x, self.numbers[place], self.missing)

    def merged(self) -> Cells:
        """The same with neighbours that give the same as one cell."""
        if self.is_category:
            return self
        edges, numbers = merge(self.edges, self.numbers)
        return replace(self, edges=edges, numbers=numbers)

    def intervals(self) -> Iterator[tuple[float, float, int]]:
        """Above, up to, and the number, of the cells of a number, lowest first; without bound: infinite."""
        bounds = [-np.inf, *self.edges.tolist(), np.inf]
        yield from zip(bounds[:-1], bounds[1:], self.numbers.tolist(), strict=True)

    def codes(self) -> Iterator[tuple[int, str, int]]:
        """Code, text and number of a category's cells."""
        for code, number in zip(self.edges.astype(np.int64).tolist(), self.numbers.tolist(), strict=True):
            yield code, (self.about.categories or ())[code], number

    @property
    def all_numbers(self) -> IntArray:
        """Those of every cell, missing included."""
        return np.append(self.numbers, self.missing)


@dataclass(frozen=True, eq=False)
class Lines:
    """What the score is held against: by the tier to keep, and by the states of the line of credit.

    Attributes
    ----------
    tier_position, state_position : int
        Of the tier in force and of the other state among the features; -1: there is none, or no line depends on it.
    tier_name, state_name : str
    edges : float64 array, (n_edges,)
        Of the other state, as in `Cells`.
    numbers : int64 array, (n_tiers - 1, n_tiers + 1, n_edges + 2)
        Of the tier to keep less 1; the tier in force, unknown last (one column where there is none); the cell of the
        other state, missing last.
    """

    tier_position: int
    state_position: int
    tier_name: str
    state_name: str
    edges: FloatArray
    numbers: IntArray

    def numbers_of(self, X: FloatArray) -> IntArray:
        """The lines of rows X (n, width): (n, n_tiers - 1)."""
        tier, cell = self.places(X)
        return np.ascontiguousarray(self.numbers[:, tier, cell].T)

    def places(self, X: FloatArray) -> tuple[IntArray, IntArray]:
        """Where rows lie along the last two axes of ``numbers``: (n,), (n,)."""
        tier = np.zeros(len(X), dtype=np.int64)
        if self.tier_position >= 0:
            unknown = self.numbers.shape[1] - 1
            value = X[:, self.tier_position]
            tier = np.where(np.isin(value, np.arange(unknown)), value, unknown).astype(np.int64)
        cell = np.zeros(len(X), dtype=np.int64)
        if self.state_position >= 0:
            value = X[:, self.state_position]
            cell = np.where(np.isnan(value), len(self.edges) + 1, np.searchsorted(self.edges, value, side="left"))
        return tier, cell

    def of(self, tier: int, in_force: int) -> list[tuple[float, float, int]]:
        """The line of a tier to keep (1, 2, ...) by the other state: above, up to, number; missing (NaN) last.

        Where the other state does not matter there is a single one, without bounds.
        """
        numbers = self.numbers[tier - 1, in_force]
        if (numbers == numbers[0]).all():
            return [(-np.inf, np.inf, int(numbers[0]))]
        edges, merged = merge(self.edges, numbers[:-1])
        bounds = [-np.inf, *edges.tolist(), np.inf]
        return [*zip(bounds[:-1], bounds[1:], merged.tolist(), strict=True), (np.nan, np.nan, int(numbers[-1]))]


def merge(edges: FloatArray, numbers: IntArray) -> tuple[FloatArray, IntArray]:
    """Edges (n,) and numbers (n + 1,) without the edges that part the same number.

    Examples
    --------
    >>> import numpy as np
    >>> edges, numbers = merge(np.array([1.0, 2.0]), np.array([5, 5, 7]))
    >>> edges.tolist(), numbers.tolist()
    ([2.0], [5, 7])
    """
    parts = numbers[1:] != numbers[:-1]
    return edges[parts], np.append(numbers[:-1][parts], numbers[-1])
