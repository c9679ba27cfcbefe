"""The report's files and what they embed; `tests/browser` opens them."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import string
from importlib import resources
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from credit_model import palette
from credit_model.documents.page_records import KIND_FLAGS, MONTHS_AFTER, MONTHS_BEFORE
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
    COLUMNS,
    DECISION,
    FACTORS,
    REFERENCE,
    example_cases,
    example_explanations,
    example_tracks,
)

SOURCES = resources.files("credit_model.documents") / "templates" / "report"
SCRIPTS = ("base.js", "change.js", "whatif.js", "timeline.js", "history.js", "decrease.js", "index.js")


@pytest.fixture(scope="module")
def cases():
    return example_cases()


@pytest.fixture(scope="module")
def records(cases):
    return page_records(cases, example_tracks(cases))


def embedded(page: str, name: str = "data"):
    match = re.search(rf'<script type="application/json" id="{name}">(.*?)</script>', page, re.S)
    assert match is not None
    return json.loads(match[1])


def source(name: str) -> str:
    return (SOURCES / name).read_text(encoding="utf-8")


def test_a_report_is_one_page_a_decrease_an_index_and_a_manifest(cases, tmp_path):
    calls: list[tuple[int, int]] = []
    files = write_report(cases, example_tracks(cases), tmp_path / "R", on_progress=lambda *done: calls.append(done))
    written = {str(p.relative_to(files.folder)) for p in files.folder.rglob("*") if p.is_file()}
    assert written == {"index.html", "manifest.json", *(f"decreases/{case}_2024-11.html" for case in CASES)}
    manifest = json.loads((files.folder / "manifest.json").read_text())
    assert [page["file"] for page in manifest["pages"]] == [f"decreases/{case}_2024-11.html" for case in CASES]
    assert manifest["decreases"] == len(CASES)
    assert calls == [(i + 1, 6) for i in range(6)]


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


def test_words_are_the_same_in_both_languages_and_all_are_used():
    words = json.loads(source("words.json"))
    assert words["en"].keys() == words["zh"].keys()
    for key, text in words["en"].items():
        places = {name for _, name, _, _ in string.Formatter().parse(text) if name}
        there = {name for _, name, _, _ in string.Formatter().parse(words["zh"][key]) if name}
        # A month is a name and a year in English, two numbers in Chinese.
        assert places == there or key == "month_words", key
        assert text
        assert words["zh"][key] or key == "sentence_gap"  # Chinese sentences follow without one
        assert not re.search(r"[\u4e00-\u9fff]", text), key
    code = "".join(source(name) for name in SCRIPTS) + source("page.html")
    said = set(re.findall(r'(?:say\(|sayCompared\(|data-say=)"(\w+)"', code))
    said |= {f"{key}_peers" for key in re.findall(r'"(\w+)"', code)} & words["en"].keys()
    assert said <= words["en"].keys()
    # The other keys are put together from a fixed part and a name: say(`badge_${name}`).
    stems = set(re.findall(r"`(\w+_)\$\{", code))
    quoted = set(re.findall(r'"(\w+)"', code))
    unused = {k for k in words["en"] if k not in said | quoted and not any(k.startswith(s) for s in stems)}
    assert unused == set()


def test_every_kind_status_and_reference_has_words():
    words = json.loads(source("words.json"))["en"]
    for kind in KIND_FLAGS:
        assert f"badge_{kind}" in words
    for status in ("explained", "not_supported", "no_reference", "not_worsened"):
        assert f"reasons_{status}" in words
    for reference in ("last_set", "last_review", "previous_month", "peers"):
        assert {f"reference_{reference}", f"index_reference_{reference}"} <= words.keys()


def test_factors_have_the_colours_of_the_plots():
    listed = re.search(r"const FACTOR_COLOURS = \[(.*?)\]", source("base.js"), re.S)[1]
    assert tuple(c.upper() for c in re.findall(r'"(#\w+)"', listed)) == palette.FACTOR_COLOURS
    light = source("report.css")[: source("report.css").index("}")].upper()
    assert f"--LOWERS: {palette.LOWERS};" in light
    assert f"--RAISES: {palette.RAISES};" in light


def test_flags_are_the_same_in_python_and_in_the_index():
    listed = dict(re.findall(r"([A-Z_]+) = (\d+)[,;]", source("index.js")))
    expected = {name.upper(): str(bit) for name, bit in KIND_FLAGS.items()}
    expected |= {"UNEXPLAINED": "1", "NEAR_TIE": "2", "CENSORED": "4", "NO_REFERENCE": "8"}
    assert {name: bit for name, bit in listed.items() if name in expected} == expected


def test_a_page_holds_the_exact_numbers(cases, records):
    for i, case in enumerate(CASES):
        data = embedded(decrease_html(records, i))
        assert data["borrower"] == case
        assert data["coalitions"] == cases.coalitions[i].tolist()
        assert data["score"] == [cases.keep_score_before[i], cases.keep_score_after[i]]
        assert [f["value"] for f in data["factors"]] == cases.factor_contributions[i].tolist()
        for factor in data["factors"]:
            assert sum(f["value"] for f in factor["features"]) == pytest.approx(factor["value"], abs=1e-12)


def test_values_then_and_now_are_told_where_they_differ(records):
    features = {f["label"]["en"]: f for factor in records.page(0)["factors"] for f in factor["features"]}
    # Days past due: 3, times 1.35 is 4.05, rounded 4.
    changed = features["latest days past due"]
    assert (changed["then"], changed["now"]) == ({"en": "3 days", "zh": "3天"}, {"en": "4 days", "zh": "4天"})
    # The mixture of -0.07 moves every factor, even "Lender policy": nothing is unchanged.
    assert all("then" in f for f in features.values())
    still = example_explanations([[0.0] * 7], [1.0], mixed=0.0)
    page = page_records(still, example_tracks(still)).page(0)
    assert all("then" not in f for factor in page["factors"] for f in factor["features"])


def test_audit_columns_are_not_in_a_page(records):
    page = decrease_html(records, 0)
    assert [c["label"]["en"] for c in records.page(0)["history"]] == [c[3] for c in COLUMNS]
    assert "gender" not in page
    assert "性别" not in page


def test_the_months_shown_reach_from_the_reference_to_after_the_decision():
    explained = example_explanations([CASES["clear"][0]] * 2, [2.2] * 2, borrower_id=["near", "far"])
    object.__setattr__(explained, "reference_month_number", np.array([REFERENCE, DECISION - 50]))
    tracks = example_tracks(explained, n_months=80)
    records = page_records(explained, tracks)
    near, far = (records.page(i)["track"]["months"] for i in range(2))
    # The example's panel ends 3 months after the decision, fewer than could be shown.
    assert MONTHS_AFTER > 3
    assert (near[0], near[-1]) == (DECISION - MONTHS_BEFORE + 1, DECISION + 3)
    assert (far[0], far[-1]) == (DECISION - 50, DECISION + 3)
    assert len(records.page(1)["history"][0]["values"]) == len(far)


def test_missing_cells_and_scores_are_null(cases):
    tracks = example_tracks(cases)
    tracks.history.cells["income"][:] = np.nan
    tracks.history.cells["days_past_due"][::2] = np.nan
    page = page_records(cases, tracks).page(0)
    labels = [c["label"]["en"] for c in page["history"]]
    assert "monthly income" not in labels  # a column without data says nothing
    assert None in page["history"][labels.index("days past due")]["values"]
    assert page["track"]["score"][0] is None
    embeddable(page)  # strict JSON


def test_an_index_row_says_what_the_explanations_say(cases, records):
    files = [f"decreases/{name}" for name in page_names(cases)]
    data = embedded(index_html(records, files))
    rows = data["rows"]
    assert rows["borrower"] == list(CASES)
    assert rows["file"] == files
    flags = dict(zip(CASES, rows["flags"], strict=True))
    assert flags["unexplained"] & 1
    assert flags["clear"] & 1 == 0
    assert flags["tie"] & 2
    assert flags["knock_out"] & KIND_FLAGS["knock_out"]
    leading = dict(zip(CASES, rows["factor"], strict=True))
    # A cut that the model does not support is not blamed on any factor.
    assert leading["unexplained"] == -1
    assert leading["clear"] == [f[0] for f in FACTORS].index("debt")
    # Nothing lowered the score from -2.5 + 0.07 * 6 ...: all contributions are positive.
    assert leading["nothing"] == -1


def test_the_economy_is_put_beside_the_months(cases, records):
    explained = example_explanations([CASES["clear"][0]] * 2, [2.2] * 2, month=[DECISION - 2, DECISION])
    records = page_records(explained, example_tracks(explained))
    economy = pd.DataFrame(
        {"month": ["2024-11", "2024-09", "2030-01"], "unemployment": [5.5, 5.1, 9.0], "regime": ["a", "b", "c"]}
    )
    data = embedded(index_html(records, ["a", "b"], economy=economy))
    # September is known, October is not, November is; text columns are left out.
    assert data["economy"] == [{"label": {"en": "unemployment", "zh": "失业率"}, "values": [5.1, None, 5.5]}]
    with pytest.raises(HistoryError, match="one row a month"):
        index_html(records, ["a", "b"], economy=pd.concat([economy, economy]))
    with pytest.raises(HistoryError, match="must have a column 'month'"):
        index_html(records, ["a", "b"], economy=economy.rename(columns={"month": "when"}))


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
    with pytest.raises(CreditModelError, match=r"lang must be .*, got 'fr'"):
        write_report(cases, tracks, tmp_path / "R", lang="fr")
    with pytest.raises(HistoryError, match="one record a decrease, got 0 for 6"):
        write_report(cases, tracks, tmp_path / "R", reasons=[])
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
    assert data["rows"]["borrower"] == []
    assert files.pages == ()


def test_a_page_opens_in_the_language_asked_for(cases):
    records = page_records(cases, example_tracks(cases), lang="zh")
    assert embedded(decrease_html(records, 0))["lang"] == "zh"


def test_the_sources_are_package_data():
    assert {Path(str(p)).name for p in SOURCES.iterdir()} >= {*SCRIPTS, "report.css", "words.json", "page.html"}
