"""The pages of changes of a score in a real browser: factors are switched back, and nothing is complained of."""

from __future__ import annotations

import pytest

from credit_model.documents.score_report import write_score_pages
from tests.browser.conftest import Browser
from tests.explain.own_examples import example_changes


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    return write_score_pages(example_changes(), tmp_path_factory.mktemp("scores") / "pages")


def test_a_factor_switched_back_shows_the_score_of_the_table(browser: Browser, pages) -> None:
    browser.open(pages.pages[1])  # late +1 (2.0), income -2 (+0.5): from -2 to 0.5
    assert "rose by 2.50, from −2.00 to 0.50" in browser.text("main")
    assert browser.text("#score") == "0.50"
    browser.run("document.querySelector('[data-switch=payment]').click()")
    assert browser.text("#score") == "−1.50"
    assert browser.text("#risk") == "−2.00"
    assert "late changed from 0 to 1" in browser.text("#reasons").replace("Late", "late")
    # more is worse: what raises the score has the colour of what lowers others
    assert browser.run("return document.querySelectorAll('.marks .solid.lowers').length") == 2
    browser.run("document.querySelector('[data-lang=zh]').click()")
    assert "评分从−2.00升至0.50" in browser.text("main")
    assert browser.complaints() == []
    assert [one for one in browser.requests() if not one.startswith(("file:", "data:"))] == []


def test_the_index_is_searched_and_leads_to_the_pages(browser: Browser, pages) -> None:
    browser.open(pages.index)
    keys = "return [...document.querySelectorAll('#rows th')].map((cell) => cell.textContent)"
    assert list(browser.run(keys)) == ["B2", "B<1>", "B3"]  # by how far they moved: 2.5, 2.0, 0.5
    browser.run("const s = document.getElementById('search'); s.value = 'b2'; s.dispatchEvent(new Event('input'))")
    assert list(browser.run(keys)) == ["B2"]
    with browser.leaving():
        browser.run("document.querySelector('#rows a').click()")
    assert "B2" in browser.text("h1")
    assert browser.complaints() == []


@pytest.mark.parametrize("page", ["index", "change"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_page_is_hard_to_use(browser: Browser, pages, axe_source: str, theme: str, page: str) -> None:
    browser.open(pages.index if page == "index" else pages.pages[0], f"#theme={theme}")
    browser.run(axe_source)
    found = browser.driver.execute_async_script(
        "const done = arguments[arguments.length - 1]; axe.run().then((r) => done(r.violations.map((v) => v.id)))"
    )
    assert found == []
