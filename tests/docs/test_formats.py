"""The page on formats is true: numbers and months are read as its tables say, and the endings are the reader's."""

import re
from pathlib import Path

import pandas as pd
import pytest

from credit_model.portfolio.catalogue import parse_catalogue
from credit_model.portfolio.history import check_history
from credit_model.readers.arrow_tables import ARROW, PARQUET
from credit_model.readers.compressed import COMPRESSED, TEXTS
from credit_model.readers.databases import DATABASES
from credit_model.readers.workbooks import WORKBOOKS
from tests.docs.test_recipes import declared

PAGE = (Path(__file__).parents[2] / "docs" / "formats.md").read_text(encoding="utf-8")


def limits(texts, source=""):
    table = {"customer": range(len(texts)), "month": ["2024-01"] * len(texts), "limit": texts}
    return check_history(pd.DataFrame(table), declared("", source)).values("limit").tolist()


def written(result):
    """The texts of the first column whose second one starts with a result."""
    (row,) = re.findall(rf"^\| (.*?) \| {re.escape(result)}\b.*\|$", PAGE, flags=re.M)
    return re.findall(r"`([^`]+)`", row)


def test_numbers_are_read_as_the_page_says():
    (points, commas) = (
        re.findall(r"`([^`]+)`", row) for row in re.findall(r"^\| (.*?) \| 1234\.5\b", PAGE, flags=re.M)
    )
    assert limits(points) == [1234.5] * 3
    assert limits(commas) == [1234.5]
    for text in written("3100"):
        assert limits([text]) == [3100]
    assert limits(written("31000")) == [31_000, 200_000_000]


@pytest.mark.parametrize(("unit", "value"), [("percent", 4.03), ("share", 0.0403), ("ratio", 0.0403)])
def test_a_percent_sign_means_what_the_unit_says(unit, value):
    text = f"""
[portfolio]
name = "c"
version = "1"
borrower = "b"
month = "m"
limit = "l"
[ladder]
quantiles = 2
[[column]]
name = "rate"
kind = "number"
unit = "{unit}"
label = "rate"
[[factor]]
id = "f"
about = "borrower"
label = "f"
[[feature]]
id = "r"
factor = "f"
column = "rate"
effect = "free"
code = "R"
label = "rate"
reason = "rate rose from {{before}} to {{after}}"
"""
    table = pd.DataFrame({"b": [1], "m": ["2024-01"], "l": [100.0], "rate": written("4.03")})
    assert check_history(table, parse_catalogue(text)).values("rate").tolist() == pytest.approx([value])


MONTHS = re.findall(r"`([^`]+)`", "".join(re.findall(r"^\| (`2024-01`.*?|`Jan-2022`.*?) \|", PAGE, flags=re.M)))


@pytest.mark.parametrize("text", MONTHS)
def test_months_are_read_as_the_page_says(text):
    table = pd.DataFrame({"customer": [1], "month": [text], "limit": [100.0]})
    checked = check_history(table, declared(""))
    assert checked.month_type == "date"
    assert checked.month_number.tolist()[0] % 12 == 0  # January


def test_a_day_above_twelve_proves_the_order():
    table = pd.DataFrame({"customer": [1, 1], "month": ["31/01/2024", "01/02/2024"], "limit": [100.0, 100.0]})
    assert check_history(table, declared("")).month_number.tolist() == [2024 * 12, 2024 * 12 + 1]


@pytest.mark.parametrize(("text", "calendar"), [("2024Q1", "quarterly"), ("2024-W05", "weekly")])
def test_periods_of_a_calendar(text, calendar):
    assert f"`{text}`" in PAGE
    table = pd.DataFrame({"customer": [1], "month": [text], "limit": [100.0]})
    assert len(check_history(table, declared(f'calendar = "{calendar}"'))) == 1


@pytest.mark.parametrize("endings", [TEXTS, COMPRESSED, PARQUET, WORKBOOKS, ARROW, DATABASES])
def test_every_ending_that_is_named_is_read(endings):
    table = PAGE.split("## Numbers")[0]
    named = {ending for ending in re.findall(r"`(\.\w+)`", table) if ending in set(endings)}
    assert named


def test_no_ending_is_named_that_is_not_read():
    table = PAGE.split("## Numbers")[0]
    known = {*TEXTS, *COMPRESSED, ".zip", *PARQUET, *WORKBOOKS, *ARROW, *DATABASES}
    assert set(re.findall(r"`(\.\w+)`", table)) <= known
