"""Saved explanations: their tables are held against each other and the manifest before they are trusted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from math import comb
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_model.arrays import FloatArray, IntArray
from credit_model.explain.pairs import REFERENCES, sum_by_factor
from credit_model.explain.shares import LEAST_FITS
from credit_model.explain.support import HeldOutRisk, SupportRule
from credit_model.explain.waves import MONTH, TIER, Wave
from credit_model.model.seal import read_sealed, reading
from credit_model.portfolio.catalogue import parse_catalogue
from credit_model.portfolio.declarations import Catalogue
from credit_model.portfolio.ladder import LimitLadder
from credit_model.portfolio.months import MonthType, month_numbers_of

FORMAT = "credit_model.explanations/6"
WAVE_FIELDS = ("scope", "group", "month_number", "n", "n_cut", "usual")
_SUMMARY_FIELDS = (
    "reference_censored",
    "has_reference",
    "limit_before",
    "limit_after",
    "tier_before",
    "tier_after",
    "keep_score_before",
    "keep_score_after",
    "month_effect",
)
#: Field -> the table that holds it.
_TABLES = {
    "contributions": "by_feature",
    "features_before": "values_before",
    "features_after": "values_after",
    "coalition_scores": "what_if",
}
#: Tables of how many fits say something of a driver.
_FITS_OF_DRIVERS = ("fits_headed", "fits_lowered")
_OF_FITS = ("fits", *_FITS_OF_DRIVERS, "share_spread")
FILES = tuple(f"{name}.parquet" for name in ("summary", "by_factor", *_TABLES.values(), *_OF_FITS, "waves"))
_WHAT = "what was saved of explanations"
_REMEDY = "give the folder that 'credit-model explain --out' wrote, or explain the decreases again"
#: Most by which the contributions of a row may miss its change of score, and its mixtures its scores, log-odds.
_EXACTNESS = 1e-9
#: Shares lie within -1 and 1, and so no standard deviation of a few of them is greater.
_MOST_SPREAD = 1.2


def saved_fields(folder: str | Path) -> dict[str, Any]:
    """The fields of `DecreaseExplanations` that were saved in a folder.

    Raises
    ------
    ArtifactError
        The folder holds no saved explanations, or anything in it is not what was saved.
    """
    manifest, stored = read_sealed(folder, FORMAT, FILES, what=_WHAT, remedy=_REMEDY)
    with reading(folder, _WHAT):
        return _fields(folder, manifest, stored)


def _fields(folder: str | Path, manifest: dict[str, Any], stored: Mapping[str, bytes]) -> dict[str, Any]:
    catalogue = parse_catalogue(manifest["catalogue"], where=f"{folder}/manifest.json")
    ladder, month_type = LimitLadder(tuple(manifest["ladder"])), manifest["month_type"]
    _check_one_of("reference", manifest["reference"], (*REFERENCES, "peers"))
    _check_one_of("month_type", month_type, get_args(MonthType))
    if not isinstance(manifest["model_version"], str):
        raise ValueError("model_version must be a text")
    table = {name.removesuffix(".parquet"): _read_table(content) for name, content in stored.items()}
    _check_names(table, catalogue)
    summary = table["summary"]
    month, reference_month = (month_numbers_of(summary[name], month_type) for name in ("month", "reference_month"))
    _check_rows(summary, month, reference_month)
    _check_tiers(summary, ladder)
    values = {name: table[file].to_numpy(dtype=np.float64) for name, file in _TABLES.items()}
    _check_scores(summary, values, table["by_factor"].to_numpy(dtype=np.float64), catalogue)
    held_out = manifest["held_out"]
    return {
        "catalogue": catalogue,
        "ladder": ladder,
        "reference": manifest["reference"],
        "model_version": manifest["model_version"],
        "month_type": month_type,
        "rule": SupportRule(**manifest["support"]),
        "held_out": None if held_out is None else HeldOutRisk.from_record(held_out),
        "waves": _waves(table["waves"], summary, month, catalogue),
        "borrower_id": summary["borrower_id"].to_numpy(),
        "month_number": month,
        "reference_month_number": reference_month,
        "unseen": _unseen(summary, catalogue),
        **(fits := _fits(table, catalogue)),
        "share_spread": _share_spread(table["share_spread"], fits["n_fits"]),
        **{name: summary[name].to_numpy() for name in _SUMMARY_FIELDS},
        **values,
    }


def _read_table(content: bytes) -> pd.DataFrame:
    """A Parquet file's table, read by this thread alone: explanations are small beside what they were made from."""
    options: dict[str, Any] = {"use_threads": False, "to_pandas_kwargs": {"use_threads": False}}
    table: pd.DataFrame = pd.read_parquet(BytesIO(content), **options)
    return table


