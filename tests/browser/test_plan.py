"""What brings the limit back, in a real browser: ways to switch, a table, and the index's filter."""

from __future__ import annotations

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from credit_model.documents.report import write_report
from tests.act.plan_examples import HORIZON, NOTHING, example_plan, with_levers
from tests.browser.conftest import Browser
from tests.documents.report_examples import (
    CASES,
    DECISION,
    example_catalogue,
    example_explanations,
    example_tracks,
)

IDS = list(NOTHING)


@pytest.fixture(scope="module")
def planned(tmp_path_factory):
    catalogue = with_levers(example_catalogue())
    explained = example_explanations([CASES["clear"][0]] * 4, [2.2] * 4, borrower_id=IDS)
    plans = [example_plan(catalogue, outcome, borrower_id=outcome, month=DECISION) for outcome in IDS]
    folder = tmp_path_factory.mktemp("planned") / "R"
    return write_report(explained, example_tracks(explained), folder, plans=plans)


@pytest.fixture(scope="module")
def page(planned):
    return dict(zip(IDS, planned.pages, strict=True))


def rows(browser: Browser) -> list[list[str]]:
    return browser.run(
        "return [...document.querySelectorAll('.plan-table tbody tr')]"
        ".map((row) => [...row.children].map((cell) => cell.textContent))"
    )


def test_switching_a_way_changes_the_answer_the_path_and_the_table(browser: Browser, page):
    browser.open(page["by_plan"])
    assert "in 4 months, March 2025" in browser.text("#way")
    assert [row[0] for row in rows(browser)] == [f"2024-{m}" for m in (11, 12)] + [f"2025-0{m}" for m in range(1, 6)]
    assert rows(browser)[4][1].startswith("RMB 12,000")
    assert rows(browser)[4][-1] == "comes back"
    drawn = browser.run("return document.querySelector('.way.chosen').getAttribute('d')")
    browser.driver.find_element(By.CSS_SELECTOR, "[data-way=fastest]").click()
    assert "in 2 months, January 2025" in browser.text("#way")
    assert browser.run("return document.querySelector('.way.chosen').getAttribute('d')") != drawn
    assert len(rows(browser)[0]) == 5  # the month, two levers, the risk, the limit
    assert browser.run("return location.hash") == "#way=fastest"
    pressed = browser.run(
        "return [...document.querySelectorAll('[data-way]')].map((b) => b.getAttribute('aria-pressed'))"
    )
    assert pressed == ["false", "false", "true"]
    browser.open(page["by_plan"], "#way=fastest&lang=zh")
    assert "2个月后，2025年1月" in browser.text("#way")
    assert browser.complaints() == []


def test_ways_are_switched_with_the_keyboard(browser: Browser, page):
    browser.open(page["by_plan"])
    browser.run("document.querySelector('[data-way=nothing]').focus()")
    browser.press(Keys.SPACE)
    assert "not within 6 months" in browser.text("#way")
    browser.press(Keys.TAB, Keys.TAB, Keys.ENTER)
    assert "in 2 months" in browser.text("#way")


@pytest.mark.parametrize("outcome", IDS)
def test_every_outcome_has_its_head_and_its_table(browser: Browser, page, outcome):
    browser.open(page[outcome])
    assert browser.run("return document.querySelector('.outlook').className") == f"outlook {outcome}"
    assert len(rows(browser)) == HORIZON + 1
    ways = browser.run("return document.querySelectorAll('[data-way]').length")
    assert ways == {"by_plan": 3, "by_itself": 2}.get(outcome, 0)
    assert browser.complaints() == []


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_of_a_plan_hangs_over_the_edge(browser: Browser, page, planned, width):
    browser.resize(width, 844, mobile=width < 500)
    for file in (*page.values(), planned.index):
        for lang in ("en", "zh"):
            browser.open(file, f"#lang={lang}&way=fastest")
            assert browser.run("return document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_an_accessibility_checker_finds_nothing_serious_in_plans(browser: Browser, page, planned, axe_source, theme):
    for file in (page["by_plan"], page["impossible"], planned.index):
        browser.open(file, f"#theme={theme}")
        browser.run(axe_source)
        found = browser.driver.execute_async_script(
            "const done = arguments[arguments.length - 1];"
            "axe.run(document, {resultTypes: ['violations']}).then((r) => done(r.violations.map((v) => ({"
            " id: v.id, impact: v.impact, nodes: v.nodes.slice(0, 3).map((n) => n.html + ' ' + n.failureSummary)}))))"
        )
        assert [v for v in found if v["impact"] in ("serious", "critical")] == [], file


def test_without_a_script_the_plan_is_a_table(browser: Browser, page):
    browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.driver.get(page["by_plan"].resolve().as_uri())
        plain = browser.driver.find_element(By.CSS_SELECTOR, "noscript table.plan-table")
        assert plain.is_displayed()
        assert len(plain.find_elements(By.CSS_SELECTOR, "tbody tr")) == HORIZON + 1
    finally:
        browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_the_index_filters_and_sorts_by_how_a_limit_comes_back(browser: Browser, planned):
    shown = "return [...document.querySelectorAll('#listing tbody a')].map((a) => a.textContent)"
    browser.open(planned.index, "#outlook=by_plan")
    assert browser.run(shown) == ["by_plan"]
    assert browser.text("#counted") == "1 of 4 decreases"
    browser.driver.find_element(By.ID, "clear").click()
    assert sorted(browser.run(shown)) == sorted(IDS)
    browser.driver.find_element(By.CSS_SELECTOR, "[data-sort=outlook] button").click()
    assert browser.run(shown) == ["already", "by_itself", "by_plan", "impossible"]
    assert browser.complaints() == []


def test_an_index_without_plans_has_no_such_column(browser: Browser, report):
    browser.open(report.index)
    assert browser.driver.find_elements(By.CSS_SELECTOR, "[data-sort=outlook], #outlook") == []
