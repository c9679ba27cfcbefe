"""The small invented book in every way that the readers know: `CASES`. What it means is always `book.BOOK`.

Files are made at test time in a folder of the test. A case gives its data (a path, a URL or a table), the catalogue
that goes with them and the history's months as they are shown, where its calendar is not months.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import sqlite3
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pandas as pd
import polars as pl
import pyarrow as pa

from tests.readers.book import (
    BOOK,
    CHINESE,
    GERMAN,
    LAST_DAYS,
    TAIWANESE,
    book,
    catalogue,
    csv,
    day,
    decimal_of,
    dollars,
    european,
    grouped,
    iso,
    plain,
    ten_thousands,
    typed,
    wide,
)


@dataclass(frozen=True)
class Case:
    """A way to give the book; ``make`` writes what it needs into a folder and gives the data."""

    name: str
    make: Callable[[Path], Any]
    catalogue: str = field(default_factory=catalogue)
    query: str | None = None
    sheet: str | None = None
    months: Callable[[int], str] = iso
    key: Callable[[str], str] = str
    percent: float = 1.0  # what the rates are multiplied with
    blank_balance: float | None = None
    said: str = ""  # a warning that the reader gives


CASES: list[Case] = []


def case(name: str, make: Callable[[Path], Any], declared: str | None = None, **more: Any) -> None:
    """Add a case."""
    CASES.append(Case(name, make, catalogue() if declared is None else declared, **more))


def file(name: str, content: str | bytes, encoding: str = "utf-8") -> Callable[[Path], Path]:
    """What writes one file."""

    def make(folder: Path) -> Path:
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return folder / name

    return make


# CSV: separators, encodings, compression
PLAIN = csv(book())
case("commas", file("b.csv", PLAIN))
case("semicolons and decimal commas", file("b.csv", csv(book(money=european, rate=european), ";")))
case("semicolons and decimal points", file("b.csv", csv(book(money=grouped), ";")))
case("tabs", file("b.tsv", csv(book(), "\t")))
case("bars", file("b.txt", csv(book(), "|")))
case("line ends of Windows", file("b.csv", csv(book(), line="\r\n")))
case("line ends of old", file("b.csv", csv(book(), line="\r")))
case("a first line for Excel", file("b.csv", "sep=;\n" + csv(book(money=european, rate=european), ";")))
case("a declared separator", file("b.csv", csv(book(), "|")), catalogue(source='separator = "|"'))
case("a mark of order", file("b.csv", PLAIN, "utf-8-sig"))
case("UTF-16", file("b.csv", PLAIN, "utf-16"))
case("UTF-16, big end first", file("b.csv", b"\xfe\xff" + PLAIN.encode("utf-16-be")))
case("UTF-16 without its mark", file("b.csv", PLAIN, "utf-16-le"), catalogue(source='encoding = "utf-16-le"'))
ZH = ("受薪", "零工")
ZH_CSV = csv(book(names=CHINESE, words=ZH))
case(
    "GB18030",
    file("b.csv", ZH_CSV, "gb18030"),
    catalogue(CHINESE, words=ZH),
    said="read as gb18030",
)
case("GB18030, declared", file("b.csv", ZH_CSV, "gb18030"), catalogue(CHINESE, words=ZH, source='encoding = "GBK"'))
case("Chinese in UTF-8", file("b.csv", ZH_CSV), catalogue(CHINESE, words=ZH))
TW = ("受薪", "零工")
case(
    "Big5",
    file("b.csv", csv(book(names=TAIWANESE, words=TW)), "big5"),
    catalogue(TAIWANESE, words=TW),
    said="read as big5",
)
DE = ("angestellt", "selbständig")
case(
    "Windows' Western encoding",
    file("b.csv", csv(book(names=GERMAN, words=DE, money=european, rate=european), ";"), "cp1252"),
    catalogue(GERMAN, words=DE),
    said="read as cp1252",
)
case("gzip", file("b.csv.gz", gzip.compress(PLAIN.encode())))
case("bzip2", file("b.csv.bz2", bz2.compress(PLAIN.encode())))
case("xz", file("b.csv.xz", lzma.compress(PLAIN.encode())))
case("zstandard", file("b.csv.zst", pa.compress(PLAIN.encode(), codec="zstd", asbytes=True)))


def zipped(folder: Path) -> Path:
    """A ZIP file, with what a Mac leaves beside its member."""
    with zipfile.ZipFile(folder / "b.zip", "w") as archive:
        archive.writestr("b.csv", PLAIN)
        archive.writestr("__MACOSX/._b.csv", "x")
    return folder / "b.zip"


case("zip", zipped)
QUOTED = book() | {"note": ['he said "no", twice', "two\nlines", *["-"] * (len(BOOK) - 2)]}
case("quotes with separators and line breaks", file("b.csv", csv(QUOTED)), said="'note' left out")
case("quotes in a file of semicolons", file("b.csv", csv(QUOTED | {"note": ["a;b"] * len(BOOK)}, ";")), said="'note'")


# Numbers
def lines(**ways: Any) -> Callable[[Path], Path]:
    """A CSV file of the book."""
    return file("b.csv", csv(book(**ways)))


def of_semicolons(**ways: Any) -> Callable[[Path], Path]:
    """A CSV file of the book, separated by semicolons."""
    return file("b.csv", csv(book(**ways), ";"))


case("dollars", lines(money=dollars))
case("dollars in a file of semicolons", of_semicolons(money=dollars))
case("euros after the number", of_semicolons(money=lambda v: f"{european(v)} €", rate=european))
case("French spaces", of_semicolons(money=lambda v: grouped(v, "\u202f", ","), rate=european))
case("Swiss apostrophes", of_semicolons(money=lambda v: grouped(v, "'", ".")))
case("a minus after the number", of_semicolons(money=lambda v: grouped(abs(v)) + ("-" if v < 0 else "")))
case("codes of currencies", lines(money=lambda v: f"CNY {grouped(v)}"))
case("full-width digits", of_semicolons(money=lambda v: wide(grouped(v))))
case("percent signs in per cent", lines(rate=lambda v: f"{plain(v)}%"))
case("percent signs in shares", lines(rate=lambda v: f"{plain(v)}%"), catalogue(rate="share"), percent=0.01)
case("percent signs and decimal commas", of_semicolons(money=european, rate=lambda v: f"{european(v)} %"))
case("units of ten thousand", lines(money=lambda v: f"{ten_thousands(v)}万"))
case("units of a hundred million", lines(money=lambda v: f"{format(decimal_of(v).scaleb(-8).normalize(), 'f')}亿元"))
case(
    "a limit in ten thousands by its header",
    lines(names=(*CHINESE[:2], "授信额度(万元)", *CHINESE[3:]), limit=ten_thousands, words=ZH),
    catalogue((*CHINESE[:2], "授信额度(万元)", *CHINESE[3:]), words=ZH, source='scale = { "授信额度(万元)" = 10000 }'),
)
case(
    "numbers that mean nothing known",
    lines(blank="-999"),
    catalogue(source="[source.missing]\nbalance = [-999]\nrate = [-999]"),
)
case("words that mean nothing known", lines(blank="."), catalogue(source='missing = { balance = ["."], rate = ["."] }'))
case("blanks that mean zero", lines(), catalogue(source="[source.blank]\nbalance = 0"), blank_balance=0.0)
case(
    "a declared decimal comma",
    of_semicolons(money=european, rate=european),
    catalogue(source='decimal = ","\nseparator = ";"'),
)
case("words of other programs for a blank", lines(blank="#N/A"))

# Months
case("days first", lines(month=day("%d/%m/%Y")))
case("days first, with points", lines(month=day("%d.%m.%Y")))
case("months first", lines(month=day("%m/%d/%Y")))
case("months first, with midnight", lines(month=day("%m/%d/%Y 12:00:00 AM")))
case("days first, declared", lines(month=lambda m: f"01/{m:02d}/2024"), catalogue(head='month_format = "%d/%m/%Y"'))
case("months first, declared", lines(month=lambda m: f"{m:02d}/01/2024"), catalogue(head='month_format = "%m/%d/%Y"'))
case("names of months, short", lines(month=day("%b-%Y")))
case("names of months, long", lines(month=day("%B %Y")))
case("names of months between", lines(month=day("%d%b%Y")))
case("Chinese months", lines(month=lambda m: f"2024年{m}月"))
case("Chinese days", lines(month=lambda m: f"2024年{m:02d}月{LAST_DAYS[m]}日"))
case("month and year", lines(month=day("%m/%Y")))
case("numbers of months", lines(month=day("%Y%m")))
case("numbers of days", lines(month=day("%Y%m%d")))
QUARTER = {"head": 'calendar = "quarterly"'}
case("quarters", lines(month=lambda m: f"2024Q{m}"), catalogue(**QUARTER), months=lambda m: f"2024Q{m}")
case("quarters first", lines(month=lambda m: f"Q{m} 2024"), catalogue(**QUARTER), months=lambda m: f"2024Q{m}")
case(
    "Chinese quarters",
    lines(month=lambda m: f"2024年{'一二三'[m - 1]}季度"),
    catalogue(**QUARTER),
    months=lambda m: f"2024Q{m}",
)
case(
    "weeks",
    lines(month=lambda m: f"2024-W{m + 4:02d}"),
    catalogue(head='calendar = "weekly"'),
    months=lambda m: f"2024-W{m + 4:02d}",
)

# Keys of several columns
KEYS = {"borrower": '["customer", "product"]'}


def joined(account: str) -> str:
    """The key's parts, joined."""
    return f"{account[:2]}/{account[2:]}"