def _check_one_of(name: str, value: object, known: Sequence[str]) -> None:
    if value not in known:
        raise ValueError(f"{name} must be one of {', '.join(known)}, found {value!r}")


def _check_names(table: Mapping[str, pd.DataFrame], catalogue: Catalogue) -> None:
    drivers = tuple(catalogue.driver_names)
    coalitions = tuple(str(c) for c in range(1 << len(catalogue.factor_ids)))
    wanted = {"by_factor": tuple(catalogue.factor_ids), "what_if": coalitions}
    wanted["share_spread"] = wanted["by_factor"]
    wanted |= dict.fromkeys(("by_feature", "values_before", "values_after", *_FITS_OF_DRIVERS), drivers)
    for name, columns in wanted.items():
        if tuple(table[name].columns) != columns or len(table[name]) != len(table["summary"]):
            raise ValueError(f"{name} must have the catalogue's columns in order, and a row for each decrease")


def _check_rows(summary: pd.DataFrame, month: IntArray, reference_month: IntArray) -> None:
    if (
        summary["borrower_id"].isna().any()
        or pd.DataFrame({"b": summary["borrower_id"], "m": month}).duplicated().any()
    ):
        raise ValueError("every decrease must have a borrower, and each borrower at most one a month")
    for name in ("reference_censored", "has_reference"):
        if summary[name].dtype != np.bool_:
            raise ValueError(f"{name} must hold truth values, found {summary[name].dtype}")
    if (reference_month > month).any() or (reference_month != month)[~summary["has_reference"].to_numpy()].any():
        raise ValueError("the reference's month must not be after the decision's, and the same where there is none")


def _check_tiers(summary: pd.DataFrame, ladder: LimitLadder) -> None:
    for when in ("before", "after"):
        tier, limit = summary[f"tier_{when}"], summary[f"limit_{when}"].to_numpy(dtype=np.float64)
        if len(tier) and not pd.api.types.is_integer_dtype(tier):
            raise ValueError(f"tier_{when} must hold whole numbers, found {tier.dtype}")
        if not (np.isfinite(limit) & (limit >= 0)).all() or (tier.to_numpy() != ladder.tier_of(limit)).any():
            raise ValueError(f"limit_{when} must be a limit of tier_{when}, a tier in 0 .. {ladder.n_tiers - 1}")
    if not (summary["tier_after"] < summary["tier_before"]).all():
        raise ValueError("tier_after must be lower than tier_before")


def _check_scores(
    summary: pd.DataFrame, values: Mapping[str, FloatArray], by_factor: FloatArray, catalogue: Catalogue
) -> None:
    before, after = (summary[f"keep_score_{when}"].to_numpy(dtype=np.float64) for when in ("before", "after"))
    contributions, mixtures = values["contributions"], values["coalition_scores"]
    for name in ("features_before", "features_after"):
        if np.isinf(values[name]).any():
            raise ValueError(f"{_TABLES[name]} must be finite, or NaN where a value is unknown")
    of_factor = sum_by_factor(catalogue, contributions)
    misses = np.column_stack([contributions.sum(axis=1) - (after - before), by_factor - of_factor])
    if not (np.abs(misses) <= _EXACTNESS).all():  # also where one is not a number
        raise ValueError("contributions must sum to the factors and to the change of the score")
    effect = summary["month_effect"].to_numpy(dtype=np.float64)
    if not (np.isfinite(effect) & (effect >= 0)).all():
        raise ValueError("month_effect must hold finite numbers of at least 0")
    if not np.isfinite(mixtures).all():
        raise ValueError("what_if must hold finite scores")
    if not (np.abs(mixtures[:, [0, -1]] - np.column_stack([before, after])) <= _EXACTNESS).all():
        raise ValueError("what_if must start at the score before and end at the score after")
    if not (np.abs(_shapley_of(mixtures) - by_factor) <= _EXACTNESS * (1 + np.abs(mixtures).max(initial=0.0))).all():
        raise ValueError("by_factor must be the Shapley values of what_if")


