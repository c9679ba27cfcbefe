"""A headless Chromium for the tests of the report's pages; they skip, saying so, where it is not installed."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from credit_model.documents.report import ReportFiles, write_report
from tests.documents.report_examples import CASES, example_cases, example_tracks

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
#: Where axe-core is looked for after the file that CREDIT_MODEL_AXE names, from the project's folder.
AXE_PLACES = (".cache/axe/node_modules/axe-core/axe.min.js", "node_modules/axe-core/axe.min.js")


@dataclass
class Browser:
    """A page in Chromium: opened, looked at, and asked what it logged and requested."""

    driver: Any

    def open(self, page: Path | str, fragment: str = "") -> None:
        """Load a file (or an address) afresh, with nothing left from the page before."""
        self.driver.get("about:blank")
        self.driver.get_log("browser")
        self.driver.get_log("performance")
        address = page if isinstance(page, str) else page.resolve().as_uri()
        self.driver.get(address + fragment)

    def run(self, script: str, *arguments: object) -> Any:
        return self.driver.execute_script(script, *arguments)

    def wait(self, script: str) -> None:
        """Wait until the script returns true.

        A page that is asked while it goes may be answered with an error of the browser's own, so such errors only mean
        that it is not true yet.
        """
        from selenium.common.exceptions import WebDriverException
        from selenium.webdriver.support.ui import WebDriverWait

        waiting = WebDriverWait(self.driver, 30, ignored_exceptions=[WebDriverException])
        waiting.until(lambda driver: driver.execute_script(script), f"never true: {script}")

    @contextmanager
    def leaving(self) -> Iterator[None]:
        """What is done inside leads to another page, which is waited for: the one that is left bears a mark."""
        self.run("window.isLeft = true")
        yield
        self.wait("return !window.isLeft && document.readyState === 'complete'")

    def prefer(self, scheme: str) -> None:
        """What the reader's system prefers: "light" or "dark"."""
        media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", media)

    def resize(self, width: int, height: int, *, mobile: bool = False) -> None:
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)

    def complaints(self) -> list[str]:
        """What the console holds: errors, and violations of the Content-Security-Policy."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def requests(self) -> list[str]:
        """Addresses asked for since the page was opened."""
        return list(self._asked(self._messages()).values())

    def refused(self) -> list[str]:
        """Addresses that the page's policy kept it from asking for."""
        messages = self._messages()
        asked = self._asked(messages)
        failed = [m["params"] for m in messages if m["method"] == "Network.loadingFailed"]
        return [asked[f["requestId"]] for f in failed if f.get("blockedReason") == "csp"]

    def _messages(self) -> list[dict[str, Any]]:
        return [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]

    @staticmethod
    def _asked(messages: list[dict[str, Any]]) -> dict[str, str]:
        sent = [m["params"] for m in messages if m["method"] == "Network.requestWillBeSent"]
        return {p["requestId"]: p["request"]["url"] for p in sent}

    def pdf(self) -> bytes:
        """The page printed as its own @page rule says.

        On a busy machine Chromium was seen to print before it knew that rule, on its own usual paper (Letter); it is
        asked once more then. A page without the rule is printed on that both times.
        """
        for _ in range(2):
            options = {"preferCSSPageSize": True, "printBackground": True}
            data = base64.b64decode(self.driver.execute_cdp_cmd("Page.printToPDF", options)["data"])
            if not re.search(rb"/MediaBox\s*\[0 0 612 792\]", data):
                break
        return data

    def text(self, selector: str) -> str:
        return str(self.run("return document.querySelector(arguments[0]).textContent", selector))

    def press(self, *keys: str) -> None:
        """Real key presses, wherever the focus is."""
        from selenium.webdriver.common.action_chains import ActionChains

        chain = ActionChains(self.driver, duration=0)
        for key in keys:
            chain.send_keys(key)
        chain.perform()

    def focused(self) -> Mapping[str, str]:
        """The focused element: its id, text, role and outline."""
        return dict(
            self.run(
                "const e = document.activeElement, s = getComputedStyle(e);"
                "return {id: e.id, text: e.textContent.slice(0, 80), tag: e.tagName, outline: s.outlineStyle,"
                " switch: e.dataset.switch || '', sort: e.parentElement?.dataset.sort || ''}"
            )
        )


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    chromium = os.environ.get("CREDIT_MODEL_CHROMIUM") or shutil.which("chromium")
    chromedriver = shutil.which("chromedriver")
    if chromium is None or chromedriver is None:
        pytest.skip("chromium and chromedriver are not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    service = webdriver.chrome.service.Service(chromedriver)
    driver = webdriver.Chrome(options=options, service=service)
    try:
        yield Browser(driver)
    finally:
        driver.quit()


@pytest.fixture(scope="session")
def axe_source() -> str:
    """The accessibility checker's own script."""
    named = os.environ.get("CREDIT_MODEL_AXE")
    root = Path(__file__).parents[2]
    for place in ([Path(named)] if named else []) + [root / place for place in AXE_PLACES]:
        if place.is_file():
            return place.read_text(encoding="utf-8")
    pytest.skip("axe-core is not installed; let CREDIT_MODEL_AXE name its axe.min.js")


@pytest.fixture(autouse=True)
def _as_a_new_reader(browser: Browser) -> None:
    browser.resize(1280, 900)
    browser.prefer("light")


@pytest.fixture(scope="session")
def cases():
    return example_cases()


@pytest.fixture(scope="session")
def report(cases, tmp_path_factory) -> ReportFiles:
    return write_report(cases, example_tracks(cases), tmp_path_factory.mktemp("report") / "R")


@pytest.fixture(scope="session")
def page_of(report):
    return dict(zip(CASES, report.pages, strict=True))
