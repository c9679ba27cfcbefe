import pandas as pd
import pytest

from credit_model.errors import ArtifactError, DataFileError
from credit_model.files import fresh_file, fresh_folder, read_manifest, write_manifest, write_table

TABLE = pd.DataFrame({"borrower_id": ["007", "=cmd()"], "amount": [1.5, -2.0]})


def test_csv_holds_no_formula_but_negative_numbers_stay_numbers(tmp_path):
    write_table(TABLE, tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_text() == "borrower_id,amount\n007,1.5\n'=cmd(),-2.0\n"


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    target = tmp_path / "t.txt"
    target.write_text("old")
    with pytest.raises(RuntimeError), fresh_file(target) as partial:
        partial.write_text("half")
        raise RuntimeError
    assert [p.name for p in tmp_path.iterdir()] == ["t.txt"]
    assert target.read_text() == "old"


def test_a_failed_folder_leaves_the_old_folder_and_nothing_else(tmp_path):
    target = tmp_path / "m"
    for text in ("first", "second"):
        with fresh_folder(target) as partial:
            write_manifest(partial, "credit_model.model/1", {"text": text})
    assert read_manifest(target, "credit_model.model/1") == {"text": "second"}
    with pytest.raises(RuntimeError), fresh_folder(target) as partial:
        write_manifest(partial, "credit_model.model/1", {"text": "half"})
        raise RuntimeError
    assert [p.name for p in tmp_path.iterdir()] == ["m"]
    assert read_manifest(target, "credit_model.model/1") == {"text": "second"}


@pytest.mark.parametrize(
    "manifest", ['{"manifest_version": 3, "name": "extension"}', "[]", "{", '{"format": "their/1"}']
)
def test_another_programs_folder_with_a_manifest_is_never_replaced(tmp_path, manifest):
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "manifest.json").write_text(manifest)
    with pytest.raises(DataFileError, match="holds other files"), fresh_folder(tmp_path / "theirs"):
        pass
    assert (tmp_path / "theirs" / "manifest.json").read_text() == manifest


def test_a_folder_of_other_things_is_never_replaced(tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.png").write_bytes(b"x")
    with pytest.raises(DataFileError, match="holds other files"), fresh_folder(tmp_path / "photos"):
        pass
    assert (tmp_path / "photos" / "cat.png").exists()


def test_a_place_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(DataFileError, match="cannot be written"), fresh_folder(tmp_path / "file" / "out"):
        pass
    with pytest.raises(DataFileError, match="cannot be written"):
        write_table(TABLE, tmp_path / "file" / "t.csv")
    with pytest.raises(DataFileError, match=r"must end in \.parquet or \.csv"):
        write_table(TABLE, tmp_path / "t.xlsx")


def test_a_manifest_comes_back_as_it_was_written_under_its_format(tmp_path):
    write_manifest(tmp_path, "credit_model.model/1", {"name": "信用", "ladder": [0, 500]})
    assert (
        (tmp_path / "manifest.json")
        .read_text(encoding="utf-8")
        .startswith('{\n  "format": "credit_model.model/1",\n  "name": "信用",')
    )
    assert read_manifest(tmp_path, "credit_model.model/1") == {"name": "信用", "ladder": [0, 500]}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "manifest.json is missing"),
        (b"{", "manifest.json is damaged"),
        (b"\xff\xfe\x00", "manifest.json is damaged"),
        (b"[" * 100_000, "manifest.json is damaged"),
        (b"[]", "must have format 'credit_model.model/1', found 'list'"),
        (b"{}", "must have format 'credit_model.model/1', found None"),
        (b'{"format": "credit_model.report/1"}', "found 'credit_model.report/1'; train again"),
    ],
)
def test_a_manifest_that_is_missing_damaged_or_of_another_format_is_told_in_one_line(tmp_path, content, message):
    if content is not None:
        (tmp_path / "manifest.json").write_bytes(content)
    with pytest.raises(ArtifactError, match=message) as caught:
        read_manifest(tmp_path, "credit_model.model/1", error=ArtifactError, remedy="train again")
    assert str(caught.value).startswith(str(tmp_path))
    assert "\n" not in str(caught.value)


def test_no_manifest_holds_what_is_not_json(tmp_path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_manifest(tmp_path, "credit_model.model/1", {"usual_risk": float("nan")})
    assert list(tmp_path.iterdir()) == []
