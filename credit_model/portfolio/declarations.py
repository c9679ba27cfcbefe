"""What a catalogue declares: columns, factors and features, as `portfolio.catalogue` reads them from TOML."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from credit_model.errors import CatalogueError
from credit_model.notebook import notebook_html
from credit_model.portfolio.evidence import DocumentKind, Ledger
from credit_model.portfolio.labels import Label as Label
from credit_model.portfolio.ladder import LimitLadder
from credit_model.portfolio.levers import Lever, PlanRules
from credit_model.readers.source_format import SourceFormat

About = Literal["borrower", "economy", "lender"]
Kind = Literal["number", "integer", "boolean", "category"]
Source = Literal["own_records", "bureau", "partner", "lender", "public"]
Unit = Literal[
    "money",
    "ratio",
    "share",
    "percent",
    "days",
    "months",
    "weeks",
    "quarters",
    "points",
    "years",
    "count",
    "boolean",
    "index",
    "category",
]
Summary = Literal["last", "mean", "max", "min", "std", "sum", "share", "count", "change", "trend", "months_since"]
Effect = Literal["raises", "lowers", "free"]
Exemption = Literal["knock_out", "delinquency", "inactivity", "class_wide"]

#: The states that a catalogue may declare: known before the decision, never a driver of it.
STATES = ("tier_in_force", "limit_in_force")
SIGNS: Mapping[str, int] = {"raises": 1, "lowers": -1, "free": 0}
#: Factors that a catalogue may declare: all 2^n mixtures of an earlier and a later state are computed for each cut.
MOST_FACTORS = 16
SUMMARIES: tuple[str, ...] = get_args(Summary)


@dataclass(frozen=True)
class Factor:
    """A group of features that is named as one reason.

    Attributes
    ----------
    id : str
    label : Label
    about : "borrower", "economy" or "lender"
        Whose doing it is; only a borrower's factor may be worded as the borrower's doing.
    """

    id: str
    label: Label
    about: About


@dataclass(frozen=True)
class Column:
    """A column of the history table, and the rules that its values keep.

    Attributes
    ----------
    minimum, maximum : float or None
        Closed range of the values.
    max_rise : float or None
        Most that a value may rise from one month to the next.
    required : bool
        False: may be absent from the data; all its cells are then missing.
    role : "audit" or None
        Audit columns are carried for fairness checks and can be no feature.
    source : str
        Where the lender has the data from.
    categories : tuple of str
        All values of a column of kind "category"; a value's place is its code.
    """

    name: str
    kind: Kind
    unit: Unit
    minimum: float | None
    maximum: float | None
    max_rise: float | None
    required: bool
    role: Literal["audit"] | None
    label: Label
    source: Source
    categories: tuple[str, ...]


@dataclass(frozen=True)
class Feature:
    """A number that summarises a borrower's last months; a driver of decisions, or a state before them.

    Attributes
    ----------
    factor : str
        The factor's id; "" for a state.
    column : str or None
        The column summarised; None for ratios and states.
    numerator, denominator : str or None
        Columns of a ratio; the denominator may be the state "limit_in_force".
    summary, denominator_summary : str
        How the months of the window become one number (`snapshots`).
    window : int
        Months.
    above : float
        For share, count and months_since: months count whose value is greater.
    effect : "raises", "lowers" or "free"
        The sign that a higher value may have on the limit: a hard constraint on the model.
    code : str
        Reason code; "" for a state.
    reason : Label or None
        Wording with ``{before}`` and ``{after}``; None for a state.
    exemption : str or None
        The kind of rule that the feature stands for, where notices treat it apart.
    source : str
        Where the lender has the data from.
    """

    id: str
    factor: str
    role: Literal["state"] | None
    column: str | None
    numerator: str | None
    denominator: str | None
    summary: Summary
    denominator_summary: Summary
    window: int
    above: float
    unit: Unit
    effect: Effect
    code: str
    label: Label
    reason: Label | None
    exemption: Exemption | None
    source: Source
    categorical: bool

    @property
    def sign(self) -> int:
        """The effect as -1, 0 or 1."""
        return SIGNS[self.effect]


@dataclass(frozen=True)
class Closure:
    """How an account that has ended shows in its rows; such a row has no limit, and is never a cut.

    Attributes
    ----------
    column : str or None
        A declared column that tells it; None: a blank limit is a closure.
    cells : tuple of float
        The column's cells that mean "closed", as a history holds them (categories as codes, true as 1).
    """

    column: str | None
    cells: tuple[float, ...]


@dataclass(frozen=True)
class Catalogue:
    """A portfolio's declaration, read by `read_catalogue`.

    Attributes
    ----------
    name, version, currency : str
    borrower, month, limit : str
        Names of the history's key columns; of a borrower with parts, the name of the joined id.
    borrower_parts : tuple of str
        The columns that are joined to a borrower's id; empty where it is one column.
    reviewed : str or None
        Column that is true where a decision was taken; None: every month is one.
    unit : float
        The currency's smallest unit: limits are rounded to it, so that noise in a float is no move.
    closed : Closure or None
        None: nothing in the data says that an account has ended.
    not_a_cut : tuple of str
        Columns that are true where a change of the limit is not the lender's decision: the customer's own request,
        the end of a temporary rise, a change of currency. Such a row is no decision and never a cut.
    calendar : "monthly", "quarterly", "weekly", "yearly" or None
        The panel's periods: rows, windows and lags count them. None: months.
    month_format : str or None
        How the months are written, where the cells do not prove it (`portfolio.month_columns`).
    decision_lag : 0 or 1
        0: decided at the end of a month, knowing it; 1: at its start, knowing the month before.
    warm_up : int
        A borrower's first rows, before which no decision is trained on.
    ladder : LimitLadder or None
    quantiles : int or None
        Number of tiers to learn from the limits at fit, where no ladder is given.
    columns, factors, features : tuples
        In the order of the file; features include the states.
    source : SourceFormat
        How the data are written.
    plan : PlanRules
        What plans keep to.
    levers : tuple of Lever
        What a borrower can move, in the order of the file.
    documents : tuple of DocumentKind
        Papers that may correct data.
    ledgers : tuple of Ledger
        Sums that have to hold from month to month.
    text : str
        The TOML as read; `digest` names it.
    """

    name: str
    version: str
    currency: str
    borrower: str
    borrower_parts: tuple[str, ...]
    month: str
    limit: str
    reviewed: str | None
    unit: float
    closed: Closure | None
    not_a_cut: tuple[str, ...]
    calendar: str | None
    month_format: str | None
    decision_lag: int
    warm_up: int
    ladder: LimitLadder | None
    quantiles: int | None
    columns: tuple[Column, ...]
    factors: tuple[Factor, ...]
    features: tuple[Feature, ...]
    source: SourceFormat
    plan: PlanRules
    levers: tuple[Lever, ...]
    documents: tuple[DocumentKind, ...]
    ledgers: tuple[Ledger, ...]
    text: str

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the text: two catalogues are the same exactly if their digests are."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @cached_property
    def id_columns(self) -> tuple[str, ...]:
        """The columns of the data that name a borrower: one, or the parts."""
        return self.borrower_parts or (self.borrower,)

    @cached_property
    def feature_names(self) -> tuple[str, ...]:
        """Ids of all features, states included: the model's columns, in order."""
        return tuple(feature.id for feature in self.features)

    @cached_property
    def drivers(self) -> tuple[Feature, ...]:
        """The features that can drive a decision (all but the states)."""
        return tuple(feature for feature in self.features if feature.role is None)

    @cached_property
    def driver_names(self) -> tuple[str, ...]:
        """Ids of the drivers."""
        return tuple(feature.id for feature in self.drivers)

    @cached_property
    def state_names(self) -> tuple[str, ...]:
        """Ids of the states."""
        return tuple(feature.id for feature in self.features if feature.role == "state")

    @cached_property
    def categorical_names(self) -> tuple[str, ...]:
        """Ids of the features whose values are unordered codes."""
        return tuple(feature.id for feature in self.features if feature.categorical)

    @cached_property
    def monotonic_cst(self) -> dict[str, int]:
        """Feature id -> the sign (-1, 0, 1) that a higher value may have on the limit."""
        return {feature.id: feature.sign for feature in self.features}

    @cached_property
    def factor_ids(self) -> tuple[str, ...]:
        """Ids of the factors."""
        return tuple(factor.id for factor in self.factors)

    @cached_property
    def factor_index(self) -> NDArray[np.int64]:
        """Each driver's factor, as a position in `factor_ids`: (n_drivers,)."""
        return np.array([self.factor_ids.index(feature.factor) for feature in self.drivers], dtype=np.int64)

    @cached_property
    def by_factor(self) -> tuple[tuple[Feature, ...], ...]:
        """For each factor its drivers, in order."""
        return tuple(tuple(f for f in self.drivers if f.factor == factor) for factor in self.factor_ids)

    @cached_property
    def factor_drivers(self) -> tuple[NDArray[np.int64], ...]:
        """For each factor the positions of its drivers in `driver_names`, ascending."""
        return tuple(np.flatnonzero(self.factor_index == g) for g in range(len(self.factors)))

    @cached_property
    def audit_names(self) -> tuple[str, ...]:
        """Names of the audit columns."""
        return tuple(column.name for column in self.columns if column.role == "audit")

    @cached_property
    def _by_id(self) -> dict[str, Feature]:
        return {feature.id: feature for feature in self.features}

    @cached_property
    def _by_name(self) -> dict[str, Column]:
        return {column.name: column for column in self.columns}

    def feature(self, feature_id: str) -> Feature:
        """The feature with this id.

        Raises
        ------
        CatalogueError
            There is none.
        """
        if feature_id not in self._by_id:
            raise CatalogueError(f"catalogue {self.name!r} declares no feature {feature_id!r}")
        return self._by_id[feature_id]

    def column(self, name: str) -> Column:
        """The column with this name.

        Raises
        ------
        CatalogueError
            There is none.
        """
        if name not in self._by_name:
            raise CatalogueError(f"catalogue {self.name!r} declares no column {name!r}")
        return self._by_name[name]

    def factor(self, factor_id: str) -> Factor:
        """The factor with this id.

        Raises
        ------
        CatalogueError
            There is none.
        """
        if factor_id not in self.factor_ids:
            raise CatalogueError(
                f"catalogue {self.name!r} declares no factor {factor_id!r}; its factors: {', '.join(self.factor_ids)}"
            )
        return self.factors[self.factor_ids.index(factor_id)]

    def _repr_html_(self) -> str:
        factors = {
            "factor": [" / ".join(factor.label.texts.values()) for factor in self.factors],
            "about": [factor.about for factor in self.factors],
            "features": [len(drivers) for drivers in self.by_factor],
        }
        return notebook_html(
            "<p><b>Catalogue {name}</b> {version}: {columns} columns, {features} features</p>",
            factors,
            name=self.name,
            version=self.version,
            columns=len(self.columns),
            features=len(self.drivers),
        )
