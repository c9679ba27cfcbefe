"""The report's files: what is written, and what a page may do; `tests/browser` opens them."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from pathlib import Path

import numpy as np
import pytest

from credit_model.documents.report import (
    decrease_html,
    embeddable,
    index_html,
    page_names,
    page_records,
    write_report,
)
from credit_model.errors import CreditModelError, DataFileError, HistoryError
from tests.documents.report_examples import (
    CASES,
    DECISION,
    SCRIPTS,
    SOURCES,
    TOLD,
    embedded,
    example_cases,
    example_explanations,
    example_tracks,
    source,
)


def test_a_report_is_one_page_a_decrease_an_index_and_a_manifest(cases, tmp_path):
    calls: list[tuple[int, int]] = []
    files = write_report(cases, example_tracks(cases), tmp_path / "R", on_progress=lambda *done: calls.append(done))
    written = {str(p.relative_to(files.folder)) for p in files.folder.rglob("*") if p.is_file()}
    assert written == {"index.html", "manifest.json", *(f"decreases/{case}_2024-11.html" for case in CASES)}
    manifest = json.loads((files.folder / "manifest.json").read_text())
    assert [page["file"] for page in manifest["pages"]] == [f"decreases/{case}_2024-11.html" for case in CASES]
    assert manifest["decreases"] == len(CASES)
    assert calls == [(i + 1, len(CASES)) for i in range(len(CASES))]
    assert [page["support"] for page in manifest["pages"]] == [support for support, _ in TOLD.values()]


def test_the_same_explanations_give_the_same_bytes(tmp_path):
    parts = []
    for name in ("a", "b"):
        explained = example_cases()
        files = write_report(explained, example_tracks(explained), tmp_path / name)
        parts.append({p.name: p.read_bytes() for p in files.folder.rglob("*") if p.is_file()})
    assert parts[0] == parts[1]


def test_a_page_refers_to_nothing_outside_itself(cases, records):
    for page in (decrease_html(records, 0, back="../index.html"), index_html(records, ["x.html"] * len(cases))):
        head = page[: page.index("<style>")]
        assert "http" not in head.replace("http-equiv", "")
        assert not re.search(r"\b(src|action|poster|srcset)=", page[: page.index("<script")])
        assert re.findall(r"<link [^>]*>", page) == ['<link rel="icon" href="data:,">']
        assert "@import" not in page
        assert "url(" not in page
        # The only address is the name of the SVG vocabulary, which nothing fetches.
        assert set(re.findall(r"https?://[^\"'\s;)]+", page)) == {"http://www.w3.org/2000/svg"}


def test_the_policy_allows_exactly_the_style_and_the_script_of_the_page(records):
    page = decrease_html(records, 0)
    policy = html.unescape(re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1])
    script = re.search(r"<script>(.*?)</script>", page, re.S)[1]
    style = re.search(r"<style>(.*?)</style>", page, re.S)[1]
    for name, content in (("script-src", script), ("style-src", style)):
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{name} 'sha256-{digest}';" in policy
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    markup = re.sub(r"<(script|style)[^>]*>.*?</\1>", "", page, flags=re.S)
    assert not re.search(r"\s(on\w+|style)=", markup)


def test_scripts_never_parse_markup():
    for name in SCRIPTS:
        for way in (
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "Function(",
            "DOMParser",
        ):
            assert way not in source(name), (name, way)


def test_file_names_are_safe_and_never_alike():
    digest = hashlib.sha256(b"a b").hexdigest()[:16]
    ids = ["B1", "b1", "a b", "a-b", "a/b", f"a-{digest}", "..", "", "CON", "张三", "x" * 300, "x" * 299, "ok.1_2"]
    explained = example_explanations([CASES["clear"][0]] * len(ids), [2.2] * len(ids), borrower_id=ids)
    names = page_names(explained)
    assert len({n.casefold() for n in names}) == len(ids)
    for name in names:
        assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*\.html", name), name
        assert len(name) < 120
    assert names[ids.index("ok.1_2")] == "ok.1_2_2024-11.html"
    # "B1" and "b1" are one name where case is ignored, so both get a digest.
    assert names[0].startswith("B1-")
    assert names[1].startswith("b1-")


def test_one_borrowers_decreases_have_pages_of_their_own():
    same = {"borrower_id": ["B", "B"], "month": [DECISION - 6, DECISION]}
    explained = example_explanations([CASES["clear"][0]] * 2, [2.2] * 2, **same)
    assert page_names(explained) == ["B_2024-05.html", "B_2024-11.html"]


def test_integer_months_name_pages_and_fill_them():
    explained = example_explanations([CASES["clear"][0]], [2.2], borrower_id=["B"], month=[-5], month_type="integer")
    assert page_names(explained) == ["B_-5.html"]


@pytest.mark.parametrize(
    "text",
    ["</script><script>alert(1)</script>", "<!--", "]]>", "&lt;", "\u2028\u2029", "'\"\\", "=1+1", "{{x}}", "\x00\n"],
)
def test_embedded_text_comes_back_as_it_was_and_holds_no_markup(text):
    written = embeddable({"id": text})
    assert json.loads(written) == {"id": text}
    assert not set("<>&\u2028\u2029") & set(written)


def test_a_title_is_escaped():
    explained = example_explanations([CASES["clear"][0]], [2.2], borrower_id=["<b>&\"'"])
    records = page_records(explained, example_tracks(explained))
    assert "<title>&lt;b&gt;&amp;&#34;&#39; 2024-11</title>" in decrease_html(records, 0)


def test_wrong_input_is_told_in_one_line(cases, tmp_path):
    tracks = example_tracks(cases)
    with pytest.raises(CreditModelError, match=r"lang must be one of .*; got 'fr'"):
        write_report(cases, tracks, tmp_path / "R", lang="fr")
    stranger = example_explanations([CASES["clear"][0]], [2.2], borrower_id=["stranger"])
    with pytest.raises(HistoryError, match="borrower 'stranger' is not in the history"):
        write_report(stranger, tracks, tmp_path / "R")
    later = example_explanations([CASES["clear"][0]], [2.2], borrower_id=["clear"], month=[DECISION + 40])
    with pytest.raises(HistoryError, match="no row for the decrease's month"):
        write_report(later, tracks, tmp_path / "R")
    assert list(tmp_path.iterdir()) == []  # nothing half written


def test_an_earlier_report_is_replaced_and_other_files_are_not(cases, tmp_path):
    tracks = example_tracks(cases)
    write_report(cases, tracks, tmp_path / "R")
    write_report(cases[:2], tracks, tmp_path / "R")
    assert len(list((tmp_path / "R" / "decreases").iterdir())) == 2
    other = tmp_path / "other"
    other.mkdir()
    (other / "letter.txt").write_text("mine")
    with pytest.raises(DataFileError, match="holds other files"):
        write_report(cases, tracks, other)
    assert [p.name for p in other.iterdir()] == ["letter.txt"]


def test_no_decreases_make_an_index_that_says_so(cases, tmp_path):
    nobody = cases[np.zeros(len(cases), dtype=bool)]
    files = write_report(nobody, example_tracks(cases), tmp_path / "R")
    data = embedded(files.index.read_text(encoding="utf-8"))
    assert data["files"] == data["columns"]["borrower"]["place"] == []
    assert files.pages == ()


def test_a_page_opens_in_the_language_asked_for(cases):
    records = page_records(cases, example_tracks(cases), lang="zh")
    assert embedded(decrease_html(records, 0))["lang"] == "zh"


def test_the_sources_are_package_data():
    assert {Path(str(p)).name for p in SOURCES.iterdir()} >= {*SCRIPTS, "report.css", "page.html"}
