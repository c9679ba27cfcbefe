"""The columns that a model is fitted on, and what is declared of them by name or position."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral


@dataclass(frozen=True)
class Columns:
    """The columns of a table of features.

    Attributes
    ----------
    names : tuple of str
        Empty where the columns have no names.
    width : int
        Number of columns.
    """

    names: tuple[str, ...]
    width: int

    def position(self, column: str | int) -> int:
        """Where a column lies, given by its name or position.

        Raises
        ------
        ValueError
            There is no such column.
        """
        if isinstance(column, str):
            if column not in self.names:
                raise ValueError(f"column {column!r} is not among the features {list(self.names)}")
            return self.names.index(column)
        if isinstance(column, bool) or not isinstance(column, Integral):
            raise ValueError(f"a column is given by its name or its position, a whole number, got {column!r}")
        if not 0 <= column < self.width:
            raise ValueError(f"column {column} must fulfil 0 <= column < {self.width}")
        return int(column)

    def positions(self, columns: Iterable[str | int] | None) -> list[int]:
        """The positions of several columns, in their order.

        Raises
        ------
        ValueError
            There is no such column, or a lone name is given for a sequence.
        """
        if isinstance(columns, str):
            raise ValueError(f"several columns are given as a sequence of names or positions, got {columns!r} alone")
        return [self.position(column) for column in columns or ()]

    def signs(self, monotonic_cst: Mapping[str, int] | Sequence[int] | None) -> list[int]:
        """Of every column, the sign that a higher value may have; 0 where none is declared.

        Raises
        ------
        ValueError
            A sign is not -1, 0 or 1, or there are not as many as columns.
        """
        signs = [0] * self.width
        if isinstance(monotonic_cst, Mapping):
            for column, sign in monotonic_cst.items():
                signs[self.position(column)] = sign
        elif monotonic_cst is not None:
            if len(monotonic_cst) != self.width:
                raise ValueError(f"monotonic_cst must have {self.width} signs, got {len(monotonic_cst)}")
            signs = list(monotonic_cst)
        if unknown := [sign for sign in signs if sign not in (-1, 0, 1)]:
            raise ValueError(f"monotonic_cst must hold only -1, 0, 1, got {unknown[0]!r}")
        return [int(sign) for sign in signs]
