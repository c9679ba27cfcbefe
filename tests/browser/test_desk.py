"""The web desk in a real Chromium, as an officer and a checker use it, from a server on this machine."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

import pytest

from credit_model.act.appeals.verifying import verify
from credit_model.desk.serving import Address, DeskServer, listening
from tests.act.appeals.conftest import bench, cuts  # noqa: F401
from tests.desk.clients import PASSWORD
from tests.desk.conftest import Hall, book, hall, known_users  # noqa: F401

#: What the walks look for, in the words of each language.
SAID = {
    "en": {
        "live": "live, not entered", "entered": "The re-evaluation is entered.", "reinstate": "Reinstate the limit",
        "uphold": "Uphold the decrease", "late": "The reduction stands", "back": "Your limit is restored to",
        "sound": "Sound: nothing was edited", "whole": "whole number", "explain": "Why we reduced your limit",
    },
    "zh": {
        "live": "实时，未记入", "entered": "重新评估已记入。", "reinstate": "恢复额度", "uphold": "维持下调",
        "late": "维持原决定", "back": "您的额度已恢复至", "sound": "完好：没有任何内容被改动", "whole": "整数",
        "explain": "下调额度的原因",
    },
}  # fmt: skip
both = pytest.mark.parametrize("lang", ["en", "zh"])


@dataclass
class Seat:
    """A place at the desk: a browser, and the address of the desk."""

    browser: Any
    address: str
    hall: Hall

    def go(self, path: str) -> None:
        self.browser.open(self.address + path.lstrip("/"))

    def one(self, selector: str) -> Any:
        return self.browser.driver.find_element("css selector", selector)

    def press(self, selector: str) -> None:
        """Click on what leads to another page."""
        with self.browser.leaving():
            self.one(selector).click()

    def write(self, selector: str, text: str) -> None:
        field = self.one(selector)
        field.clear()
        field.send_keys(text)

    def choose(self, selector: str, value: str) -> None:
        from selenium.webdriver.support.ui import Select

        Select(self.one(selector)).select_by_value(value)

    @property
    def said(self) -> str:
        return " ".join(self.browser.text("main").split())

    @property
    def path(self) -> str:
        return str(self.browser.driver.current_url).removeprefix(self.address.rstrip("/"))

    def sign_in(self, name: str, lang: str) -> None:
        """Sign out whoever is there, and in."""
        self.go("/")
        if self.browser.driver.find_elements("css selector", "form[action='/sign-out']"):
            self.press("form[action='/sign-out'] button")
        self.press(f"button[name=lang][value={lang}]")
        self.write("#name", name)
        self.write("#password", PASSWORD)
        self.press("main button.primary")
        assert self.path == "/"

    def open(self, i: int, kind: str, claim: str = "") -> int:
        """Open a case about a cut: its number."""
        borrower, month = self.hall.cut(i)
        self.press(".rooms a[href='/new']")
        self.write("#borrower", borrower)
        self.press("main form[role=search] button")
        self.one(f"input[name=kind][value={kind}]").click()
        self.one(f"input[name=month][value='{month}']").click()
        self.write("#claim", claim)
        self.press("main form[method=post] .primary")
        assert self.path.endswith("?done=opened")
        return int(self.path.split("/")[2].split("?")[0])

    def framed(self, path: str) -> str:
        """What stands in the frame of a screen."""
        self.go(path)
        self.browser.driver.switch_to.frame(self.one("iframe"))
        try:
            return " ".join(self.browser.text("body").split())
        finally:
            self.browser.driver.switch_to.default_content()


@pytest.fixture
def seat(browser, hall):  # noqa: F811
    browser.driver.delete_all_cookies()
    started, where = threading.Event(), []

    def told(address):
        where.append(address)
        started.set()

    address = Address(port=0)
    server = DeskServer(hall.office, address, told)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening(address)]})
    thread.start()
    assert started.wait(30)
    yield Seat(browser, where[0], hall)
    browser.driver.get("about:blank")
    server.should_exit = True
    thread.join(30)


@both
def test_a_wrong_income_is_corrected_and_the_limit_reinstated(seat, lang):
    say, (i, restoring) = SAID[lang], seat.hall.cuts["income"]
    month = seat.hall.cut(i)[1]
    cell = f"[id='cell:income_amount:{month}']"
    seat.sign_in("ann", lang)
    number = seat.open(i, "documents", "My payslip shows more.")
    seat.go(f"/case/{number}")
    assert say["live"] in seat.said
    seat.press(".tabs a[href$='/evidence']")
    seat.press(".chips a[href*='document=payslip']")
    seat.write(cell, "12,5")
    seat.press("button[value=try]")
    assert say["whole"] in seat.said
    assert seat.one(cell).get_attribute("aria-invalid") == "true"
    assert "mistakes" in seat.browser.run("return document.activeElement.className")
    seat.write(cell, f"{restoring.value:,.0f}")
    seat.press("button[value=try]")
    assert say["reinstate"] in seat.browser.text(".tried")
    assert seat.hall.case(number).evidence == ()
    seat.press("button[value=enter]")
    assert seat.hall.case(number).state == "evidence"
    seat.press(".tabs a")
    seat.press("#again button[value=enter]")
    assert say["entered"] in seat.said
    assert seat.one("input[name=outcome][value=reinstate]").is_selected()
    seat.press("form[action$='/propose'] .primary")
    assert not seat.browser.driver.find_elements("css selector", "form[action$='/decide']")
    seat.sign_in("bo", lang)
    assert f"A{number:06d}" in seat.said
    seat.press(".tile.to_check")
    seat.press(f"a[href='/case/{number}']")
    assert say["back"] in seat.framed(f"/case/{number}/letter?lang={lang}")
    seat.go(f"/case/{number}")
    seat.press("form[action$='/decide'] .primary")
    seat.press("a.button.primary[href$='/letter']")
    seat.press("form.write .primary")
    assert say["back"] in seat.framed(f"/case/{number}/letter?lang={lang}")
    seat.go(f"/case/{number}")
    seat.press("form[action$='/close'] .primary")
    assert seat.hall.case(number).state == "closed"
    seat.press(".rooms a[href='/log']")
    seat.press("main form .primary")
    assert say["sound"] in seat.said
    assert verify(seat.hall.office.desk.store).is_sound


@both
def test_a_late_payment_is_disputed_and_upheld(seat, lang):
    say, i = SAID[lang], seat.hall.cuts["late"]
    month = seat.hall.cut(i)[1]
    seat.sign_in("ann", lang)
    number = seat.open(i, "dispute", "I paid in time.")
    seat.go(f"/case/{number}/evidence?document=payment_receipt")
    recorded = seat.hall.bench.frozen(i).cells["days_past_due"][-1]
    seat.write(f"[id='cell:days_past_due:{month}']", f"{recorded - 1:.0f}")
    seat.press("button[value=enter]")
    seat.go(f"/case/{number}")
    assert say["uphold"] in seat.said
    seat.press("#again button[value=enter]")
    seat.press("form[action$='/propose'] .primary")
    seat.sign_in("bo", lang)
    seat.go(f"/case/{number}")
    seat.press("form[action$='/decide'] .primary")
    seat.go(f"/case/{number}/letter")
    seat.press("form.write .primary")
    assert say["late"] in seat.framed(f"/case/{number}/letter?lang={lang}")


@both
@pytest.mark.parametrize("rule", ["class_wide", "knock_out"])
def test_a_class_wide_cut_is_explained_and_a_knock_out_disclosed(seat, lang, rule):
    say = SAID[lang]
    seat.sign_in("ann", lang)
    number = seat.open(seat.hall.ruled(rule), "explanation")
    rules = seat.hall.office.desk.file(number).notices[lang]["rules"]
    seat.go(f"/case/{number}")
    seat.press("form[action$='/propose'] .primary")
    seat.sign_in("bo", lang)
    seat.go(f"/case/{number}")
    seat.press("form[action$='/decide'] .primary")
    seat.go(f"/case/{number}/letter")
    seat.press("form.write .primary")
    letter = seat.framed(f"/case/{number}/letter?lang={lang}")
    assert say["explain"] in letter
    assert rules
    assert all(" ".join(text.split()) in letter for text in rules)


def test_the_page_of_the_cut_lives_in_its_frame_and_reaches_nothing_of_the_desk(seat):
    seat.sign_in("ann", "en")
    number = seat.open(seat.hall.cuts["any"][0], "review")
    seat.go(f"/case/{number}/cut")
    seat.browser.driver.switch_to.frame(seat.one("iframe"))
    assert seat.one("#change").is_displayed()
    assert seat.browser.run("return window.origin") == "null"
    assert seat.browser.run("try { return document.cookie } catch (error) { return error.name }") == "SecurityError"
    assert (
        seat.browser.run("try { return parent.document.title } catch (error) { return error.name }") == "SecurityError"
    )
    seat.one("button[data-lang=zh]").click()
    assert "额度" in seat.browser.text("body")
    seat.browser.driver.switch_to.default_content()
    for path in ("", "/cut", "/letter", "/evidence"):
        seat.go(f"/case/{number}{path}")
        assert seat.browser.complaints() == []
        assert all(address.startswith((seat.address, "about:")) for address in seat.browser.requests())


def test_the_desk_is_used_by_the_keyboard_alone(seat):
    from selenium.webdriver.common.keys import Keys

    seat.go("/sign-in")
    assert seat.browser.focused()["id"] == "name"
    with seat.browser.leaving():
        seat.browser.press("ann", Keys.TAB, PASSWORD, Keys.ENTER)
    seat.one(".inbox")
    seat.browser.press(Keys.TAB)
    assert seat.browser.run("return document.activeElement.className") == "skip"
    assert seat.browser.focused()["outline"] == "solid"
    seat.browser.press(Keys.ENTER)
    seat.browser.wait("return document.activeElement.id === 'main'")


@pytest.mark.parametrize(("lang", "theme"), [("en", "light"), ("zh", "dark")])
def test_an_accessibility_checker_finds_nothing_serious_on_any_screen(seat, axe_source, lang, theme):
    seat.browser.prefer(theme)
    i, restoring = seat.hall.cuts["income"]
    month = seat.hall.cut(i)[1]

    def check(path=None):
        if path is not None:
            seat.go(path)
        seat.browser.run(axe_source)
        found = seat.browser.driver.execute_async_script(
            "const done = arguments[arguments.length - 1];"
            "axe.run(document, {resultTypes: ['violations'], iframes: false})"
            ".then((r) => done(r.violations.map((v) => ({"
            " id: v.id, impact: v.impact, nodes: v.nodes.slice(0, 3).map((n) => n.html + ' ' + n.failureSummary)}))))"
        )
        assert [v for v in found if v["impact"] in ("serious", "critical", "moderate")] == [], seat.path
        assert seat.browser.run("return document.documentElement.scrollWidth <= innerWidth"), seat.path

    seat.sign_in("bo", lang)
    check("/")
    check("/new")
    first, second = seat.open(i, "documents", "x"), seat.open(seat.hall.cuts["late"], "dispute")
    seat.go(f"/new?borrower={seat.hall.cut(i)[0]}")
    check()
    seat.press("main form[method=post] .primary")
    check()
    for path in ("", "/evidence?document=payslip", "/cut", "/letter", "/history"):
        check(f"/case/{first}{path}")
    seat.go(f"/case/{first}/evidence?document=account_review")
    seat.press("button[value=enter]")
    check()
    for document, value in (("payslip", restoring.value), ("bank_statement", 1)):
        seat.go(f"/case/{first}/evidence?document={document}")
        seat.write(f"[id='cell:income_amount:{month}']", f"{value:.0f}")
        seat.press("button[value=try]")
        check()
        seat.press("button[value=enter]")
    check()
    check(f"/case/{first}")
    seat.press("#again button[value=enter]")
    check()
    seat.one("input[name=outcome][value=partly]").click()
    seat.press("form[action$='/propose'] .primary")
    check()
    seat.choose("#reason", "hardship")
    seat.one("input[name=outcome][value=reinstate]").click()
    seat.press("form[action$='/propose'] .primary")
    check()
    seat.sign_in("chen", lang)
    check(f"/case/{first}")
    seat.press("form[action$='/return'] .quiet")
    check()
    check(f"/case/{first}/letter")
    seat.go(f"/case/{first}")
    seat.press("form[action$='/decide'] .primary")
    check()
    check(f"/case/{first}/letter")
    seat.press("form.write .primary")
    check()
    seat.go(f"/case/{first}")
    seat.press("form[action$='/close'] .primary")
    seat.one(".minor summary").click()
    check()
    seat.one("#sure").click()
    seat.press("form[action$='/erase'] button")
    check()
    check("/?view=all")
    check("/?q=nobody")
    check("/log")
    seat.press("main form .primary")
    check()
    check("/figures")
    check("/account")
    check("/nowhere")
    seat.browser.resize(400, 900)
    for path in (
        "/?view=all",
        f"/case/{second}",
        f"/case/{second}/evidence?document=account_review",
        "/log",
        "/figures",
    ):
        check(path)
    seat.press("form[action='/sign-out'] button")
    check()
    seat.write("#name", "bo")
    seat.write("#password", "wrong password")
    seat.press("main button.primary")
    check()
