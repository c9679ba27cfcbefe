"""The portfolio's index in a real browser, over 5,000 decreases."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from credit_model.documents.report import index_html, page_names, page_records
from credit_model.explain.support import SUPPORT_LEVELS
from credit_model.words.language import language
from tests.browser.conftest import Browser
from tests.documents.report_examples import DECISION, FACTORS, example_explanations, example_tracks

N = 5_000
#: Rows that may stand in the document at once: what is in sight and a margin, so that work does not grow with N.
MOST_ROWS = 60


@pytest.fixture(scope="module")
def explained():
    rng = np.random.default_rng(7)
    contributions = -rng.gamma(1.2, 0.6, (N, len(FACTORS))) + 0.25
    changes = example_explanations(
        contributions,
        rng.normal(2.0, 1.0, N),
        borrower_id=[f"B{i:05d}" for i in rng.permutation(N)],
        month=DECISION - rng.integers(0, 24, N),
        limit_before=rng.choice([5000.0, 10000.0, 20000.0], N),
        limit_after=rng.choice([0.0, 1000.0, 3000.0], N),
    )
    return changes


@pytest.fixture(scope="module")
def index(explained, tmp_path_factory) -> Path:
    records = page_records(explained, example_tracks(explained[0]))
    page = tmp_path_factory.mktemp("index") / "index.html"
    page.write_text(index_html(records, [f"decreases/{name}" for name in page_names(explained)]), encoding="utf-8")
    return page


CHOOSE = """
    const select = document.getElementById(arguments[0]);
    select.value = arguments[1];
    select.dispatchEvent(new Event("change"));
