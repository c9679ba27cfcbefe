"""Saved explanations, edited and sealed anew; and what must hold of whatever is loaded from them."""

from __future__ import annotations

import io
from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

Tables = dict[str, pd.DataFrame]
Edit = Callable[[dict[str, Any], Tables, np.random.Generator], object]


def as_parquet(table: pd.DataFrame) -> bytes:
    """A table's bytes."""
    out = io.BytesIO()
    table.to_parquet(out)
    return out.getvalue()


def _cell(name: str, column: Any, value: Any) -> Edit:
    def edit(manifest: dict[str, Any], tables: Tables, rng: np.random.Generator) -> None:
        table = tables[name].copy()
        column_name = table.columns[int(rng.integers(table.shape[1]))] if column is None else column
        row = int(rng.integers(len(table)))
        cells = table[column_name].tolist()
        cells[row] = value(cells[row]) if callable(value) else value
        table[column_name] = pd.Series(cells, index=table.index, dtype=object).infer_objects()
        try:
            as_parquet(table)
        except pa.ArrowException:  # cells of several kinds
            table[column_name] = table[column_name].astype(str)
        tables[name] = table

    return edit


def _whole(name: str, change: Callable[[pd.DataFrame], pd.DataFrame]) -> Edit:
    def edit(manifest: dict[str, Any], tables: Tables, rng: np.random.Generator) -> None:
        tables[name] = change(tables[name].copy())

    return edit


def table_edits(tables: Tables) -> Iterator[tuple[str, Edit]]:
    """Every table otherwise, and what the cells of a summary must not be."""
    for name, table in tables.items():
        for how, change in _changes(table).items():
            yield f"{name} {how}", _whole(name, change)
        if name not in ("summary", "waves"):
            for value in (np.nan, np.inf, -np.inf, 1e308, "x", None, True):
                yield f"{name}: a cell {value}", _cell(name, None, value)
            for step in (1e-6, 0.1, -3.0):
                yield f"{name}: a cell moved by {step}", _cell(name, None, lambda c, step=step: c + step)
    for column in tables["summary"].columns:
        for value in (None, np.nan, -1, 0, 1e9, "x", True, pd.NaT, pd.Timestamp("2090-01-01"), 99, b"x", "\n", [1]):
            yield f"summary: {column} = {value!r}", _cell("summary", column, value)
    yield "all rows in another order", _reordered
    for how, row in {
        "row -1": (-1, "month", 0, 24000, 100, 50, 0.01),
        "row 10**6": (10**6, "month", 0, 24000, 100, 50, 0.01),
        "n = 0": (0, "month", 0, 24000, 0, 0, 0.01),
        "usual = 0": (0, "month", 0, 24000, 100, 50, 0.0),
        "usual NaN": (0, "month", 0, 24000, 100, 50, np.nan),
        "more cut than there": (0, "month", 0, 24000, 100, 500, 0.01),
        "an unknown scope": (0, "shoe_size", 0, 24000, 100, 50, 0.01),
        "a group of its own": (0, "segment", 99, 24000, 100, 50, 0.01),
        "texts": ("0", "month", "0", "24000", "100", "50", "0.01"),
        "of another month": (0, "month", 0, 3, 100, 50, 0.01),
    }.items():
        yield f"a wave: {how}", _wave(row)


def _changes(table: pd.DataFrame) -> dict[str, Callable[[pd.DataFrame], pd.DataFrame]]:
    return {
        "backwards in columns": lambda t: t[t.columns[::-1]],
        "without a column": lambda t: t.drop(columns=t.columns[-1]),
        "with a column more": lambda t: t.assign(more=1),
        "backwards in rows": lambda t: t.iloc[::-1],
        "without a row": lambda t: t.iloc[1:],
        "with a row twice": lambda t: pd.concat([t, t.iloc[:1]]),
        "empty": lambda t: t.iloc[:0],
        "as texts": lambda t: t.astype(str),
        "as objects": lambda t: t.astype(object),
        "renamed": lambda t: t.set_axis(["a", *t.columns[1:]], axis=1),
        "indexed": lambda t: t.set_index(t.columns[0]),
        "two columns swapped in name": lambda t: t.rename(
            columns={t.columns[0]: t.columns[-1], t.columns[-1]: t.columns[0]}
        ),
        "in float32": lambda t: t.astype({c: "float32" for c in t.columns if t[c].dtype == "float64"}),
        "nullable": lambda t: t.convert_dtypes(),
    }


