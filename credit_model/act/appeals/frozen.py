"""What a decision rested on, kept so that it can be computed again at any time, to the bit.

A case keeps the borrower's months up to the decision, as the model read them, the version and the digest of the model,
and what the whole panel said of the decision (a wave, a month effect), which one borrower's months do not tell.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

import numpy as np

from credit_model.act.appeals.chain import canonical
from credit_model.act.appeals.raised import raised_customers
from credit_model.arrays import FloatArray, IntArray
from credit_model.errors import AppealError
from credit_model.explain.decreases import DecreaseExplanations
from credit_model.explain.support import SupportRule
from credit_model.explain.waves import Wave
from credit_model.fitted_model import FittedModel
from credit_model.model.artifact import bag_arrays
from credit_model.portfolio.declarations import Catalogue
from credit_model.portfolio.history import History
from credit_model.portfolio.months import MonthType, format_month, month_number_of
from credit_model.portfolio.snapshots import Snapshots, build_snapshots

#: A cell: the column and the month's number.
Cell = tuple[str, int]


class NoRiseError(AppealError):
    """There is no rise that a borrower could apply for.

    Parameters
    ----------
    borrower_id
    why : "limit" or "highest"
        No limit is known, or the highest tier is in force.
    """

    def __init__(self, borrower_id: object, why: Literal["limit", "highest"]) -> None:
        told = {
            "limit": "has no known limit before that month; give another --month",
            "highest": "has the highest tier already; there is no rise to apply for",
        }
        super().__init__(f"borrower {borrower_id!r} {told[why]}")
        self.why = why


@dataclass(frozen=True)
class Frozen:
    """A decision, or the months of one who asks for a rise.

    Attributes
    ----------
    borrower_id : str or int
    month_type : MonthType
    month_number : int64 array, (n,)
        The borrower's months; the last is the decision's.
    cells : dict of str to float64 array, (n,)
        As `History` holds them.
    weight : float64 array, (n_fits,), or None
        Of each fit in the borrower's score; None: all alike.
    model_version, model_digest, catalogue_digest : str
    reference : str
        What the cut was compared with.
    tier : int
        The tier that is asked for: the one in force before the cut, or the next one up.
    limit_before, limit_after, limit_asked : float
        The limit in force at the decision, after it, and the one that is asked for.
    score : float
        Log-odds of having the tier that is asked for, as at the decision.
    line : float
        The score from which on the cut would not be supported, or the rise would be given; NaN: it was not supported.
    support : str
        Of the cut; "" of a rise.
    wave : Wave or None
    month_effect : float
    n_raised : int
        Of a rise, the customers whose limit was raised and on whom the line rests; 0: it is an even chance.
    typical : float64 array, (n_drivers,), or None
        What they had: the median of each driver.
    """

    borrower_id: str | int
    month_type: MonthType
    month_number: IntArray
    cells: dict[str, FloatArray]
    weight: FloatArray | None
    model_version: str
    model_digest: str
    catalogue_digest: str
    reference: str
    tier: int
    limit_before: float
    limit_after: float
    limit_asked: float
    score: float
    line: float
    support: str
    wave: Wave | None
    month_effect: float
    n_raised: int = 0
    typical: FloatArray | None = None

    @property
    def is_rise(self) -> bool:
        """A rise is asked for, and no cut is appealed."""
        return not self.support

    @property
    def month(self) -> int:
        """The decision's month."""
        return int(self.month_number[-1])

    @property
    def month_text(self) -> str:
        """The decision's month as text."""
        return format_month(self.month, self.month_type)

    @property
    def about(self) -> list[str]:
        """What no two open cases may both be about."""
        return [str(self.borrower_id), self.month_text, "rise" if self.is_rise else "cut"]

    def row_of(self, month: int) -> int | None:
        """The row of a month; None: the borrower has none."""
        found = np.flatnonzero(self.month_number == month)
        return int(found[0]) if len(found) else None

    def history(
        self, catalogue: Catalogue, versions: Sequence[Mapping[Cell, float]], last: int | None = None
    ) -> History:
        """The months once for each version, with its cells replaced: borrower i of the panel is version i.

        Parameters
        ----------
        catalogue : Catalogue
        versions : sequence of mappings of cells to values
        last : int, optional
            Only so many of the last months; None: all.
        """
        first = 0 if last is None else max(0, len(self.month_number) - last)
        n = len(self.month_number) - first
        cells = {name: np.tile(values[first:], len(versions)) for name, values in self.cells.items()}
        for place, version in enumerate(versions):
            for (column, month), value in version.items():
                row = self.row_of(month)
                if row is not None and row >= first:
                    cells[column][place * n + row - first] = value
        return History(
            catalogue=catalogue,
            month_type=self.month_type,
            borrower_ids=np.arange(len(versions)),
            starts=np.arange(len(versions) + 1, dtype=np.int64) * n,
            month_number=np.tile(self.month_number[first:], len(versions)),
            cells=cells,
        )

    def weights(self, n: int) -> FloatArray | None:
        """The weight of each fit for n rows: (n, n_fits)."""
        return None if self.weight is None else np.tile(self.weight, (n, 1))

    def as_record(self) -> dict[str, Any]:
        """Everything, as JSON holds it: floats are kept to the bit, NaN is null."""
        record = {name: getattr(self, name) for name in _PLAIN}
        record |= {name: _or_none(getattr(self, name)) for name in _NUMBERS}
        return record | {
            "month_number": self.month_number.tolist(),
            "cells": {name: [_or_none(value) for value in cells.tolist()] for name, cells in self.cells.items()},
            "weight": None if self.weight is None else self.weight.tolist(),
            "wave": None if self.wave is None else asdict(self.wave),
            "n_raised": self.n_raised,
            "typical": None if self.typical is None else [_or_none(value) for value in self.typical.tolist()],
        }

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Self:
        """What `as_record` gave."""
        fields: dict[str, Any] = {name: record[name] for name in _PLAIN}
        fields |= {name: _or_nan(record[name]) for name in _NUMBERS}
        weight, wave, typical = record["weight"], record["wave"], record.get("typical")
        return cls(
            **fields,
            month_number=np.array(record["month_number"], dtype=np.int64),
            cells={name: np.array([_or_nan(v) for v in cells]) for name, cells in record["cells"].items()},
            weight=None if weight is None else np.array(weight, dtype=np.float64),
            wave=None if wave is None else Wave(**wave),
            n_raised=record.get("n_raised", 0),
            typical=None if typical is None else np.array([_or_nan(value) for value in typical]),
        )


