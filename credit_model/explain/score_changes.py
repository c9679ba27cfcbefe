"""`explain_changes`: why the score of any model differs between any two dates; no history is needed."""

from __future__ import annotations

import warnings
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np
import pandas as pd

from credit_model.arrays import FloatArray
from credit_model.errors import CreditModelError, CreditModelWarning, EngineError
from credit_model.explain.changes import ChangeExplanations
from credit_model.explain.paired_tables import paired_tables
from credit_model.explain.scored_models import ScoredModel, scored_model
from credit_model.notebook import notebook_html
from credit_model.portfolio.catalogue import read_catalogue
from credit_model.portfolio.column_catalogue import catalogue_of_columns, catalogue_of_model, factors_of
from credit_model.portfolio.declarations import MOST_FACTORS, Catalogue
from credit_model.trees.engines.tree_model import ScoreUnit

Worse = Literal["higher", "lower"]
#: Most by which contributions may miss the change of the score, as a share of the largest score (at least 1).
_EXACTNESS = 1e-9


@dataclass(frozen=True, kw_only=True)
class ScoreChanges(ChangeExplanations):
    """Why the scores of a model changed: one row a change, in the model's own units.

    ``keep_score_before`` and ``keep_score_after`` are the scores before and after, ``contributions`` sum to their
    difference, ``borrower_id`` holds the keys.

    Attributes
    ----------
    unit : str
        What the score is (`TreeModel.unit`).
    worse : "higher", "lower" or ""
        Which way the score is worse for the borrower; "": not said, and nothing is told as a reason.
    dates : tuple of two str
        Of before and after; "" where they are not said.

    Notes
    -----
    The further attributes are those of `ChangeExplanations`.
    """

    unit: ScoreUnit
    worse: Worse | Literal[""] = ""
    dates: tuple[str, str] = ("", "")

    _SHARED: ClassVar[frozenset[str]] = ChangeExplanations._SHARED | {"unit", "worse", "dates"}

    @property
    def score_before(self) -> FloatArray:
        """Scores before (n,)."""
        return self.keep_score_before

    @property
    def score_after(self) -> FloatArray:
        """Scores after (n,)."""
        return self.keep_score_after

    @property
    def has_what_if(self) -> bool:
        """Whether all mixtures of factors are tabulated: not of more than 16 factors."""
        return bool(self.coalition_scores.shape[1])

    @cached_property
    def what_if(self) -> pd.DataFrame:
        """Scores of all mixtures of factors before and after (n, 2**n_factors); see ``coalition_scores``.

        Raises
        ------
        CreditModelError
            There are more than 16 factors.
        """
        if not self.has_what_if:
            n = len(self.catalogue.factor_ids)
            raise CreditModelError(
                f"the what-if table has 2**factors columns and allows {MOST_FACTORS} factors, got {n}; gather the "
                "features in groups"
            )
        return super().what_if

    @cached_property
    def summary(self) -> pd.DataFrame:
        """One row a change.

        Columns: key, score_before, score_after, change, worsened (whether it went the worse way; <NA> where that is
        not said), moved_most (the factor with the largest contribution, "" where nothing moved the score).
        """
        change = self.score_after - self.score_before
        values = self.factor_contributions
        most = np.abs(values).argmax(axis=1) if len(self) else np.empty(0, dtype=np.int64)
        ids = np.array([*self.catalogue.factor_ids, ""], dtype=object)
        moved = np.abs(values).max(axis=1, initial=0.0) > 0
        worsened = pd.array(change * self._sign < 0 if self.worse else [pd.NA] * len(self), dtype="boolean")
        return pd.DataFrame(
            {
                "key": self.borrower_id,
                "score_before": self.score_before,
                "score_after": self.score_after,
                "change": change,
                "worsened": worsened,
                "moved_most": pd.array(ids[np.where(moved, most, -1)], dtype="str"),
            }
        )

    @property
    def _sign(self) -> int:
        return -1 if self.worse == "higher" else 1

    def as_better(self) -> ScoreChanges:
        """The same changes of a score of which more is better: of a model of which more is worse, its negative.

        Raises
        ------
        CreditModelError
            Which way the score is worse has not been said.
        """
        if not self.worse:
            raise CreditModelError(
                "which way the score is worse must be said before anything is a reason: "
                "explain_changes(..., worse='higher') of a probability of default, worse='lower' of a credit score"
            )
        if self.worse == "lower":
            return self
        scores = ("keep_score_before", "keep_score_after", "contributions", "coalition_scores")
        turned: dict[str, Any] = {name: -getattr(self, name) for name in scores}
        for name in ("fits_led", "fits_headed", "fits_lowered", "n_fits", "share_spread"):
            turned[name] = np.empty((0, 0))  # counted anew
        return replace(self, **turned, worse="lower")

    def factor_order(self, row: int = 0) -> tuple[int, ...]:
        """The factors of one change in the order in which they are shown: the heaviest first."""
        values = self.factor_contributions[row]
        return tuple(int(g) for g in np.argsort(-np.abs(values), kind="stable"))

    def select(self, key: Any, month: Any = None) -> Self:
        """The changes of one key.

        Raises
        ------
        CreditModelError
            There is none.
        """
        mine = np.array([str(own) == str(key) for own in self.borrower_id], dtype=bool)
        if not mine.any() or month is not None:
            raise CreditModelError(f"there is no change with the key {key!r}; the {len(self)} keys are in 'summary'")
        return self[mine]

    def _repr_html_(self) -> str:
        first = self[:10]
        table = pd.concat([first.summary, first.by_factor.map(lambda value: f"{value:+.3g}" if value else "0")], axis=1)
        head = "<p><b>{n:,} changes of a score</b> ({model}). The first ten, with what each factor adds:</p>"
        return notebook_html(head, table, n=len(self), model=self.model_version)


