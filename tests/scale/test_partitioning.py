"""A partition holds what the whole table holds, whatever the order of its rows; what cannot be one is refused."""

import json
import shutil

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from credit_model import check_history, read_catalogue
from credit_model.errors import DataFileError, HistoryError
from credit_model.portfolio.catalogue import parse_catalogue
from credit_model.scale import partitioning
from credit_model.scale.partition import Partition
from credit_model.scale.partitioning import write_partition

CARDS = """
[portfolio]
name = "cards"
version = "1"
borrower = "card"
month = "month"
limit = "limit_amount"

[ladder]
quantiles = 3

[[column]]
name = "balance"
kind = "number"
unit = "money"
label = "balance"

[[column]]
name = "rate"
kind = "number"
unit = "share"
label = "rate"
required = false

[[factor]]
id = "use"
label = "use"
about = "borrower"

[[feature]]
id = "balance_mean_2m"
code = "B1"
reason = "The balance went from {before} to {after}."
column = "balance"
window = 2
summary = "mean"
factor = "use"
effect = "lowers"
label = "balance"

[[feature]]
id = "tier_in_force"
role = "state"
label = "tier"
"""


@pytest.fixture(scope="module")
def cards():
    return parse_catalogue(CARDS)


def panel(ids, months=("2024-01", "2024-02", "2024-03"), **columns):
    """A row for each id and month, the months in turn."""
    n = len(ids) * len(months)
    table = pd.DataFrame({"month": np.repeat(months, len(ids)), "card": list(ids) * len(months)})
    table["limit_amount"] = 1000.0 + 500 * (np.arange(n) % 3)
    table["balance"] = np.arange(n) / 4
    return table.assign(**columns)


def assert_same(one, other):
    assert one.month_type == other.month_type
    assert one.borrower_ids.dtype == other.borrower_ids.dtype
    assert one.borrower_ids.tolist() == other.borrower_ids.tolist()
    assert one.starts.tolist() == other.starts.tolist()
    assert one.month_number.tolist() == other.month_number.tolist()
    assert list(one.cells) == list(other.cells)
    for name, cells in one.cells.items():
        np.testing.assert_array_equal(cells, other.cells[name], err_msg=name)


def test_blocks_in_order_are_the_panel_in_memory(blocks, shuffled):
    assert len(blocks) == 4
    assert_same(blocks.whole(), check_history(shuffled, read_catalogue("synthetic")))


def test_a_borrower_is_whole_in_its_block(blocks):
    for number, block in enumerate(blocks.blocks):
        history = blocks.block(number)
        assert (len(history), len(history.borrower_ids)) == (block.rows, block.borrowers)
        assert (history.borrower_ids[0], history.borrower_ids[-1]) == (block.first, block.last)
        assert blocks.block_of(str(block.last)) == number


@pytest.mark.parametrize("name", ["panel.csv", "panel.csv.gz", "panel.feather"])
def test_other_formats_are_read_part_by_part_as_they_are_read_whole(warned_panel, tmp_path, name):
    rows = warned_panel.history.sample(n=4000, random_state=1).reset_index(drop=True)
    write = {".feather": rows.to_feather}.get(f".{name.split('.')[-1]}", lambda path: rows.to_csv(path, index=False))
    write(tmp_path / name)
    catalogue = read_catalogue("synthetic")
    found = write_partition(tmp_path / name, catalogue, tmp_path / "blocks", blocks=3, memory=1 << 22, n_jobs=2)
    assert_same(found.whole(), check_history(tmp_path / name, catalogue))


def test_the_bytes_depend_neither_on_memory_nor_on_threads_nor_on_the_order_of_rows(shuffled, blocks, tmp_path):
    catalogue = read_catalogue("synthetic")
    other = tmp_path / "other"
    other.mkdir()
    whole = pd.concat([pd.read_parquet(path) for path in sorted(shuffled.iterdir())], ignore_index=True)
    whole.iloc[::-1].to_parquet(other / "all.parquet", index=False)
    found = write_partition(other, catalogue, tmp_path / "blocks", blocks=4, memory=1 << 22, n_jobs=3)
    assert found.digest == blocks.digest