_PLAIN = (
    "borrower_id",
    "month_type",
    "model_version",
    "model_digest",
    "catalogue_digest",
    "reference",
    "tier",
    "support",
)
_NUMBERS = ("limit_before", "limit_after", "limit_asked", "score", "line", "month_effect")


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else float(value)


def model_digest(fitted: FittedModel, rule: SupportRule) -> str:
    """SHA-256 of all that a re-evaluation rests on: trees, members, ladder, catalogue and thresholds."""
    held_out = fitted.held_out
    known = [fitted.catalogue.digest, list(fitted.ladder.amounts), asdict(rule), fitted.members.seed,
             None if held_out is None else held_out.as_record()]  # fmt: skip
    digest = hashlib.sha256(canonical(known).encode())
    arrays = bag_arrays(fitted.bag) | {name: getattr(fitted.members, name) for name in ("key", "month", "limit")}
    for name, array in sorted(arrays.items()):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def freeze_cut(fitted: FittedModel, explanation: DecreaseExplanations, history: History) -> Frozen:
    """A limit decrease as it was decided.

    Parameters
    ----------
    fitted : FittedModel
    explanation : DecreaseExplanations
        Of the one decrease, with the waves of its whole panel.
    history : History
        The panel, or the borrower's months.
    """
    rule = explanation.rule
    panel, row = _months(history, explanation.borrower_id[0], int(explanation.month_number[0]))
    cells = {name: values[: row + 1].copy() for name, values in panel.cells.items()}
    weight = fitted.members.weights(panel, np.zeros(1, dtype=np.int64))
    return Frozen(
        borrower_id=_plain_id(panel.borrower_ids[0]),
        month_type=panel.month_type,
        month_number=panel.month_number[: row + 1].copy(),
        cells=cells,
        weight=None if weight is None else weight[0],
        model_version=fitted.version,
        model_digest=model_digest(fitted, rule),
        catalogue_digest=fitted.catalogue.digest,
        reference=explanation.reference,
        tier=int(explanation.tier_before[0]),
        limit_before=float(explanation.limit_before[0]),
        limit_after=float(explanation.limit_after[0]),
        limit_asked=float(explanation.limit_before[0]),
        score=float(explanation.keep_score_after[0]),
        line=float(explanation.restoring_line[0]),
        support=str(explanation.support[0]),
        wave=explanation.waves[0],
        month_effect=float(explanation.month_effect[0]),
    )


