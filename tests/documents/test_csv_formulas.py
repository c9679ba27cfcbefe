"""Tables in CSV: whatever text they hold, no spreadsheet runs it, and no number is changed."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from credit_model.files import write_table
from credit_model.spreadsheets import without_formulas

FORMULAS = [
    "=cmd|' /C calc'!A0", "+1+1", "-1+1", "@SUM(A1)", "=", "-", "--5", "+86 138", "-1-1", "-inf",
    "-2+3+cmd|' /C calc'!A0",
    "\t=1", "\r=1", "\n=1", "\x00=1", " =1", "\u3000=1", "\xa0=1", "\ufeff=1", "\u200b=1", "\u202e=1", "\x1f=1",
    "  \t@a",
    "＝1+1", "＋1+1", "－1+1", "＠a", "﹦1", "﹢1+1", "﹣1+1", "﹫a", " ＝1", "\ttext", "\rtext", "\ntext", "\x00text",
    "a;=1", "a;-1+1", "a; =1", "a;＝1", "a\n=1", "a\r=1", "a\t=1", "a;b;@c", "-5;=1", "=1;2",
]  # fmt: skip
HARMLESS = [
    "", "a", "-5", "+5", "-5.25", "-.5", "-1,234.5", "-1e5", "-5%", " -5 ", "－５", "5-3", "a=b", "a-b", "a@b.c", "'=1",
    "2024-03-01", "a, =b", "客户-一", "−3.92", "x;-5", "—", "(=1)", "#1", "  ", "a; b",
]  # fmt: skip


def runs(cell: object) -> bool:
    """Whether a spreadsheet would run a cell, by the rule of OWASP's page: how it starts, numbers left aside."""
    text = unicodedata.normalize("NFKC", str(cell))
    if re.fullmatch(r"\s*[+-][\d.,]+(e\d+)?%?\s*", text):
        return False
    return re.match(r"[\s\x00-\x1f\u200b-\u202e\ufeff]*[=+\-@]|[\t\r\n\x00]", text) is not None


def cells_of(path: Path) -> set[str]:
    """Everything that any program may take for a cell: by commas and quotes, by semicolons, by line breaks and tabs."""
    text = path.read_bytes().decode().replace("\x00", "")
    whole = [cell for row in csv.reader(io.StringIO(text.replace("\r", " "), newline="")) for cell in row]
    by_line = [cell for row in csv.reader(text.splitlines()) for cell in row]
    parts = [part.strip('"') for line in re.split(r"[\r\n]", text) for part in re.split(r"[;\t]", line)[1:]]
    return {*whole, *by_line, *parts}


def tables(text: str) -> dict[str, pd.DataFrame]:
    return {
        "object": pd.DataFrame({"n": [1.5, -2.0], "a": np.array([text, None], dtype=object)}),
        "str": pd.DataFrame({"a": pd.array([text, "b"], dtype="str")}),
        "string": pd.DataFrame({"a": pd.array([text, None], dtype="string")}),
        "category": pd.DataFrame({"a": pd.Categorical([text, "b", None], categories=[text, "b"])}),
        "mixed category": pd.DataFrame({"a": pd.Categorical([text, -5.0], categories=[text, -5.0])}),
        "mixed": pd.DataFrame({"a": np.array([text, -5, -1.5, True, None, np.nan, Decimal("-2")], dtype=object)}),
        "column": pd.DataFrame({text: [1.0]}),
        "columns": pd.DataFrame([[1.0]], columns=pd.MultiIndex.from_tuples([("a", text)], names=[text, "b"])),
        "doubled column": pd.DataFrame([[text, 1]], columns=["a", "a"]),
        "category of columns": pd.DataFrame([[1.0]], columns=pd.CategoricalIndex([text])),
    }


@pytest.mark.parametrize("kind", tables(""))
@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_of_any_type_is_a_formula(kind: str, text: str, tmp_path: Path) -> None:
    table = tables(text)[kind]
    before = table.copy(deep=True)
    write_table(table, tmp_path / "t.csv")
    assert not {cell for cell in cells_of(tmp_path / "t.csv") if runs(cell)}
    pd.testing.assert_frame_equal(table, before)
    again = without_formulas(without_formulas(table))
    pd.testing.assert_frame_equal(again, without_formulas(table))


@pytest.mark.parametrize("text", FORMULAS)
def test_the_index_and_its_names_are_treated_too(text: str, tmp_path: Path) -> None:
    for index in (pd.Index([text], name=text), pd.MultiIndex.from_tuples([("a", text)], names=[text, None])):
        without_formulas(pd.DataFrame({"a": [1]}, index=index)).to_csv(tmp_path / "t.csv")
        assert not {cell for cell in cells_of(tmp_path / "t.csv") if runs(cell)}


@pytest.mark.parametrize("kind", tables(""))
@pytest.mark.parametrize("text", HARMLESS)
def test_plain_numbers_and_other_text_stay_as_they_are(kind: str, text: str) -> None:
    table = tables(text)[kind]
    pd.testing.assert_frame_equal(without_formulas(table), table)


def test_true_numbers_dates_and_truth_values_are_never_changed() -> None:
    cells: dict[str, Any] = {
        "float": [-1.5, -np.inf, np.nan],
        "small": np.array([-1, 0, 1], dtype=np.int8),
        "Int": pd.array([-1, None, 1], dtype="Int64"),
        "bool": [True, False, True],
        "day": pd.to_datetime(["2024-01-01", "", "2024-03-01"]),
        "lag": pd.to_timedelta([-1, 0, 1], unit="D"),
        "numbers": pd.Categorical([-1.0, -2.0, None]),
        "objects": np.array([-1, Decimal("-Infinity"), pd.Timedelta(-1, unit="D")], dtype=object),
    }
    table = pd.DataFrame(cells, index=[-1, -2, -3])
    table[-4] = 1
    pd.testing.assert_frame_equal(without_formulas(table), table)


def test_objects_that_write_themselves_as_formulas_are_text() -> None:
    class Sneaky:
        def __str__(self) -> str:
            return "=1+1"

    assert without_formulas(pd.DataFrame({"a": [Sneaky()]}))["a"].tolist() == ["'=1+1"]
    assert without_formulas(pd.DataFrame({"a": [["x;=1"]]}))["a"].tolist() == ["['x;'=1']"]
