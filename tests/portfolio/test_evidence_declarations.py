"""What papers may correct and what has to add up: read from the catalogue, with every mistake at its line."""

from __future__ import annotations

import re

import numpy as np
import pytest

from credit_model import read_catalogue
from credit_model.errors import CatalogueError
from credit_model.portfolio.catalogue import BUILT_IN, parse_catalogue

SYNTHETIC = read_catalogue("synthetic").text
DOCUMENT = (
    '\n[[document]]\nid = "wage_slip"\ncolumns = ["income_amount"]\nlabel = { zh = "工资条", en = "wage slip" }\n'
)
LEDGER = (
    '\n[[ledger]]\nid = "more"\nstock = "due_amount"\nplus = ["drawn_amount"]\nminus = ["paid_amount"]\nlabel = "sum"\n'
)


def mistakes(text):
    with pytest.raises(CatalogueError) as caught:
        parse_catalogue(SYNTHETIC + text, where="mine.toml")
    return caught.value.errors


def test_documents_and_ledgers_are_read_in_the_order_of_the_file():
    catalogue = parse_catalogue(SYNTHETIC + DOCUMENT + LEDGER.replace("minus", "tolerance = 1\nminus"))
    document, ledger = catalogue.documents[-1], catalogue.ledgers[-1]
    assert (document.id, document.columns, document.label.text("zh")) == ("wage_slip", ("income_amount",), "工资条")
    assert (ledger.stock, ledger.plus, ledger.minus, ledger.tolerance) == (
        "due_amount", ("drawn_amount",), ("paid_amount",), 1.0,
    )  # fmt: skip
    assert ledger.columns == ("due_amount", "drawn_amount", "paid_amount")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('"income_amount"', '"incom_amount"', "'incom_amount' is not a declared column; did you mean 'income_amount'?"),
        ('"income_amount"', '"gender"', "'gender' is an audit column, on which no decision rests"),
        ('"income_amount"', '"unemployment_rate"', "is the economy's, which no borrower's paper corrects"),
        ('"income_amount"', '"income_amount", "income_amount"', "columns must list different columns"),
        ('"income_amount"', "7", "columns must list different columns"),
        ('["income_amount"]', "[]", "columns must name at least one column"),
        ('["income_amount"]', '"income_amount"', "columns must be a list of columns"),
        ('id = "wage_slip"\n', "", "lacks 'id'"),
        ('id = "wage_slip"', 'id = "payslip"', "document id 'payslip' is declared twice"),
        ("columns", "column", "unknown key 'column'; did you mean 'columns'?"),
    ],
)  # fmt: skip
def test_a_document_that_breaks_a_rule_is_told_with_its_line(old, new, told):
    (line, *_) = mistakes(DOCUMENT.replace(old, new, 1))
    assert told in line
    assert re.match(r"mine\.toml:\d+: ", line)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('stock = "due_amount"', 'stock = "due_amont"', "stock 'due_amont' is not a declared column; did you mean"),
        ('stock = "due_amount"', 'stock = "segment"', "'segment' is a category, and a ledger adds numbers"),
        ('"drawn_amount"', '"employed"', "'employed' is a boolean, and a ledger adds numbers"),
        ('"drawn_amount"', '"nothing"', "plus 'nothing' is not a declared column"),
        ('plus = ["drawn_amount"]\nminus = ["paid_amount"]\n', "", "plus or minus must name what comes in or goes out"),
        ('"drawn_amount"', '"paid_amount"', "each column stands in a ledger once"),
        ("minus", "tolerance = -1\nminus", "tolerance must be at least 0, got -1"),
    ],
)
def test_a_ledger_that_breaks_a_rule_is_told_with_its_line(old, new, told):
    (line, *_) = mistakes(LEDGER.replace(old, new, 1))
    assert told in line
    assert re.match(r"mine\.toml:\d+: ", line)


@pytest.mark.parametrize("name", BUILT_IN)
def test_what_comes_with_the_package_has_labels_in_both_languages(name):
    catalogue = read_catalogue(name)
    assert bool(catalogue.documents) == (name != "uci_taiwan")  # there no limit falls
    for one in (*catalogue.documents, *catalogue.ledgers):
        assert set(one.label.texts) == {"zh", "en"}


def test_the_ledgers_of_the_simulation_add_up_in_every_month(portfolio):
    history = portfolio.history.sort_values(["borrower_id", "month"])
    before = history.groupby("borrower_id")
    ledgers = read_catalogue("synthetic").ledgers
    assert len(ledgers) == 2
    for ledger in ledgers:
        flow = sum(history[name] for name in ledger.plus) - sum(history[name] for name in ledger.minus)
        missed = (history[ledger.stock] - before[ledger.stock].shift() - flow).dropna()
        assert len(missed) > 10_000
        np.testing.assert_array_equal(missed, 0)