case("a key of two columns", lines(split=True), catalogue(**KEYS), key=joined)


# Files of other kinds
def parquet(folder: Path) -> Path:
    """One Parquet file."""
    typed().to_parquet(folder / "b.parquet")
    return folder / "b.parquet"


def parquet_parts(folder: Path) -> Path:
    """A folder of Parquet files."""
    for i in range(4):
        typed().iloc[2 * i : 2 * i + 2].to_parquet(folder / f"part-{i}.parquet", index=False)
    return folder


def hive(folder: Path, column: str, split: bool) -> Path:
    """Parquet files in folders by the values of a column."""
    for value, part in typed(split=split).groupby(column):
        (folder / "book" / f"{column}={value}").mkdir(parents=True)
        part.drop(columns=column).to_parquet(folder / "book" / f"{column}={value}" / "0.parquet", index=False)
    (folder / "book" / "_SUCCESS").write_text("")
    return folder / "book"


def csv_parts(folder: Path) -> Path:
    """A folder of CSV files, compressed."""
    header, *rows = PLAIN.splitlines(keepends=True)
    for i in range(2):
        (folder / f"{i}.csv.gz").write_bytes(gzip.compress("".join([header, *rows[4 * i : 4 * i + 4]]).encode()))
    return folder


case("Parquet", parquet)
case("a folder of Parquet", parquet_parts)
case("a folder split by month", lambda folder: hive(folder, "month", split=False))
case("a folder split by a part of the key", lambda f: hive(f, "product", split=True), catalogue(**KEYS), key=joined)
case("a folder of packed CSV", csv_parts)


