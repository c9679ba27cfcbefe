"""Why scores changed between two dates: numbers with names, one row a change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_model.arrays import FloatArray, IntArray
from credit_model.errors import HistoryError
from credit_model.explain.coalitions import Coalitions
from credit_model.explain.pairs import sum_by_factor
from credit_model.explain.quantities import Quantities, moved_against
from credit_model.explain.shares import share_intervals, signed_shares
from credit_model.portfolio.declarations import Catalogue
from credit_model.portfolio.months import MonthType, format_month, month_number_of

if TYPE_CHECKING:
    import shap


@dataclass(frozen=True, kw_only=True)
class ChangeExplanations:
    """Why keep scores differ from those of a reference: one row a change, in log-odds of keeping the tier in force.

    Attributes
    ----------
    catalogue : Catalogue
    reference : str
        What each decision is compared with ("last_set", "last_review", "previous_month", "peers").
    model_version : str
    month_type : MonthType
    borrower_id : array (n,)
    month_number, reference_month_number : int64 arrays (n,)
        The decision's month and the reference's (the decision's own where there is none).
    reference_censored : bool array (n,)
        When the limit was set is not on record; the first usable snapshot with it stands in.
    has_reference : bool array (n,)
        False: nothing earlier is known of the borrower, so no change can be explained.
    limit_before : float64 array (n,), in the catalogue's currency
        The limit in force.
    tier_before : int64 array (n,)
        The tier in force.
    keep_score_before, keep_score_after : float64 arrays (n,), log-odds
        At the reference and at the decision; at least 0 keeps the tier in force.
    contributions : float64 array (n, n_drivers)
        Owen values by driver; rows sum to ``keep_score_after - keep_score_before``.
    features_before, features_after : float64 arrays (n, n_drivers)
        The drivers' values at the reference and at the decision; categories as codes.
    coalition_scores : float64 array (n, 2**n_factors)
        Keep scores of all mixtures: bit g of the column set, factor g is as it is now; else as it was.
    unseen : int64 array (n,)
        The driver with a value, then or now, that the model has never seen (`explain.seen`); -1: none.
    fits_led : int64 array (n, n_factors)
        In how many of the fits that count for a row each factor lowers the score most.
    fits_headed, fits_lowered : int64 arrays (n, n_drivers)
        In how many of them a driver's quantity lowers the score most within its factor, and at all.
    n_fits : int64 array (n,)
        How many fits count: all of the model's, or of a borrower that it was fitted on, those that did not see it.
        Without it (and the three counts above, which go with it) the contributions are those of one fit.
    share_spread : float64 array (n, n_factors)
        Standard deviation over these fits of the factors' shares (`explain.shares`); NaN where they are too few.
    """

    catalogue: Catalogue
    reference: str
    model_version: str
    month_type: MonthType
    borrower_id: NDArray[Any]
    month_number: IntArray
    reference_month_number: IntArray
    reference_censored: NDArray[np.bool_]
    has_reference: NDArray[np.bool_]
    limit_before: FloatArray
    tier_before: IntArray
    keep_score_before: FloatArray
    keep_score_after: FloatArray
    contributions: FloatArray
    features_before: FloatArray
    features_after: FloatArray
    coalition_scores: FloatArray
    fits_led: IntArray = field(kw_only=True, default_factory=lambda: np.empty((0, 0), dtype=np.int64))
    fits_headed: IntArray = field(kw_only=True, default_factory=lambda: np.empty((0, 0), dtype=np.int64))
    fits_lowered: IntArray = field(kw_only=True, default_factory=lambda: np.empty((0, 0), dtype=np.int64))
    unseen: IntArray = field(kw_only=True, default_factory=lambda: np.empty(0, dtype=np.int64))
    n_fits: IntArray = field(kw_only=True, default_factory=lambda: np.empty(0, dtype=np.int64))
    share_spread: FloatArray = field(kw_only=True, default_factory=lambda: np.empty((0, 0)))

    #: Fields that all rows share.
    _SHARED: ClassVar[frozenset[str]] = frozenset({"catalogue", "reference", "model_version", "month_type"})

    def __post_init__(self) -> None:
        if len(self.n_fits) != len(self.month_number):  # of a model of one fit
            lowest, n_factors = self.factor_contributions, len(self.catalogue.factor_ids)
            leads = (np.arange(n_factors) == lowest.argmin(axis=1)[:, None]) & (lowest < 0)
            object.__setattr__(self, "fits_led", leads.astype(np.int64))
            object.__setattr__(self, "n_fits", np.ones(len(lowest), dtype=np.int64))
            against = moved_against(self.catalogue, self.features_before, self.features_after)
            heads, lowers = Quantities(self.catalogue).of_one_fit(self.contributions, against)
            object.__setattr__(self, "fits_headed", heads.astype(np.int64))
            object.__setattr__(self, "fits_lowered", lowers.astype(np.int64))
        if len(self.unseen) != len(self.month_number):
            object.__setattr__(self, "unseen", np.full(len(self.month_number), -1, dtype=np.int64))
        if len(self.share_spread) != len(self.month_number):
            object.__setattr__(self, "share_spread", np.full(self.factor_contributions.shape, np.nan))

    def __len__(self) -> int:
        return len(self.month_number)

    def __getitem__(self, index: int | slice | IntArray | NDArray[np.bool_]) -> Self:
        """The explanations of some rows; an integer gives a single one (still with n = 1)."""
        if isinstance(index, int | np.integer):
            if not -len(self) <= index < len(self):
                raise IndexError(f"index {index} is out of range, there are {len(self)} rows")
            index = np.array([index])
        names = (f.name for f in fields(self) if f.name not in self._SHARED)
        return replace(self, **{name: getattr(self, name)[index] for name in names})

    @classmethod
    def concatenated(cls, parts: Sequence[Self]) -> Self:
        """Explanations of one model (at least one part), the rows of one part below those of the other."""
        names = (f.name for f in fields(parts[0]) if f.name not in cls._SHARED)
        rows: dict[str, Any] = {name: np.concatenate([getattr(one, name) for one in parts]) for name in names}
        return replace(parts[0], **rows)

    def __iter__(self) -> Iterator[Self]:
        return (self[i] for i in range(len(self)))

    @cached_property
    def factor_contributions(self) -> FloatArray:
        """Owen values by factor, (n, n_factors): the exact Shapley value of the game between factors."""
        return sum_by_factor(self.catalogue, self.contributions)

    @cached_property
    def by_factor(self) -> pd.DataFrame:
        """Contributions by factor (n, n_factors), log-odds."""
        return pd.DataFrame(self.factor_contributions, columns=list(self.catalogue.factor_ids))

    @cached_property
    def by_feature(self) -> pd.DataFrame:
        """Contributions by driver (n, n_drivers), log-odds; an unchanged driver has 0.0."""
        return pd.DataFrame(self.contributions, columns=list(self.catalogue.driver_names))

    @cached_property
    def shares(self) -> pd.DataFrame:
        """Contributions by factor over the sum of their absolute values (n, n_factors), in -1 .. 1.

        Columns (factor, "share"), (factor, "low") and (factor, "high"): the ends hold the lender's own share in at
        least nine of ten cases of every simulated lender (`explain.shares`); NaN where too few fits say how sure the
        model is.
        """
        low, high = share_intervals(self.factor_contributions, self.share_spread)
        parts = {"share": signed_shares(self.factor_contributions), "low": low, "high": high}
        tables = {end: pd.DataFrame(values, columns=list(self.catalogue.factor_ids)) for end, values in parts.items()}
        columns = pd.MultiIndex.from_product([self.catalogue.factor_ids, parts], names=["factor", "of"])
        return pd.concat(tables, axis=1).swaplevel(axis=1).reindex(columns=columns)

    @cached_property
    def values_before(self) -> pd.DataFrame:
        """The drivers' values at the reference (n, n_drivers)."""
        return pd.DataFrame(self.features_before, columns=list(self.catalogue.driver_names))

    @cached_property
    def values_after(self) -> pd.DataFrame:
        """The drivers' values at the decision (n, n_drivers)."""
        return pd.DataFrame(self.features_after, columns=list(self.catalogue.driver_names))

    @cached_property
    def coalitions(self) -> Coalitions:
        """The keep scores of all mixtures of factors then and now, by name."""
        return Coalitions(self.catalogue.factor_ids, self.coalition_scores)

    @cached_property
    def what_if(self) -> pd.DataFrame:
        """Keep scores of all mixtures of factors then and now (n, 2**n_factors); see ``coalition_scores``."""
        return pd.DataFrame(self.coalition_scores)

    def select(self, borrower_id: Any, month: Any = None) -> Self:
        """The rows of one borrower (in one month).

        Parameters
        ----------
        borrower_id : as in the history
        month : a date, "2024-03" or an integer month, optional

        Raises
        ------
        HistoryError
            There is no such row.
        """
        borrower_id = borrower_id.item() if isinstance(borrower_id, np.generic) else borrower_id
        mine = np.array([str(b) == str(borrower_id) for b in self.borrower_id], dtype=bool)
        if not mine.any():
            raise HistoryError(
                f"borrower {borrower_id!r} has no limit decrease here; the {len(self)} decreases are in 'summary'"
            )
        if month is not None:
            number = month_number_of(month, self.month_type)
            shown = ", ".join(format_month(m, self.month_type) for m in self.month_number[mine])
            mine &= self.month_number == number
            if not mine.any():
                raise HistoryError(
                    f"borrower {borrower_id!r} has no limit decrease in {format_month(number, self.month_type)}; "
                    f"decreases were in {shown}"
                )
        return self[mine]

    def in_month(self, month: Any) -> Self:
        """The rows of one month (a date, "2024-03" or an integer month); there may be none."""
        return self[self.month_number == month_number_of(month, self.month_type)]

    def to_shap(self, *, by: Literal["feature", "factor"] = "feature", lang: str = "en") -> shap.Explanation:
        """As a `shap.Explanation`, so that every plot of shap works.

        ``base_values`` are the keep scores at the reference, ``data`` the values at the decision (for factors:
        how far each factor moved the score); names are the catalogue's labels in ``lang``.
        """
        import shap

        if by == "factor":
            labels = [factor.label.text(lang) for factor in self.catalogue.factors]
            values, data = self.factor_contributions, self.factor_contributions
        else:
            labels = [feature.label.text(lang) for feature in self.catalogue.drivers]
            values, data = self.contributions, self.features_after
        return shap.Explanation(
            values=values.copy(),
            base_values=self.keep_score_before.copy(),
            data=data.copy(),
            feature_names=labels,
        )
