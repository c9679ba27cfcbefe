"""The page of warnings: everything in one file, in both languages, and nothing of the data becomes markup."""

from __future__ import annotations

import json
import re

import pytest

from credit_model.act.warning.told import WarningWords
from credit_model.documents.page_warnings import WarningsRecord
from credit_model.documents.warnings import warnings_html
from credit_model.errors import CreditModelError
from credit_model.portfolio.catalogue import read_catalogue
from credit_model.words.language import LANGUAGES
from tests.act.warning_examples import RISK, example_warnings

EVIL = "</script><script>alert(1)</script><!--"
CATALOGUE = read_catalogue("synthetic")


def record_in(html):
    (text,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', html, flags=re.S)
    return json.loads(text)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_page_holds_what_the_warnings_say(lang):
    warnings = example_warnings(CATALOGUE)
    html = warnings_html(warnings, lang=lang)
    assert html == warnings_html(warnings, lang=lang)
    record, told = record_in(html), WarningWords(warnings, lang)
    assert record["lang"] == lang
    assert record["columns"]["borrower"]["texts"] == ["B10", "B9", "B2"]
    assert record["columns"]["borrower"]["order"] == [2, 1, 0]  # B2, B9, B10
    assert record["columns"]["risk_3"]["order"] == RISK[:, 2].tolist()
    assert len(record["alerts"]) == 2
    alert = record["alerts"][0]
    assert alert["lead"] == 0
    assert sum(alert["shares"]) == pytest.approx(warnings.reasons.by_factor[0].sum(), abs=1e-5)
    by_language = alert["reasons"]
    assert [text.lower() for text in by_language[lang]] == [text.lower() for text in told.reasons(0)]
    assert record["alerts"][1]["lead"] == -1
    assert record["alerts"][1]["shares"] == [0.0] * len(warnings.player_ids)
    assert [tile["value"] if isinstance(tile["value"], str) else tile["value"][lang] for tile in record["tiles"]] == [
        text for _, text in told.facts
    ]
    assert record["outcomes"] == []


def test_the_page_asks_for_nothing_and_nothing_in_it_is_markup():
    html = warnings_html(example_warnings(CATALOGUE, borrowers=(EVIL, "b", "c"), model_version=EVIL))
    assert "<script>alert" not in html
    assert not re.search(r'(src|href)="(?!data:|#main)', html)
    assert "default-src &#39;none&#39;" in html
    assert record_in(html)["columns"]["borrower"]["texts"][0] == EVIL


def test_plans_stand_beside_the_alerts(warned, warned_panel):
    warnings = warned.watch(warned_panel.history, capacity=0.03, plans=True)
    record = WarningsRecord(warnings, "en").record()
    assert [outcome["id"] for outcome in record["outcomes"]] == ["by_itself", "by_plan", "impossible"]
    for i, alert in enumerate(record["alerts"]):
        plan = warnings.plans.get(i)
        assert (alert["outcome"] == -1) == (plan is None)
        assert alert["plan"]["zh"]
    json.dumps(record, allow_nan=False)


def test_words_are_told_in_both_languages():
    warnings = example_warnings(CATALOGUE)
    english, chinese = (WarningWords(warnings, lang) for lang in LANGUAGES)
    assert english.title == "April 2024: 3 open lines, 2 alerted"
    assert chinese.title == "2024年4月：在用额度 3 笔，预警 2 笔"
    assert english.reasons(0)[0].startswith("credit score (")
    assert english.reasons(1) == ["as high as when the limit was set"]
    assert english.since(0) == "set in January 2023"
    assert english.player("calendar") == "review calendar"
    assert "made-1-w0" in chinese.valid


def test_an_unknown_language_is_refused():
    with pytest.raises(CreditModelError, match="lang must be one of"):
        warnings_html(example_warnings(CATALOGUE), lang="xx")
