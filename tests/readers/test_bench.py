"""Every way to write one book gives the same history, cell by cell; a wrong guess is a question that names its key."""

import warnings

import numpy as np
import pytest

from credit_model.errors import CreditModelWarning
from credit_model.portfolio.catalogue import parse_catalogue
from credit_model.portfolio.history import check_history, check_table, read_raw
from credit_model.portfolio.months import format_month
from tests.readers.bench_files import CASES, Case
from tests.readers.book import BOOK, EMPLOYMENTS


def rows_of(history):
    """The history's cells, row by row; None is missing."""
    ids = [str(history.borrower_ids[i]) for i in history.borrower_row]
    months = [format_month(int(number), history.month_type) for number in history.month_number]
    own = [history.cells[history.catalogue.limit], *(history.values(c.name) for c in history.catalogue.columns)]
    cells = [[None if np.isnan(v) else float(v) for v in column] for column in own]
    return list(zip(ids, months, *cells, strict=True))


def wanted(case: Case):
    """The same of the book, from its own numbers."""
    return [
        (
            case.key(account),
            case.months(month),
            limit,
            float(late),
            case.blank_balance if balance is None else balance,
            None if rate is None else rate if case.percent == 1 else float(f"{rate}e-2"),
            float(EMPLOYMENTS.index(employment)),
        )
        for account, month, limit, late, balance, rate, employment in BOOK
    ]


def test_the_bench_has_enough_files():
    assert len(CASES) >= 40
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_way_to_write_the_book_gives_its_cells(case, tmp_path):
    declared = parse_catalogue(case.catalogue)
    data = case.make(tmp_path)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        if case.query is None and case.sheet is None:
            history = check_history(data, declared)
        else:
            history = check_table(read_raw(data, declared, query=case.query, sheet=case.sheet), declared)
    assert [str(w.message) for w in said if issubclass(w.category, CreditModelWarning) and not case.said] == []
    assert case.said == "" or any(case.said in str(w.message) for w in said)
    assert rows_of(history) == wanted(case)
