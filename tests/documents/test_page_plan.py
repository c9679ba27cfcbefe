"""What a page says of what brings the limit back: every number and text is the plan's."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from credit_model.documents.page_plan import OUTLOOKS, outlook_of
from credit_model.documents.report import decrease_html, index_html, page_records, write_report
from credit_model.errors import CreditModelError
from credit_model.words.language import language
from tests.act.plan_examples import HORIZON, NOTHING, example_plan, with_levers
from tests.documents.report_examples import (
    CASES,
    DECISION,
    embedded,
    example_cases,
    example_catalogue,
    example_explanations,
    example_tracks,
)

IDS = list(NOTHING)


@pytest.fixture(scope="module")
def planned():
    """Decreases of the four outcomes, their plans and the pages' records."""
    catalogue = with_levers(example_catalogue())
    explained = example_explanations([CASES["clear"][0]] * 4, [2.2] * 4, borrower_id=IDS)
    plans = [example_plan(catalogue, outcome, borrower_id=outcome, month=DECISION) for outcome in IDS]
    return explained, plans, page_records(explained, example_tracks(explained), plans=plans)


def plan_of(planned, outcome):
    return embedded(decrease_html(planned[2], IDS.index(outcome)))["plan"]


def told(texts, lang="en"):
    return texts[lang] if isinstance(texts, dict) else texts


@pytest.mark.parametrize(
    ("outcome", "ways", "first"),
    [
        ("by_itself", ["nothing", "fastest"], 0),
        ("by_plan", ["nothing", "cheapest", "fastest"], 1),  # the fewest changes are those of the least effort
        ("impossible", ["nothing"], 0),
        ("already", ["nothing"], 0),
    ],
)
def test_the_ways_of_a_page_are_those_of_the_plan(planned, outcome, ways, first):
    record = plan_of(planned, outcome)
    assert record["outlook"] == outcome
    assert [way["id"] for way in record["ways"]] == ways
    assert record["first"] == first
    for way in record["ways"]:
        assert len(way["scores"]) == len(record["months"]) == HORIZON + 1
        if outcome != "already":
            reached = way["reached"]
            assert way["over"] == [int(reached is not None and k >= reached) for k in range(HORIZON + 1)]


def test_the_paths_and_texts_of_a_way_are_the_options(planned):
    record, plan = plan_of(planned, "by_plan"), planned[1][1]
    way = record["ways"][1]
    assert way["scores"] == pytest.approx([plan.score, *plan.cheapest.months["score"]], abs=5e-5)  # four decimals
    spoken = language("en")
    assert way["risks"][1:] == [spoken.risk(r) for r in plan.cheapest.months["risk"]]
    # November's balance of 20,000 falls by 2,000 a month; the goal comes in the fourth, March.
    (column,) = way["cells"]
    assert told(column["levels"])[:3] == ["RMB 20,000", "RMB 18,000", "RMB 16,000"]
    assert told(column["moves"])[:3] == ["", "−2,000", "−4,000"]
    assert told(record["short"])[way["reached"]] == "2025-03"
    assert told(way["label"]) == "Least effort, fewest changes"
    assert told(way["label"], "zh") == "最省力、改变最少"
    assert told(way["text"]) == "in 4 months, March 2025"
    (lever,) = way["levers"]
    assert told(lever["action"]) == "Repay RMB 2,000 a month, from RMB 20,000 to RMB 12,000"
    assert (lever["added"], lever["share"]) == ("+1.50", 1.0)
    assert [told(fact) for fact in way["facts"]] == ["Effort 8,000", "Holds in 3 of 4 fits of the model"]
    states = told(way["states"])
    assert states == ["at the decision", "not yet", "not yet", "not yet", "comes back", "stays", "stays"]
    assert "all 16 ways" in told(way["proof"])[0]


def test_the_bars_of_levers_are_shares_of_the_largest(planned):
    levers = plan_of(planned, "by_plan")["ways"][2]["levers"]
    assert [lever["share"] for lever in levers] == [1.0, 0.6]  # 0.9 of 1.5


def test_what_is_had_already_does_not_come_back(planned):
    (way,) = plan_of(planned, "already")["ways"]
    assert way["reached"] is None
    assert way["over"] == [1] * (HORIZON + 1)
    assert told(way["states"]) == ["at the decision", *["stays"] * HORIZON]
    assert (told(way["text"]), told(way["text"], "zh")) == ("as things stand", "现状即可")


@pytest.mark.parametrize(
    ("outcome", "en", "zh"),
    [
        ("by_itself", "comes back by itself in February 2025, if only what is due", "2025年2月自行恢复"),
        ("by_plan", "with a plan it can, in January 2025 at the soonest", "最早可于2025年1月恢复"),
        ("impossible", "no plan brings it back up to May 2025", "到2025年5月为止，任何计划都无法恢复"),
        ("already", "would keep this limit as things stand", "模型会保留该额度"),
    ],
)
def test_the_head_says_whether_and_when(planned, outcome, en, zh):
    head = plan_of(planned, outcome)["head"]
    assert en in head["en"]
    assert zh in head["zh"]


def test_what_is_impossible_is_proved_and_says_what_stands_against_it(planned):
    proof = " ".join(told(plan_of(planned, "impossible")["ways"][0]["proof"]))
    # The best lacks 1.2 of 0: a risk of 1 / (1 + e^-1.2) = 77 %.
    for words in ("all 16 ways", "No setting in between does it either", "At best the risk comes down to 77%; 50%",
                  "credit score"):  # fmt: skip
        assert words in proof


