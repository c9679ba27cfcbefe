"""A desk with a few cases, whose contents the store does not look at."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from credit_model.act.appeals.store import Store


class Ticking:
    """A clock that goes a minute on with every look at it."""

    def __init__(self, start=datetime(2024, 4, 2, 8, 0, tzinfo=UTC)):
        self.time = start

    def __call__(self):
        self.time += timedelta(minutes=1)
        return self.time


def do(store, number, actor, action, facts=None, *, text=None):
    """One event with a sealed item of its own."""
    with store.writing() as writing:
        facts = dict(facts or {}) | ({"texts": {"note": writing.keep(text)}} if text else {})
        digest = writing.seal(number, {"note": f"{actor} {action} {number}"})
        return writing.append(actor, number, action, facts, [digest])


def open_case(store, about, *, kind="review", actor="ann"):
    with store.writing() as writing:
        number = writing.next_number()
        facts = {"kind": kind, "channel": "human_review", "due": "2024-05-02", "texts": {"lender": writing.keep("L")}}
        writing.append(actor, number, "opened", facts, [writing.seal(number, {"about": [about, "2024-03"]})])
    return number


def busy_desk(path, clock=None):
    """Four cases: one closed and erased, one answered, one proposed, one open. Fifteen events."""
    store = Store(path, create=True, clock=clock or Ticking())
    numbers = [open_case(store, f"B{i}") for i in range(4)]
    for number in numbers[:3]:
        do(store, number, "ann", "evidence", {"column": "income_amount"}, text=f"scan {number}")
        do(store, number, "ann", "evaluated")
        do(store, number, "ann", "proposed", {"outcome": "uphold"})
    for number in numbers[:2]:
        do(store, number, "bo", "decided", {"outcome": "uphold"})
        do(store, number, "bo", "letter", {"day": "2024-04-20"})
    do(store, numbers[0], "bo", "closed")
    store.erase(numbers[0], "bo")
    return store
