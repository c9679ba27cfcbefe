"""A CSV file in parts is the CSV file read whole."""

import bz2
import gzip

import pandas as pd
import pytest

from credit_model.errors import DataFileError
from credit_model.readers.csv_streams import CsvParts
from credit_model.readers.csv_tables import read_csv
from credit_model.readers.source_format import PROVEN_DECIMAL, SourceFormat

ROWS = 200
FILES = {
    "numbers": "id,x\n" + "".join(f"{k},{k}.5\n" for k in range(ROWS)),
    "a text in the last row": "id,x\n" + "".join(f"{k},{k}\n" for k in range(ROWS)) + "7,none\n",
    "a zero before an id at last": "id,x\n" + "".join(f"{k + 100},{k}\n" for k in range(ROWS)) + "007,1\n",
    "truth and blanks": "id,x\n" + "".join(f"{k},{'True' if k % 3 else ''}\n" for k in range(ROWS)),
    "truth and numbers": "id,x\n" + "".join(f"{k},True\n" for k in range(ROWS)) + "7,1\n",
    "lines within cells": "id,x\n" + "".join(f'{k},"a\nb ""{k}"""\n' for k in range(ROWS)),
    "thousands or decimals": "id,x\n" + "".join(f"{k},1.25{k % 10}\n" for k in range(ROWS)),
    "a point that is proven at last": "id,x\n" + "".join(f"{k},1.25{k % 10}\n" for k in range(ROWS)) + "7,0.5\n",
    "a comma that is proven at last": "id,x,y\n" + "".join(f"{k},1.250,3\n" for k in range(ROWS)) + '7,"0,5",4\n',
    "semicolons": "id;x\n" + "".join(f"{k};{k},5\n" for k in range(ROWS)),
    "a line for Excel": "sep=;\nid;x\n" + "".join(f"{k};{k}\n" for k in range(ROWS)),
    "blanks and whole numbers": "id,x\n" + "".join(f"{k},{k if k > 150 else ''}\n" for k in range(ROWS)),
    "other line ends": "id,x\r\n" + "".join(f"{k},{k}.5\r\n" for k in range(ROWS)),
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("letters", [17, 300])
def test_parts_are_the_whole(tmp_path, name, letters):
    path = tmp_path / "table.csv"
    path.write_bytes(FILES[name].encode())
    whole = read_csv(path, id_columns=("id",))
    parts = list(CsvParts(path, ("id",), whole_bytes=10, part_letters=letters))
    assert len(parts) > 2
    joined = pd.concat(parts, ignore_index=True)
    pd.testing.assert_frame_equal(joined, whole, check_exact=True)
    assert {part.attrs.get(PROVEN_DECIMAL) for part in parts} == {whole.attrs.get(PROVEN_DECIMAL)}


@pytest.mark.parametrize(("suffix", "pack"), [(".gz", gzip.compress), (".bz2", bz2.compress)])
def test_compressed_files_are_unpacked_as_they_are_read(tmp_path, suffix, pack):
    path = tmp_path / f"table.csv{suffix}"
    path.write_bytes(pack(FILES["numbers"].encode()))
    parts = list(CsvParts(path, ("id",), whole_bytes=10, part_letters=300))
    assert len(parts) > 2
    pd.testing.assert_frame_equal(pd.concat(parts, ignore_index=True), read_csv(path, id_columns=("id",)))


def test_a_line_that_is_too_short_is_named_by_its_place_in_the_file(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text(FILES["numbers"] + "7\n")
    with pytest.raises(DataFileError, match="line 202 has 1 field, the header has 2"):
        list(CsvParts(path, whole_bytes=10, part_letters=300))


def test_a_file_that_is_not_utf_8_must_be_declared(tmp_path):
    path = tmp_path / "table.csv"
    path.write_bytes(FILES["numbers"].replace("id", "Überzug").encode("cp1252"))
    with pytest.raises(DataFileError, match=r"not UTF-8 text.*declare the encoding"):
        list(CsvParts(path, whole_bytes=10, part_letters=300))
    declared = CsvParts(path, source=SourceFormat(encoding="cp1252"), whole_bytes=10, part_letters=300)
    assert "Überzug" in next(iter(declared)).columns
