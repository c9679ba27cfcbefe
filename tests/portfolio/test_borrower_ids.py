import re
import uuid
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from credit_model.errors import HistoryError
from credit_model.portfolio.borrower_ids import position_among, read_borrower_ids, read_ids

HUGE = 2**63 + 5
SOME_UUID = uuid.UUID("12345678-1234-5678-1234-567812345678")


@pytest.mark.parametrize(
    ("cells", "ids"),
    [
        ([7, 3, 7], [3, 7]),
        ([9223372036854775807, 1234567890123456789, 9223372036854775807], [1234567890123456789, 9223372036854775807]),
        (pd.Series([HUGE, 5, HUGE], dtype="uint64"), ["5", str(HUGE)]),
        (pd.Series([7, 3, 7], dtype="Int64"), [3, 7]),
        (pd.Series([7, 3, 7], dtype=object), [3, 7]),
        (pd.Series([HUGE, 5, HUGE], dtype=object), ["5", str(HUGE)]),
        (pd.Series(["7", "3", "7"], dtype="category"), ["3", "7"]),
        (["NA", "None", "NA"], ["NA", "None"]),
        (["0017", "017", "0017"], ["0017", "017"]),
        ([SOME_UUID, "a", SOME_UUID], [str(SOME_UUID), "a"]),
        ([" 1", "1", " 1"], [" 1", "1"]),
    ],
)
def test_ids_are_kept_as_they_are(cells, ids):
    column = pd.Series(cells)
    codes, found = read_borrower_ids(column, "id")
    assert found.tolist() == ids
    assert [str(found[c]) for c in codes] == [str(cell) for cell in column]
    assert [position_among(found, i) for i in ids] == list(range(len(ids)))
    assert [position_among(found, str(i)) for i in ids] == list(range(len(ids)))


@pytest.mark.parametrize(
    ("cells", "ids"),
    [
        ([1001.0, 7.0, 1001.0], [7, 1001]),
        (pd.Series([1001.0, 7.0, 1001.0], dtype="Float64"), [7, 1001]),
        (pd.Series([1001.0, 7, 1001], dtype=object), [7, 1001]),
        (pd.Series([1001.0, "a"], dtype=object), ["1001", "a"]),
        (["1001.0", "7.00", "1001.0"], [7, 1001]),
        (["1001.0", "7", "1001.0"], ["1001.0", "7"]),  # not all of them
        (["1001.0", "007.0"], ["007.0", "1001.0"]),
        (["1.0", "1.00"], ["1.0", "1.00"]),
        (["9007199254740993.0", "1.0"], ["1.0", "9007199254740993.0"]),
        (["A1 ", " B2", "A1 "], ["A1", "B2"]),
        (["A1 ", "A1", "B2 "], ["A1", "A1 ", "B2 "]),  # two ids would become one
    ],
)
def test_what_a_program_added_to_an_id_is_taken_off(cells, ids):
    codes, found = read_borrower_ids(pd.Series(cells), "id")
    assert found.tolist() == ids
    for code, cell in zip(codes, cells, strict=True):
        assert position_among(found, cell) == code


def test_the_parts_of_a_joined_id_have_no_point_and_no_blanks():
    _, ids = read_ids([pd.Series([7.0, 7.0]), pd.Series(["a ", "b "])], ["customer", "product"], "customer/product")
    assert ids.tolist() == ["7/a", "7/b"]


NO_IDS = [
    ([1, "1"], "id must be of one kind, found '1' beside 1, which read the same (first: data row 2)"),
    (["a", None], "must be given in every row, found 1 missing (first: data row 2)"),
    (["a", " "], "must be given in every row, found ' ' (first: data row 2); fill or remove it"),
    ([b"a", b"b"], "must be whole numbers or text, found b'a'"),
    (["a", b"a"], "must be whole numbers or text, found b'a'"),
    ([1, True], "must be whole numbers or text, found True (bool)"),
    (["a", 1.5], "must be whole numbers or text, found 1.5 (float)"),
    (["a\ud800"], "must be text that UTF-8 can write, found 'a\\ud800'"),
    (["a\x00b"], "must be text that UTF-8 can write, found 'a\\x00b'"),
    ([Decimal(1)], "must be whole numbers or text, found 1 (Decimal)"),
    ([[1], [2]], "must be whole numbers or text, found list"),
    ([1 + 2j], "must be whole numbers or text, got complex128"),
    (pd.to_timedelta([1, 2], unit="D"), "must be whole numbers or text, got timedelta64"),
    (pd.to_datetime(["2024-01-01"]), "must be whole numbers or text, got datetime64"),
    ([True, False], "must be whole numbers or text, got bool"),
    ([1.0, 2.5], "must be whole numbers or text, got float64 with 2.5 (first: data row 2); give the ids as text"),
    ([1.0, 2.0**53], "must be whole numbers or text, got float64"),
    ([1.0, np.inf], "must be whole numbers or text, got float64"),
    (["1", 1.0], "id must be of one kind"),
]


@pytest.mark.parametrize(("cells", "message"), NO_IDS)
def test_what_is_no_id_or_could_be_taken_for_another_is_refused(cells, message):
    column = pd.Series(cells, dtype=object) if isinstance(cells, list) and not _is_plain(cells) else pd.Series(cells)
    with pytest.raises(HistoryError, match=re.escape(message)) as caught:
        read_borrower_ids(column, "id")
    assert "\n" not in str(caught.value)


def _is_plain(cells):
    return len({type(cell) for cell in cells}) == 1 and isinstance(cells[0], bool | float | complex)


@pytest.mark.parametrize("wanted", [HUGE, "x", 1.5, None, "", "\ud800", "9" * 40])
def test_an_id_that_is_not_there_is_told(wanted):
    with pytest.raises(HistoryError, match=re.escape("is not in the history, which holds 2 borrowers (1 .. 2)")):
        position_among(np.array([1, 2]), wanted)
