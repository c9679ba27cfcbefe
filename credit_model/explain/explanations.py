"""The result of explaining limit decreases: tables with names, and what follows from them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from functools import cached_property
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from credit_model.errors import ArtifactError, HistoryError
from credit_model.files import fresh_folder, read_table, write_table
from credit_model.portfolio.catalogue import Catalogue, parse_catalogue
from credit_model.portfolio.ladder import LimitLadder
from credit_model.portfolio.months import format_month, month_number_of, months_as_values

if TYPE_CHECKING:
    import shap

    from credit_model.documents.notice import Notice

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

#: A leading factor whose lead is at most this share of the whole change is nearly tied with the next.
NEAR_TIE_SHARE = 0.10
#: Within this share of the whole change, a cause that is not the borrower's is named before one that is. Graded on
#: simulated cuts, 0.06 keeps the lender's and the economy's doing laid on the borrower below 2 % of such cuts.
DOUBT_SHARE = 0.06


@dataclass(frozen=True, kw_only=True)
class DecreaseExplanations:
    """Why limits fell: one row a decrease, in log-odds of keeping the tier in force.

    Attributes
    ----------
    catalogue : Catalogue
    ladder : LimitLadder
    reference : str
        What each decrease is compared with ("last_set", "last_review", "previous_month", "peers").
    model_version : str
    month_type : "date" or "integer"
    borrower_id : array (n,)
    month_number, reference_month_number : int64 arrays (n,)
        The decision's month and the reference's (the decision's own where there is none).
    reference_censored : bool array (n,)
        The limit was set before the panel's first usable snapshot, which stands in.
    has_reference : bool array (n,)
        False: nothing earlier is known of the borrower, so no change can be explained.
    limit_before, limit_after : float64 arrays (n,), in the catalogue's currency
    tier_before, tier_after : int64 arrays (n,)
    contributions : float64 array (n, n_drivers)
        Owen values by feature; rows sum to ``keep_score_after - keep_score_before``.
    features_before, features_after : float64 arrays (n, n_drivers)
        Feature values at the reference and at the decision; categories as codes.
    coalitions : float64 array (n, 2**n_factors)
        Keep scores of all mixtures: bit g of the column set, factor g is as it is now; else as it was.
    """

    catalogue: Catalogue
    ladder: LimitLadder
    reference: str
    model_version: str
    month_type: Literal["date", "integer"]
    borrower_id: NDArray[Any]
    month_number: IntArray
    reference_month_number: IntArray
    reference_censored: NDArray[np.bool_]
    has_reference: NDArray[np.bool_]
    limit_before: FloatArray
    limit_after: FloatArray
    tier_before: IntArray
    tier_after: IntArray
    keep_score_before: FloatArray
    keep_score_after: FloatArray
    contributions: FloatArray
    features_before: FloatArray
    features_after: FloatArray
    coalitions: FloatArray

    def __len__(self) -> int:
        return len(self.month_number)

    def __getitem__(self, index: int | slice | IntArray | NDArray[np.bool_]) -> DecreaseExplanations:
        """The explanations of some rows; an integer gives a single one (still with n = 1)."""
        if isinstance(index, int | np.integer):
            if not -len(self) <= index < len(self):
                raise IndexError(f"index {index} is out of range, there are {len(self)} decreases")
            index = np.array([index])
        return replace(self, **{name: getattr(self, name)[index] for name in _ROW_FIELDS})

    def __iter__(self) -> Iterator[DecreaseExplanations]:
        return (self[i] for i in range(len(self)))

    @cached_property
    def factor_contributions(self) -> FloatArray:
        """Owen values by factor, (n, n_factors): the exact Shapley value of the game between factors."""
        return np.stack(
            [
                self.contributions[:, self.catalogue.factor_index == g].sum(axis=1)
                for g in range(len(self.catalogue.factor_ids))
            ],
            axis=1,
        )

    @cached_property
    def leading_factor_index(self) -> IntArray:
        """The factor that lowered the score most, (n,); -1 where none lowered it.

        In doubt the borrower is not blamed: a factor of the economy's or the lender's that comes within `DOUBT_SHARE`
        of the whole change is named before a borrower's. Contributions are not touched by this.
        """
        values = self.factor_contributions
        row = np.arange(len(values))
        lowest = values.argmin(axis=1)
        others = np.flatnonzero([factor.about != "borrower" for factor in self.catalogue.factors])
        if len(others):
            other = others[values[:, others].argmin(axis=1)]
            change = np.abs(self.keep_score_after - self.keep_score_before)
            in_doubt = (values[row, other] < 0) & (values[row, other] - values[row, lowest] <= DOUBT_SHARE * change)
            lowest = np.where(in_doubt, other, lowest)
        return np.where(values[row, lowest] < 0, lowest, -1).astype(np.int64)

    @property
    def model_agrees(self) -> NDArray[np.bool_]:
        """The model's own score supports the cut, (n,); where not, the cut is unexplained."""
        return self.keep_score_after < 0

    @cached_property
    def near_tie(self) -> NDArray[np.bool_]:
        """The two factors that lowered the score most are within `NEAR_TIE_SHARE` of the change, (n,)."""
        values = np.sort(self.factor_contributions, axis=1)
        if values.shape[1] < 2:
            return np.zeros(len(self), dtype=bool)
        change = np.abs(self.keep_score_after - self.keep_score_before)
        return (values[:, 0] < 0) & (values[:, 1] - values[:, 0] <= NEAR_TIE_SHARE * change)

    @cached_property
    def summary(self) -> pd.DataFrame:
        """One row a decrease: who, when, from what to what, scores in log-odds, probabilities of keeping."""
        factors = np.array([*self.catalogue.factor_ids, ""], dtype=object)
        return pd.DataFrame(
            {
                self.catalogue.borrower: self.borrower_id,
                "month": months_as_values(self.month_number, self.month_type),
                "reference_month": months_as_values(self.reference_month_number, self.month_type),
                "reference_censored": self.reference_censored,
                "has_reference": self.has_reference,
                "limit_before": self.limit_before,
                "limit_after": self.limit_after,
                "tier_before": self.tier_before,
                "tier_after": self.tier_after,
                "keep_score_before": self.keep_score_before,
                "keep_score_after": self.keep_score_after,
                "probability_before": expit(self.keep_score_before),
                "probability_after": expit(self.keep_score_after),
                "model_agrees": self.model_agrees,
                "leading_factor": pd.array(factors[self.leading_factor_index], dtype="str"),
                "near_tie": self.near_tie,
            }
        ).rename(columns={self.catalogue.borrower: "borrower_id"})

    @cached_property
    def by_factor(self) -> pd.DataFrame:
        """Contributions by factor (n, n_factors), log-odds."""
        return pd.DataFrame(self.factor_contributions, columns=list(self.catalogue.factor_ids))

    @cached_property
    def by_feature(self) -> pd.DataFrame:
        """Contributions by feature (n, n_drivers), log-odds; an unchanged feature has 0.0."""
        return pd.DataFrame(self.contributions, columns=list(self.catalogue.driver_names))

    @cached_property
    def values_before(self) -> pd.DataFrame:
        """Feature values at the reference (n, n_drivers)."""
        return pd.DataFrame(self.features_before, columns=list(self.catalogue.driver_names))

    @cached_property
    def values_after(self) -> pd.DataFrame:
        """Feature values at the decision (n, n_drivers)."""
        return pd.DataFrame(self.features_after, columns=list(self.catalogue.driver_names))

    @cached_property
    def what_if(self) -> pd.DataFrame:
        """Keep scores of all mixtures of factors then and now (n, 2**n_factors); see ``coalitions``."""
        return pd.DataFrame(self.coalitions)

    @cached_property
    def restoring_sets(self) -> list[tuple[tuple[str, ...], ...]]:
        """For each decrease the minimal sets of factors that, put back to where they were, keep the limit.

        Empty where the model does not support the cut, and where not even all factors together restore it.
        """
        return [self._restoring_sets_of(i) for i in range(len(self))]

    def _restoring_sets_of(self, row: int) -> tuple[tuple[str, ...], ...]:
        scores = self.coalitions[row]
        n = len(self.catalogue.factor_ids)
        everything = (1 << n) - 1
        if scores[everything] >= 0:
            return ()
        minimal: list[int] = []
        by_size = [sum(1 << g for g in chosen) for size in range(1, n + 1) for chosen in combinations(range(n), size)]
        for put_back in by_size:
            if scores[everything & ~put_back] >= 0 and not any(m & put_back == m for m in minimal):
                minimal.append(put_back)
        return tuple(tuple(self.catalogue.factor_ids[g] for g in range(n) if put_back >> g & 1) for put_back in minimal)

    def select(self, borrower_id: Any, month: Any = None) -> DecreaseExplanations:
        """The decreases of one borrower (in one month).

        Parameters
        ----------
        borrower_id : as in the history
        month : a date, "2024-03" or an integer month, optional

        Raises
        ------
        HistoryError
            There is no such decrease.
        """
        ids = self.borrower_id
        mine = np.array([str(b) == str(borrower_id) for b in ids], dtype=bool)
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

    def in_month(self, month: Any) -> DecreaseExplanations:
        """The decreases of one month (a date, "2024-03" or an integer month); there may be none."""
        return self[self.month_number == month_number_of(month, self.month_type)]

    def notice(
        self, borrower_id: Any, month: Any, *, lang: str = "en", lender: Any = None, effective_date: Any = None
    ) -> Notice:
        """The notice of one decrease for the borrower.

        Parameters
        ----------
        borrower_id, month : as in `select`
        lang : "en" or "zh"
        lender : path to a TOML, Lender, or None (the example that comes with the package)
        effective_date : date, optional
            When the new limit takes effect; None: the first day after the decision, which is the month's first day
            where the catalogue's decision lag is 1, else the next month's.

        Returns
        -------
        Notice
            With ``html()``, ``markdown()`` and ``json()``.

        Raises
        ------
        HistoryError
            There is no such decrease.
        """
        from credit_model.documents.notice import build_notice

        return build_notice(self.select(borrower_id, month), lang=lang, lender=lender, effective_date=effective_date)

    def to_shap(self, *, by: Literal["feature", "factor"] = "feature") -> shap.Explanation:
        """As a `shap.Explanation`, so that every plot of shap works.

        ``base_values`` are the keep scores at the reference, ``data`` the values at the decision (for factors:
        how far each factor moved the score).
        """
        import shap

        if by == "factor":
            labels = [factor.label.en for factor in self.catalogue.factors]
            values, data = self.factor_contributions, self.factor_contributions
        else:
            labels = [self.catalogue.feature(name).label.en for name in self.catalogue.driver_names]
            values, data = self.contributions, self.features_after
        return shap.Explanation(
            values=values.copy(),
            base_values=self.keep_score_before.copy(),
            data=data.copy(),
            feature_names=labels,
        )

    def save(self, folder: str | Path) -> None:
        """Write tables (Parquet) and ``manifest.json`` into a folder, whole or not at all."""
        with fresh_folder(folder) as partial:
            self.write_into(Path(partial))

    def write_into(self, folder: Path) -> None:
        """Write the tables into an existing folder (for callers that add more to it)."""
        write_table(self.summary, folder / "summary.parquet")
        write_table(self.by_factor, folder / "by_factor.parquet")
        write_table(self.by_feature, folder / "by_feature.parquet")
        write_table(self.values_before, folder / "values_before.parquet")
        write_table(self.values_after, folder / "values_after.parquet")
        write_table(self.what_if.set_axis([str(c) for c in self.what_if], axis=1), folder / "what_if.parquet")
        manifest = {
            "format": _FORMAT,
            "reference": self.reference,
            "model_version": self.model_version,
            "month_type": self.month_type,
            "ladder": list(self.ladder.amounts),
            "catalogue": self.catalogue.text,
        }
        text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
        (folder / "manifest.json").write_text(text, encoding="utf-8")

    @classmethod
    def load(cls, folder: str | Path) -> DecreaseExplanations:
        """Read what `save` wrote.

        Raises
        ------
        ArtifactError
            The folder holds no saved explanations, or damaged ones.
        """
        folder = Path(folder)
        try:
            manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
            if manifest.get("format") != _FORMAT:
                raise ValueError(f"format is {manifest.get('format')!r}, not {_FORMAT!r}")
            catalogue = parse_catalogue(manifest["catalogue"], where=str(folder / "manifest.json"))
            summary = read_table(folder / "summary.parquet")
            tables = {
                field: read_table(folder / f"{name}.parquet").to_numpy(dtype=np.float64)
                for field, name in _TABLES.items()
            }
            kind = manifest["month_type"]
            return cls(
                catalogue=catalogue,
                ladder=LimitLadder(tuple(manifest["ladder"])),
                reference=manifest["reference"],
                model_version=manifest["model_version"],
                month_type=kind,
                borrower_id=summary["borrower_id"].to_numpy(),
                month_number=_month_numbers(summary["month"], kind),
                reference_month_number=_month_numbers(summary["reference_month"], kind),
                **{name: summary[name].to_numpy() for name in _SUMMARY_FIELDS},
                **tables,
            )
        except FileNotFoundError as missing:
            raise ArtifactError(
                f"{folder}: no saved explanations, {missing.filename or missing} is missing; "
                "give the folder that 'credit-model explain --out' wrote"
            ) from None
        except (ValueError, KeyError, AttributeError) as error:
            raise ArtifactError(
                f"{folder}: the saved explanations are damaged ({error}); explain the decreases again"
            ) from None

    def _repr_html_(self) -> str:
        agreed = int(self.model_agrees.sum())
        head = (
            f"<p><b>{len(self)} limit decreases</b>, compared by <code>{self.reference}</code>; "
            f"{len(self) - agreed} not supported by the model. The first ten, factors in log-odds:</p>"
        )
        first = self[:10]
        shown = pd.DataFrame(
            {
                "borrower": first.borrower_id,
                "month": [format_month(m, self.month_type) for m in first.month_number],
                "since": [format_month(m, self.month_type) for m in first.reference_month_number],
                "limit": [f"{a:,.0f} → {b:,.0f}" for a, b in zip(first.limit_before, first.limit_after, strict=True)],
                "P(keep)": [
                    f"{a:.0%} → {b:.0%}"
                    for a, b in zip(expit(first.keep_score_before), expit(first.keep_score_after), strict=True)
                ],
                "led by": first.summary["leading_factor"].to_numpy(),
            }
        )
        factors = first.by_factor.map(lambda value: f"{value:+.2f}" if value else "0")
        return head + str(pd.concat([shown, factors], axis=1).to_html(index=False, escape=True))


def _month_numbers(months: pd.Series, kind: Literal["date", "integer"]) -> IntArray:
    return np.array([month_number_of(m, kind) for m in months], dtype=np.int64)


_FORMAT = "credit_model.explanations/1"
_SUMMARY_FIELDS = (
    "reference_censored",
    "has_reference",
    "limit_before",
    "limit_after",
    "tier_before",
    "tier_after",
    "keep_score_before",
    "keep_score_after",
)
_TABLES = {
    "contributions": "by_feature",
    "features_before": "values_before",
    "features_after": "values_after",
    "coalitions": "what_if",
}
_ROW_FIELDS = tuple(
    f.name
    for f in fields(DecreaseExplanations)
    if f.name not in {"catalogue", "ladder", "reference", "model_version", "month_type"}
)
