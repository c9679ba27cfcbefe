"""Files about borrowers: whatever their ids, each has a name of its own that every file system takes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from credit_model.cli.explain import draw_changes
from credit_model.documents.report import embeddable, page_names, write_report
from credit_model.explain.decreases import DecreaseExplanations
from credit_model.places import file_names
from tests.documents.report_examples import CASES, DECISION, example_explanations, example_tracks

#: Ids of which any two would fall together somewhere: in a path, without case, cut off, or as a device.
HARD = [
    "a/b", "a_b", "a b", "a\\b", "a:b", "a-b", "A-B", "A", "a", "..", ".", "", " ", "-", "borrower", "CON", "con",
    "CON.1", "nul.txt", "COM1", "COM¹", "LPT9.x", "\x00", "\n", "a\tb", "a\x1bb", "\ud800", "\udfff", "\ud800\x00",
    "x" * 300, "x" * 301, "X" * 300, "x" * 64, "客" * 300, "客" * 299, "客户一", "é", "e\u0301", "ﬁ", "fi", "ß", "ss",
    "\u202eabc", "~a", "%2e%2e", "a.", "a..", "..a", "-rf", "#1", "?", "*", "<script>", "1", "1.0", "https://a/b",
    "COM0", "I", "ı", "K", "k", "desktop.ini", "Thumbs.db", "manifest.json",
]  # fmt: skip
DEVICES = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")


def hard_decreases(ids: list[str]) -> DecreaseExplanations:
    return example_explanations([CASES["clear"][0]] * len(ids), [2.2] * len(ids), borrower_id=ids)


@pytest.mark.parametrize("mark", ["2024-03", "-5", "7"])
def test_names_of_hard_ids_are_apart_and_safe(mark: str) -> None:
    digest = file_names(["a b"], [mark])[0].removesuffix(f"_{mark}")
    ids = [*HARD, digest, digest.upper()]
    names = file_names(ids, [mark] * len(ids))
    assert len({name.casefold() for name in names}) == len(ids)
    for name in names:
        assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*", name), name
        assert not DEVICES.fullmatch(name), name
        assert len(f"change-{name}.png") <= 140  # also for encrypted disks, whose names end at 143 bytes
    assert names == file_names(ids, [mark] * len(ids))


@pytest.mark.parametrize("usual", ["42", "B000012", "ok.1_2", "de305d54-75b4-431b-adb2-eb6b9e546014", "f" * 64])
def test_usual_ids_are_read_in_the_names_as_they_stand(usual: str) -> None:
    assert file_names([usual, "other"], ["2024-03"] * 2)[0] == f"{usual}_2024-03"


def test_an_id_has_the_same_name_in_every_month_and_the_same_again_is_numbered() -> None:
    assert file_names(["a/b", "a/b"], ["2024-03", "2024-04"])[1][:-2] == file_names(["a/b"], ["2024-03"])[0][:-2]
    # A number and its text are told apart, too; so is one decrease that is given twice.
    assert file_names([1, "1", 1], ["5"] * 3) == ["1_5", "1_5-2", "1_5-3"]
    assert file_names(["1", "1_5"], ["5", "2"]) == ["1_5", "1_5_2"]


def test_pages_are_as_many_as_decreases_and_lead_to_their_borrowers(tmp_path: Path) -> None:
    ids = [
        one for one in HARD if one.strip() and not re.search("[\\x00\\ud800-\\udfff]", one)
    ]  # a history takes no others
    explained = hard_decreases(ids)
    files = write_report(explained, example_tracks(explained), tmp_path / "report")
    on_disk = {path.relative_to(files.folder).as_posix() for path in (files.folder / "decreases").iterdir()}
    listed = json.loads((files.folder / "manifest.json").read_text(encoding="utf-8"))["pages"]
    assert on_disk == {page["file"] for page in listed}
    assert len(on_disk) == len(ids)
    for borrower, page in zip(ids, files.pages, strict=True):
        assert embeddable(borrower) in page.read_text(encoding="utf-8")


def test_one_decrease_given_twice_has_two_pages() -> None:
    twice = example_explanations([CASES["clear"][0]] * 2, [2.2] * 2, borrower_id=["B", "B"], month=[DECISION] * 2)
    assert page_names(twice) == ["B_2024-11.html", "B_2024-11-2.html"]


def test_pictures_are_as_many_as_decreases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import credit_model.plots

    monkeypatch.setattr(credit_model.plots, "plot_change", lambda one, lang: one)
    monkeypatch.setattr(credit_model.plots, "save_plot", lambda one, path: path.write_text(repr(one.borrower_id[0])))
    monkeypatch.setattr(credit_model.plots, "close_plot", lambda one: None)
    ids = ["a/b", "a_b", "a b", "A", "a", "客" * 300, "客" * 299, "..", "", "B7"]
    draw_changes(hard_decreases(ids), tmp_path)
    assert sorted(path.read_text() for path in tmp_path.iterdir()) == sorted(
        repr(hard_decreases([i]).borrower_id[0]) for i in ids
    )
    assert (tmp_path / "change-B7_2024-11.png").exists()
    draw_changes(hard_decreases(ids), tmp_path / "few", most=0)
    assert not (tmp_path / "few").exists()
