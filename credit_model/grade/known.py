"""The simulator's truth beside the decreases that are explained: matched by borrower and month, all accounted for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_model.arrays import BoolArray, FloatArray, IntArray
from credit_model.errors import DataFileError
from credit_model.explain.pairs import driver_columns, pair_with_reference
from credit_model.grade.root_causes import ACCEPTABLE_FACTORS
from credit_model.grade.scorecard import lowering_order
from credit_model.portfolio.catalogue import Catalogue
from credit_model.portfolio.months import month_numbers_of
from credit_model.portfolio.snapshots import Snapshots

#: Kinds of cut that are the lender's own doing.
LENDER_KINDS = ("dormancy", "class_wide")
#: A truth that knows less than this share of the decreases is another portfolio's.
LEAST_MATCHED = 0.5


@dataclass(frozen=True)
class KnownDecreases:
    """Decreases whose true causes are known, and which an explanation with the same reference can be held against.

    Attributes
    ----------
    row : int64 array, (n,)
        Rows of the snapshots that they were found in.
    truth : float64 array, (n, n_factors)
        Owen values of the true policy's change by factor, log-odds; each row has a factor that lowered the score.
    root_causes : bool array, (n, n_root_causes)
        Columns as in `ACCEPTABLE_FACTORS`; all False in a row: no shock is its cause.
    kind, scenario, segment : str arrays, (n,)
    censored : bool array, (n,)
        The reference stands in for a month before the panel's first usable one.
    hidden : bool array, (n,)
        Of the leading factor's features the one that lowered the true score most is blank in the whole history.
    borrower : int64 array, (n,)
        Numbers that tell borrowers apart, across portfolios too.
    left_out : dict
        Why the other decreases are not graded: reason -> number of them.
    """

    row: IntArray
    truth: FloatArray
    root_causes: BoolArray
    kind: NDArray[np.object_]
    scenario: NDArray[np.object_]
    segment: NDArray[np.object_]
    censored: BoolArray
    hidden: BoolArray
    borrower: IntArray
    left_out: dict[str, int]

    def __len__(self) -> int:
        return len(self.row)

    def __getitem__(self, kept: BoolArray) -> KnownDecreases:
        """Some of the rows."""
        return replace(self, **{name: getattr(self, name)[kept] for name in _ROW_FIELDS})


_ROW_FIELDS = ("row", "truth", "root_causes", "kind", "scenario", "segment", "censored", "hidden", "borrower")


def together(parts: Sequence[KnownDecreases]) -> KnownDecreases:
    """The decreases of several portfolios, or of folds of them, one after the other; what is left out is added up."""
    rows = {name: np.concatenate([getattr(part, name) for part in parts]) for name in _ROW_FIELDS}
    first = np.cumsum([0, *(int(part.borrower.max(initial=-1)) + 1 for part in parts)])
    rows["borrower"] = np.concatenate([part.borrower + n for part, n in zip(parts, first[:-1], strict=True)])
    left_out: dict[str, int] = {}
    for part in parts:
        for reason, n in part.left_out.items():
            left_out[reason] = left_out.get(reason, 0) + n
    return KnownDecreases(**rows, left_out=left_out)


def match_truth(snapshots: Snapshots, row: IntArray, truth: pd.DataFrame, *, where: str = "truth") -> KnownDecreases:
    """Bring decreases and their truth together.

    Parameters
    ----------
    snapshots : Snapshots
    row : int64 array, (n_decreases,)
        The decreases of the history.
    truth : DataFrame
        One row a decrease, as `simulate.truth.Truth.decreases`: borrower_id, month, reference_month, kind,
        ``factor_<id>`` for every factor, ``cause_<name>`` for every root cause; optional scenario and
        ``feature_<id>`` for every driver.
    where : str
        Named in errors.

    Raises
    ------
    DataFileError
        A column lacks, a decrease occurs twice, or it is another portfolio's.
    """
    catalogue, history = snapshots.catalogue, snapshots.history
    _check_columns(truth, catalogue, where)
    known = pd.MultiIndex.from_arrays(
        [truth["borrower_id"].astype(str), month_numbers_of(truth["month"], snapshots.history.month_type)]
    )
    if known.has_duplicates:
        twice = known[known.duplicated()][0]
        raise DataFileError(
            f"{where}: a decrease must occur once, borrower {twice[0]} has two in one month; simulate it again"
        )
    ids = history.borrower_ids[snapshots.borrower_row[row]]
    place = known.get_indexer(pd.MultiIndex.from_arrays([pd.Series(ids).astype(str), snapshots.month_number[row]]))
    found = place >= 0
    early = ~found & (snapshots.position[row] < catalogue.warm_up)
    wanted = len(row) - int(early.sum())
    if found.sum() < LEAST_MATCHED * wanted:
        raise DataFileError(
            f"{where}: it must know the history's {wanted} decreases, found only {int(found.sum())} of them; "
            "give the truth of the same portfolio"
        )
    left_out = {
        "windows not yet filled": int(early.sum()),
        "in the history, not in the truth": int(np.sum(~found & ~early)),
        "in the truth, not in the history": len(truth) - int(found.sum()),
    }
    row, aligned = row[found], truth.iloc[place[found]].reset_index(drop=True)
    pairs = pair_with_reference(snapshots, row, "last_set")
    has_reference = pairs.reference_row >= 0
    reference = snapshots.month_number[np.maximum(pairs.reference_row, 0)]
    same = has_reference & (reference == month_numbers_of(aligned["reference_month"], snapshots.history.month_type))
    factors = aligned[[f"factor_{f}" for f in catalogue.factor_ids]].to_numpy(dtype=np.float64)
    led = lowering_order(factors, 1)[:, 0] >= 0
    left_out |= {
        "no earlier snapshot to compare with": int(np.sum(~has_reference)),
        "the truth has another reference month": int(np.sum(has_reference & ~same)),
        "no factor lowered the true score": int(np.sum(same & ~led)),
    }
    kept = same & led
    known_causes = aligned.loc[kept, [f"cause_{c}" for c in ACCEPTABLE_FACTORS]]
    return KnownDecreases(
        row=row[kept],
        truth=factors[kept],
        root_causes=known_causes.to_numpy(dtype=bool),
        kind=_words(aligned.loc[kept, "kind"]),
        scenario=_words(aligned.loc[kept, "scenario"]) if "scenario" in aligned else _unnamed(int(kept.sum())),
        segment=_segments(snapshots, row[kept]),
        censored=pairs.censored[kept],
        hidden=_led_by_hidden(snapshots, aligned[kept], factors[kept]),
        borrower=snapshots.borrower_row[row[kept]],
        left_out=left_out,
    )


def _check_columns(truth: pd.DataFrame, catalogue: Catalogue, where: str) -> None:
    wanted = ["borrower_id", "month", "reference_month", "kind"]
    wanted += [f"factor_{f}" for f in catalogue.factor_ids] + [f"cause_{c}" for c in ACCEPTABLE_FACTORS]
    lacking = [name for name in wanted if name not in truth]
    if lacking:
        raise DataFileError(
            f"{where}: the truth of decreases lacks column {lacking[0]!r} ({len(lacking)} in all); "
            "give what 'credit-model simulate' wrote for a model with the same catalogue"
        )


def _led_by_hidden(snapshots: Snapshots, truth: pd.DataFrame, factors: FloatArray) -> BoolArray:
    """Whether the feature that led each cut (n,) is one that no row of the history knows."""
    catalogue = snapshots.catalogue
    names = [f"feature_{f}" for f in catalogue.driver_names]
    if not set(names) <= set(truth.columns) or not len(truth):
        return np.zeros(len(truth), dtype=bool)
    of_leader = catalogue.factor_index == lowering_order(factors, 1)
    leads = np.where(of_leader, truth[names].to_numpy(dtype=np.float64), np.inf).argmin(axis=1)
    blank = np.asarray(np.isnan(snapshots.X[:, driver_columns(catalogue)]).all(axis=0))
    return np.asarray(blank[leads], dtype=np.bool_)


def _segments(snapshots: Snapshots, row: IntArray) -> NDArray[np.object_]:
    catalogue = snapshots.catalogue
    if "segment" not in {column.name for column in catalogue.columns}:
        return _unnamed(len(row))
    names = np.array([*catalogue.column("segment").categories, ""], dtype=object)
    code = snapshots.history.values("segment")[row]
    return names[np.where(np.isnan(code), -1, code).astype(np.int64)]


def _words(column: pd.Series) -> NDArray[np.object_]:
    return column.astype(str).to_numpy(dtype=object)


def _unnamed(n: int) -> NDArray[np.object_]:
    return np.full(n, "", dtype=object)
