import contextlib
import os
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pytest

from credit_model import places
from credit_model.errors import ArtifactError, DataFileError
from credit_model.files import (
    check_file_replaceable,
    check_replaceable,
    fresh_file,
    fresh_folder,
    read_manifest,
    write_manifest,
    write_table,
    write_text,
)
from credit_model.model.seal import read_sealed, write_sealed
from credit_model.readers.tables import read_table

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


KILLED_AT = """
import os, sys
from pathlib import Path
from credit_model import files
calls = 0
for name in ("rename", "replace", "unlink", "rmdir"):
    def counted(*paths, real=getattr(os, name), **more):
        global calls
        calls += 1
        if calls == {at}:
            os._exit(9)
        return real(*paths, **more)
    setattr(os, name, counted)
with files.fresh_folder({target!r}) as partial:
    (partial / "content.txt").write_text("new")
    files.write_manifest(partial, "credit_model.test/1", {{}})
"""


def write_folder(target, text):
    with fresh_folder(target) as partial:
        (partial / "content.txt").write_text(text)
        write_manifest(partial, "credit_model.test/1", {})


@pytest.mark.parametrize("at", range(1, 9))
def test_a_kill_at_any_rename_loses_nothing_and_the_next_reader_finds_a_whole_folder(tmp_path, at):
    target = tmp_path / "out"
    write_folder(target, "old")
    run = subprocess.run([sys.executable, "-c", KILLED_AT.format(at=at, target=str(target))], check=False)
    assert run.returncode in (0, 9)
    assert read_manifest(target, "credit_model.test/1") == {}
    assert (target / "content.txt").read_text() in (("new",) if run.returncode == 0 else ("old", "new"))
    write_folder(target, "next")
    assert (target / "content.txt").read_text() == "next"
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_a_second_run_into_the_same_folder_is_refused_and_the_first_goes_on(tmp_path):
    with fresh_folder(tmp_path / "out") as partial:
        with pytest.raises(DataFileError, match="another run is writing to it"), fresh_folder(tmp_path / "out"):
            pass
        (partial / "content.txt").write_text("first")
    assert (tmp_path / "out" / "content.txt").read_text() == "first"
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_a_file_that_a_user_laid_beside_an_output_is_refused_by_name(tmp_path):
    write_folder(tmp_path / "out", "old")
    (tmp_path / "out" / "notes").mkdir()
    (tmp_path / "out" / "notes" / "mine.txt").write_text("mine")
    with pytest.raises(DataFileError, match=r"holds 'notes/mine\.txt', which its manifest does not list"):
        write_folder(tmp_path / "out", "new")
    assert (tmp_path / "out" / "content.txt").read_text() == "old"


def test_a_file_laid_beside_while_the_work_is_under_way_is_not_lost(tmp_path):
    write_folder(tmp_path / "out", "old")
    with pytest.raises(DataFileError, match=r"holds 'late\.txt'"), fresh_folder(tmp_path / "out"):
        (tmp_path / "out" / "late.txt").write_text("mine")
    assert (tmp_path / "out" / "late.txt").read_text() == "mine"


def test_what_a_dead_run_left_of_a_file_is_removed_by_the_next(tmp_path):
    for name in (".t.txt.partial-0123abcd.txt", ".t.txt.lock"):
        (tmp_path / name).write_text("half")
    (tmp_path / ".t.txt.partial-of-mine").write_text("mine")
    write_text("whole", tmp_path / "t.txt")
    assert sorted(p.name for p in tmp_path.iterdir()) == [".t.txt.partial-of-mine", "t.txt"]


def test_modes_of_what_is_replaced_are_kept(tmp_path):
    write_folder(tmp_path / "out", "old")
    (tmp_path / "out").chmod(0o750)
    (tmp_path / "out" / "content.txt").chmod(0o600)
    write_folder(tmp_path / "out", "new")
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o750
    assert stat.S_IMODE((tmp_path / "out" / "content.txt").stat().st_mode) == 0o600
    (tmp_path / "t.txt").write_text("old")
    (tmp_path / "t.txt").chmod(0o604)
    write_text("new", tmp_path / "t.txt")
    assert stat.S_IMODE((tmp_path / "t.txt").stat().st_mode) == 0o604


def test_through_a_link_the_file_that_it_names_is_replaced(tmp_path):
    (tmp_path / "real.txt").write_text("old")
    (tmp_path / "link.txt").symlink_to("real.txt")
    write_text("new", tmp_path / "link.txt")
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "real.txt").read_text() == "new"


def test_a_device_or_a_pipe_is_never_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    for place in ("/dev/null", tmp_path / "pipe.csv"):
        with pytest.raises(DataFileError, match="is a device or a pipe"):
            write_text("x", place)


def test_a_failed_write_leaves_no_folders_that_it_made(tmp_path):
    with pytest.raises(RuntimeError), fresh_folder(tmp_path / "a" / "b" / "out"):
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_a_name_as_long_as_the_system_allows_can_be_written(tmp_path):
    write_text("whole", tmp_path / ("n" * 251 + ".txt"))
    write_folder(tmp_path / ("信" * 85), "whole")
    assert len(list(tmp_path.iterdir())) == 2
    with pytest.raises(DataFileError, match="File name too long"):
        write_text("x", tmp_path / ("n" * 300 + ".txt"))


def test_an_error_of_another_file_is_not_laid_on_the_output(tmp_path):
    with pytest.raises(FileNotFoundError), fresh_folder(tmp_path / "out"):
        (tmp_path / "input.txt").read_text()


def test_a_manifest_that_may_not_be_read_is_not_called_damaged(tmp_path):
    (tmp_path / "manifest.json").mkdir()  # a folder in its place: an error of the system, not of the content
    with pytest.raises(DataFileError, match=r"cannot be read \(Is a directory\)"):
        read_manifest(tmp_path, "credit_model.test/1")