def _reordered(manifest: dict[str, Any], tables: Tables, rng: np.random.Generator) -> None:
    order = rng.permutation(len(tables["summary"]))
    for name in tables:
        if name != "waves":
            tables[name] = tables[name].iloc[order].reset_index(drop=True)


def _wave(row: tuple[Any, ...]) -> Edit:
    names = ["row", "scope", "group", "month_number", "n", "n_cut", "usual"]
    return lambda m, tables, r: tables.update(waves=pd.DataFrame([row], columns=names))


def stored_edits(tables: Tables) -> Iterator[tuple[str, str, Callable[[], bytes]]]:
    """Files in the place of a table: (what, table, content)."""

    def bomb() -> bytes:
        out = io.BytesIO()
        part = pa.table({c: pa.array(np.zeros(1 << 20)) for c in map(str, range(4))})
        with pq.ParquetWriter(out, part.schema, compression="zstd") as writer:
            for _ in range(64):
                writer.write_table(part)
        return out.getvalue()

    for name in tables:
        yield "no Parquet", name, lambda: b"borrower_id,month\n"
        yield "empty", name, lambda: b""
        yield "cut short", name, lambda name=name: as_parquet(tables[name])[:-9]
        yield "another schema", name, lambda: as_parquet(pd.DataFrame({"a": [[1, 2], None], "b": [{"x": 1}, None]}))
    yield "a bomb", "by_feature", bomb


def untrue(explained: Any, tables: Tables) -> str | None:
    """What does not hold of loaded explanations that their own tables and ladder say; None if all does."""
    catalogue, change = explained.catalogue, explained.keep_score_after - explained.keep_score_before
    plain = {name: tables[name].to_numpy(dtype=np.float64) for name in ("by_feature", "by_factor", "what_if")}
    if not np.array_equal(explained.contributions, plain["by_feature"]):
        return "contributions are not those of by_feature"
    if not (np.abs(explained.contributions.sum(axis=1) - change) <= 2e-9).all():
        return "contributions do not sum to the change"
    corners = np.column_stack([explained.keep_score_before, explained.keep_score_after])
    if not (np.abs(plain["what_if"][:, [0, -1]] - corners) <= 2e-9).all():
        return "the what-if table does not begin and end with the scores"
    if not (np.abs(explained.factor_contributions - plain["by_factor"]) <= 2e-9).all():
        return "factors are not those of by_factor"
    amounts = explained.ladder.amounts
    for when in ("before", "after"):
        limits, tiers = getattr(explained, f"limit_{when}"), getattr(explained, f"tier_{when}")
        if [max(bisect_right(amounts, x) - 1, 0) for x in limits.tolist()] != tiers.tolist():
            return f"tier_{when} is not that of limit_{when}"
    if not (explained.tier_after < explained.tier_before).all():
        return "a limit that did not fall"
    kept = explained.features_before == explained.features_after
    kept |= np.isnan(explained.features_before) & np.isnan(explained.features_after)
    if np.abs(explained.contributions[kept]).max(initial=0.0) > 1e-9:
        return "a feature that did not change has a contribution"
    if (explained.reference_month_number > explained.month_number).any():
        return "a reference after the decision"
    if explained.has_reference.dtype != np.bool_ or explained.reference_censored.dtype != np.bool_:
        return "flags are no truth values"
    months = [f"{n // 12:04d}-{n % 12 + 1:02d}" for n in explained.month_number.tolist()]
    if months != [pd.Timestamp(m).strftime("%Y-%m") for m in tables["summary"]["month"]]:
        return "other months"
    return None if len(catalogue.driver_names) == explained.contributions.shape[1] else "another catalogue"
