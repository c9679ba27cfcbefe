"""The report's files and what they embed; `tests/browser` opens them."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from importlib import resources
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from credit_model import palette
from credit_model.documents.page_change import ChangeRecord
from credit_model.documents.page_verdict import TONES, VerdictRecord
from credit_model.documents.report import (
    decrease_html,
    embeddable,
    index_html,
    page_names,
    page_records,
    write_report,
)
from credit_model.documents.tracks import MONTHS_AFTER, MONTHS_BEFORE, Tracks
from credit_model.errors import CreditModelError, DataFileError, HistoryError
from credit_model.explain.support import SUPPORT_LEVELS
from credit_model.portfolio.history import check_history
from credit_model.words.language import language
from tests.documents.report_examples import (
    CASES,
    COLUMNS,
    DECISION,
    REFERENCE,
    TOLD,
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


def test_flags_are_given_to_the_index_with_bit_tone_and_words(cases, records):
    flags = embedded(index_html(records, ["x.html"] * len(cases)))["flags"]
    assert [(f["name"], f["bit"]) for f in flags] == [(name, 2**k) for k, name in enumerate(palette.FLAGS)]
    assert {f["tone"] for f in flags} == {"note", *TONES.values()}
    assert next(f["label"] for f in flags if f["name"] == "wave") == {
        "en": "Wave of cuts by the lender",
        "zh": "机构批量下调",
    }


# ------------------------------------------------------------------------------------- one verdict, everywhere


@pytest.mark.parametrize("case", CASES)
def test_the_page_tells_the_verdict(cases, records, case):
    i = list(CASES).index(case)
    page, (support, leading), verdict = records.page(i), TOLD[case], cases.verdicts[i]
    assert page["verdict"]["support"] == verdict.support == support
    items = [item for group in page["reasons"]["groups"] for item in group["items"]]
    if leading:
        assert page["factors"][0]["id"] == leading
        assert items[0]["factor_id"] == leading
        assert [item["feature"] for item in sorted(items, key=lambda item: item["rank"])] == [
            cases.catalogue.driver_names[reason.driver] for reason in verdict.reasons
        ]
    else:
        assert items == []
        assert page["reasons"]["empty"]


def test_over_all_cuts_the_first_factor_the_first_reason_and_the_verdict_agree(explanations, portfolio):
    records = page_records(explanations, Tracks(check_history(portfolio.history, explanations.catalogue), *[None] * 2))
    data = embedded(index_html(records, ["x.html"] * len(explanations)))
    ids = explanations.catalogue.factor_ids
    supports = set()
    for i, verdict in enumerate(explanations.verdicts):
        supports.add(verdict.support)
        factors = ChangeRecord(explanations, i, records.words).factors
        groups = VerdictRecord(explanations, i, records.reasons[i], records.words).reasons()["groups"]
        told = [ids.index(f["id"]) for f in factors]
        assert told[: len(verdict.factors)] == list(verdict.factors)
        assert data["columns"]["factor"]["place"][i] == verdict.leading_factor
        if not verdict.withheld:
            first = groups[0]["items"][0]
            assert ids.index(first["factor_id"]) == told[0] == verdict.leading_factor == verdict.reasons[0].factor
            assert first["rank"] == 1
        else:
            assert groups == []
    assert supports == {"expected", "raised", "unexplained"}


@pytest.mark.parametrize(
    ("case", "en", "zh"),
    [
        ("clear", "Debt lowered the score most", "拉低分数最多的因素：“负债状况”"),
        ("raised", "Debt raised the risk most", "推高风险最多的因素：“负债状况”"),
        ("unexplained", "Unexplained: the model does not support this decrease", "原因不明：模型不支持此次下调"),
        (
            "wave",
            "Unexplained by the borrower's records: the lender cut many lines at once",
            "借款人的记录无法解释：机构同时下调了大量额度",
        ),
        ("tie", "Debt and repayment lowered the score about equally", "“负债状况”与“还款历史”拉低分数的程度相近"),
        (
            "lender",
            "What lowered the score lies mostly in the economy and with the lender, not with the borrower",
            "拉低分数的因素主要在于经济环境和贷款机构，而非借款人自身",
        ),
        ("nothing", "Nothing worsened that would explain the decrease", "没有足以解释下调的恶化"),
    ],
)
def test_the_first_sentence_says_what_the_decrease_is(records, case, en, zh):
    assert records.page(list(CASES).index(case))["verdict"]["head"] == {"en": en, "zh": zh}


@pytest.mark.parametrize("case", CASES)
def test_both_risks_and_the_observed_frequency_are_told_of_every_cut(cases, records, case):
    i = list(CASES).index(case)
    verdict, body = cases.verdicts[i], records.page(i)["verdict"]["body"]
    for lang in ("en", "zh"):
        spoken, text = language(lang), " ".join(paragraph[lang] for paragraph in body)
        assert spoken.risk(verdict.risk_before) in text
        assert spoken.risk(verdict.risk_after) in text
        assert f"{verdict.frequency.n}" in text
        assert spoken.risk(verdict.frequency.share) in text


def test_a_wave_is_told_as_the_lenders_doing(records):
    page = records.page(list(CASES).index("wave"))
    # 110 of 1,200 lines are 9.2 %; 9.17 / 2.2 = 4.2.
    assert page["verdict"]["body"][2] == {
        "en": "In November 2024 the lender cut 9.2% of all lines, 4.2 times as many as usual: that is the lender's "
        "doing, not the borrower's.",
        "zh": "2024年11月，贷款机构下调了9.2%的账户额度，为平时的4.2倍：这属于机构的统一行动，并非借款人所致。",
    }
    assert {"en": "Wave of cuts by the lender", "zh": "机构批量下调"} in [b["text"] for b in page["verdict"]["badges"]]


def test_reasons_of_others_stand_apart_under_their_own_heading(records):
    groups = records.page(list(CASES).index("lender"))["reasons"]["groups"]
    assert [group["head"]["en"] for group in groups] == [
        "From the lender, not the borrower",
        "From the economy, not the borrower",
    ]
    assert [item["rank"] for group in groups for item in group["items"]] == [1, 2]


# ------------------------------------------------------------------------------------------------- what if


def test_every_mixture_has_its_risk_and_what_it_means(cases, records):
    for i, case in enumerate(CASES):
        what_if, scores = records.page(i)["what_if"], cases.coalition_scores[i]
        assert what_if["scores"] == scores.tolist()
        assert what_if["risks"] == pytest.approx(expit(-scores), abs=1e-15)
        assert what_if["risk_texts"] == [language("en").risk(risk) for risk in expit(-scores)]
        for score, state in zip(scores, what_if["state"], strict=True):
            if score < 0:
                assert state == "lost"
            elif TOLD[case][0] == "raised":
                # Twice the risk at the reference is 2 * 1.8 % = 3.6 %, three times the usual one 9 %, whose log-odds
                # are 2.31: from there on the risk does not count as raised.
                assert state == ("calm" if score >= 2.3136349 else "raised")
            else:
                assert state == "kept"
        assert what_if["states"].keys() == set(what_if["state"])


def test_presets_are_the_minimal_sets_that_reach_the_line(cases, records):
    ids = cases.catalogue.factor_ids
    for i, case in enumerate(CASES):
        what_if = records.page(i)["what_if"]
        everything = 2 ** len(ids) - 1
        presets = [preset["put_back"] for preset in what_if["presets"]]
        assert presets == [sum(1 << ids.index(f) for f in chosen) for chosen in cases.restoring_sets[i]]
        reached = {what_if["state"][everything & ~mask] for mask in presets}
        assert reached == ({"calm"} if case == "raised" else {"kept"} if presets else set())
    assert records.page(list(CASES).index("raised"))["what_if"]["presets"][0] == {"put_back": 8, "label": {
        "en": "Debt", "zh": "负债状况"}}  # fmt: skip


def test_of_an_unexplained_cut_nothing_needs_to_be_put_back(records):
    for case in ("unexplained", "wave"):
        what_if = records.page(list(CASES).index(case))["what_if"]
        assert what_if["presets"] == []
        assert what_if["presets_title"]["en"] == "Nothing needs to be put back"
        assert "none of them is a reason" in what_if["presets_lead"]["en"]


def test_the_gauge_has_a_region_of_raised_risk_only_where_the_risk_was_raised(records):
    for case, (support, _) in TOLD.items():
        what_if = records.page(list(CASES).index(case))["what_if"]
        tones = [region["tone"] for region in what_if["regions"]]
        assert tones == (["lost", "raised", "kept"] if support == "raised" else ["lost", "kept"])
        edges = [what_if["axis"]["low"], *(region["to"] for region in what_if["regions"])]
        assert [region["from"] for region in what_if["regions"]] == edges[:-1]
        assert edges[-1] == what_if["axis"]["high"]


# --------------------------------------------------------------------------------------------------- pages


def test_a_page_holds_the_exact_numbers(cases, records):
    for i, case in enumerate(CASES):
        data = embedded(decrease_html(records, i))
        assert data["borrower"] == case
        assert data["what_if"]["scores"] == cases.coalition_scores[i].tolist()
        assert [end["score"] for end in data["change"]["ends"]] == [
            cases.keep_score_before[i],
            cases.keep_score_after[i],
        ]
        by_id = {f["id"]: f for f in data["factors"]}
        assert [by_id[f]["value"] for f in cases.catalogue.factor_ids] == cases.factor_contributions[i].tolist()
        assert [by_id[f]["bit"] for f in cases.catalogue.factor_ids] == [1, 2, 4, 8, 16, 32, 64]
        for factor in data["factors"]:
            assert sum(f["value"] for f in factor["moved"]) == pytest.approx(factor["value"], abs=1e-12)


def test_bars_follow_each_other_from_the_score_then_to_the_score_now(cases, records):
    for i in range(len(CASES)):
        page = records.page(i)
        ends = [page["change"]["ends"][0]["score"], *(factor["span"][1] for factor in page["factors"])]
        assert [factor["span"][0] for factor in page["factors"]] == ends[:-1]
        assert ends[-1] == pytest.approx(cases.keep_score_after[i], abs=1e-12)
        for factor in page["factors"]:
            values = [feature["value"] for feature in factor["moved"]]
            assert values == sorted(values)


def test_values_then_and_now_are_told_where_they_differ(records):
    features = {f["label"]["en"]: f for factor in records.page(0)["factors"] for f in factor["moved"]}
    # Days past due: 3, times 1.35 is 4.05, rounded 4.
    changed = features["Latest days past due"]
    assert (changed["then"], changed["now"]) == ({"en": "3 days", "zh": "3天"}, {"en": "4 days", "zh": "4天"})
    # The mixture of -0.07 moves every factor, even "Lender policy": nothing is unchanged.
    assert all("then" in f for f in features.values())
    still = example_explanations([[0.0] * 7], [1.0], mixed=0.0)
    page = page_records(still, example_tracks(still)).page(0)
    assert all("then" not in f for factor in page["factors"] for f in factor["still"])
    assert all(factor["moved"] == [] for factor in page["factors"])


def test_audit_columns_are_not_in_a_page(records):
    page = decrease_html(records, 0)
    assert [c["label"]["en"] for c in records.page(0)["history"]["columns"]] == [c[3].capitalize() for c in COLUMNS]
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
    assert len(records.page(1)["history"]["columns"][0]["cells"]) == len(far)


def test_a_month_is_read_out_with_its_limit_risk_and_event(cases, records):
    track = records.page(0)["track"]
    # The score at the decision is 2.2 - 3.77 = -1.57 (0.42 of it from mixtures), a risk of 83 %.
    assert track["readings"]["en"][track["decision"]] == "November 2024 · limit RMB 5,000 · risk 83% · limit lowered"
    assert track["readings"]["zh"][track["decision"]] == "2024年11月 · 额度5,000元 · 风险83% · 额度下调"
    assert track["months"][track["reference"]] == REFERENCE


def test_missing_cells_are_dashes_and_missing_scores_are_null(cases):
    tracks = example_tracks(cases)
    tracks.history.cells["income"][:] = np.nan
    tracks.history.cells["days_past_due"][::2] = np.nan
    page = page_records(cases, tracks).page(0)
    labels = [c["label"]["en"] for c in page["history"]["columns"]]
    assert "Monthly income" not in labels  # a column without data says nothing
    assert "–" in page["history"]["columns"][labels.index("Days past due")]["cells"]
    assert page["track"]["score"][0] is None
    embeddable(page)  # strict JSON


def test_cells_have_the_digits_and_signs_of_the_words(cases):
    tracks = example_tracks(cases)
    for name, value in (("spend_amount", 1234.5), ("fund_share", 0.083), ("unemployment", 5.25), ("paid_in_full", 1)):
        tracks.history.cells[name][:] = value
    columns = {c["label"]["en"]: c for c in page_records(cases, tracks).page(0)["history"]["columns"]}
    assert (columns["Amount spent"]["cells"][0], columns["Amount spent"]["unit"]) == ("1,234", "CNY")
    assert columns["Provident-fund contribution"]["cells"][0] == "8.3%"
    assert columns["Unemployment"]["cells"][0] == "5.25%"
    assert columns["Paid in full"]["cells"]["en"][0] == "yes"
    assert columns["Paid in full"]["cells"]["zh"][0] == "是"


def _column(data, name, lang="en"):
    column = data["columns"][name]
    texts = column["texts"] if isinstance(column["texts"], list) else column["texts"][lang]
    return [None if place < 0 else texts[place] for place in column["place"]]


def test_an_index_row_says_what_the_explanations_say(cases, records):
    files = [f"decreases/{name}" for name in page_names(cases)]
    data = embedded(index_html(records, files))
    assert _column(data, "borrower") == list(CASES)
    assert data["files"] == files
    names = {flag["name"]: flag["bit"] for flag in data["flags"]}
    marked = {
        case: {name for name, bit in names.items() if flags & bit}
        for case, flags in zip(CASES, data["row_flags"], strict=True)
    }
    assert marked == {
        "clear": set(),
        "tie": {"near_tie"},
        "raised": {"raised"},
        "unexplained": {"unexplained"},
        "wave": {"unexplained", "wave"},
        "knock_out": {"knock_out"},
        "lender": set(),
        "nothing": set(),
    }
    ids = (*cases.catalogue.factor_ids, "")
    assert [ids[place] for place in data["columns"]["factor"]["place"]] == [leading for _, leading in TOLD.values()]
    supports = [data["supports"][place]["name"] for place in data["support"]]
    assert supports == [support for support, _ in TOLD.values()]
    spoken = language("en")
    assert _column(data, "risk") == [spoken.risk(v.risk_after) for v in cases.verdicts]
    assert _column(data, "risk_before") == [spoken.risk(v.risk_before) for v in cases.verdicts]
    assert set(_column(data, "cut")) == {"−75%"}
    assert set(_column(data, "before")) == {"20,000"}
    assert set(_column(data, "after")) == {"5,000"}


def test_places_of_an_index_column_are_in_the_order_of_what_they_stand_for():
    before = [0.5, 3.0, 1.0, 3.0]
    ids = ["B10", "b2", "B2", "B1"]
    explained = example_explanations([CASES["clear"][0]] * 4, before, borrower_id=ids)
    known = np.array([True, True, True, False])
    object.__setattr__(explained, "has_reference", known)
    columns = embedded(index_html(page_records(explained, example_tracks(explained)), ["x"] * 4))["columns"]
    # B2 and b2 are alike but for case: the capital comes first; the number in B10 is a ten.
    assert columns["borrower"] == {"place": [3, 2, 1, 0], "texts": ["B1", "B2", "b2", "B10"]}
    # The higher the score then, the lower the risk; the last has no reference.
    assert columns["risk_before"]["place"] == [2, 0, 1, -1]
    assert columns["risk_before"]["texts"] == ["4.7%", "27%", "38%"]


def test_tiles_count_each_support(cases, records):
    tiles = {tile["id"]: tile for tile in embedded(index_html(records, ["x"] * len(cases)))["tiles"]}
    assert list(tiles) == ["decreases", "expected", "raised", "unexplained", "median_cut"]
    # Of eight cases five are expected, one is raised and two are unexplained.
    assert [tiles[name]["value"] for name in ("decreases", "expected", "raised", "unexplained")] == ["8", "5", "1", "2"]
    # One of eight is 12.5 %.
    assert tiles["raised"]["note"]["en"].startswith("12%")


def test_the_economy_is_put_beside_the_months(cases, records):
    explained = example_explanations([CASES["clear"][0]] * 2, [2.2] * 2, month=[DECISION - 2, DECISION])
    records = page_records(explained, example_tracks(explained))
    economy = pd.DataFrame(
        {"month": ["2024-11", "2024-09", "2030-01"], "unemployment": [5.5, 5.1, 9.0], "regime": ["a", "b", "c"]}
    )
    data = embedded(index_html(records, ["a", "b"], economy=economy))
    # September is known, October is not, November is; text columns are left out.
    assert data["economy"] == [
        {
            "label": {"en": "Unemployment", "zh": "失业率"},
            "values": [5.1, None, 5.5],
            "low": {"value": 5.1, "text": "5.1"},
            "high": {"value": 5.5, "text": "5.5"},
        }
    ]
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
