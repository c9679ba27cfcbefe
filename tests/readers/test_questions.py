"""What cannot be known is asked: one line that names the key which settles it, never a wrong number."""

import re
import sqlite3
import sys
import zipfile

import openpyxl
import pandas as pd
import polars as pl
import pytest

from credit_model.errors import CreditModelError, DataFileError, HistoryError
from credit_model.portfolio.catalogue import parse_catalogue
from credit_model.portfolio.history import check_history
from credit_model.readers.databases import without_password
from credit_model.readers.encodings import decode
from credit_model.readers.tables import as_table, read_table
from tests.readers.bench_files import lines, of_semicolons
from tests.readers.book import CHINESE, TAIWANESE, book, catalogue, csv, european, plain

HEAD = "acct{0}month{0}limit{0}dpd{0}balance{0}rate{0}employment\n"


def semicolons(*rows):
    """A CSV file of semicolons with these rows."""
    return (HEAD.format(";") + "".join(f"{row}\n" for row in rows)).encode()


#: Name, content, declared catalogue, what is asked.
ASKED = [
    (
        "marks that fit both ways",
        semicolons("1;2024-01;1.234;0;5.000;1;gig", "1;2024-02;2.500;0;6.125;2;gig"),
        catalogue(),
        "limit must be numbers that can be read in one way, found '1.234', which is 1.234 or 1234, and nothing in the "
        'table tells which; declare decimal = "." (1.234) or decimal = "," (1234) in [source]',
    ),
    (
        "commas that fit both ways",
        semicolons("1;2024-01;1,234;0;5,000;1;gig"),
        catalogue(),
        "found '1,234', which is 1234 or 1.234",
    ),
    (
        "both marks in one table",
        semicolons("1;2024-01;1.234,50;0;5.5;1;gig"),
        catalogue(),
        "numbers must have one decimal mark, found 5.5 (balance) beside 1.234,50 (limit)",
    ),
    (
        "quoted thousands alone",
        (HEAD.format(",") + '1,2024-01,"1,234",0,5,1,gig\n').encode(),
        catalogue(),
        "found '1,234', which is 1234 or 1.234",
    ),
    (
        "a number that does not fit the declared mark",
        semicolons("1;2024-01;1,234.5;0;5,5;1;gig"),
        catalogue(source='decimal = ","'),
        "limit must be a number with the decimal mark ',', found '1,234.5' (borrower 1, 2024-01); correct the data",
    ),
    (
        "groups that are none",
        semicolons("1;2024-01;12,34,567;0;5.5;1;gig"),
        catalogue(),
        "limit must be a number, found '12,34,567'",
    ),
    (
        "a word for what is not known",
        semicolons("1;2024-01;5;0;unknown;1;gig"),
        catalogue(),
        "balance must be a number, found 'unknown' (borrower 1, 2024-01); correct the data, or list it in [source"
        ".missing]",
    ),
    (
        "two currencies",
        semicolons("1;2024-01;$5;0;5;1;gig", "1;2024-02;€5;0;5;1;gig"),
        catalogue(),
        "limit must be amounts of one currency, has $ and €",
    ),
    (
        "a currency in a share",
        semicolons("1;2024-01;5;0;5;$1;gig"),
        catalogue(),
        "rate must be numbers of unit 'percent', which has no currency ($)",
    ),
    (
        "a percentage of money",
        semicolons("1;2024-01;5;0;5%;1;gig"),
        catalogue(),
        "balance must be numbers of unit 'money', which has no percent sign, found '5%'",
    ),
    (
        "percent signs in some cells",
        semicolons("1;2024-01;5;0;5;4.5%;gig", "1;2024-02;5;0;5;.5;gig"),
        catalogue(rate="share"),
        "rate must have a percent sign in all cells or in none, found '4.5%'",
    ),
    (
        "days or months",
        semicolons("1;01/02/2024;5;0;5;1;gig", "1;01/03/2024;5;0;5;1;gig"),
        catalogue(),
        "month must tell whether the day or the month stands first (2024-02 by the former, 2024-01 by the latter), "
        'found \'01/02/2024\' (first: data row 1); declare month_format = "%d/%m/%Y" or month_format = "%m/%d/%Y" in',
    ),
    (
        "short years",
        semicolons("1;Jan-22;5;0;5;1;gig"),
        catalogue(),
        "month must be a month such as 2024-03, found 'Jan-22' (first: data row 1); say in [portfolio] what",
    ),
    ("weeks", semicolons("1;2024-W05;5;0;5;1;gig"), catalogue(), 'declare calendar = "weekly" in [portfolio]'),
    ("quarters", semicolons("1;2024Q1;5;0;5;1;gig"), catalogue(), 'declare calendar = "quarterly" in [portfolio]'),
    (
        "a key of parts that could be read as another",
        (HEAD.format(";").replace("acct", "customer;product") + "a/b;c;2024-01;5;0;5;1;gig\n").encode(),
        catalogue(borrower='["customer", "product"]'),
        "customer must not hold '/', which stands between the parts of customer/product, found 'a/b' (first: data",
    ),
    (
        "columns by two marks",
        b"acct;a,month;b\n1;2,3;4\n",
        catalogue(),
        "what stands between the columns must be certain, the header has 2 by commas or 3 by semicolons of them; "
        "declare it as separator in [source]",
    ),
    (
        "another separator than declared",
        semicolons("1;2024-01;5;0;5;1;gig,salaried"),
        catalogue(source='separator = ","'),
        'or declare separator = ";" in [source]',
    ),
    (
        "an encoding that is not certain",
        csv(book(names=TAIWANESE)).encode("gb18030"),
        catalogue(),
        "its encoding must be certain: it reads '客戶編號,月份,信用額度,逾期天數,餘額,利率,就業' as gb18030",
    ),
    (
        "another encoding than declared",
        csv(book(names=CHINESE)).encode("gb18030"),
        catalogue(source='encoding = "utf-16"'),
        "the file is not utf-16 text",
    ),
    (
        "UTF-16 without its mark",
        csv(book()).encode("utf-16-be"),
        catalogue(),
        'holds NUL characters as UTF-16 does; declare encoding = "utf-16-be" in [source]',
    ),
]