def feather(folder: Path) -> Path:
    """A Feather file."""
    typed().to_feather(folder / "b.feather")
    return folder / "b.feather"


def arrow(folder: Path, name: str) -> Path:
    """An Arrow file or stream."""
    table = pa.Table.from_pandas(typed())
    new = pa.ipc.new_stream if name.endswith("s") else pa.ipc.new_file
    with pa.OSFile(str(folder / name), "wb") as out, new(out, table.schema) as writer:
        writer.write_table(table)
    return folder / name


case("Feather", feather)
case("an Arrow file", lambda folder: arrow(folder, "b.arrow"))
case("an Arrow stream", lambda folder: arrow(folder, "b.arrows"))


def workbook(
    folder: Path, cells: dict[str, list[Any]], sheets: tuple[str, ...] = ("Accounts",), rate: str = ""
) -> Path:
    """A workbook whose last sheet has the book; the first row of the sheet is empty."""
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name in sheets:
        page = made.create_sheet(name)
        page.append([])
        for row in [tuple(cells), *zip(*cells.values(), strict=True)]:
            page.append(list(row) if name == sheets[-1] else ["see", "the", "other", "sheet"])
        for row in page.iter_rows(min_row=3) if rate else ():
            row[5].number_format = rate
    made.save(folder / "b.xlsx")
    return folder / "b.xlsx"


