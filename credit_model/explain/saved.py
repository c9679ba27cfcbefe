"""Saved explanations: their tables are held against each other and the manifest before they are trusted."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from credit_model.arrays import FloatArray
from credit_model.explain.support import HeldOutRisk, SupportRule
from credit_model.explain.waves import Wave
from credit_model.model.seal import damaged, read_sealed
from credit_model.portfolio.catalogue import parse_catalogue
from credit_model.portfolio.declarations import Catalogue
from credit_model.portfolio.ladder import LimitLadder
from credit_model.portfolio.months import month_numbers_of

FORMAT = "credit_model.explanations/2"
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
)
#: Field -> the table that holds it.
_TABLES = {
    "contributions": "by_feature",
    "features_before": "values_before",
    "features_after": "values_after",
    "coalition_scores": "what_if",
}
FILES = tuple(f"{name}.parquet" for name in ("summary", "by_factor", *_TABLES.values(), "waves"))
_WHAT = "what was saved of explanations"
_REMEDY = "give the folder that 'credit-model explain --out' wrote, or explain the decreases again"
#: Most by which the contributions of a row may miss its change of score, log-odds.
_EXACTNESS = 1e-9


def saved_fields(folder: str | Path) -> dict[str, Any]:
    """The fields of `DecreaseExplanations` that were saved in a folder.

    Raises
    ------
    ArtifactError
        The folder holds no saved explanations, or anything in it is not what was saved.
    """
    manifest, stored = read_sealed(folder, FORMAT, FILES, what=_WHAT, remedy=_REMEDY)
    try:
        return _fields(folder, manifest, stored)
    except (ValueError, KeyError, AttributeError, TypeError, OSError) as error:
        raise damaged(folder, _WHAT, error) from None


def _fields(folder: str | Path, manifest: dict[str, Any], stored: Mapping[str, bytes]) -> dict[str, Any]:
    catalogue = parse_catalogue(manifest["catalogue"], where=f"{folder}/manifest.json")
    ladder, month_type = LimitLadder(tuple(manifest["ladder"])), manifest["month_type"]
    table = {name.removesuffix(".parquet"): pd.read_parquet(BytesIO(content)) for name, content in stored.items()}
    _check_names(table, catalogue)
    summary = table["summary"]
    _check_tiers(summary, ladder)
    values = {name: table[file].to_numpy(dtype=np.float64) for name, file in _TABLES.items()}
    change = (summary["keep_score_after"] - summary["keep_score_before"]).to_numpy(dtype=np.float64)
    _check_sums(values["contributions"], table["by_factor"].to_numpy(dtype=np.float64), change, catalogue)
    waves = np.full(len(summary), None, dtype=object)
    for row, *wave in table["waves"].itertuples(index=False):
        waves[row] = Wave(*wave)
    held_out = manifest["held_out"]
    return {
        "catalogue": catalogue,
        "ladder": ladder,
        "reference": manifest["reference"],
        "model_version": manifest["model_version"],
        "month_type": month_type,
        "rule": SupportRule(**manifest["support"]),
        "held_out": None if held_out is None else HeldOutRisk.from_record(held_out),
        "waves": waves,
        "borrower_id": summary["borrower_id"].to_numpy(),
        "month_number": month_numbers_of(summary["month"], month_type),
        "reference_month_number": month_numbers_of(summary["reference_month"], month_type),
        **{name: summary[name].to_numpy() for name in _SUMMARY_FIELDS},
        **values,
    }


def _check_names(table: Mapping[str, pd.DataFrame], catalogue: Catalogue) -> None:
    drivers = tuple(catalogue.driver_names)
    coalitions = tuple(str(c) for c in range(1 << len(catalogue.factor_ids)))
    wanted = {"by_factor": tuple(catalogue.factor_ids), "what_if": coalitions}
    wanted |= dict.fromkeys(("by_feature", "values_before", "values_after"), drivers)
    for name, columns in wanted.items():
        if tuple(table[name].columns) != columns or len(table[name]) != len(table["summary"]):
            raise ValueError(f"{name} must have the catalogue's columns in order, and a row for each decrease")


def _check_tiers(summary: pd.DataFrame, ladder: LimitLadder) -> None:
    tiers = summary[["tier_before", "tier_after"]].to_numpy(dtype=np.int64)
    if len(tiers) and not (tiers.min() >= 0 and tiers.max() < ladder.n_tiers):
        raise ValueError(f"tiers must lie in 0 .. {ladder.n_tiers - 1}, found {tiers.min()} .. {tiers.max()}")


def _check_sums(contributions: FloatArray, by_factor: FloatArray, change: FloatArray, catalogue: Catalogue) -> None:
    of_factor = [contributions[:, catalogue.factor_index == g].sum(axis=1) for g in range(by_factor.shape[1])]
    misses = np.column_stack([contributions.sum(axis=1) - change, by_factor - np.stack(of_factor, axis=1)])
    if not (np.abs(misses) <= _EXACTNESS).all():  # also where one is not a number
        raise ValueError("contributions must sum to the factors and to the change of the score")
