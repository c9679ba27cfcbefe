"""What a page in a real browser says of expected, raised and unexplained cuts, and of waves."""

from __future__ import annotations

import pytest
from selenium.webdriver.common.by import By

from credit_model.words.language import language
from tests.browser.conftest import Browser
from tests.documents.report_examples import (
    CASES,
    TOLD,
)

EACH = "return [...document.querySelectorAll(arguments[0])].map((node) => node.dataset[arguments[1]])"


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("case", CASES)
def test_what_is_printed_first_is_the_verdicts(browser: Browser, cases, page_of, case, lang):
    browser.open(page_of[case], f"#lang={lang}")
    verdict = cases.verdicts[list(CASES).index(case)]
    factors = browser.run(EACH, "table.change tbody[data-factor]", "factor")
    switches = browser.run(EACH, "[data-switch]", "switch")
    ids = cases.catalogue.factor_ids
    assert factors[: len(verdict.factors)] == [ids[g] for g in verdict.factors]
    assert switches == factors
    ranks, told = (browser.run(EACH, "#reasons ol li", name) for name in ("rank", "factorId"))
    ranked = [factor for _, factor in sorted(zip(ranks, told, strict=True))]
    assert ranked == [ids[reason.factor] for reason in verdict.reasons]
    if TOLD[case][1]:
        assert factors[0] == told[0] == TOLD[case][1]
    verdict_box = browser.driver.find_element(By.CSS_SELECTOR, ".hero .verdict")
    assert verdict_box.get_attribute("class") == f"verdict {verdict.support}"
    spoken = language(lang)
    fact = browser.text("[data-fact=risk]")
    assert spoken.risk(verdict.risk_before) in fact
    assert spoken.risk(verdict.risk_after) in fact
    assert browser.complaints() == []


def test_a_decrease_that_the_model_does_not_support_gets_no_reasons(browser: Browser, page_of):
    for case in ("unexplained", "wave"):
        browser.open(page_of[case])
        assert browser.text(".hero .verdict h2").startswith("Unexplained")
        assert browser.driver.find_elements(By.CSS_SELECTOR, "#reasons ol li") == []
        assert "The model would keep the limit" in browser.text("#outcome-words")
        assert browser.text("#what-if .presets h3") == "Nothing needs to be put back"


@pytest.mark.parametrize(
    ("lang", "told", "title"),
    [
        ("en", "the lender cut 9.2% of all lines", "Unexplained by the borrower's records"),
        ("zh", "贷款机构下调了9.2%的账户额度", "借款人的记录无法解释"),
    ],
)
def test_a_wave_stands_in_the_verdict_and_on_the_index(browser: Browser, report, page_of, lang, told, title):
    browser.open(page_of["wave"], f"#lang={lang}")
    assert browser.text(".hero .verdict h2").startswith(title)
    assert told in browser.text(".hero .verdict")
    browser.open(report.index, f"#lang={lang}&status=wave")
    assert browser.driver.find_element(By.CSS_SELECTOR, "#body a").text == "wave"
    assert len(browser.driver.find_elements(By.CSS_SELECTOR, "#body tr")) == 1


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_raised_cut_is_told_as_a_raised_risk_and_never_as_why_it_was_cut(browser: Browser, page_of, lang):
    browser.open(page_of["raised"], f"#lang={lang}")
    words = {
        "en": ("Debt raised the risk most", "What raised the risk", "What would bring the risk back down?"),
        "zh": ("推高风险最多的因素：“负债状况”", "推高风险的因素", "怎样才能使风险回落？"),
    }[lang]
    assert browser.text(".hero .verdict h2") == words[0]
    assert browser.text("#reasons-title") == words[1]
    assert browser.text("#what-if-title") == words[2]
    assert len(browser.driver.find_elements(By.CSS_SELECTOR, ".gauge-track rect.raised")) == 1