@pytest.mark.parametrize(("content", "declared", "message"), [a[1:] for a in ASKED], ids=[a[0] for a in ASKED])
def test_what_is_not_certain_is_asked(tmp_path, content, declared, message):
    (tmp_path / "b.csv").write_bytes(content)
    with pytest.raises(CreditModelError, match=re.escape(message)) as caught:
        check_history(tmp_path / "b.csv", parse_catalogue(declared))
    assert "\n" not in str(caught.value)


def test_the_same_cells_with_what_was_asked_give_the_number(tmp_path):
    (tmp_path / "b.csv").write_bytes(ASKED[0][1])
    for mark, limits in ((".", [1.234, 2.5]), (",", [1234.0, 2500.0])):
        declared = parse_catalogue(catalogue(source=f'decimal = "{mark}"', head="unit = 0.001"))
        assert check_history(tmp_path / "b.csv", declared).values("limit").tolist() == limits


def test_a_column_that_proves_a_comma_makes_all_columns_texts_of_it(tmp_path):
    # unquoted 1.234 beside a quoted "0,5": in this table it is 1234
    (tmp_path / "b.csv").write_text(HEAD.format(",") + '1,2024-01,1.234,0,"0,5",1,gig\n')
    assert check_history(tmp_path / "b.csv", parse_catalogue(catalogue())).values("limit").tolist() == [1234.0]


@pytest.mark.parametrize("limit", ["1.234", "5.000"])
def test_points_that_may_group_thousands_are_asked_about_in_a_file_of_commas_too(tmp_path, limit):
    (tmp_path / "b.csv").write_text(HEAD.format(",") + f"1,2024-01,{limit},0,5,1,gig\n")
    with pytest.raises(HistoryError, match=rf"can be read in one way, found '{limit}', which is"):
        check_history(tmp_path / "b.csv", parse_catalogue(catalogue()))
    for other in ("0.5", "12.5", "1234.567", "0.125", ".5"):  # a number that settles it for the table
        (tmp_path / "b.csv").write_text(HEAD.format(",") + f"1,2024-01,{limit},0,{other},1,gig\n")
        declared = parse_catalogue(catalogue(head="unit = 0.001"))
        assert check_history(tmp_path / "b.csv", declared).values("limit").tolist() == [float(limit)]


def test_plain_numbers_in_a_file_of_commas_have_points_before_decimals(tmp_path):
    (tmp_path / "b.csv").write_text(HEAD.format(",") + '1,2024-01,"1,234",0,1.5,1,gig\n')
    history = check_history(tmp_path / "b.csv", parse_catalogue(catalogue()))
    assert [history.values(name).tolist() for name in ("limit", "balance")] == [[1234.0], [1.5]]


@pytest.mark.parametrize("make", [lines(), of_semicolons(money=european, rate=european)])
def test_ids_keep_their_zeros(tmp_path, make):
    table = read_table(make(tmp_path), id_column="acct")
    assert table["acct"].tolist()[:1] == ["0017"]


