"""Words, colours and flags of the pages come from Python, and all of them are used."""

from __future__ import annotations

import re
from importlib import resources

from credit_model import palette
from credit_model.documents.report import (
    decrease_html,
)
from credit_model.explain.support import SUPPORT_LEVELS
from credit_model.words.language import language
from tests.documents.report_examples import (
    SCRIPTS,
    source,
)


def test_every_word_of_the_script_is_used_and_none_is_missing():
    words = language("en").texts("page")
    code = "".join(source(name) for name in SCRIPTS) + source("page.html")
    said = set(re.findall(r'(?:say\(|data-say=)"(\w+)"', code)) | set(re.findall(r'headCell\("(\w+)"', code))
    said |= {key for pair in re.findall(r'say\(\S+ \? "(\w+)" : "(\w+)"\)', code) for key in pair}
    assert said == words.keys()


def test_every_text_of_the_report_is_told_somewhere():
    folder = resources.files("credit_model.documents")
    code = "".join(p.read_text(encoding="utf-8") for p in folder.iterdir() if p.name.endswith(".py"))
    quoted = set(re.findall(r'"(?:report\.)?(\w+)"', code))
    # Other keys are put together from a fixed part and a name: told(f"badge_{name}").
    stems = set(re.findall(r'f"(?:report\.)?(\w+_)\{', code))
    keys = {key.removeprefix("report.") for key in language("en").words if key.startswith("report.")}
    unused = {k for k in keys if k.removesuffix("_peers") not in quoted and not any(k.startswith(s) for s in stems)}
    assert unused == set()


def test_every_flag_support_withheld_reason_and_reference_has_words():
    report = {key.removeprefix("report.") for key in language("en").words if key.startswith("report.")}
    for flag in palette.FLAGS:
        assert {f"badge_{flag}", f"short_{flag}"} <= report
    for withheld in ("not_supported", "no_reference", "not_worsened"):
        assert {f"no_reasons_{withheld}", f"head_{withheld}"} <= report
    for reference in ("last_set", "last_review", "previous_month", "peers"):
        assert {f"reference_{reference}", f"index_reference_{reference}"} <= report
    for support in SUPPORT_LEVELS:
        assert {f"tile_{support}", f"what_if_title_{support}", f"presets_title_{support}", f"given_{support}"} <= report


def test_the_script_formats_ranks_and_colours_nothing_by_itself():
    for name in SCRIPTS:
        code = source(name)
        assert not re.search(r"#[0-9a-fA-F]{6}", code), name
        for way in ("Intl.", "toLocale", "Math.exp", "Math.log(", '"zh"', "FACTOR_COLOURS", "TONES"):
            assert way not in code, (name, way)
    # Sorted are only what the reader chose, and counts of what the reader filtered.
    assert [name for name in SCRIPTS if ".sort(" in source(name)] == ["index.js"]


def test_a_page_has_the_colours_of_the_plots(cases, records):
    page = decrease_html(records, 0)
    for colour in (palette.LOWERS, palette.RAISES, palette.LOST_TINT):
        assert f": {colour};" in page
    for g, factor in enumerate(cases.catalogue.factor_ids):
        shown = {f["id"]: f["colour"] for f in records.page(0)["factors"]}
        assert shown[factor] == palette.FACTOR_COLOURS[g]