@pytest.mark.parametrize(
    ("ids", "dtype"),
    [(("007", "12", "13", "14"), object), ((7, 12, 13, 14), np.int64), (("b", "a", "d", "c"), object)],
)
def test_ids_are_of_the_kind_that_the_whole_table_says(cards, tmp_path, ids, dtype):
    panel(ids).to_csv(tmp_path / "cards.csv", index=False)
    found = write_partition(tmp_path / "cards.csv", cards, tmp_path / "blocks", blocks=4)
    assert [found.block(k).borrower_ids.dtype for k in range(4)] == [dtype] * 4
    assert_same(found.whole(), check_history(tmp_path / "cards.csv", cards))


def test_ids_may_be_numbers_in_one_file_and_texts_in_another(cards, tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    panel((1, 2)).to_csv(source / "a.csv", index=False)
    panel(("x1", "x2")).to_csv(source / "b.csv", index=False)
    found = write_partition(source, cards, tmp_path / "blocks", blocks=2)
    assert_same(found.whole(), check_history(source, cards))


def test_months_may_be_texts_in_one_file_and_dates_in_another(cards, tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    panel((1, 2)).to_parquet(source / "a.parquet", index=False)
    later = panel((3, 4))
    later.assign(month=pd.to_datetime(later["month"])).to_parquet(source / "b.parquet", index=False)
    found = write_partition(source, cards, tmp_path / "blocks", blocks=2)
    assert_same(found.whole(), check_history(source, cards))


def test_data_that_change_between_the_two_passes_are_refused(cards, tmp_path, monkeypatch):
    path = tmp_path / "cards.parquet"
    panel((1, 2)).to_parquet(path, index=False)
    seen = partitioning.survey

    def then_change(*args):
        found = seen(*args)
        panel((1, 9)).to_parquet(path, index=False)
        return found

    monkeypatch.setattr(partitioning, "survey", then_change)
    with pytest.raises(DataFileError, match="changed while they were read"):
        write_partition(path, cards, tmp_path / "blocks")
    assert not (tmp_path / "blocks").exists()


def test_a_decimal_comma_that_only_one_cell_proves_holds_for_all_parts(cards, tmp_path):
    # 1,250 alone may be 1250 or 1.25; the last cell, 0,5, tells that it is 1.25.
    rows = panel(range(400)).astype({"balance": object})
    rows["balance"] = "1,250"
    rows.loc[len(rows) - 1, "balance"] = "0,5"
    rows["limit_amount"] = rows["limit_amount"].astype(int)
    rows.to_csv(tmp_path / "cards.csv", index=False, sep=";")
    found = write_partition(tmp_path / "cards.csv", cards, tmp_path / "blocks", blocks=3, memory=1 << 20)
    whole = found.whole()
    assert set(whole.values("balance").tolist()) == {1.25, 0.5}
    assert_same(whole, check_history(tmp_path / "cards.csv", cards))


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (("4%", "3"), "percent sign in all cells or in none"),
        (("4€", "3"), "no currency"),
        (("1.234", "2.345"), "can be read in one way"),
    ],
)
def test_numbers_written_in_two_ways_are_refused_wherever_they_lie(cards, tmp_path, cells, message):
    rows = panel(range(300)).assign(rate=cells[0], balance=7, limit_amount=lambda t: t["limit_amount"].astype(int))
    rows.loc[len(rows) - 2, "rate"] = cells[1]
    rows.to_csv(tmp_path / "cards.csv", index=False, sep=";")
    with pytest.raises(HistoryError, match=message):
        write_partition(tmp_path / "cards.csv", cards, tmp_path / "blocks", blocks=4, memory=1 << 20)
    assert not list(tmp_path.glob("*blocks*"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: pd.concat([t, t.iloc[:1]]), "one row a month, found 1 duplicate"),
        (lambda t: t.assign(limit_amount=np.nan), "holds no limit at all"),
        (lambda t: t.assign(balance=t["balance"].where(t.index != 3, np.inf)), "must be finite"),
        (lambda t: t.drop(columns="balance"), "lacks column 'balance'"),
        (lambda t: t.assign(month=t["month"].where(t.index != 5, "2024-13")), "month"),
        (lambda t: t.assign(card=t["card"].astype(object).where(t.index != 5)), "data row 6"),
        (lambda t: t.assign(month=t["month"].replace({"2024-02": "2024-04", "2024-03": "2024-07"})), "quarterly"),
        (lambda t: t.iloc[:0], "no rows"),
    ],
)
def test_a_table_that_breaks_a_rule_is_refused_in_one_line_and_leaves_nothing(cards, tmp_path, change, message):
    source, out = tmp_path / "cards.parquet", tmp_path / "out" / "blocks"
    change(panel(range(100, 120))).to_parquet(source, index=False)
    with pytest.raises(HistoryError, match=message) as mistake:
        write_partition(source, cards, out, blocks=3)
    assert len(mistake.value.errors) == 1
    assert str(source) in str(mistake.value)
    assert not out.parent.exists()


