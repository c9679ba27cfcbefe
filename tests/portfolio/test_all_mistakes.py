"""All mistakes of a catalogue and of the data are told at once, each once, and none that follows from another."""

import pytest

from credit_model.errors import CatalogueError, CreditModelError, HistoryError
from credit_model.portfolio.catalogue import parse_catalogue, readable_part
from credit_model.portfolio.history import check_history
from tests.portfolio.examples import CATALOGUE, history

CARDS = parse_catalogue(CATALOGUE)


def edited(*edits):
    text = CATALOGUE
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def mistakes_of(*edits):
    with pytest.raises(CatalogueError) as caught:
        parse_catalogue(edited(*edits), where="mine.toml")
    return caught.value.errors


def mistakes_in(table):
    with pytest.raises(HistoryError) as caught:
        check_history(table, CARDS)
    return caught.value.errors


def test_mistakes_of_every_table_come_together_by_line():
    told = mistakes_of(
        ('currency = "CNY"', "currency = 7"),
        ("amounts = [0, 1000, 5000]", "amounts = [0, 5000, 1000]"),
        ('kind = "integer"', 'kind = "int"'),
        ('about = "borrower"', 'about = "client"'),
        ("window = 3", "window = 0"),
        ('code = "D02"', "code = 2"),
    )
    assert [message.split(": ", 1)[1] for message in told] == [
        "portfolio 'cards': currency must be a text, got 7",
        "ladder amounts must be at least 2 finite, strictly increasing numbers, got [0, 5000, 1000]",
        "column 'days_past_due': kind must be one of number, integer, boolean, category, got 'int'; did you mean "
        "'integer'?",
        "factor 'repayment': about must be one of borrower, economy, lender, got 'client'",
        "feature 'dpd_max_3m': window must be between 1 and 120, got 0",
        "feature 'employment_now': code must be a text, got 2",
    ]
    lines = [int(message.split(":")[1]) for message in told]
    assert lines == sorted(lines)


def test_several_mistakes_of_one_table_come_together():
    told = mistakes_of(
        ('summary = "max"\nwindow = 3\neffect = "lowers"', 'summary = "maximum"\nwindow = "3"\neffect = "lower"')
    )
    assert [message.split(": ", 2)[2].split(" must")[0] for message in told] == ["summary", "window", "effect"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        # each spoils one declaration that other tables build on
        ('kind = "integer"', 'kind = "int"'),
        ('kind = "number"', 'kind = "numbers"'),
        ('categories = ["salaried", "gig"]', "categories = []"),
        ('about = "borrower"', 'about = "client"'),
        ('label = { zh = "还款历史", en = "repayment" }', "label = {}"),
        ('label = { zh = "当前额度", en = "limit in force" }', 'label = ""'),
        ('[[factor]]\nid = "debt"', '[[faktor]]\nid = "debt"'),
        ('[[factor]]\nid = "debt"\n', "[[factor]]\n"),
        ('[[column]]\nname = "balance_amount"\n', "[[column]]\n"),
        ('limit = "limit_amount"\n', ""),
        ('limit = "limit_amount"', 'limmit = "limit_amount"'),
        ("[portfolio]", "[portfolo]"),
        ("[ladder]", "[lader]"),
        ('effect = "lowers"\ncode = "R01"', 'efect = "lowers"\ncode = "R01"'),
        ('column = "days_past_due"', 'colum = "days_past_due"'),
        ('factor = "debt"', 'factor = "dept"'),
    ],
)
def test_a_mistake_makes_no_other_mistake(old, new):
    assert len(mistakes_of((old, new))) == 1


def test_what_is_shown_of_many_is_capped_and_counted():
    columns = "".join(f'[[column]]\nname = "c{i}"\nkind = "no"\nunit = "days"\nlabel = "c"\n' for i in range(50))
    with pytest.raises(CatalogueError) as caught:
        parse_catalogue(CATALOGUE + columns)
    assert len(caught.value.errors) == 50
    lines = str(caught.value).split("\n")
    assert len(lines) == 21
    assert lines[-1] == "... and 30 more"


