import pandas as pd
import pytest

from credit_model.errors import DataFileError
from credit_model.files import write_table
from credit_model.readers.tables import read_table

TABLE = pd.DataFrame({"borrower_id": ["007", "=cmd()"], "amount": [1.5, -2.0]})


@pytest.mark.parametrize("name", ["t.parquet", "t.csv"])
def test_a_table_comes_back_as_it_was_written(tmp_path, name):
    write_table(TABLE.iloc[:1], tmp_path / "new" / name)
    back = read_table(tmp_path / "new" / name, id_column="borrower_id")
    assert back["borrower_id"].tolist() == ["007"]
    assert back["amount"].tolist() == [1.5]


def test_ids_that_are_numbers_come_back_as_numbers(tmp_path):
    (tmp_path / "t.csv").write_text("borrower_id,x\n7,1\n12,2\n")
    assert read_table(tmp_path / "t.csv", id_column="borrower_id")["borrower_id"].tolist() == [7, 12]


def test_a_folder_is_read_part_by_part_and_its_history_subfolder_first(tmp_path):
    write_table(TABLE.iloc[:1], tmp_path / "history" / "part-0.parquet")
    write_table(TABLE.iloc[1:], tmp_path / "history" / "part-1.parquet")
    write_table(TABLE, tmp_path / "economy.parquet")
    assert read_table(tmp_path)["borrower_id"].tolist() == ["007", "=cmd()"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("cut.parquet", b"PAR1\x00\x00", "cannot be read as Parquet"),
        ("gbk.csv", "borrower,额度\n".encode("gbk"), "is not UTF-8 text"),
        ("empty.csv", b"", "the file is empty"),
        ("ragged.csv", b"a,b\n1,2\n1,2,3,4\n", "cannot be read as CSV"),
        ("bad.csv.zip", b"PK\x03\x04 cut", "cannot be read as CSV"),
        ("bad.csv.gz", b"\x1f\x8b cut", "cannot be read as CSV"),
        ("table.xlsx", b"x", "must end in .parquet or .csv, got .xlsx"),
    ],
)
def test_a_file_that_is_not_what_it_says_is_told_in_one_line(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataFileError, match=message) as caught:
        read_table(tmp_path / name)
    assert str(caught.value).startswith(str(tmp_path / name))
    assert "\n" not in str(caught.value)


def test_a_truncated_parquet_file_is_told(tmp_path):
    write_table(pd.DataFrame({"a": range(1000)}), tmp_path / "t.parquet")
    content = (tmp_path / "t.parquet").read_bytes()
    (tmp_path / "t.parquet").write_bytes(content[: len(content) // 2])
    with pytest.raises(DataFileError, match="cut short"):
        read_table(tmp_path / "t.parquet")


def test_what_is_not_there_and_a_folder_without_tables_are_told(tmp_path):
    with pytest.raises(DataFileError, match="no such file"):
        read_table(tmp_path / "x.csv")
    with pytest.raises(DataFileError, match=r"holds no \.parquet or \.csv"):
        read_table(tmp_path)
