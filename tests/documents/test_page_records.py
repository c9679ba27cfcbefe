"""What a decrease's page embeds: exact numbers, values then and now, months, and every mixture of factors."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from credit_model.documents.report import (
    decrease_html,
    embeddable,
    page_records,
)
from credit_model.documents.tracks import MONTHS_AFTER, MONTHS_BEFORE
from credit_model.words.language import language
from tests.documents.report_examples import (
    CASES,
    COLUMNS,
    DECISION,
    REFERENCE,
    TOLD,
    embedded,
    example_explanations,
    example_tracks,
)


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
