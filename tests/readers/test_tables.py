import os
import zipfile

import pandas as pd
import pytest

from credit_model.errors import CreditModelWarning, DataFileError
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
        ("ragged.csv", b"a,b\n1,2\n1,2,3,4\n", "line 3 has 4 fields, the header has 2"),
        ("short.csv", b"a,b,c\n1,2,3\n\n1,2\n4,5,6\n", "line 4 has 2 fields, the header has 3"),
        ("short.csv", b'a,b,c\r\n1,"2,\r\n3",4\r\n1,"2"\r\n', "line 4 has 2 fields, the header has 3"),
        ("open.csv", b'a,b\n1,"2\n3,4\n', "cannot be read as CSV"),
        ("index.csv", b"a,b\n1,2,3\n4,5,6\n", "line 2 has 3 fields, the header has 2"),
        ("twice.csv", b"a,b,a\n1,2,3\n", "column 'a' stands 2 times"),
        ("nul.csv", b"a,b\n1,\x002\n", "holds a NUL character"),
        ("bad.csv.zip", b"PK\x03\x04 cut", "is damaged or cut short"),
        ("bad.csv.gz", b"\x1f\x8b cut", "is damaged or cut short"),
        ("bad.csv.xz", b"\xfd7zXZ cut", "is damaged or cut short"),
        ("bad.csv.bz2", b"BZh cut", "is damaged or cut short"),
        ("bad.csv.zst", b"cut", "is damaged or cut short"),
        ("bad.csv.tar", b"x", r"must end in \.parquet or \.csv, .* got \.tar"),
        ("table.xlsx", b"x", "cannot be read as an Excel workbook"),
    ],
)
def test_a_file_that_is_not_what_it_says_is_told_in_one_line(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataFileError, match=message) as caught:
        read_table(tmp_path / name)
    assert str(caught.value).startswith(str(tmp_path / name))
    assert "\n" not in str(caught.value)


CUT = "borrower_id,month,limit\n" + "".join(f"B{i},2024-0{i},{i}500\n" for i in range(1, 6))


def test_a_csv_cut_anywhere_is_an_error_or_at_least_a_warning(tmp_path):
    header = CUT.index("\n") + 1
    for cut in range(header + 1, len(CUT)):
        (tmp_path / "t.csv").write_text(CUT[:cut])
        if CUT[cut - 1] == "\n":  # whole lines: nothing can tell
            assert len(read_table(tmp_path / "t.csv")) == CUT[:cut].count("\n") - 1
        elif CUT[:cut].rsplit("\n", 1)[1].count(",") < 2:
            with pytest.raises(DataFileError, match=r"fields?, the header has 3; the file may be cut short"):
                read_table(tmp_path / "t.csv")
        else:
            with pytest.warns(CreditModelWarning, match="the last line has no line end"):
                read_table(tmp_path / "t.csv")


def test_words_that_stand_for_a_blank_are_values_where_the_column_has_them(tmp_path):
    (tmp_path / "t.csv").write_text("borrower_id,country,status,x\nNA,NA,NA,NA\nnull,None,open,1\n,01,,2\n")
    categories = {"country": ("NA", "None", "01"), "status": ("open",)}
    found = read_table(tmp_path / "t.csv", id_column="borrower_id", categories=categories)
    assert found["borrower_id"].tolist()[:2] == ["NA", "null"]
    assert found["borrower_id"].isna().tolist() == [False, False, True]
    assert found["country"].tolist() == ["NA", "None", "01"]
    assert found["status"].isna().tolist() == [True, False, True]
    assert found["x"].isna().tolist() == [True, False, False]


def test_ids_of_19_digits_keep_every_digit(tmp_path):
    (tmp_path / "t.csv").write_text("borrower_id\n1234567890123456789\n1234567890123456788\n")
    ids = read_table(tmp_path / "t.csv", id_column="borrower_id")["borrower_id"]
    assert ids.astype(str).tolist() == ["1234567890123456789", "1234567890123456788"]


@pytest.mark.parametrize("ending", [".csv.gz", ".csv.bz2", ".csv.xz", ".csv.zip"])
def test_a_compressed_file_is_read_and_a_cut_one_told(tmp_path, ending):
    TABLE.to_csv(tmp_path / f"t{ending}", index=False)
    assert read_table(tmp_path / f"t{ending}", id_column="borrower_id")["borrower_id"].tolist() == ["007", "=cmd()"]
    content = (tmp_path / f"t{ending}").read_bytes()
    (tmp_path / f"t{ending}").write_bytes(content[: len(content) * 2 // 3])
    with pytest.raises(DataFileError, match="is damaged or cut short"):
        read_table(tmp_path / f"t{ending}")


def test_an_archive_with_a_password_or_several_tables_is_told(tmp_path):
    with zipfile.ZipFile(tmp_path / "two.csv.zip", "w") as archive:
        archive.writestr("a.csv", "a\n1\n")
        archive.writestr("b.csv", "a\n1\n")
    with pytest.raises(DataFileError, match=r"must hold exactly one \.csv file, found 2"):
        read_table(tmp_path / "two.csv.zip")
    with zipfile.ZipFile(tmp_path / "locked.csv.zip", "w") as archive:
        archive.writestr("a.csv", "a\n1\n")
    content = bytearray((tmp_path / "locked.csv.zip").read_bytes())
    for mark in (b"PK\x03\x04", b"PK\x01\x02"):  # set the flag that says "encrypted"
        content[content.index(mark) + (6 if mark[2] == 3 else 8)] |= 1
    (tmp_path / "locked.csv.zip").write_bytes(content)
    with pytest.raises(DataFileError, match=r"cannot be decompressed \(.*encrypted"):
        read_table(tmp_path / "locked.csv.zip")


def test_an_index_with_names_is_read_as_columns(tmp_path):
    TABLE.set_index("borrower_id").to_parquet(tmp_path / "t.parquet")
    assert sorted(read_table(tmp_path / "t.parquet").columns) == ["amount", "borrower_id"]


def test_parts_of_a_folder_must_have_the_same_columns(tmp_path):
    write_table(TABLE, tmp_path / "a.parquet")
    write_table(TABLE.rename(columns={"amount": "amounts"}), tmp_path / "b.parquet")
    with pytest.raises(DataFileError, match=r"b\.parquet: must have the columns of the other files .* 'amount'"):
        read_table(tmp_path)


def test_a_pipe_and_a_device_are_no_files(tmp_path):
    os.mkfifo(tmp_path / "t.csv")
    for path in (tmp_path / "t.csv", "/dev/null"):
        with pytest.raises(DataFileError, match="is a device or a pipe, not a file"):
            read_table(path)


@pytest.mark.parametrize("name", ["x" * 300 + ".csv", "x\x00y.csv", "a.csv/b.csv"])
def test_a_name_that_cannot_be_is_told(tmp_path, name):
    (tmp_path / "a.csv").write_text("a\n1\n")
    with pytest.raises(DataFileError):
        read_table(tmp_path / name)


def test_what_a_killed_run_left_aside_is_put_back_before_it_is_read(tmp_path):
    write_table(TABLE, tmp_path / "p" / "history.parquet")
    (tmp_path / "p").rename(tmp_path / ".p.old")
    assert len(read_table(tmp_path / "p")) == 2


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