def explain_changes(
    model: Any,
    before: Any,
    after: Any,
    *,
    groups: Sequence[Hashable] | Mapping[Hashable, Sequence[Any]] | None = None,
    catalogue: str | Path | Catalogue | None = None,
    keys: Any = None,
    worse: Worse | None = None,
    dates: tuple[Any, Any] | None = None,
    score_class: Any = None,
    n_jobs: int = -1,
) -> ScoreChanges:
    """Why the scores of a model differ between two tables, exactly: any fitted trees, any two dates, no history.

    Parameters
    ----------
    model : fitted model, path, TreeModel or AdditiveScore
        What `read_tree_model` reads, or a sum of columns.
    before, after : DataFrame or array-like, (n, n_features)
        Rows of the model's columns at two dates. Data frames are read by name.
    groups : mapping group -> features, or sequence of n_features labels, optional
        Features of one factor; those that a mapping leaves out stand alone. None, without a catalogue: all do.
    catalogue : str, path or Catalogue, optional
        Instead of groups: declares a feature for each of the model's columns, with factors, labels and wording; its
        states (the tier in force) are no players and are taken from ``after``.
    keys : column name or array, optional
        Names the rows. A column must be in both tables, which are then matched by it, in the order of ``after``; rows
        of one table alone are left out with a warning. Of an array there must be one a row. None: rows are matched as
        they stand.
    worse : {"higher", "lower"}, optional
        Which way the score is worse for the borrower: higher of a probability of default. Needed for reasons and pages.
    dates : tuple of two, optional
        What the two dates are called.
    score_class : label, optional
        Of several classes the one whose score is meant.
    n_jobs : int
        Threads; the result does not depend on it.

    Returns
    -------
    ScoreChanges
        With ``by_factor``, ``by_feature``, ``what_if``, ``to_shap()``, ``summary``; `plots.plot_score_change`,
        `words.change_reasons` and `documents.write_score_pages` take it.

    Raises
    ------
    EngineError
        The model cannot be read exactly, or a table or the groups do not fit it.
    CatalogueError
        The catalogue lacks a column of the model's.
    CreditModelError
        The tables do not match, or ``worse`` is neither.

    Examples
    --------
    >>> from sklearn.ensemble import GradientBoostingRegressor
    >>> X = pd.DataFrame(np.random.default_rng(0).normal(size=(200, 3)), columns=["income", "debt", "late"])
    >>> model = GradientBoostingRegressor(n_estimators=20).fit(X, X["income"] - X["debt"] * X["late"])
    >>> changes = explain_changes(model, X[:50], X[50:100], groups={"owing": ["debt", "late"]}, worse="lower")
    >>> list(changes.by_factor)
    ['income', 'owing']
    >>> bool((abs(changes.by_factor.sum(axis=1) - changes.summary["change"]) < 1e-9).all())
    True
    """
    if worse not in (None, "higher", "lower"):
        raise CreditModelError(f"worse must be 'higher' or 'lower', got {worse!r}")
    if groups is not None and catalogue is not None:
        raise CreditModelError("factors must come from groups or from a catalogue, got both; leave one out")
    pair = paired_tables(before, after, keys)
    own = scored_model(model, score_class=score_class)
    z, x = own.read(pair.before, "before"), own.read(pair.after, "after")
    declared = _catalogue(own, groups, catalogue)
    group = np.full(len(declared.features), -1, dtype=np.int64)
    players = np.array([feature.role is None for feature in declared.features], dtype=np.bool_)
    group[players] = declared.factor_index
    n_factors = len(declared.factor_ids)
    z = z.with_columns_of(x, ~players)  # a state is as it is after
    found = own.explained(x, z, group, n_factors if n_factors <= MOST_FACTORS else 0, n_jobs=n_jobs)
    score_z, score_x, values, table = found.score_z, found.score_x, found.owen_values, found.coalition_scores
    error = np.abs(values.sum(axis=1) - (score_x - score_z)).max(initial=0.0)
    if error > _EXACTNESS * max(1.0, np.abs(score_x).max(initial=0.0), np.abs(score_z).max(initial=0.0)):
        raise EngineError(f"contributions must sum to the change of the score, and miss it by {error:g}; it is damaged")
    if pair.note:
        warnings.warn(pair.note, CreditModelWarning, stacklevel=2)
    n = len(score_x)
    return ScoreChanges(
        catalogue=declared,
        reference="before",
        model_version=own.version,
        month_type="integer",
        borrower_id=pair.keys,
        month_number=np.ones(n, dtype=np.int64),
        reference_month_number=np.zeros(n, dtype=np.int64),
        reference_censored=np.zeros(n, dtype=np.bool_),
        has_reference=np.ones(n, dtype=np.bool_),
        limit_before=np.full(n, np.nan),
        tier_before=np.zeros(n, dtype=np.int64),
        keep_score_before=score_z,
        keep_score_after=score_x,
        contributions=np.ascontiguousarray(values[:, players]),
        features_before=np.ascontiguousarray(z.shown[:, players]),
        features_after=np.ascontiguousarray(x.shown[:, players]),
        coalition_scores=table,
        unit=own.unit,
        worse=worse or "",
        dates=("", "") if dates is None else (str(dates[0]), str(dates[1])),
    )


def _catalogue(own: ScoredModel, groups: Any, catalogue: str | Path | Catalogue | None) -> Catalogue:
    if catalogue is not None:
        declared = catalogue if isinstance(catalogue, Catalogue) else read_catalogue(catalogue)
        return catalogue_of_model(declared, own.names, own.levels)
    factors = factors_of(groups, own.names)
    return catalogue_of_columns(own.names, factors, name=own.kind, levels=own.levels, categorical=own.categorical)