def sealed(folder, number):
    with fresh_folder(folder, format="credit_model.numbers/1") as partial:
        (partial / "n.txt").write_text(str(number) * 1000)
        write_sealed(partial, "credit_model.numbers/1", {"n": number}, ["n.txt"])


def test_a_reader_beside_a_writer_sees_the_old_or_the_new_folder_whole(tmp_path):
    sealed(tmp_path / "m", 0)
    stop = threading.Event()

    def write():
        number = 0
        while not stop.is_set():
            number += 1
            sealed(tmp_path / "m", number % 10)

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        try:
            for _ in range(200):
                manifest, stored = read_sealed(
                    tmp_path / "m", "credit_model.numbers/1", ["n.txt"], what="numbers", remedy="write again"
                )
                assert stored["n.txt"] == (str(manifest["n"]) * 1000).encode()
        finally:
            stop.set()
        writing.result()


def test_a_folder_of_another_kind_is_not_replaced(tmp_path):
    sealed(tmp_path / "m", 0)
    with (
        pytest.raises(DataFileError, match=r"m: holds a numbers, not a model, and is not replaced"),
        fresh_folder(tmp_path / "m", format="credit_model.model/2"),
    ):
        pass
    sealed(tmp_path / "m", 1)


def test_a_file_inside_a_folder_of_ours_is_not_replaced(tmp_path):
    sealed(tmp_path / "m", 0)
    with pytest.raises(DataFileError, match="is a part of the numbers in"):
        write_text("x", tmp_path / "m" / "n.txt")


@pytest.mark.parametrize("listed", ["5", '"n.txt"', '{"a": 1}', "[5, [1]]", "null"])
def test_a_manifest_whose_list_of_files_is_none_lists_nothing(tmp_path, listed):
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "n.txt").write_text("mine")
    (tmp_path / "m" / "manifest.json").write_text(f'{{"format": "credit_model.model/2", "files": {listed}}}')
    with pytest.raises(DataFileError, match=r"the folder holds 'n\.txt', which its manifest does not list"):
        check_replaceable(tmp_path / "m")


def test_a_folder_that_may_not_be_changed_is_refused_at_once_and_nothing_is_left(tmp_path, monkeypatch):
    sealed(tmp_path / "m", 0)
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name != "m")  # as for somebody who is not root
    with pytest.raises(DataFileError, match=r"m: cannot be written \(Permission denied\)"):
        sealed(tmp_path / "m", 1)
    assert [p.name for p in tmp_path.iterdir()] == ["m"]


def test_an_error_inside_names_the_users_path(tmp_path):
    with pytest.raises(DataFileError, match="out") as caught, fresh_folder(tmp_path / "out") as partial:
        raise DataFileError(f"{partial / 'a.csv'}: cannot be written (No space left on device)")
    assert str(caught.value).startswith(str(tmp_path / "out" / "a.csv"))


def test_an_error_is_one_line_of_bounded_length_that_keeps_its_remedy():
    error = DataFileError(f"a.csv: x must be a number, found '{'9' * 5000}'\n(first: row 1); correct it")
    assert len(str(error)) <= 580
    assert str(error).startswith("a.csv: x must be")
    assert str(error).endswith("(first: row 1); correct it")


def test_work_that_is_gone_on_with_writes_its_own_files_again(tmp_path):
    for _ in range(2):
        with (
            contextlib.suppress(KeyboardInterrupt),
            fresh_folder(tmp_path / "p", format="credit_model.numbers/1", resume="0123456789abcdef") as partial,
        ):
            write_table(TABLE, partial / "economy.parquet")
            write_manifest(partial, "credit_model.numbers/1", {"files": ["economy.parquet"]})
            raise KeyboardInterrupt
    assert not (tmp_path / "p").exists()


@pytest.mark.parametrize("name", [".", "..", "./"])
def test_the_folder_one_stands_in_can_be_named_by_a_dot(tmp_path, monkeypatch, name):
    (tmp_path / "a" / "b").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "a" / "b")
    write_table(TABLE, tmp_path / "a" / "b" / "t.csv")
    write_table(TABLE, tmp_path / "a" / "t.csv")
    assert len(read_table(name)) == 2
    with pytest.raises(DataFileError, match="the folder holds other files and is not replaced"), fresh_folder(name):
        pass


def test_what_is_being_written_is_not_looked_for_in_manifests_above_it(tmp_path, monkeypatch):
    asked = []
    with fresh_folder(tmp_path / "new") as partial:
        (partial / "part.txt").write_text("text", encoding="utf-8")
        monkeypatch.setattr("credit_model.files._manifest_of", asked.append)
        check_file_replaceable(partial / "part.txt")
        assert asked == []
        monkeypatch.undo()
        write_manifest(partial, "credit_model.demo/1", {})
    monkeypatch.setattr("credit_model.files._manifest_of", asked.append)
    check_file_replaceable(tmp_path / "new" / "part.txt")
    assert asked[:2] == [tmp_path / "new", tmp_path]


@pytest.mark.parametrize("at", ["mkdir", "_take"])
def test_a_run_that_ends_between_making_a_folder_and_its_lock_leaves_no_folder(tmp_path, monkeypatch, at):
    def ends(*given, **more):
        if at == "mkdir":
            made(*given, **more)
        raise KeyboardInterrupt

    made = Path.mkdir
    monkeypatch.setattr(*((Path, "mkdir") if at == "mkdir" else (places, "_take")), ends)
    with pytest.raises(KeyboardInterrupt), places.sole_writer(tmp_path / "new" / "deep" / "m"):
        raise AssertionError("never reached")
    assert list(tmp_path.iterdir()) == []
