"""The what-if panel in a real browser: every mixture of factors answers as Python does."""

from __future__ import annotations

import pytest
from scipy.special import expit
from selenium.webdriver.common.by import By

from credit_model.words.language import language
from tests.browser.conftest import Browser
from tests.documents.report_examples import (
    CASES,
    FACTORS,
    TOLD,
)

N_FACTORS = len(FACTORS)
EVERYTHING = (1 << N_FACTORS) - 1


def _mask_of(cases, factors) -> int:
    return sum(1 << cases.catalogue.factor_ids.index(factor) for factor in factors)


def test_every_combination_of_switches_gives_the_score_and_the_risk_that_python_has(browser: Browser, cases, page_of):
    english = language("en")
    for i, case in enumerate(CASES):
        browser.open(page_of[case])
        # A Gray code: each of the 127 clicks flips one switch, and every combination comes once.
        answers = browser.run(
            """
            const switches = [...document.querySelectorAll("[data-switch]")];
            const read = () => ({
              back: switches.filter((s) => s.getAttribute("aria-checked") === "true").map((s) => s.dataset.switch),
              score: document.getElementById("score").getAttribute("value"),
              risk: document.getElementById("risk").getAttribute("value"),
              scoreText: document.getElementById("score").textContent,
              riskText: document.getElementById("risk").textContent,
              verdict: document.getElementById("outcome-verdict").textContent,
            });
            const answers = [read()];
            for (let n = 1; n < 2 ** switches.length; n += 1) {
              switches[Math.log2(n & -n)].click();
              answers.push(read());
            }
            return answers;
            """
        )
        seen = set()
        line = cases.restoring_line[i]
        for answer in answers:
            mask = EVERYTHING & ~_mask_of(cases, answer["back"])
            score = cases.coalition_scores[i, mask]
            seen.add(mask)
            assert float(answer["score"]) == score
            assert float(answer["risk"]) == pytest.approx(expit(-score), abs=1e-15)
            assert answer["scoreText"] == english.score(score)
            assert answer["riskText"] == english.risk(expit(-score))
            kept = "Kept by the model" if cases.verdicts[i].support == "unexplained" else "Limit kept"
            if cases.verdicts[i].support == "raised":
                kept = "Kept, risk no longer raised" if score >= line else "Kept by the model, risk raised"
            assert answer["verdict"] == (kept if score >= 0 else "Limit not kept")
        assert len(seen) == 2**N_FACTORS


def test_one_click_presets_are_the_minimal_restoring_sets(browser: Browser, cases, page_of):
    for i, case in enumerate(CASES):
        browser.open(page_of[case])
        presets = browser.driver.find_elements(By.CSS_SELECTOR, "[data-preset].restores")
        expected = [_mask_of(cases, chosen) for chosen in cases.restoring_sets[i]]
        assert [int(p.get_attribute("data-preset")) for p in presets] == expected
        kept = "Kept, risk no longer raised" if TOLD[case][0] == "raised" else "Limit kept"
        for preset, mask in zip(presets, expected, strict=True):
            preset.click()
            score = float(browser.run("return score.getAttribute('value')"))
            assert score == cases.coalition_scores[i, EVERYTHING & ~mask]
            assert browser.text("#outcome-verdict") == kept
            assert preset.get_attribute("aria-pressed") == "true"
    # Debt alone (-2.4 of 2.2 - 3.77 = -1.57): put back, the score is at least -1.57 + 2.4 = 0.83.
    assert cases.restoring_sets[0] == (("debt",),)


def test_the_tier_is_named_where_it_is_known(browser: Browser, page_of):
    browser.open(page_of["clear"])
    assert browser.text("#outcome-words") == "Given at the decision: tier 3, RMB 5,000."
    browser.driver.find_element(By.CSS_SELECTOR, "[data-switch=debt]").click()
    assert browser.text("#outcome-words") == "With debt put back, tier 5 (RMB 20,000) is kept."
    browser.driver.find_element(By.CSS_SELECTOR, "[data-switch=debt]").click()
    browser.driver.find_element(By.CSS_SELECTOR, "[data-switch=policy]").click()
    assert "Which lower tier would follow is not told by this score" in browser.text("#outcome-words")


def test_the_address_keeps_what_was_switched_and_opens_with_it(browser: Browser, cases, page_of):
    browser.open(page_of["clear"], "#back=debt,policy&lang=zh&theme=dark")
    back = sum(1 << cases.catalogue.factor_ids.index(f) for f in ("debt", "policy"))
    assert float(browser.run("return score.getAttribute('value')")) == cases.coalition_scores[0, EVERYTHING & ~back]
    assert browser.run("return document.documentElement.lang") == "zh-Hans"
    assert browser.run("return document.documentElement.dataset.theme") == "dark"
    browser.driver.find_element(By.CSS_SELECTOR, "[data-switch=policy]").click()
    assert browser.run("return location.hash") == "#back=debt&lang=zh&theme=dark"
    browser.run("location.hash = '#back=economy'")
    state = "return document.querySelector('[data-switch=economy]').getAttribute('aria-checked')"
    assert browser.run(state) == "true"


def test_a_foreign_address_changes_nothing(browser: Browser, cases, page_of):
    browser.open(page_of["clear"], "#back=<img src=x>,__proto__,debt%22&lang=xx&theme=<b>")
    assert float(browser.run("return score.getAttribute('value')")) == cases.coalition_scores[0, EVERYTHING]
    assert browser.run("return document.documentElement.lang") == "en"
    assert browser.complaints() == []
