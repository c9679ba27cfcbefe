"""Answers to appeals and notices in a real browser, as borrowers see them: on a screen, a phone, at night, on paper."""

from __future__ import annotations

import pytest

from tests.act.appeals.conftest import bench, cuts, desk
from tests.act.appeals.test_letters import cases as letters
from tests.browser.conftest import Browser
from tests.documents.notice_examples import notice

__all__ = ["bench", "cuts", "desk", "letters"]

A4 = b"/MediaBox [0 0 594.95996 841.91998]"


def violations(browser: Browser, axe_source: str) -> list[str]:
    browser.run(axe_source)
    return list(
        browser.driver.execute_async_script(
            "const done = arguments[arguments.length - 1];"
            "axe.run().then((r) => done(r.violations.map((v) => `${v.id} ${v.nodes.map((n) => n.target)}`)))"
        )
    )


def looked_at(browser: Browser, page, axe_source: str, schemes=("light", "dark")) -> None:
    """Opened in the ways in which a borrower may: nothing is wrong with it in any of them."""
    for scheme in schemes:
        browser.prefer(scheme)
        browser.resize(900, 1200)
        browser.open(page)
        assert violations(browser, axe_source) == [], scheme
        assert browser.complaints() == []
        ground = browser.run("return getComputedStyle(document.body).backgroundColor")
        assert ground == {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 24, 29)"}[scheme]
    browser.resize(360, 740, mobile=True)
    browser.open(page)
    assert browser.run("return document.documentElement.scrollWidth") <= 360
    assert [one for one in browser.requests() if not one.startswith("file:")] == []
    printed = browser.pdf()
    assert A4 in printed
    assert printed.count(b"/Type /Page\n") <= 3


def test_a_letter_of_every_kind_is_easy_to_read_everywhere(browser: Browser, letters, tmp_path, axe_source) -> None:
    for name, (_, by_lang) in letters.items():
        for lang, letter in by_lang.items():
            page = tmp_path / f"{name}_{lang}.html"
            page.write_text(letter.html(), encoding="utf-8")
            looked_at(browser, page, axe_source, ("light", "dark") if name in ("reinstated", "late") else ("light",))
            assert browser.run("return document.querySelector('h1').textContent") == (
                "Our answer in your case" if lang == "en" else "申诉处理结果告知书"
            )


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("case", ["knock_out", "class_wide"])
def test_a_notice_is_easy_to_read_everywhere(browser: Browser, tmp_path, axe_source, case, lang) -> None:
    page = tmp_path / "notice.html"
    page.write_text(notice(case, lang).html(), encoding="utf-8")
    looked_at(browser, page, axe_source)