def test_files_with_other_columns_are_refused(cards, tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    panel((1, 2)).to_csv(source / "a.csv", index=False)
    panel((3, 4)).assign(more=1).to_csv(source / "b.csv", index=False)
    with pytest.raises(DataFileError, match=r"b.csv: must have the columns of the other files"):
        write_partition(source, cards, tmp_path / "blocks")


def test_a_disk_too_small_is_told_before_anything_is_written(cards, tmp_path, monkeypatch):
    panel(range(200)).to_parquet(tmp_path / "cards.parquet", index=False)
    small = shutil._ntuple_diskusage(total=10**9, used=10**9 - 2000, free=2000)
    monkeypatch.setattr(partitioning.shutil, "disk_usage", lambda path: small)
    with pytest.raises(DataFileError, match=r"600 rows needs about 0\.\d MB on this disk, which has 0\.0 MB free"):
        write_partition(tmp_path / "cards.parquet", cards, tmp_path / "blocks")
    assert [path.name for path in tmp_path.iterdir()] == ["cards.parquet"]


@pytest.fixture
def damaged(cards, tmp_path):
    """A partition, and what rewrites one of its blocks and what the manifest says of it."""
    panel(range(10, 22)).to_parquet(tmp_path / "cards.parquet", index=False)
    folder = tmp_path / "blocks"
    write_partition(tmp_path / "cards.parquet", cards, folder, blocks=3)

    def change(number, table_of, **stated):
        path = folder / f"blocks/block-{number:06d}.parquet"
        pq.write_table(table_of(pq.read_table(path)), path)
        manifest = json.loads((folder / "manifest.json").read_text())
        manifest["blocks"][number] |= stated
        (folder / "manifest.json").write_text(json.dumps(manifest))
        return folder

    return change


def test_blocks_of_another_kind_of_months_are_refused(damaged):
    folder = damaged(1, lambda t: t.replace_schema_metadata({**t.schema.metadata, b"month_type": b"integer"}))
    with pytest.raises(DataFileError, match=r"block-000001.*months must be of one kind, 'date'.*'integer'"):
        Partition.open(folder)


def test_blocks_of_another_type_of_ids_are_refused(damaged):
    def as_texts(table):
        return table.set_column(0, "borrower", table["borrower"].cast("string"))

    folder = damaged(2, as_texts, first="18", last="21")
    with pytest.raises(DataFileError, match=r"block-000002.*ids must be of one type in all blocks, int64.*string"):
        Partition.open(folder)


def test_blocks_of_other_columns_are_refused(damaged):
    folder = damaged(1, lambda table: table.drop_columns(["rate"]))
    with pytest.raises(DataFileError, match=r"block-000001.*same columns, differs in 'rate'"):
        Partition.open(folder)


def test_a_borrower_in_two_blocks_is_refused(damaged):
    def with_the_first(table):
        ids = table["borrower"].to_pandas().replace({14: 13})
        return table.set_column(0, "borrower", [ids])

    folder = damaged(1, with_the_first, first=13)
    with pytest.raises(HistoryError, match=r"block-000001.*must lie in one block.*borrower 13 after 13"):
        Partition.open(folder)


def test_a_block_that_was_changed_is_refused_when_it_is_read(damaged):
    folder = damaged(0, lambda table: table.set_column(3, "balance", [table["balance"].to_pandas() + 1]))
    with pytest.raises(DataFileError, match=r"block-000000.*is not what was written"):
        Partition.open(folder).block(0)


def test_another_catalogue_is_refused(damaged, cards):
    folder = damaged(0, lambda table: table)
    with pytest.raises(HistoryError, match=r"was partitioned by catalogue 'cards'.*partition the data again"):
        Partition.open(folder, read_catalogue("synthetic"))
