"""A decrease's page in a real browser."""

from __future__ import annotations

import http.server
import re
import threading
from collections.abc import Iterator
from functools import partial

import numpy as np
import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from credit_model.documents.report import write_report
from credit_model.words.language import LANGUAGES, language
from tests.browser.conftest import Browser
from tests.documents.report_examples import (
    CASES,
    FACTORS,
    example_explanations,
    example_tracks,
)

N_FACTORS = len(FACTORS)
EVERYTHING = (1 << N_FACTORS) - 1


def test_the_chart_tells_contributions_that_sum_from_then_to_now(browser: Browser, cases, page_of):
    browser.open(page_of["clear"])
    browser.run("document.getElementById('open-all').click()")
    rows = browser.run(
        "return [...document.querySelectorAll('table.change tbody[data-factor]')].map((body) => ({"
        " id: body.dataset.factor,"
        " figures: [...body.querySelectorAll('tr:not([hidden]) td.figure')].map((f) => f.textContent)}))"
    )
    for row in rows:
        g = cases.catalogue.factor_ids.index(row["id"])
        mine = cases.contributions[0, cases.catalogue.factor_index == g]
        assert row["figures"][0] == language("en").score(cases.factor_contributions[0, g], signed=True)
        assert sorted(row["figures"][1:]) == sorted(language("en").score(v, signed=True) for v in mine if v != 0)
    order = [cases.factor_contributions[0, cases.catalogue.factor_ids.index(row["id"])] for row in rows]
    assert order == sorted(order)


def test_both_languages_are_in_the_page_and_switch_everything(browser: Browser, page_of):
    for case in CASES:
        browser.open(page_of[case])
        english = browser.text("main")
        assert not re.search(r"[\u4e00-\u9fff]", english)
        browser.driver.find_element(By.CSS_SELECTOR, "button[data-lang=zh]").click()
        chinese = str(browser.run("return document.querySelector('main').innerText"))
        # The catalogue's and the model's names, and the id, are the same in every language.
        for name in (case, "example-1.0-0123456789ab", "example", "credit_model", "RMB", "CNY", "ID"):
            chinese = chinese.replace(name, "")
        # What is left of Latin letters are the score bands A-D, units such as 10k, and codes such as R07.
        assert re.findall(r"[A-Za-z]{2,}", chinese) == []
        assert "额度下调" in browser.run("return document.title")
        browser.driver.find_element(By.CSS_SELECTOR, "button[data-lang=en]").click()
        assert browser.text("main") == english


def test_the_months_of_the_history_open_with_the_decision_wholly_in_sight(browser: Browser, page_of):
    browser.open(page_of["clear"])
    hidden = browser.run(
        """
        const small = new CSSStyleSheet(); // low and narrow enough for both scroll bars
        small.replaceSync("#history-scroller { max-height: 120px; width: 420px }");
        document.adoptedStyleSheets = [small];
        document.querySelector("[data-lang=zh]").click(); // draws the page anew
        const scroller = document.getElementById("history-scroller");
        const cell = scroller.querySelector("thead .decision").getBoundingClientRect();
        const left = scroller.getBoundingClientRect().left + scroller.clientLeft;
        return [scroller.offsetWidth - scroller.clientWidth, left + scroller.clientWidth - cell.right];
        """
    )
    bar, room = hidden
    assert bar > 5  # there is a scroll bar that could lie over the column
    assert room >= 0


def test_a_page_prints_on_at_most_two_a4_sheets(browser: Browser, page_of):
    views = [(case, "", False) for case in CASES] + [("tie", "#lang=zh&theme=dark", True), ("knock_out", "", True)]
    for case, fragment, opened in views:
        browser.open(page_of[case], fragment)
        if opened:
            browser.run("document.getElementById('open-all').click()")
        printed = browser.pdf()
        assert len(re.findall(rb"/Type\s*/Page\b(?!s)", printed)) in (1, 2), case
        boxes = {tuple(float(v) for v in box.split()) for box in re.findall(rb"/MediaBox\s*\[([^\]]*)\]", printed)}
        for _, _, width, height in boxes:
            # A4 is 210 x 297 mm: 595.3 x 841.9 points of 1/72 inch.
            assert (width, height) == pytest.approx((595.3, 841.9), abs=1)