def test_a_western_word_is_no_chinese_and_the_other_way_round(tmp_path):
    path = tmp_path / "f.csv"
    for text, encoding in (("année;numéro\n", "gb18030"), ("客户,姓名\n1,王喆\n", "gb18030")):
        with pytest.raises(DataFileError, match="its encoding must be certain"):
            decode(text.encode(encoding), path)
    with pytest.warns(UserWarning, match="read as cp1252"):
        assert decode("année;numéro\n".encode("cp1252"), path) == "année;numéro\n"


@pytest.mark.parametrize("text", ["1e999999999", "1e-99999万", "9" * 400 + "x", "1 " * 3000])
def test_a_text_that_no_person_writes_is_refused_at_once(text):
    table = pd.DataFrame(book(money=plain)).assign(balance=text)
    with pytest.raises(HistoryError, match="balance must be a number, found"):
        check_history(table, parse_catalogue(catalogue()))


def test_a_number_for_what_is_not_known_needs_no_percent_sign():
    table = pd.DataFrame(book()).assign(rate=["4.5%", "-999", *["10%"] * 6])
    declared = parse_catalogue(catalogue(rate="share", source="missing = { rate = [-999] }"))
    assert check_history(table, declared).values("rate")[[0, 2]].tolist() == [0.045, 0.1]


# Workbooks
def sheet(path, *rows, name="A", more=()):
    """A workbook of one sheet, or more empty ones."""
    made = openpyxl.Workbook()
    made.active.title = name
    for other in more:
        made.create_sheet(other)
    for row in rows:
        made.active.append(row)
    made.save(path)
    return path


def test_a_workbook_that_is_not_certain_is_asked_about(tmp_path):
    path = tmp_path / "b.xlsx"
    made = openpyxl.Workbook()
    for name in ("Cards", "Loans"):
        made.create_sheet(name).append(["a", "b"])
    made.save(path)
    with pytest.raises(DataFileError, match=r"must name the sheet to read, found Cards, Loans; declare sheet"):
        read_table(path)
    with pytest.raises(DataFileError, match="has no sheet 'cards'; its sheets: Sheet, Cards, Loans"):
        check_history(path, parse_catalogue(catalogue(source='sheet = "cards"')))


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            [["Report of 2024"], ["a", "b"], [1, 2]],
            "row 1 of sheet 'A' must hold the columns' names, column 2 has",
        ),
        ([["a", "b", "a"], [1, 2, 3]], "column 'a' stands 2 times"),
        ([["a"], [1]], "holds no table"),
        ([], "holds no table; its sheets are empty"),
        ([["a", "b"], [1, "=A2+1"]], "A!B2 has a formula without its result; open and save it in Excel"),
    ],
)
def test_a_sheet_that_is_no_table_is_told(tmp_path, rows, message):
    with pytest.raises(DataFileError, match=re.escape(message)):
        read_table(sheet(tmp_path / "b.xlsx", *rows, more=("B",)))


def test_empty_sheets_and_the_signs_of_failed_formulas_are_no_numbers(tmp_path):
    path = sheet(tmp_path / "b.xlsx", ["a", "b"], [1, "#N/A"], [2, "#DIV/0!"], more=("B",))
    assert read_table(path)["b"].fillna("blank").tolist() == ["blank", "#DIV/0!"]


# Databases
def test_a_database_is_read_and_not_changed(tmp_path):
    path = tmp_path / "b.db"
    connection = sqlite3.connect(path)
    connection.execute("create table t (a)")
    connection.execute("create table u (a)")
    connection.close()
    for where in (path, f"sqlite:///{path}"):
        with pytest.raises(DataFileError, match="must be given a query, since it holds 2 tables"):
            read_table(where)
        with pytest.raises(DataFileError, match="the query must read, such as select"):
            read_table(where, query="drop table t")
        with pytest.raises(DataFileError, match="cannot be queried"):
            read_table(where, query="with x as (select 1) delete from t")
        with pytest.raises(DataFileError, match=r"cannot be queried \(.*no such table"):
            read_table(where, query="select * from v")
    assert len(read_table(path, query="select * from t")) == 0


def test_a_database_that_is_none_is_told(tmp_path):
    (tmp_path / "b.db").write_bytes(b"something else")
    with pytest.raises(DataFileError, match="is neither a DuckDB nor an SQLite file"):
        read_table(tmp_path / "b.db")
    with pytest.raises(DataFileError, match="no such file"):
        read_table(f"sqlite:///{tmp_path}/none.db", query="select 1")
    assert not (tmp_path / "none.db").exists()
    with pytest.raises(DataFileError, match=r"nothing://x: is no URL of a database|its library is not installed"):
        read_table("nothing://x", query="select 1")
    (tmp_path / "b.csv").write_text("a\n1\n")
    with pytest.raises(DataFileError, match="is no database, and takes no query"):
        read_table(tmp_path / "b.csv", query="select 1")


