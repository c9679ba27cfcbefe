"""The recipes are true: each of their declarations loads, and does what the text beside it says."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from credit_model.portfolio.catalogue import parse_catalogue
from credit_model.portfolio.history import check_history

PAGE = (Path(__file__).parents[2] / "docs" / "recipes.md").read_text(encoding="utf-8")
PORTFOLIO = {
    "name": '"cards"',
    "version": '"1"',
    "borrower": '"customer"',
    "month": '"month"',
    "limit": '"limit"',
}
#: The columns that recipes speak of.
COLUMNS = ("days_past_due", "other_debt", "bureau_score", "余额(万元)")
REST = """
[ladder]
amounts = [0, 1000, 5000]
[[factor]]
id = "debt"
about = "borrower"
label = "debt"
[[feature]]
id = "now"
factor = "debt"
column = "other_debt"
effect = "lowers"
code = "D1"
label = "other debt"
reason = "other debt rose from {before} to {after}"
[[column]]
name = "status"
kind = "category"
categories = ["open", "closed", "charged off"]
required = false
label = "status"
"""


def declared(part, source="", more=""):
    """A catalogue with these lines in [portfolio], this [source], and more tables after the rest."""
    lines = PORTFOLIO | dict(re.findall(r"^(\w+) = (.*)$", part, flags=re.M))
    columns = "".join(
        f'[[column]]\nname = "{name}"\nkind = "number"\nunit = "money"\nrequired = false\nlabel = "{name}"\n'
        for name in COLUMNS
    )
    head = "".join(f"{key} = {value}\n" for key, value in lines.items())
    return parse_catalogue(f"[portfolio]\n{head}{source}\n{REST}{columns}{more}")


def recipe(heading):
    """The catalogue that the first block below a heading declares."""
    text = PAGE[PAGE.index(f"## {heading}\n") :]
    block = re.search(r"^```toml\n(.*?)^```", text, flags=re.M | re.S)[1]
    if block.startswith("[["):
        return declared("", more=block)
    portfolio, _, source = block.partition("[source]")
    return declared(portfolio, f"[source]{source}" if source else "")


def history(catalogue, **columns):
    return check_history(
        pd.DataFrame({"month": ["2024-01", "2024-02"], "limit": [2000.0, 1000.0], **columns}), catalogue
    )


def with_a_block():
    parts = re.split(r"^## ", PAGE, flags=re.M)[1:]
    return [part.split("\n")[0] for part in parts if "```toml" in part]


@pytest.mark.parametrize("heading", with_a_block())
def test_every_recipe_loads(heading):
    assert recipe(heading).name == "cards"


def test_a_lever_is_what_its_recipe_says():
    (lever,) = recipe("What brings a limit back").levers
    assert (lever.column, lever.sign, lever.share_a_month, lever.end) == ("other_debt", -1, 0.1, 0)


def test_products_under_one_id_are_accounts_of_their_own():
    catalogue = recipe("Several products under one id")
    checked = history(catalogue, customer=[42, 42], product=["card", "instalment"])
    assert checked.borrower_ids.tolist() == ["42/card", "42/instalment"]


def test_a_status_closes_an_account_and_a_blank_limit_does_where_it_is_declared():
    (status,) = re.findall(r"`(closed = \{.*?\})`", PAGE)
    checked = history(declared(status), customer=[1, 1], status=["open", "closed"])
    assert checked.is_closed.tolist() == [False, True]
    assert np.isnan(checked.values("limit")[1])
    blank = history(declared('closed = "blank"'), customer=[1, 1], limit=[2000.0, None])
    assert blank.is_closed.tolist() == [False, True]
    assert not history(declared(""), customer=[1, 1], limit=[2000.0, None]).is_closed.any()


def test_the_end_of_a_temporary_limit_is_no_cut():
    checked = history(recipe("Temporary limits"), customer=[1, 1], temporary_ended=[False, True])
    assert checked.is_no_cut.tolist() == [False, True]


def test_a_declared_mark_settles_what_a_column_does_not():
    catalogue = recipe("Decimal commas, thousands marks, currency signs")
    checked = history(catalogue, customer=[1, 1], limit=["2,000", "1,000"])
    assert checked.values("limit").tolist() == [2000, 1000]


def test_amounts_in_ten_thousands_and_sentinels_and_blanks():
    table = {
        "month": ["2024-01", "2024-02"],
        "customer": [1, 1],
        "授信额度(万元)": [2, 0.1],
        "余额(万元)": ["0.57", None],
    }
    checked = check_history(pd.DataFrame(table), recipe("Amounts in 万元"))
    assert checked.values("授信额度(万元)").tolist() == [20_000, 1000]
    assert checked.values("余额(万元)")[0] == 5700
    scores = history(recipe("One bureau sentinel"), customer=[1, 1], bureau_score=[-999, 650])
    assert np.isnan(scores.values("bureau_score")[0])
    assert scores.values("bureau_score")[1] == 650
    debts = history(recipe("Blanks that mean none"), customer=[1, 1], other_debt=[None, 3.0])
    assert debts.values("other_debt").tolist() == [0, 3]


def test_a_pattern_says_which_number_is_the_month():
    checked = history(recipe("Days that may be months"), customer=[1, 1], month=["01/02/2024", "01/03/2024"])
    assert checked.month_number.tolist() == [2024 * 12 + 1, 2024 * 12 + 2]
