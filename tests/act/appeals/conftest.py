"""The cuts of the shared portfolio, and desks for cases about them."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from credit_model.act.appeals.desk import Desk
from credit_model.act.appeals.evaluating import evaluate
from credit_model.act.appeals.frozen import freeze_cut, freeze_rise, model_digest
from credit_model.act.appeals.store import Store
from credit_model.documents.deadlines import terms_of
from credit_model.documents.lender_file import parse_lender, read_lender
from credit_model.documents.letter import notice_contents
from tests.act.appeals.desks import Ticking

#: Supported cuts that are looked through for cases of each sort.
N_LOOKED_AT = 60


@dataclass
class Bench:
    """A model, its panel and its cuts."""

    fitted: object
    rule: object
    history: object
    explanations: object
    digest: str

    def frozen(self, i):
        return freeze_cut(self.fitted, self.explanations[i], self.history)

    def evaluate(self, frozen, cells):
        return evaluate(self.fitted, self.rule, frozen, cells, digest=self.digest)

    def open(self, desk, i, kind="dispute", *, notice_day=None, actor="ann", lender=None, **more):
        lender = lender or read_lender()
        one = self.explanations[i]
        notices = notice_contents(lender)(one)
        terms = terms_of(lender, kind, notice_day)
        return desk.open(
            kind, self.frozen(i), terms, self.fitted.catalogue, actor=actor, notices=notices, **more
        ).number

    def look_again(self, desk, number, *, actor="ann", **more):
        notices = notice_contents(parse_lender(desk.file(number).lender))
        return desk.evaluate(number, self.fitted, self.rule, actor=actor, notices=notices, **more)

    def open_rise(self, desk, borrower, *, actor="ann"):
        frozen = freeze_rise(self.fitted, self.rule, self.history, borrower)
        return desk.open("rise", frozen, terms_of(read_lender(), "rise"), self.fitted.catalogue, actor=actor).number


@pytest.fixture(scope="session")
def bench(predictor, portfolio, explanations):
    fitted, rule = predictor.fitted, predictor.support
    return Bench(fitted, rule, fitted.panel(portfolio.history), explanations, model_digest(fitted, rule))


@pytest.fixture(scope="session")
def cuts(bench):
    """Places of cuts of each sort among the explanations.

    ``income``: one income of one month, as it once was, reinstates it: (cut, Restoring). ``late``: days past due now,
    whose other cells do not help: a cut by a knock-out rule. ``any``: supported cuts.
    """
    explained = bench.explanations
    supported = [i for i in range(len(explained)) if explained.support[i] != "unexplained"][:N_LOOKED_AT]
    found = {"any": supported, "unexplained": [i for i in range(len(explained)) if i not in supported][:5]}
    for i in supported:
        frozen = bench.frozen(i)
        for one in bench.evaluate(frozen, {}).further:
            if one.column == "income_amount" and one.month is not None and one.crosses:
                found.setdefault("income", (i, one))
    found["late"] = next(i for i in range(len(explained)) if bench.frozen(i).cells["days_past_due"][-1] >= 30
                         and explained.support[i] != "unexplained")  # fmt: skip
    assert "income" in found
    return found


@pytest.fixture
def desk(tmp_path):
    store = Store(tmp_path / "desk.sqlite", create=True, clock=Ticking())
    yield Desk(store, zone=read_lender().calendar.zone)
    store.close()
