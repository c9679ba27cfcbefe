"""What a borrower can move of an own history, and what plans keep to: the objects that a catalogue declares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from credit_model.portfolio.labels import Label

Moves = Literal["up", "down"]
Follows = Literal["flow", "stock", "level", "share"]
#: Settings of a lever between nothing and its most, where the catalogue names no number.
DEFAULT_STEPS = 3
#: The least chance that a plan promises, unless told otherwise: in the simulator, four in five of such plans come true.
DEFAULT_CHANCE = 0.9


@dataclass(frozen=True)
class Following:
    """A column that moves with a lever's.

    Attributes
    ----------
    column : str
    by : float
        Its units for one unit that the lever's column moves, up or down; of "share" a share of its own value.
    how : "flow", "stock", "level" or "share"
        Counted is what the lever moves in the month; the sum over months of how far it is from where it would be; how
        far it is; or how far, as a share of where it would be.
    """

    column: str
    by: float
    how: Follows


@dataclass(frozen=True)
class Lever:
    """A raw column that the borrower can move.

    Attributes
    ----------
    id : str
    column : str
    moves : "up" or "down"
    a_month, share_a_month : float or None
        Most that it moves in a month, in the column's units or as a share of where it starts; neither: all at once.
    end : float
        The floor of a lever that moves down, the ceiling of one that moves up.
    cost, cost_a_month : float
        Of one unit moved, once; and in every month in which it is away from where it would be.
    paid : bool
        What it moves in a month is money out of the borrower's pocket, and counts for what is affordable.
    follows : tuple of Following
    label, action : Label
        A name; and what is to be done, with ``{amount}``, ``{total}``, ``{from}`` or ``{to}``.
    """

    id: str
    column: str
    moves: Moves
    a_month: float | None
    share_a_month: float | None
    end: float
    cost: float
    cost_a_month: float
    paid: bool
    follows: tuple[Following, ...]
    label: Label
    action: Label

    @property
    def sign(self) -> int:
        """1 where the column rises, else -1."""
        return 1 if self.moves == "up" else -1

    @property
    def columns(self) -> tuple[str, ...]:
        """The column and those that move with it."""
        return (self.column, *(one.column for one in self.follows))


@dataclass(frozen=True)
class PlanRules:
    """What plans keep to.

    Attributes
    ----------
    steps : int
        Settings of a lever between nothing and its most.
    affordable_column : str or None
        The last known value of this column bounds what paid levers move together in a month; None: nothing does.
    affordable_share : float
        The share of it that may be.
    ahead : mapping of str to "last", "mean", "counts" or float
        What a column does in the months to come, if nothing is done: as in the last month (where it is not named), the
        mean of the last six, one more each month unless it stands at 0, or a number.
    """

    steps: int = DEFAULT_STEPS
    affordable_column: str | None = None
    affordable_share: float = 1.0
    ahead: Mapping[str, Any] = field(default_factory=dict)

    def __hash__(self) -> int:
        return hash((self.steps, self.affordable_column, self.affordable_share, tuple(sorted(self.ahead.items()))))