def test_a_password_is_never_shown():
    assert without_password("postgresql://me:p@host:1/book") == "postgresql://me:***@host:1/book"
    with pytest.raises(DataFileError) as caught:
        read_table("postgresql://me:secret@host/book", query="select 1")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(("name", "library"), [("b.xlsx", "openpyxl"), ("sqlite:///b.db", "sqlalchemy")])
def test_a_library_that_is_missing_is_asked_for(tmp_path, monkeypatch, name, library):
    monkeypatch.setitem(sys.modules, library, None)
    (tmp_path / "b.xlsx").write_bytes(b"x")
    where = name if "://" in name else tmp_path / name
    with pytest.raises(DataFileError, match=rf"with {library}, which is not installed; pip install .*\[readers\]"):
        read_table(where, query="select 1" if "://" in name else None)


# Folders and tables
def test_a_column_in_a_folders_name_and_in_its_files_is_told(tmp_path):
    (tmp_path / "month=2024-01").mkdir()
    pd.DataFrame({"month": ["2024-01"], "x": [1]}).to_parquet(tmp_path / "month=2024-01" / "a.parquet")
    with pytest.raises(DataFileError, match="has column 'month', which the name of its folder gives, too"):
        read_table(tmp_path)


def test_a_part_of_the_key_in_the_names_of_folders_keeps_its_zeros(tmp_path):
    for part in ("01", "2"):
        (tmp_path / f"product={part}").mkdir()
        pd.DataFrame({"x": [1]}).to_parquet(tmp_path / f"product={part}" / "a.parquet")
    assert read_table(tmp_path)["product"].tolist() == ["01", "2"]


def test_a_text_beside_the_tables_of_a_folder_is_not_read(tmp_path):
    (tmp_path / "b.csv").write_text("a,b\n1,2\n")
    (tmp_path / "readme.txt").write_text("what it is\n")
    assert read_table(tmp_path).to_dict("list") == {"a": [1], "b": [2]}


def test_names_of_folders_are_read_as_they_were_written(tmp_path):
    for name in ("k=a%2Fb", "k=__HIVE_DEFAULT_PARTITION__"):
        (tmp_path / name).mkdir()
        pd.DataFrame({"x": [1]}).to_parquet(tmp_path / name / "a.parquet")
    assert read_table(tmp_path).sort_values("k")["k"].tolist()[:1] == ["a/b"]
    assert read_table(tmp_path)["k"].isna().sum() == 1


def test_what_is_no_table_is_told():
    with pytest.raises(DataFileError, match=r"got LazyFrame; call its collect\(\) first"):
        as_table(pl.LazyFrame({"a": [1]}))
    with pytest.raises(DataFileError, match="got dict"):
        as_table({"a": [1]})


def test_a_zip_of_texts_that_are_no_tables_is_told(tmp_path):
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("readme.txt", "no table")
    with pytest.raises(DataFileError, match=r"must hold exactly one \.csv file, found 0"):
        read_table(tmp_path / "b.zip")


# Cases of accounts
@pytest.mark.parametrize(("head", "closed"), [("", [False, False]), ('closed = "blank"', [False, True])])
def test_a_blank_limit_is_unknown_or_a_closure_and_never_a_cut(tmp_path, head, closed):
    (tmp_path / "b.csv").write_text(HEAD.format(",") + "1,20240131,5000,0,5,1,gig\n1,20240229,,0,5,1,gig\n")
    history = check_history(tmp_path / "b.csv", parse_catalogue(catalogue(head=head)))
    assert history.is_closed.tolist() == closed
    assert history.values("limit")[0] == 5000
    assert history.values("limit")[1] != history.values("limit")[1]


def test_a_blank_of_a_limit_is_a_number_or_an_end_but_not_both():
    with pytest.raises(CreditModelError, match=r"'limit' is blank where closed = \"blank\" says it ended; keep one"):
        parse_catalogue(catalogue(head='closed = "blank"', source="[source.blank]\nlimit = 0"))


def test_a_text_beside_numbers_of_a_column_is_told_where_it_stands():
    table = pd.DataFrame(book(money=plain)).assign(balance=[1, 2, "x", 4, 5, 6, 7, 8])
    with pytest.raises(HistoryError, match=r"balance must be a number, found 'x' \(borrower 0017, 2024-03\)"):
        check_history(table, parse_catalogue(catalogue()))
