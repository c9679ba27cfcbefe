"""Random sequences of work at a desk, with crashes: the store is what a plain model in memory is."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from credit_model.act.appeals.cases import KINDS
from credit_model.act.appeals.store import Store
from credit_model.act.appeals.verifying import verify
from credit_model.errors import AppealError
from tests.act.appeals.crashes import Crashed, Dying, as_on_disk, mortal
from tests.act.appeals.desk_model import ACTORS, ALLOWED, PlainDesk

#: Sequences in an ordinary run of the tests; `benchmarks.appeals` asks for 1,000.
N_SEQUENCES = int(os.environ.get("CREDIT_MODEL_APPEAL_SEQUENCES", "40"))

actors, abouts = st.sampled_from(ACTORS), st.sampled_from(["B1 2024-03", "B2 2024-03", "'; DROP TABLE event; --"])
#: Before which statement the process dies, or after the COMMIT; most work ends before the larger ones are reached.
deaths = st.sampled_from([*[None] * 14, *range(14), "after", "after"])
late_deaths = st.sampled_from([*[None] * 4, *range(4, 24), "after", "after"])


class DeskMachine(RuleBasedStateMachine):
    """Two desks side by side."""

    #: Over all sequences.
    n_crashes = 0

    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.n_files = self.n_items = 0
        #: Printed so far: they must stay in the log.
        self.heads = []
        self.model = PlainDesk()
        self.store = self.reopened(create=True)

    def reopened(self, *, create=False):
        return Store(Path(self.folder.name) / f"desk{self.n_files}.sqlite", create=create)

    def teardown(self):
        Dying.left, Dying.is_dead = None, False
        self.store.close()
        self.folder.cleanup()

    def item(self):
        self.n_items += 1
        return f"item {self.n_items} \u202e\x00'\"<script>"

    def work(self, death, *steps):
        """Do something at the desk; if it is done, also in the model, whether or not the process lived to tell."""
        Dying.left, before = death, Dying.n_committed
        try:
            steps[0]()
            done = True
        except Crashed:
            done = Dying.n_committed > before
            old, self.n_files = self.store, self.n_files + 1
            as_on_disk(old.path, Path(self.folder.name) / f"desk{self.n_files}.sqlite")
            Dying.left, Dying.is_dead = None, False
            DeskMachine.n_crashes += 1
            old.close()
            self.store = self.reopened()
        Dying.left = None
        if done:
            steps[1]()

    @rule(actor=actors, kind=st.sampled_from(KINDS), about=abouts, death=deaths)
    def open(self, actor, kind, about, death):
        item = self.item()

        def at_the_desk():
            with self.store.writing() as writing:
                number = writing.next_number()
                facts = {"kind": kind, "channel": "dispute", "due": "2024-05-01"}
                digest = writing.seal(number, {"about": [about], "item": item})
                writing.append(actor, number, "opened", facts, [digest])

        if self.model.may_open(about):
            self.work(death, at_the_desk, lambda: self.model.open(actor, kind, about, item))
        else:
            with pytest.raises(AppealError, match="about the same decision is still"):
                at_the_desk()

    def at_the_desk(self, actor, number, action, item):
        with self.store.writing() as writing:
            facts = {"day": "2024-04-30"} if action == "letter" else {}
            writing.append(actor, number, action, facts, [writing.seal(number, {"item": item})])

    def ways(self, number, *, allowed):
        """What officers may, or may not, do with a case."""
        every = ((actor, action) for actor in ACTORS for action in sorted(ALLOWED))
        return [way for way in every if self.model.may(way[0], number, way[1]) == allowed]

    @precondition(lambda self: self.model.cases)
    @rule(data=st.data(), n=st.integers(2, 8))
    def go_on(self, data, n):
        number = data.draw(st.sampled_from(sorted(self.model.cases)))
        for _ in range(n):
            ways = self.ways(number, allowed=True)
            if ways:
                actor, action = data.draw(st.sampled_from(ways))
                item = self.item()
                self.work(
                    data.draw(deaths),
                    lambda actor=actor, action=action, item=item: self.at_the_desk(actor, number, action, item),
                    lambda actor=actor, action=action, item=item: self.model.do(actor, number, action, item),
                )

    @precondition(lambda self: self.model.cases)
    @rule(data=st.data())
    def do_what_may_not_be_done(self, data):
        number = data.draw(st.sampled_from(sorted(self.model.cases)))
        actor, action = data.draw(st.sampled_from(self.ways(number, allowed=False)))
        with pytest.raises(AppealError, match=f"case {number} "):
            self.at_the_desk(actor, number, action, self.item())

    @precondition(lambda self: self.model.cases)
    @rule(data=st.data(), actor=actors, death=late_deaths)
    def erase(self, data, actor, death):
        closed = [number for number, case in sorted(self.model.cases.items()) if case.state == "closed"]
        number = data.draw(st.sampled_from(closed or sorted(self.model.cases)))
        if self.model.cases[number].state != "closed" or self.model.is_erased(number):
            with pytest.raises(AppealError, match=f"case {number} is "):
                self.store.erase(number, actor)
            return
        self.work(death, lambda: self.store.erase(number, actor), lambda: self.model.erase(actor, number))

    @precondition(lambda self: self.model.cases)
    @rule()
    def come_back_tomorrow(self):
        self.store.close()
        self.store = self.reopened()

    @precondition(lambda self: self.model.cases)
    @rule()
    def go_on_with_a_backup(self):
        self.n_files += 1
        self.store.back_up(Path(self.folder.name) / f"desk{self.n_files}.sqlite")
        self.store.close()
        self.store = self.reopened()

    @rule()
    def print_the_head(self):
        self.heads.append(self.store.head)

    @invariant()
    def the_store_is_the_model(self):
        assert sorted(self.store.cases()) == sorted(self.model.cases)
        for number, plain in self.model.cases.items():
            case = self.store.case(number)
            assert (case.kind, case.state) == (plain.kind, plain.state)
            assert [(event.actor, event.action) for event in case.events] == plain.log
            records = [self.store.record(event, i) for event in case.events for i in range(len(event.sealed))]
            assert [record and record["item"] for record in records] == plain.items
            assert number in self.store.cases(state=plain.state)

    @invariant()
    def the_log_is_sound(self):
        assert verify(self.store, self.heads).findings == ()


def test_random_work_with_crashes_leaves_what_a_plain_model_has(monkeypatch):
    rules = settings(
        max_examples=N_SEQUENCES,
        stateful_step_count=20,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],  # to find the smallest sequence that fails takes many minutes
        suppress_health_check=list(HealthCheck),
    )
    with mortal(monkeypatch):
        run_state_machine_as_test(DeskMachine, settings=rules)
    assert DeskMachine.n_crashes > N_SEQUENCES / 2