"""


def _leading(explained) -> np.ndarray:
    return np.array([verdict.leading_factor for verdict in explained.verdicts])


def _let_it_draw(browser: Browser) -> None:
    browser.driver.execute_async_script(
        "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(done))"
    )


def _rows(browser: Browser) -> list[list[str]]:
    """The cells of the rows that are really in sight."""
    return browser.run(
        """
        const box = document.getElementById("rows").getBoundingClientRect();
        return [...document.querySelectorAll("#body tr:not(.spacer)")]
          .filter((r) => r.getBoundingClientRect().top >= box.top && r.getBoundingClientRect().bottom <= box.bottom + 1)
          .map((r) => [...r.children].map((c) => c.textContent));
        """
    )


def test_of_five_thousand_rows_only_those_in_sight_are_ever_in_the_document(browser: Browser, index):
    browser.open(index)
    # 72 % of 900 pixels are in sight, 35 of them the header's: 13 or 14 rows of 44.
    assert len(_rows(browser)) in (13, 14)
    steps = {
        "search": "const s = document.getElementById('search'); s.value = 'B01'; s.dispatchEvent(new Event('input'));",
        "clear": "document.getElementById('clear').click();",
        "filter": "document.querySelector('[data-factor=debt]').click();",
        "sort": "document.querySelector('[data-sort=risk] button').click();",
        "scroll": "document.getElementById('rows').scrollTop = 1e5;",
    }
    for step, script in steps.items():
        browser.run(script)
        _let_it_draw(browser)
        assert 0 < browser.run("return document.querySelectorAll('#body tr').length") < MOST_ROWS, step
    assert browser.complaints() == []


def test_scrolling_shows_every_row_in_order(browser: Browser, explained, index):
    browser.open(index)
    browser.run("document.querySelector('[data-sort=borrower] button').click()")
    ids = sorted(explained.borrower_id)
    assert [r[0] for r in _rows(browser)][:5] == ids[:5]
    for place in (0, 777, 2500, N - 1):
        browser.run("document.getElementById('rows').scrollTop = arguments[0] * 44", place)
        _let_it_draw(browser)
        seen = [r[0] for r in _rows(browser)]
        at = ids.index(seen[0])
        assert seen == ids[at : at + len(seen)]
        assert ids[place] in seen


def test_search_finds_borrowers_and_months(browser: Browser, explained, index):
    browser.open(index)
    search = browser.driver.find_element(By.ID, "search")
    search.send_keys("b0123")
    # B01230 to B01239
    assert browser.text("#counted") == "10 of 5,000 decreases"
    assert {r[0] for r in _rows(browser)} == {f"B0123{k}" for k in range(10)}
    search.clear()
    search.send_keys("2024-05")
    in_may = int((explained.month_number == 2024 * 12 + 4).sum())
    assert browser.text("#counted") == f"{in_may} of 5,000 decreases"
    search.clear()
    search.send_keys("<b>nobody")
    assert browser.text("#counted") == "0 of 5,000 decreases"
    assert browser.text("#body") == "No decrease matches."


def test_filters_count_what_python_counts(browser: Browser, explained, index):
    browser.open(index)
    counts = Counter(_leading(explained).tolist())
    ids = explained.catalogue.factor_ids
    shown = browser.run(
        "return [...document.querySelectorAll('#factors button')].map((b) => [b.dataset.factor,"
        " b.querySelector('.count').firstChild.textContent, b.querySelector('.count small').textContent.trim()])"
    )
    share = language("en").share
    expected = {"none" if g < 0 else ids[g]: [f"{n:,}", share(n / len(explained))] for g, n in counts.items()}
    assert {name: told for name, *told in shown if told[0] != "0"} == expected
    browser.driver.find_element(By.CSS_SELECTOR, "[data-factor=economy]").click()
    assert browser.text("#counted") == f"{counts[ids.index('economy')]:,} of 5,000 decreases"
    assert {r[4] for r in _rows(browser)} == {"Economy"}
    browser.driver.find_element(By.ID, "clear").click()


def test_support_filters_and_counts_as_the_tiles_do(browser: Browser, explained, index):
    browser.open(index)
    for level in SUPPORT_LEVELS:
        browser.run(CHOOSE, "support", level)
        n = sum(verdict.support == level for verdict in explained.verdicts)
        assert n > 0
        assert browser.text("#counted") == f"{n:,} of 5,000 decreases"
        assert (
            browser.run("return document.querySelector(arguments[0]).firstChild.textContent", f"[data-tile={level}] dd")
            == f"{n:,}"
        )
        assert f"support={level}" in browser.run("return location.hash")


def test_risks_then_and_now_stand_in_every_row_and_sort(browser: Browser, explained, index):
    browser.open(index)
    browser.driver.find_element(By.CSS_SELECTOR, "[data-sort=risk] button").click()
    english, row_of = language("en"), {b: i for i, b in enumerate(explained.borrower_id)}
    shown = _rows(browser)
    for cells in shown:
        verdict = explained.verdicts[row_of[cells[0]]]
        assert cells[5] == f"{english.risk(verdict.risk_before)} →  to {english.risk(verdict.risk_after)}"
    highest = max(verdict.risk_after for verdict in explained.verdicts)
    assert shown[0][5].endswith(english.risk(highest))


def test_sorting_turns_and_tells_so(browser: Browser, explained, index):
    browser.open(index)
    button = browser.driver.find_element(By.CSS_SELECTOR, "[data-sort=cut] button")
    button.click()
    cut = (explained.limit_before - explained.limit_after) / explained.limit_before
    top = browser.driver.find_element(By.CSS_SELECTOR, "[data-sort=cut]")
    assert top.get_attribute("aria-sort") == "descending"
    assert _rows(browser)[0][3] == f"−{100 * cut.max():.0f}%"
    button.click()
    assert top.get_attribute("aria-sort") == "ascending"
    assert _rows(browser)[0][3] == f"−{100 * cut.min():.0f}%"


def test_the_address_keeps_the_filters(browser: Browser, explained, index):
    browser.open(index, "#factor=debt&sort=borrower&month=" + str(DECISION))
    debt = explained.catalogue.factor_ids.index("debt")
    chosen = (_leading(explained) == debt) & (explained.month_number == DECISION)
    assert browser.text("#counted") == f"{chosen.sum()} of 5,000 decreases"
    assert [r[0] for r in _rows(browser)] == sorted(explained.borrower_id[chosen])[: len(_rows(browser))]
    browser.driver.find_element(By.CSS_SELECTOR, "button[data-lang=zh]").click()
    link = browser.driver.find_element(By.CSS_SELECTOR, "#body a").get_attribute("href")
    assert link.endswith(".html#lang=zh")
    assert "factor=debt" in browser.run("return location.hash")


def test_the_index_works_with_the_keyboard_alone(browser: Browser, index):
    browser.open(index)
    browser.run("document.getElementById('search').focus()")
    browser.press("B", "0", "0", "0", "0", "7")
    assert browser.text("#counted") == "1 of 5,000 decreases"
    for _ in range(20):
        browser.press(Keys.TAB)
        at = browser.focused()
        assert at["outline"] != "none", at
        if at["sort"] == "after":
            break
    browser.press(Keys.ENTER)
    assert browser.driver.find_element(By.CSS_SELECTOR, "[data-sort=after]").get_attribute("aria-sort") == "descending"
    for _ in range(8):
        browser.press(Keys.TAB)
        if browser.focused()["tag"] == "A":
            break
    assert browser.focused()["text"] == "B00007"


def test_focus_stays_on_a_row_while_it_scrolls(browser: Browser, index):
    browser.open(index)
    browser.run("document.querySelector('#body tr:nth-child(6) a').focus()")
    name = browser.focused()["text"]
    browser.run("document.getElementById('rows').scrollTop = 60")
    _let_it_draw(browser)
    assert browser.focused()["text"] == name


def test_a_filtered_index_prints_all_its_rows(browser: Browser, explained, index):
    browser.open(index, "#factor=repayment&month=" + str(DECISION))
    chosen = (_leading(explained) == 2) & (explained.month_number == DECISION)
    browser.run("window.seen = 0; window.addEventListener('beforeprint', () => {"
                " window.seen = document.querySelectorAll('#body tr:not(.spacer)').length; })")  # fmt: skip
    browser.pdf()
    assert browser.run("return window.seen") == chosen.sum()
    assert browser.complaints() == []
