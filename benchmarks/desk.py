"""The web desk under load: ten officers at once, in browsers as far as HTTP goes, against a server on this machine.

``python -m benchmarks.desk [--officers 10] [--cases 100]``. Each takes cases of a simulated portfolio from their
opening to their letter, through the pages that a person would see on the way; a second person, the checker, decides.
What a page takes is measured at the officer: from the request to the last byte of the answer, redirects included.
"""

from __future__ import annotations

import argparse
import http.client
import os
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from urllib.parse import urlencode

import numpy as np

from benchmarks.tables import Goal, at_least, at_most, show_goals, show_machine, show_table
from credit_model import LimitPredictor, simulate_portfolio
from credit_model.act.appeals.store import Store
from credit_model.act.appeals.verifying import verify
from credit_model.desk.users import Users, users_path
from credit_model.portfolio.months import format_month

OFFICERS, CASES = 10, 100
PASSWORD = "correct horse battery"
#: Milliseconds that a page may take, at the median.
GOAL = 150.0

Cut = tuple[str, str]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--officers", type=int, default=OFFICERS)
    parser.add_argument("--cases", type=int, default=CASES, help="cases of each officer")
    options = parser.parse_args()
    show_machine("starlette", "uvicorn")
    show_goals(at_once(options.officers, options.cases))