def test_mistakes_of_keys_and_of_every_column_come_together():
    table = history(
        borrower_id=["B1", None, "B1"],
        month=["2024-02", "soon", "2024-03"],
        limit_amount=[1, -5, 2],
        days_past_due=[0, 1.5, -1],
        employment=["gig", "retired", "gig"],
        gendr=["f", "m", "f"],
    )
    told = mistakes_in(table)
    assert [message.split(", found")[0] for message in told] == [
        "the history has column 'gendr', which catalogue 'cards' does not declare; did you mean 'gender'?; "
        "rename it, or drop it",
        "borrower_id must be given in every row",
        "month must be a month such as 2024-03",
        "limit_amount must be >= 0",
        "days_past_due must be >= 0",
        "days_past_due must be whole numbers",
        "employment must be one of salaried, gig",
    ]
    assert "found -5 (data row 2)" in told[3]  # whose row it is cannot be said


def test_a_column_that_is_lacking_does_not_hide_what_else_is_wrong():
    told = mistakes_in(history(days_past_due=None, limit_amount=[1, -5, 2], employment=["gig", "retired", "gig"]))
    assert [message.split(", ")[0] for message in told] == [
        "the history lacks column 'days_past_due'",
        "limit_amount must be >= 0",
        "employment must be one of salaried",
    ]


def test_duplicates_do_not_make_false_rises():
    # both rows of March are 31 days or more above the other: judged, they would rise within a month
    table = history(borrower_id=["B1"] * 3, month=["2024-03", "2024-03", "2024-02"], days_past_due=[60, 0, 0])
    (told,) = mistakes_in(table)
    assert "1 duplicate borrower-months" in told


def test_no_limit_is_no_second_mistake_where_the_limit_cannot_be_read():
    (told,) = mistakes_in(history(limit_amount=["many", "many", "many"]))
    assert told.startswith("limit_amount must be a number, found 'many' in 3 rows")
    (told,) = mistakes_in(history(limit_amount=None))
    assert told.startswith("the history lacks column 'limit_amount'")


def test_data_can_be_held_against_the_readable_part_of_a_catalogue(tmp_path):
    text = edited(('kind = "number"', 'kind = "numbers"'), ("window = 3", "window = 0"))
    (tmp_path / "cards.toml").write_text(text, encoding="utf-8")
    read = readable_part(tmp_path / "cards.toml")
    assert len(read.mistakes) == 2
    assert read.unread == ("balance_amount",)
    assert [column.name for column in read.catalogue.columns] == ["days_past_due", "employment", "gender"]


def test_an_error_of_several_lines_survives_pickling_and_names_a_file_in_each():
    error = HistoryError("a is  wrong", "b\nis wrong")
    assert error.errors == ("a is wrong", "b is wrong")
    assert error.in_file("x.csv") == ["x.csv: a is wrong", "x.csv: b is wrong"]
    import pickle

    again = pickle.loads(pickle.dumps(error))
    assert isinstance(again, HistoryError)
    assert again.errors == error.errors
    assert str(CreditModelError()) == ""


SOURCE = """
[source]
encoding = "klingon"
separator = "-"
[source.scale]
days_past_due = -1
[source.missing]
balance_amunt = [-999]
[source.blank]
employment = 0
"""


def test_mistakes_of_how_the_data_are_written_come_together():
    with pytest.raises(CatalogueError) as caught:
        parse_catalogue(CATALOGUE + SOURCE)
    told = [message.split(": ", 1)[1] for message in caught.value.errors]
    assert [message.split(" must")[0].split(" is ")[0] for message in told] == [
        "[source]: encoding",
        "[source]: separator",
        "[source.scale]: 'days_past_due'",
        "[source.missing]: 'balance_amunt'",
        "[source.blank]: 'employment'",
    ]


def test_what_is_written_of_a_column_whose_declaration_is_wrong_is_no_mistake():
    text = CATALOGUE.replace('kind = "number"', 'kind = "numbers"') + "[source.scale]\nbalance_amount = 1000\n"
    with pytest.raises(CatalogueError) as caught:
        parse_catalogue(text)
    assert len(caught.value.errors) == 1


def test_numbers_that_can_be_read_in_two_ways_are_one_mistake_beside_the_others():
    table = history(limit_amount=["1,000", "2,000", "3,000"], balance_amount=["1,234", "2,345", None],
                    employment=["gig", "retired", "gig"])  # fmt: skip
    told = mistakes_in(table)
    assert ['declare decimal = "."' in message for message in told] == [True, False]
    assert "'retired'" in told[1]
