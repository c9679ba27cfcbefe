"""What papers may correct and what has to add up: the objects that a catalogue declares."""

from __future__ import annotations

from dataclasses import dataclass

from credit_model.portfolio.labels import Label


@dataclass(frozen=True)
class DocumentKind:
    """A kind of paper that a borrower may hand in.

    Attributes
    ----------
    id : str
    columns : tuple of str
        What it may correct.
    label : Label
    """

    id: str
    columns: tuple[str, ...]
    label: Label


@dataclass(frozen=True)
class Ledger:
    """A stock that is last month's and what came in, less what went out.

    Attributes
    ----------
    id, stock : str
    plus, minus : tuple of str
        Columns of what came in and of what went out in the month.
    tolerance : float
        By how much the sum may miss the stock, in its units.
    label : Label
    """

    id: str
    stock: str
    plus: tuple[str, ...]
    minus: tuple[str, ...]
    tolerance: float
    label: Label

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns of the sum."""
        return (self.stock, *self.plus, *self.minus)