def freeze_rise(
    fitted: FittedModel, rule: SupportRule, history: History, borrower_id: Any, month: Any = None
) -> Frozen:
    """The months of a borrower who asks for the next tier up.

    Parameters
    ----------
    fitted : FittedModel
    rule : SupportRule
    history : History
        The panel, which says what customers had whose limit was raised; of too few of them, or of the borrower's months
        alone, the line is an even chance.
    borrower_id : as in the history
    month : a date, "2024-03" or an integer month, optional
        As of when; None: the borrower's last month.

    Raises
    ------
    AppealError
        The highest tier is in force already or no limit is known (`NoRiseError`), or there is no such month.
    """
    number = None if month is None else month_number_of(month, history.month_type)
    panel, row = _months(history, borrower_id, number)
    snapshots = build_snapshots(panel, fitted.ladder, n_jobs=1)
    tier, limit = int(snapshots.tier_before[row]), float(snapshots.limit_before[row])
    if tier < 0:
        raise NoRiseError(borrower_id, "limit")
    if tier + 1 >= fitted.ladder.n_tiers:
        raise NoRiseError(borrower_id, "highest")
    raised = raised_customers(
        fitted, build_snapshots(history, fitted.ladder, n_jobs=1), history.position_of(panel.borrower_ids[0]),
        int(panel.month_number[row]), tier,
    )  # fmt: skip
    weight = fitted.members.weights(panel, np.zeros(1, dtype=np.int64))
    asked = np.array([tier + 1])
    score = fitted.bag.keep_score(snapshots.X[[row]], asked, weight, n_jobs=1)
    return Frozen(
        borrower_id=_plain_id(panel.borrower_ids[0]),
        month_type=panel.month_type,
        month_number=panel.month_number[: row + 1].copy(),
        cells={name: values[: row + 1].copy() for name, values in panel.cells.items()},
        weight=None if weight is None else weight[0],
        model_version=fitted.version,
        model_digest=model_digest(fitted, rule),
        catalogue_digest=fitted.catalogue.digest,
        reference="last_set",
        tier=tier + 1,
        limit_before=limit,
        limit_after=limit,
        limit_asked=float(fitted.ladder.amount_of(asked)[0]),
        score=float(score[0]),
        line=0.0 if raised is None else raised.line,
        support="",
        wave=None,
        month_effect=0.0,
        n_raised=0 if raised is None else raised.n,
        typical=None if raised is None else raised.typical,
    )


def frozen_snapshots(
    fitted: FittedModel, frozen: Frozen, versions: Sequence[Mapping[Cell, float]], last: int | None = None
) -> Snapshots:
    """Snapshots of the frozen months, once for each version of their cells."""
    return build_snapshots(frozen.history(fitted.catalogue, versions, last), fitted.ladder, n_jobs=1)


def check_same_model(frozen: Frozen, fitted: FittedModel, digest: str) -> None:
    """Refuse another model or catalogue than the decision's.

    Raises
    ------
    AppealError
        It is another one.
    """
    if frozen.catalogue_digest != fitted.catalogue.digest:
        raise AppealError(
            f"the catalogue has changed since the decision (digest {frozen.catalogue_digest[:12]} then, "
            f"{fitted.catalogue.digest[:12]} now); give the folder of model {frozen.model_version} as it was"
        )
    if frozen.model_digest != digest:
        raise AppealError(
            f"the model has changed since the decision ({frozen.model_version}, digest {frozen.model_digest[:12]}, "
            f"then, {fitted.version}, digest {digest[:12]}, now); give the folder of the model that decided"
        )


def _months(history: History, borrower_id: Any, month: int | None) -> tuple[History, int]:
    """One borrower's months, and the row of one of them."""
    panel = history.select([borrower_id])
    if month is None:
        return panel, len(panel) - 1
    found = np.flatnonzero(panel.month_number == month)
    if not len(found):
        raise AppealError(f"borrower {borrower_id!r} has no row of {format_month(month, panel.month_type)}")
    return panel, int(found[0])


def _plain_id(borrower_id: Any) -> str | int:
    plain = borrower_id.item() if isinstance(borrower_id, np.generic) else borrower_id
    return plain if isinstance(plain, int) else str(plain)