def test_validity_is_said_with_model_month_and_no_promise(planned):
    for outcome in IDS:
        record = plan_of(planned, outcome)
        assert "example-1.0-0123456789ab" in record["validity"]["en"]
        assert "until the data of December 2024 are known" in record["validity"]["en"]
        assert "no promise" in record["validity"]["en"]
        assert "2024年12月的数据到位后须重新测算" in record["validity"]["zh"]
        # The example's records go on for three months.
        assert "The records go on to February 2025" in record["later"]["en"]


def test_a_low_risk_that_does_not_last_is_said(planned):
    plan = replace(planned[1][1], score=0.3)
    records = page_records(planned[0][1:2], example_tracks(planned[0]), plans=[plan])
    head = embedded(decrease_html(records, 0))["plan"]["head"]["en"]
    assert head.startswith("As things stand the risk is low enough, but it does not stay so.")


def test_a_page_without_plans_has_no_section_and_no_words_of_one(cases, records):
    page = decrease_html(records, 0)
    assert embedded(page)["plan"] is None
    assert "plan-table" not in page[page.index("<noscript>") : page.index("</noscript>")]
    index = embedded(index_html(records, ["x"] * len(cases)))
    assert index["outlooks"] == []
    assert "outlook" not in index["columns"]


def test_without_a_script_the_first_way_is_a_table(planned):
    for lang, month, head in (("en", "Month", "comes back"), ("zh", "月份", "恢复")):
        records = page_records(planned[0], example_tracks(planned[0]), lang=lang, plans=planned[1])
        page = decrease_html(records, IDS.index("by_plan"))
        plain = page[page.index("<noscript>") : page.index("</noscript>")]
        assert plain.count("<tr>") == 1 + HORIZON + 1
        assert f'<th scope="col">{month}</th>' in plain
        assert head in plain
        assert 'scope="row">2025-03</th>' in plain
        assert "12,000" in plain


def test_text_of_the_catalogue_is_escaped_in_the_plain_table(planned):
    catalogue = with_levers(example_catalogue())
    evil = replace(
        example_plan(catalogue, "by_plan", borrower_id="by_plan", month=DECISION),
        model_version="<script>alert(1)</script>",
    )
    records = page_records(planned[0][1:2], example_tracks(planned[0]), plans=[evil])
    assert "<script>alert" not in decrease_html(records, 0)


def test_the_index_sorts_and_filters_by_how_it_comes_back(planned):
    index = embedded(index_html(planned[2], ["x"] * 4))
    assert [one["name"] for one in index["outlooks"]] == list(OUTLOOKS)
    assert [OUTLOOKS[k] for k in index["outlook"]] == IDS
    column = index["columns"]["outlook"]
    texts = [column["texts"]["en"][place] for place in column["place"]]
    assert texts == ["by itself, 3 mo.", "by a plan, 2 mo.", "not within 6 mo.", "as things stand"]
    # What comes soonest and by itself comes first.
    assert column["place"] == [1, 2, 3, 0]
    assert column["texts"]["zh"][1] == "自行，3个月"


def test_the_manifest_says_how_each_comes_back(planned, tmp_path):
    explained, plans, _ = planned
    files = write_report(explained, example_tracks(explained), tmp_path / "R", plans=plans)
    manifest = json.loads((files.folder / "manifest.json").read_text())
    assert [page["comes_back"] for page in manifest["pages"]] == [outlook_of(plan) for plan in plans] == IDS


def test_plans_must_be_those_of_the_decreases(planned):
    explained, plans, _ = planned
    tracks = example_tracks(explained)
    with pytest.raises(CreditModelError, match="plans must be one a decrease, got 3 of 4"):
        page_records(explained, tracks, plans=plans[:3])
    with pytest.raises(CreditModelError, match=r"found one of borrower by_plan for that of by_itself in 2024-11"):
        page_records(explained, tracks, plans=[plans[1], plans[0], *plans[2:]])
    late = replace(plans[0], month=plans[0].ahead["month"].iloc[0])
    with pytest.raises(CreditModelError, match="plans must follow the decreases"):
        page_records(explained, tracks, plans=[late, *plans[1:]])


def test_both_languages_say_all_of_a_plan(planned):
    for outcome in IDS:
        record = plan_of(planned, outcome)

        def texts(value):
            if isinstance(value, dict) and set(value) == {"en", "zh"}:
                yield value
            elif isinstance(value, dict):
                for one in value.values():
                    yield from texts(one)
            elif isinstance(value, list):
                for one in value:
                    yield from texts(one)

        found = list(texts(record))
        assert len(found) > 8
        for one in found:
            assert not re.search(r"[\u4e00-\u9fff]", str(one["en"]))
            assert "{" not in str(one["en"]).replace("{'", "") + str(one["zh"]).replace("{'", "")


def test_every_case_of_the_report_can_carry_a_plan():
    explained = example_cases()
    catalogue = with_levers(example_catalogue())
    plans = [example_plan(catalogue, "by_plan", borrower_id=case, month=DECISION) for case in CASES]
    records = page_records(explained, example_tracks(explained), plans=plans)
    assert all(embedded(decrease_html(records, i))["plan"]["outlook"] == "by_plan" for i in range(len(CASES)))
