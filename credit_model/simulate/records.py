"""What a lender's records show of what happened: columns that are blank, seen through a proxy, noisy or late.

The borrowers live and the lender decides as before, and the truth stays the truth; only the history differs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from credit_model.errors import CreditModelError
from credit_model.portfolio.catalogue import read_catalogue
from credit_model.portfolio.declarations import Column
from credit_model.simulate.economy import as_stored
from credit_model.simulate.settings_rules import share, whole_number
from credit_model.simulate.streams import RECORDS_TABLE, SHARED_RECORDS_TABLE, stream

#: How far a proxy strays from what it stands for: a share of the value for amounts and counts, else so many units.
PROXY_SHARE = 0.5
PROXY_UNITS = {
    **dict.fromkeys(("score_identity", "score_ability", "score_history", "score_network", "score_behaviour"), 15.0),
    "unemployment_rate": 0.5,
    "activity_index": 2.5,
    "policy_appetite_index": 0.3,
    "class_appetite_index": 0.4,
    "funding_index": 0.4,
}
#: Share of the months in which the proxy of a yes or no says the other.
PROXY_FLIPS = 0.15
#: Who is told of things by others, and may be told late.
LATE_SOURCES = ("bureau", "partner", "public")
#: Columns that are the month's, or the class's in the month: their noise is the same for all.
SHARED = ("unemployment_rate", "activity_index", "policy_appetite_index", "class_appetite_index", "funding_index")


@dataclass(frozen=True)
class Records:
    """What the history shows.

    Parameters
    ----------
    hide : sequence of str
        Features, or factors for all of theirs, whose columns are blank: those that no other feature uses.
    proxy : sequence of str
        Likewise; their columns hold a noisy copy of the truth.
    noise : float
        Spread of the errors in all numbers of the borrowers' own but days past due and idle months, as a share of
        the value.
    late : int
        Months by which the records of bureau, partners and public sources come late.

    Raises
    ------
    CreditModelError
        A name is none, or all of a feature's columns are used by others, or a number breaks its rule.
    """

    hide: tuple[str, ...] = ()
    proxy: tuple[str, ...] = ()
    noise: float = 0.0
    late: int = 0

    def __post_init__(self) -> None:
        for name in ("hide", "proxy"):
            given = getattr(self, name)
            object.__setattr__(self, name, (given,) if isinstance(given, str) else tuple(given))
        object.__setattr__(self, "noise", share("noise", self.noise))
        object.__setattr__(self, "late", whole_number("late", self.late, 0, 12))
        _ = self.blank
        for column in self.seen_through_proxies:
            if _column(column).max_rise is not None:
                raise CreditModelError(f"proxy must not name what counts days or months in a row, such as {column}")

    @property
    def blank(self) -> tuple[str, ...]:
        """The columns that are blank."""
        return columns_of(self.hide, "hide")

    @property
    def seen_through_proxies(self) -> tuple[str, ...]:
        """The columns that hold a noisy copy."""
        return columns_of(self.proxy, "proxy")

    @property
    def arguments(self) -> dict[str, Any]:
        """What a manifest states: only what is not the default."""
        stated = {"hide": list(self.hide), "proxy": list(self.proxy), "noise": self.noise, "late": self.late}
        return {name: value for name, value in stated.items() if value}

    def of(self, columns: dict[str, Any], seed: int, block: int, n_months: int, n_drawn: int) -> dict[str, Any]:
        """The columns of a block's history as they are recorded.

        Parameters
        ----------
        columns : dict of name to array
            Rows by borrower, then month; those that the catalogue does not declare as numbers or yes or no stay.
        seed, block : int
        n_months : int
        n_drawn : int
            Borrowers that noise is drawn for: as many in every block, so that it does not depend on their number.
        """
        import pyarrow as pa

        found = dict(columns)
        for place, column in enumerate(read_catalogue("synthetic").columns):
            if column.role == "audit" or column.name not in found:
                continue
            values = found[column.name]
            if column.name in self.blank:
                found[column.name] = pa.nulls(len(values), type=pa.array(values[:0]).type)
                continue
            shared = column.name in SHARED
            if column.name in self.seen_through_proxies or (self.noise > 0 and column.kind == "integer" and not shared):
                table = SHARED_RECORDS_TABLE if shared else RECORDS_TABLE
                rng = stream(seed, table, place if shared else block * 1000 + place)
                z = rng.standard_normal((1 if shared else n_drawn, n_months))
                cells = np.broadcast_to(z, (len(values) // n_months, n_months)) if shared else z
                values = self._strayed(column, values, cells.reshape(-1)[: len(values)])
            if self.late and column.source in LATE_SOURCES:
                by_month = values.reshape(-1, n_months)
                seen = np.maximum(np.arange(n_months) - self.late, 0)  # before the first report, the first is known
                values = by_month[:, seen].reshape(-1)
            found[column.name] = values
        return found

    def _strayed(self, column: Column, values: Any, z: Any) -> Any:
        """Values with errors, within the catalogue's rules."""
        if column.kind == "boolean":
            return values ^ (z > _quantile_of_flips())
        if column.max_rise is not None:
            return values
        exact = values.astype(np.float64)
        through_proxy = column.name in self.seen_through_proxies
        if through_proxy and column.name in PROXY_UNITS:
            exact = exact + PROXY_UNITS[column.name] * z
        else:
            spread = PROXY_SHARE if through_proxy else self.noise
            exact = exact * np.exp(spread * z - 0.5 * spread**2)
        low = -np.inf if column.minimum is None else column.minimum
        high = np.inf if column.maximum is None else column.maximum
        exact = np.clip(exact, low, high)
        if column.kind == "integer":
            return np.minimum(np.rint(exact), np.iinfo(values.dtype).max).astype(values.dtype)
        return as_stored(exact, decimals=3).astype(values.dtype)


def columns_of(names: Sequence[str], option: str) -> tuple[str, ...]:
    """The columns that features (or factors' features) use and no others do, in the catalogue's order.

    >>> columns_of(["gaming_share_6m"], "hide"), columns_of(["economy"], "hide")
    (('gaming_amount',), ('unemployment_rate', 'activity_index'))
    """
    catalogue = read_catalogue("synthetic")
    features: list[str] = []
    for name in names:
        if name in catalogue.factor_ids:
            features += [f.id for f in catalogue.drivers if f.factor == name]
        elif name in catalogue.driver_names:
            features.append(name)
        else:
            raise CreditModelError(f"{option} must name features or factors of catalogue synthetic, got {name!r}")
    users: dict[str, set[str]] = {}
    for feature in catalogue.drivers:
        for column in (feature.column, feature.numerator, feature.denominator):
            if column is not None and column != "limit_in_force":
                users.setdefault(column, set()).add(feature.id)
    found = {column for column, used_by in users.items() if used_by <= set(features)}
    for name in features:
        own = [column for column, used_by in users.items() if name in used_by]
        if not found & set(own):
            others = sorted(set().union(*(users[column] for column in own)) - set(features))
            raise CreditModelError(
                f"{option} must leave nothing to see of {name}, but its column {own[0]} is also used by "
                f"{', '.join(others)}; name them as well"
            )
    return tuple(column.name for column in catalogue.columns if column.name in found)


def _column(name: str) -> Column:
    return read_catalogue("synthetic").column(name)


def _quantile_of_flips() -> float:
    """The standard normal number that is exceeded in `PROXY_FLIPS` of all draws."""
    from statistics import NormalDist

    return NormalDist().inv_cdf(1 - PROXY_FLIPS)
