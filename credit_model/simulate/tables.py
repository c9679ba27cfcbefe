"""A simulated block as Arrow tables: the history that a lender sees, and the truth that it does not."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from credit_model.arrays import FloatArray, IntArray
from credit_model.compiling import kernel
from credit_model.portfolio.catalogue import read_catalogue
from credit_model.portfolio.months import months_as_values
from credit_model.simulate import borrowers as b
from credit_model.simulate import columns as c
from credit_model.simulate.block import Block
from credit_model.simulate.economy import BURN_IN, FIRST_MONTH
from credit_model.simulate.lines import HAND_STEPS, LINES, cut_point, tier_probabilities
from credit_model.simulate.policies.tables import synthetic_ladder
from credit_model.simulate.settings import BLOCK_SIZE, Settings

if TYPE_CHECKING:
    import pyarrow as pa


#: Columns of the ledger whose values fit into 16 bits; the other own columns are money, 32 bits.
SMALL = frozenset(name for name in c.LEDGER[: c.N_OWN] if not name.endswith("_amount") and name != "employed")
CATEGORIES = {
    "gender": c.GENDERS,
    "age_band": c.AGE_BANDS,
    "region": c.REGIONS,
    "segment": c.SEGMENTS,
}


def history_table(settings: Settings, block: Block) -> pa.Table:
    """The history of a block's borrowers, as the catalogue "synthetic" declares it."""
    import pyarrow as pa

    n, months = len(block.traits), block.n_months
    columns: dict[str, Any] = _keys(block, np.arange(n * months))
    columns["limit_amount"] = _amounts().astype(np.int32)[block.tier_after]
    columns["reviewed"] = block.reviewed
    places = {"gender": b.GENDER, "age_band": b.AGE_BAND, "region": b.REGION, "segment": b.SEGMENT}
    for name, categories in CATEGORIES.items():
        codes = np.repeat(block.traits[:, places[name]].astype(np.int8), months)
        columns[name] = pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(categories))
    for row, name in enumerate(c.LEDGER[: c.N_OWN]):
        values = block.own[row]
        if name == "employed":
            columns[name] = values > 0
        else:
            columns[name] = values.astype(np.int16) if name in SMALL else values
    columns.update(_surroundings(settings, block))
    if settings.records.arguments:
        number = (block.first_id - 1) // BLOCK_SIZE
        columns = settings.records.of(columns, settings.seed, number, months, BLOCK_SIZE)
    return pa.table(columns)


def _keys(block: Block, row: IntArray) -> dict[str, Any]:
    months = months_as_values(FIRST_MONTH + np.arange(block.n_months), "date")
    borrower, month = np.divmod(row, block.n_months)
    return {"borrower_id": block.first_id + borrower, "month": months[month]}


def _surroundings(settings: Settings, block: Block) -> dict[str, Any]:
    """The columns that are the month's, or the class's in the month."""
    n, panel = len(block.traits), slice(BURN_IN, BURN_IN + block.n_months)
    economy, lender = settings.economy_paths, settings.lender_moves
    of_class = lender.class_appetite[0][:, panel].astype(np.float32)
    paths = {
        "unemployment_rate": economy.unemployment[0, panel],
        "activity_index": economy.activity[0, panel],
        "policy_appetite_index": lender.appetite[0, panel],
        "funding_index": lender.funding[0, panel],
    }
    columns = {name: np.tile(path.astype(np.float32), n) for name, path in paths.items()}
    columns["class_appetite_index"] = of_class[block.traits[:, b.CLASS].astype(np.int64)].reshape(-1)
    return columns


def decisions_table(settings: Settings, block: Block) -> pa.Table:
    """Every decision's true score, kind, and the best possible tier probabilities."""
    import pyarrow as pa

    row = np.flatnonzero(block.reviewed)
    score, tier = block.score[row], block.tier_before[row]
    probabilities, keep_score = np.empty((len(LINES) + 1, len(row))), np.empty(len(row))
    _fill_probabilities(score, tier, LINES, probabilities, keep_score)
    if settings.overrides > 0:
        probabilities += settings.overrides * (_hand_probabilities()[tier].T - probabilities)
    columns = _keys(block, row) | {
        "tier_before": tier,
        "tier_after": block.tier_after[row],
        "kind": _category(block.kind[row], c.KINDS),
        "score": score,
        "keep_score": keep_score,
    }
    columns.update({f"tier_prob_{k}": p for k, p in enumerate(probabilities)})
    if settings.overrides > 0:
        columns["overridden"] = block.overridden[row]
    return pa.table(columns)


@kernel
def _fill_probabilities(score, tier, lines, probabilities, keep_score):  # type: ignore[no-untyped-def]
    for i in range(len(score)):
        tier_probabilities(score[i], tier[i], lines, probabilities[:, i])
        keep_score[i] = score[i] - cut_point(tier[i] - 1, tier[i], lines) if tier[i] > 0 else np.nan


def decreases_table(settings: Settings, block: Block) -> pa.Table:
    """Every decrease's reference, true shares by factor and by feature, kind and root causes."""
    import pyarrow as pa

    catalogue, amounts = read_catalogue("synthetic"), _amounts()
    row = block.row
    by_factor = np.stack([block.shares[:, drivers].sum(axis=1) for drivers in catalogue.factor_drivers], axis=1)
    before, after = block.tier_before[row], block.tier_after[row]
    keep_score = block.score[row] - _keep_points()[before]
    columns = _keys(block, row) | {
        "reference_month": _keys(block, block.reference_row)["month"],
        "reference_censored": block.reference_censored,
        "scenario": _category(np.zeros(len(row), dtype=np.int8), [settings.scenario]),
        "segment": _category(np.repeat(block.traits[:, b.SEGMENT].astype(np.int8), block.n_months)[row], c.SEGMENTS),
        "tier_before": before,
        "tier_after": after,
        "limit_before": amounts[before],
        "limit_after": amounts[after],
        "kind": _category(block.kind[row], c.KINDS),
        "score_before": block.score_before,
        "score_after": block.score[row],
        "keep_score": keep_score,
        "decided_by_noise": keep_score > 0,
        "leading_factor": _category(np.argmin(by_factor, axis=1).astype(np.int8), catalogue.factor_ids),
    }
    columns.update({f"factor_{name}": by_factor[:, g] for g, name in enumerate(catalogue.factor_ids)})
    columns.update({f"feature_{name}": block.shares[:, f] for f, name in enumerate(catalogue.driver_names)})
    columns.update({f"cause_{name}": block.root_causes[:, j] for j, name in enumerate(c.SHOCKS)})
    if settings.overrides > 0:
        columns["overridden"] = block.overridden[row]
    return pa.table(columns)


def _hand_probabilities() -> FloatArray:
    """By tier in force: the probabilities of all tiers where a decision is overridden, (n_tiers, n_tiers)."""
    n_tiers = len(LINES) + 1
    found = np.zeros((n_tiers, n_tiers))
    for tier in range(n_tiers):
        np.add.at(found[tier], np.clip(tier + HAND_STEPS, 0, n_tiers - 1), 1 / len(HAND_STEPS))
    return found


def _keep_points() -> NDArray[np.float64]:
    """By tier in force: the score at which keeping it is as likely as not (-inf in tier 0)."""
    return np.array([-np.inf] + [cut_point(tier - 1, tier, LINES) for tier in range(1, len(LINES) + 1)])


def _amounts() -> FloatArray:
    return np.array(synthetic_ladder().amounts, dtype=np.float64)


def _category(codes: NDArray[np.int8], names: Iterable[str]) -> Any:
    import pyarrow as pa

    return pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(list(names)))
