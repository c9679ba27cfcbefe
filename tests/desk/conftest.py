"""A desk on the shared portfolio and model, with four users."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from credit_model.act.appeals.store import Store
from credit_model.desk.app import make_app
from credit_model.desk.engine import Book
from credit_model.desk.serving import Address, office_of
from credit_model.desk.users import Users
from credit_model.documents.lender_file import read_lender
from credit_model.portfolio.months import format_month
from tests.act.appeals.conftest import bench, cuts  # noqa: F401
from tests.act.appeals.desks import Ticking
from tests.desk.clients import PASSWORD, USERS, Officer


@dataclass
class Hall:
    """A desk that is served, and what its tests turn: both clocks, the cuts that its cases are about."""

    app: object
    office: object
    clock: object
    seconds: list
    bench: object
    cuts: dict

    def officer(self, name="", **more):
        return Officer(self.app, name, **more)

    def cut(self, i):
        """(borrower, month) of a cut."""
        one = self.bench.explanations
        return str(one.borrower_id[i]), format_month(int(one.month_number[i]), one.month_type)

    def case(self, number):
        return self.office.desk.store.case(number)

    def ruled(self, rule):
        """A supported cut for which a rule is told, such as "knock_out" or "class_wide"."""
        explained = self.bench.explanations
        for i, verdict in enumerate(explained.verdicts):
            if verdict.support != "unexplained" and rule in verdict.rules:
                return i
        raise AssertionError(f"the shared portfolio has no cut by {rule}")

    def open(self, officer, i, kind="dispute", **more):
        """A case about a cut, opened as an officer does: its number."""
        borrower, month = self.cut(i)
        answer = officer.submit("/new", borrower=borrower, month=month, kind=kind, **more)
        assert answer.status_code == 200, answer.text
        assert answer.url.path.startswith("/case/"), answer.text
        return int(answer.url.path.split("/")[2])

    def until(self, number, officer, state, *, outcome=None, **cell):
        """Bring a case to a state by the steps that officers take, the checker being 'bo'."""
        steps = ("evaluated", "proposed", "decided", "answered", "closed")
        for step in steps[: steps.index(state) + 1]:
            answer = self._step(number, officer, step, outcome)
            assert answer.status_code == 200, answer.text
        assert self.case(number).state == state

    def _step(self, number, officer, step, outcome):
        case = self.case(number)
        if step == "evaluated":
            return officer.submit(f"/case/{number}/evaluate", do="enter")
        if step == "proposed":
            advice = case.evaluated.facts["recommendation"] if case.evaluated else "explained"
            chosen = "explained" if case.kind == "explanation" else outcome or advice
            return officer.submit(f"/case/{number}/propose", outcome=chosen, reason="our_error", limit="")
        if step == "decided":
            return self.officer("bo").submit(f"/case/{number}/decide")
        return officer.submit(f"/case/{number}/{'letter' if step == 'answered' else 'close'}")


@pytest.fixture(scope="session")
def book(predictor, portfolio):
    return Book.of(predictor, predictor.fitted.panel(portfolio.history))


@pytest.fixture(scope="session")
def known_users(tmp_path_factory):
    """A file of users, made once: hashing takes time on purpose."""
    path = tmp_path_factory.mktemp("users") / "desk.users.sqlite"
    with Users(path, create=True) as users:
        for name, role in USERS.items():
            users.add(name, role, PASSWORD)
    return path.read_bytes()


@pytest.fixture
def hall(tmp_path, predictor, book, bench, cuts, known_users):  # noqa: F811
    (tmp_path / "desk.users.sqlite").write_bytes(known_users)
    clock, seconds = Ticking(datetime(2024, 4, 2, 1, 0, tzinfo=UTC)), [1.7e9]
    store = Store(tmp_path / "desk.sqlite", create=True, clock=clock)
    users = Users(tmp_path / "desk.users.sqlite", clock=lambda: seconds[0])
    office = office_of(store, users, [predictor], read_lender(), book=book)
    yield Hall(make_app(office, hosts=Address().hosts), office, clock, seconds, bench, cuts)
    store.close()
    users.close()