def at_once(officers: int, cases: int) -> list[Goal]:
    """Officers at once, each on cases of their own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cuts = prepare(folder, officers)
        if len(cuts) < officers * cases:
            raise SystemExit(f"the portfolio has {len(cuts)} cuts; ask for fewer --officers or --cases")
        with served(folder) as port:
            steps, errors, seconds = work(port, cuts, officers, cases)
        with Store(folder / "desk.sqlite") as store:
            found = verify(store)
            answered = len(store.cases(state="answered"))
    pages = [took for own in steps.values() for took in own]
    rows = [(what, len(own), *quantiles(own)) for what, own in sorted(steps.items())]
    rows.append(("all pages", len(pages), *quantiles(pages)))
    title = f"{officers} officers at once, {cases} cases each, {len(pages) / seconds:,.0f} pages a second"
    show_table(title, ["page", "n", "median ms", "95 % ms", "largest ms"], rows)
    show_table("Errors", ["what", "n"], [("errors", errors), ("cases answered", answered)])
    return [
        at_most("page, median ms", rows[-1][2], GOAL),
        at_most("errors", errors, 0),
        at_least("cases answered", answered, officers * cases),
        at_least("log sound afterwards (1: yes)", float(found.is_sound), 1),
    ]


def prepare(folder: Path, officers: int) -> list[Cut]:
    """A portfolio, a model, users: all cuts as (borrower, month)."""
    history = simulate_portfolio(3200, 36, seed=1).history
    history.to_parquet(folder / "history.parquet", index=False)
    predictor = LimitPredictor(seed=1, n_fits=8, max_iter=100, n_jobs=1).fit(history)
    predictor.save(folder / "model")
    with Users(users_path(folder / "desk.sqlite"), create=True) as users:
        for officer in range(officers):
            users.add(f"officer {officer}", "officer", PASSWORD)
            users.add(f"second {officer}", "checker", PASSWORD)
    explained = predictor.explain_decreases(history)
    months = [format_month(int(number), explained.month_type) for number in explained.month_number]
    return [(str(borrower), month) for borrower, month in zip(explained.borrower_id, months, strict=True)]


class served:  # noqa: N801
    """The desk in a process of its own: its port."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> int:
        words = ["desk", "--store", "desk.sqlite", "--model", "model", "--data", "history.parquet", "--port", "0"]
        code = "from credit_model.cli import main; main()"
        environment = os.environ | {"PYTHONUNBUFFERED": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-c", code, *words], cwd=self._folder, env=environment, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        found = re.search(r":(\d+)/", line)
        if found is None:
            raise SystemExit("the desk was not served")
        return int(found[1])

    def __exit__(self, *error: object) -> None:
        self._process.terminate()
        self._process.wait(30)


def work(port: int, cuts: list[Cut], officers: int, cases: int) -> tuple[dict[str, list[float]], int, float]:
    """Seconds of each page by what it is, errors, seconds in all."""
    steps, errors, turn = dict[str, list[float]](), list[str](), threading.Lock()

    def one(officer: int) -> None:
        maker, checker = Client(port, f"officer {officer}"), Client(port, f"second {officer}")
        for cut in cuts[officer * cases : (officer + 1) * cases]:
            start = perf_counter()
            try:
                for what in a_case(maker, checker, cut):
                    took = perf_counter() - start
                    with turn:
                        steps.setdefault(what, []).append(took)
                    start = perf_counter()
            except Exception as error:
                with turn:
                    errors.append(str(error))
                print(error)

    threads = [threading.Thread(target=one, args=(officer,)) for officer in range(officers)]
    begin = perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return steps, len(errors), perf_counter() - begin


def a_case(maker: Client, checker: Client, cut: Cut) -> Iterator[str]:
    """A case from the inbox to its letter, page by page."""
    borrower, month = cut
    maker.get("/")
    yield "inbox"
    maker.get("/new?" + urlencode({"borrower": borrower}))
    yield "look up a borrower"
    case = maker.post("/new", borrower=borrower, month=month, kind="dispute", claim="My income is wrong.").split("?")[0]
    yield "open a case"
    maker.get(f"{case}/cut/page")
    yield "page of the cut"
    maker.get(f"{case}/evidence?document=payslip")
    yield "form of evidence"
    cell = {f"cell:income_amount:{month}": "9,000"}
    maker.post(f"{case}/evidence", document="payslip", do="try", **cell)
    yield "try a document"
    maker.post(f"{case}/evidence", document="payslip", do="enter", **cell)
    yield "enter a document"
    maker.post(f"{case}/evaluate", do="enter")
    yield "enter the re-evaluation"
    maker.post(f"{case}/propose", outcome="reinstate", reason="our_error")
    yield "propose"
    checker.get("/?view=to_check")
    yield "inbox"
    checker.get(case)
    yield "case"
    checker.get(f"{case}/letter/preview")
    yield "letter"
    checker.post(f"{case}/decide")
    yield "decide"
    checker.post(f"{case}/letter")
    yield "write the letter"
    checker.get(f"{case}/history")
    yield "history"


class Client:
    """A browser of somebody who is signed in: keeps its cookie, follows redirects, sends the forms' token along."""

    def __init__(self, port: int, name: str) -> None:
        self._connection, self._cookie = http.client.HTTPConnection("127.0.0.1", port, timeout=120), ""
        self.path = ""
        self._token = self._token_of(self.get("/sign-in"))
        self.post("/sign-in", name=name, password=PASSWORD)
        self._token = self._token_of(self.get("/account"))

    @staticmethod
    def _token_of(page: str) -> str:
        found = re.search(r'name="token" value="([^"]+)"', page)
        assert found is not None, page
        return found[1]

    def get(self, path: str) -> str:
        """A page."""
        return self._ask("GET", path, None)

    def post(self, path: str, **form: str) -> str:
        """Where a form leads to."""
        self._ask("POST", path, urlencode({"token": self._token, **form}))
        return self.path

    def _ask(self, method: str, path: str, body: str | None) -> str:
        headers = {"cookie": self._cookie, "content-type": "application/x-www-form-urlencoded"}
        self._connection.request(method, path, body, {name: value for name, value in headers.items() if value})
        answer = self._connection.getresponse()
        text = answer.read().decode()
        if cookie := answer.getheader("set-cookie"):
            self._cookie = cookie.split(";")[0]
        if answer.status == 303:
            return self._ask("GET", str(answer.getheader("location")).split("#")[0], None)
        if answer.status != 200:
            told = " ".join(re.sub(r"<[^>]+>", " ", text.partition("<main")[2]).split())[:300]
            raise RuntimeError(f"{method} {path}: {answer.status} {told}")
        self.path = path
        return text


def quantiles(seconds: list[float]) -> tuple[float, float, float]:
    """The median, the 95 % quantile and the largest, in milliseconds."""
    found = 1000 * np.quantile(seconds, [0.5, 0.95, 1.0])
    return float(found[0]), float(found[1]), float(found[2])


if __name__ == "__main__":
    main()
