"""The page of warnings in a real browser: it sorts, filters, tells of the chosen line, and complains of nothing."""

from __future__ import annotations

import pytest

from credit_model.documents.warnings import warnings_html
from credit_model.portfolio.catalogue import read_catalogue
from tests.act.warning_examples import example_warnings
from tests.browser.conftest import Browser


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    path = tmp_path_factory.mktemp("warnings") / "warnings.html"
    path.write_text(warnings_html(example_warnings(read_catalogue("synthetic"))), encoding="utf-8")
    return path


def rows(browser: Browser) -> list[str]:
    return list(browser.run("return [...document.querySelectorAll('#body th')].map((cell) => cell.textContent)"))


def test_lines_are_filtered_sorted_and_chosen(browser: Browser, page) -> None:
    browser.open(page)
    assert rows(browser) == ["B10", "B9"]  # the alerted ones
    browser.run("const s = document.getElementById('show'); s.value = ''; s.dispatchEvent(new Event('change'))")
    assert rows(browser) == ["B10", "B9", "B2"]
    browser.run("document.querySelector('[data-sort=borrower] button').click()")
    assert rows(browser) == ["B2", "B9", "B10"]
    browser.run("document.querySelector('[data-sort=limit] button').click()")
    assert rows(browser) == ["B2", "B10", "B9"]
    assert "Credit score (" in browser.text("#details")
    browser.run("document.querySelector('button[data-line=\"1\"]').click()")
    assert "As high as when the limit was set" in browser.text("#details")
    browser.run("document.querySelector('[data-factor=none]').click()")
    assert rows(browser) == ["B9"]
    browser.run("document.querySelector('[data-lang=zh]').click()")
    assert "有下调风险的额度" in browser.text("h1")
    assert browser.complaints() == []
    assert [one for one in browser.requests() if not one.startswith(("file:", "data:"))] == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_page_is_hard_to_use(browser: Browser, page, axe_source: str, theme: str) -> None:
    browser.open(page, f"#theme={theme}")
    browser.run(axe_source)
    found = browser.driver.execute_async_script(
        "const done = arguments[arguments.length - 1]; axe.run().then((r) => done(r.violations.map((v) => v.id)))"
    )
    assert found == []