def _shapley_of(mixtures: FloatArray) -> FloatArray:
    """Shapley values (n, n_factors) of games given by all their coalitions (n, 2**n_factors)."""
    coalition = np.arange(mixtures.shape[1])
    n = int(mixtures.shape[1]).bit_length() - 1
    size = np.array([int(c).bit_count() for c in coalition])
    values = np.empty((len(mixtures), n))
    for g in range(n):
        without = coalition[(coalition >> g) & 1 == 0]
        weight = np.array([1 / (n * comb(n - 1, s)) for s in size[without].tolist()])
        # Not by "@", which BLAS would take to all cores.
        values[:, g] = np.einsum("ij,j->i", mixtures[:, without | 1 << g] - mixtures[:, without], weight)
    return values


def _unseen(summary: pd.DataFrame, catalogue: Catalogue) -> IntArray:
    """The driver with a value never seen, of each decrease: (n,); -1 where there is none."""
    place = pd.Index([*catalogue.driver_names, ""]).get_indexer(pd.Index(summary["unseen"].astype(object)))
    if (place < 0).any():
        raise ValueError("unseen must name a feature of the catalogue, or nothing")
    return np.where(place == len(catalogue.driver_names), -1, place).astype(np.int64)


def _fits(table: Mapping[str, pd.DataFrame], catalogue: Catalogue) -> dict[str, IntArray]:
    """How many fits count for each decrease, in how many each factor leads, and what they say of each driver."""
    fits = table["fits"]
    if tuple(fits.columns) != (*catalogue.factor_ids, "n_fits") or len(fits) != len(table["summary"]):
        raise ValueError("fits must have the factors and n_fits as columns, and a row for each decrease")
    counts = {name: table[name] for name in ("fits", *_FITS_OF_DRIVERS)}
    for name, one in counts.items():
        if len(one) and not all(dtype == np.int64 for dtype in one.dtypes):
            raise ValueError(f"{name} must hold whole numbers")
    led = fits[list(catalogue.factor_ids)].to_numpy(dtype=np.int64)
    n_fits = fits["n_fits"].to_numpy(dtype=np.int64)
    if (led < 0).any() or (led.sum(axis=1) > n_fits).any() or (n_fits < 1).any():
        raise ValueError("fits must count 0 <= those that a factor leads <= n_fits, over all factors together")
    headed, lowered = (counts[name].to_numpy(dtype=np.int64) for name in _FITS_OF_DRIVERS)
    if (headed < 0).any() or (headed > lowered).any() or (lowered > n_fits[:, None]).any():
        raise ValueError("fits must count 0 <= fits_headed <= fits_lowered <= n_fits")
    return {"fits_led": led, "fits_headed": headed, "fits_lowered": lowered, "n_fits": n_fits}


def _share_spread(table: pd.DataFrame, n_fits: IntArray) -> FloatArray:
    """How far the fits differ over the shares: (n, n_factors)."""
    spread = table.to_numpy(dtype=np.float64)
    told = np.broadcast_to((n_fits >= LEAST_FITS)[:, None], spread.shape)
    if (np.isnan(spread) == told).any() or not ((spread[told] >= 0) & (spread[told] <= _MOST_SPREAD)).all():
        rule = f"a number in 0 .. {_MOST_SPREAD} where at least {LEAST_FITS} fits count, and nothing elsewhere"
        raise ValueError(f"share_spread must hold {rule}")
    return spread


def _waves(table: pd.DataFrame, summary: pd.DataFrame, month: IntArray, catalogue: Catalogue) -> NDArray[np.object_]:
    """The wave that each decrease is told, (n,); None where there is none."""
    told = np.full(len(summary), None, dtype=object)
    if tuple(table.columns) != ("row", *WAVE_FIELDS):
        raise ValueError(f"waves must have the columns row, {', '.join(WAVE_FIELDS)}")
    categories = {c.name: len(c.categories) for c in catalogue.columns if c.kind == "category" and c.role is None}
    for row, scope, *numbers in table.itertuples(index=False):
        if scope not in (MONTH, TIER, *categories):
            raise ValueError(f"a wave's scope must be {MONTH}, {TIER} or a column of categories, found {scope!r}")
        whole = all(isinstance(value, int) and not isinstance(value, bool) for value in (row, *numbers[:4]))
        if not (whole and 0 <= row < len(told) and told[row] is None):
            raise ValueError("waves must hold whole numbers, and at most one wave a decrease")
        wave = Wave(scope, *numbers)
        groups = {MONTH: [0], TIER: [summary["tier_before"].iloc[row]]}.get(scope) or range(categories[scope])
        if wave.group not in groups or wave.month_number != month[row]:
            raise ValueError("a wave must be of its decrease's month and class")
        if not (0 < wave.n_cut <= wave.n and 0 < wave.usual < 1):
            raise ValueError("a wave must have 0 < n_cut <= n and 0 < usual < 1")
        told[row] = wave
    return told