def test_nothing_is_logged_and_nothing_is_asked_of_anyone(browser: Browser, report, page_of):
    for page in (*page_of.values(), report.index):
        browser.open(page)
        browser.run("for (const b of document.querySelectorAll('main button')) b.click(); window.scrollTo(0, 1e5)")
        assert browser.complaints() == []
        asked = [url for url in browser.requests() if not url.startswith(("about:", "data:"))]
        assert set(asked) == {page.resolve().as_uri()}


@pytest.fixture(scope="module")
def site(report) -> Iterator[tuple[str, list[str]]]:
    asked: list[str] = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            asked.append(self.path)

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(report.folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_server_is_asked_for_the_page_alone(browser: Browser, site):
    address, asked = site
    browser.open(f"{address}/decreases/clear_2024-11.html")
    browser.open(f"{address}/index.html")
    assert browser.complaints() == []
    assert asked == ["/decreases/clear_2024-11.html", "/index.html"]


def test_the_policy_stops_foreign_script_markup_and_requests(browser: Browser, page_of):
    browser.open(page_of["clear"])
    outcome = browser.run(
        """
        const tried = {};
        try { document.body.innerHTML = "<b>x</b>"; tried.markup = "done"; } catch (e) { tried.markup = e.name; }
        try {
          const script = document.createElement("script");
          script.textContent = "window.foreign = 1";
          document.body.append(script);
        } catch (e) { tried.script = e.name; }
        tried.ran = window.foreign === 1;
        const image = new Image();
        image.src = "https://example.org/x.png";
        document.body.append(image);
        return tried;
        """
    )
    assert outcome == {"markup": "TypeError", "script": "TypeError", "ran": False}
    browser.driver.execute_async_script("setTimeout(arguments[0], 200)")
    assert browser.refused() == ["https://example.org/x.png"]


HOSTILE = (
    "</script><script>window.hacked=1</script>",
    "<img src=x onerror=window.hacked=1>",
    '"><svg onload=window.hacked=1>',
    "'-window.hacked-'",
    "javascript:window.hacked=1",
    "=cmd|' /C calc'!A0",
    "../../../etc/passwd",
    "<!--<script>",
    "{{ 7*7 }}${7*7}",
    "&lt;b&gt;&amp;",
    "\u202eevil\u2028\u2029\x07",
    "张三 李四",
    "a\nb",
    "CON",
    "x" * 300,
)


def test_hostile_ids_are_shown_as_they_are_and_do_nothing(browser: Browser, tmp_path):
    explained = example_explanations([CASES["clear"][0]] * len(HOSTILE), [2.2] * len(HOSTILE), borrower_id=HOSTILE)
    files = write_report(explained, example_tracks(explained), tmp_path / "R")
    browser.open(files.index)
    links = browser.run("return [...document.querySelectorAll('#listing tbody a')].map((a) => [a.textContent, a.href])")
    assert {text for text, _ in links} == set(HOSTILE)
    where = dict(links)
    assert browser.run("return window.hacked") is None
    for borrower, page in zip(HOSTILE, files.pages, strict=True):
        assert where[borrower] == page.resolve().as_uri()
        browser.open(page)
        assert browser.text("h1 bdi") == borrower
        assert browser.run("return [window.hacked, document.querySelectorAll('script').length]") == [None, 3]
        browser.driver.find_element(By.CSS_SELECTOR, "[data-switch=debt]").click()
        assert browser.complaints() == []


def test_the_page_works_with_the_keyboard_alone(browser: Browser, cases, page_of):
    browser.open(page_of["clear"])
    stops = []
    for _ in range(60):
        browser.press(Keys.TAB)
        at = browser.focused()
        stops.append(at)
        assert at["tag"] == "BODY" or at["outline"] != "none", at
        if at["switch"] == "debt":
            break
    assert stops[0]["text"] == "Skip to content"
    # The switches come in the order told, in which debt is the first.
    assert [s["switch"] for s in stops if s["switch"]] == ["debt"]
    assert sum(s["text"] in [f[2].capitalize() for f in FACTORS] for s in stops) == N_FACTORS
    browser.press(Keys.SPACE)
    back = 1 << cases.catalogue.factor_ids.index("debt")
    assert float(browser.run("return score.getAttribute('value')")) == cases.coalition_scores[0, EVERYTHING & ~back]
    browser.press(Keys.ENTER)
    assert float(browser.run("return score.getAttribute('value')")) == cases.coalition_scores[0, EVERYTHING]
    browser.run("document.querySelector('[data-factor=debt] .opener').focus()")
    browser.press(Keys.ENTER)
    assert browser.run("return document.querySelector('[data-factor=debt] .feature').hidden") is False
    browser.run("document.getElementById('month').focus()")
    browser.press(Keys.ARROW_LEFT)
    # The decision's month was chosen; one to the left is October.
    assert browser.text("#reading").startswith("October 2024")


def test_the_system_decides_between_light_and_dark_until_the_reader_does(browser: Browser, page_of):
    theme = "return [document.documentElement.dataset.theme, getComputedStyle(document.body).color]"
    browser.open(page_of["clear"])
    light = browser.run(theme)
    browser.prefer("dark")
    browser.open(page_of["clear"])
    dark = browser.run(theme)
    assert (light[0], dark[0]) == ("light", "dark")
    assert light[1] != dark[1]
    browser.driver.find_element(By.ID, "theme").click()
    assert browser.run(theme) == light
    browser.prefer("light")


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_hangs_over_the_edge(browser: Browser, page_of, report, width):
    browser.resize(width, 844, mobile=width < 500)
    for page in (*page_of.values(), report.index):
        for lang in ("en", "zh"):
            browser.open(page, f"#lang={lang}")
            assert browser.run("return document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_an_accessibility_checker_finds_nothing_serious(browser: Browser, report, page_of, axe_source, lang, theme):
    for page in (page_of["tie"], page_of["raised"], page_of["wave"], report.index):
        browser.open(page, f"#lang={lang}&theme={theme}")
        browser.run("document.getElementById('open-all')?.click(); document.querySelector('[data-switch]')?.click()")
        browser.run(axe_source)
        found = browser.driver.execute_async_script(
            "const done = arguments[arguments.length - 1];"
            "axe.run(document, {resultTypes: ['violations']}).then((r) => done(r.violations.map((v) => ({"
            " id: v.id, impact: v.impact, nodes: v.nodes.slice(0, 3).map((n) => n.html + ' ' + n.failureSummary)}))))"
        )
        assert [v for v in found if v["impact"] in ("serious", "critical")] == [], page


def test_what_is_not_known_is_said(browser: Browser, tmp_path):
    explained = example_explanations(
        [[0.0] * N_FACTORS, CASES["clear"][0], CASES["clear"][0]], [-0.5, 2.2, 2.2], mixed=0.0,
        borrower_id=["unknown", "censored", "other"],
        has_reference=np.array([False, True, True]), reference_censored=np.array([True, True, False]),
    )  # fmt: skip
    files = write_report(explained, example_tracks(explained), tmp_path / "R")
    browser.open(files.pages[0])
    assert "nothing earlier is known of this borrower" in browser.text(".hero .verdict")
    assert browser.driver.find_elements(By.CSS_SELECTOR, "#what-if, #change") == []
    assert browser.complaints() == []
    browser.open(files.pages[1])
    assert "First snapshot known, March 2024 (the limit is older)" in browser.text(".facts")


def test_integer_months_are_numbered(browser: Browser, tmp_path):
    explained = example_explanations([CASES["clear"][0]], [2.2], month=[-5], month_type="integer", borrower_id=["B"])
    files = write_report(explained, example_tracks(explained), tmp_path / "R")
    browser.open(files.pages[0])
    assert browser.text("h1") == "Bmonth −5"
    # The reference lies 8 months before: -13.
    assert "When the limit was set, month −13" in browser.text(".facts")
    browser.open(files.pages[0], "#lang=zh")
    assert browser.text("h1") == "B第−5个月"
    browser.open(files.index, "#q=-5")
    assert browser.text("#counted") == "1 of 1 decreases"
    assert browser.complaints() == []


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("last_set", "When the limit was set, March 2024"),
        ("last_review", "At the previous review, March 2024"),
        ("previous_month", "The month before, March 2024"),
        ("peers", "Borrowers who just kept this tier"),
    ],
)
def test_the_kind_of_reference_is_named(browser: Browser, tmp_path, reference, said):
    explained = example_explanations([CASES["clear"][0]], [2.2], reference=reference)
    files = write_report(explained, example_tracks(explained), tmp_path / "R")
    browser.open(files.pages[0])
    assert said in browser.text(".facts")
    assert said in browser.text("table.change")
    assert browser.complaints() == []


def test_a_page_names_the_languages_that_there_are(browser: Browser, page_of):
    browser.open(page_of["clear"])
    buttons = browser.run(
        "return [...document.querySelectorAll('[data-lang]')].map((b) => [b.dataset.lang, b.lang, b.textContent])"
    )
    assert buttons == [[one, language(one).html_code, language(one).about["name"]] for one in LANGUAGES]