CELLS = book(money=float, rate=float, blank=None)
DATED = book(
    money=float, rate=lambda v: float(decimal_of(v).scaleb(-2)), blank=None, month=lambda m: pd.Timestamp(2024, m, 1)
)
case("a workbook", lambda folder: workbook(folder, CELLS))
case("a workbook's sheet, declared", lambda f: workbook(f, CELLS, ("Note", "A b")), catalogue(source='sheet = "A b"'))
case("a workbook's sheet, given", lambda f: workbook(f, CELLS, ("Note", "A b")), sheet="A b")
case("a workbook of dates and percentages", lambda folder: workbook(folder, DATED, rate="0.00%"))
case(
    "a workbook of percentages as shares",
    lambda folder: workbook(folder, DATED, rate="0.00%"),
    catalogue(rate="share"),
    percent=0.01,
)
case("a workbook of texts", lambda folder: workbook(folder, book(money=dollars, blank=None)))


def in_duckdb(folder: Path, others: bool) -> Path:
    """A DuckDB file."""
    with duckdb.connect(str(folder / "b.duckdb")) as connection:
        connection.register("given", pa.Table.from_pandas(typed()))
        connection.execute("create table book as select * from given")
        if others:
            connection.execute("create table other as select 1 as x")
    return folder / "b.duckdb"


def in_sqlite(folder: Path) -> Path:
    """An SQLite file."""
    connection = sqlite3.connect(folder / "b.sqlite")
    typed().to_sql("book", connection, index=False)
    connection.close()
    return folder / "b.sqlite"


QUERY = "select * from book where acct <> 'nobody'"
case("DuckDB, its only table", lambda folder: in_duckdb(folder, others=False))
case("DuckDB, a query", lambda folder: in_duckdb(folder, others=True), query=QUERY)
case("SQLite, its only table", in_sqlite)
case("SQLite, a query", in_sqlite, query=QUERY)
case("a database by its URL", lambda folder: f"sqlite:///{in_sqlite(folder)}", query=QUERY)


# Tables of other libraries
class Stream:
    """A table that gives nothing but an Arrow stream."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._table.__arrow_c_stream__(requested_schema)


case("pandas", lambda folder: typed())
case("pandas, an index of key and month", lambda folder: typed().set_index(["acct", "month"]))
case("pandas, texts", lambda folder: pd.DataFrame(book(money=dollars, rate=lambda v: f"{plain(v)}%")))
case("Polars", lambda folder: pl.DataFrame(typed().to_dict("list")))
case("PyArrow", lambda folder: pa.Table.from_pandas(typed()))
case("PyArrow, in batches", lambda folder: pa.Table.from_pandas(typed()).to_reader(max_chunksize=3))
case("DuckDB, a relation", lambda folder: duckdb.from_arrow(pa.Table.from_pandas(typed())))
case("an Arrow stream of another library", lambda folder: Stream(pa.Table.from_pandas(typed())))
case("a path as text", lambda folder: str(parquet(folder)))
