"""Many officers at once: nobody waits for nothing, nothing is lost, costly answers are found once."""

import threading
from concurrent.futures import ThreadPoolExecutor

from credit_model.act.appeals.verifying import verify
from credit_model.desk.engine import Kept
from tests.desk.clients import field


def test_officers_at_once_lose_nothing_and_are_told_of_each_other(hall):
    """Six officers on cases of their own, and all of them on one more: one of them wins each of its steps."""
    shared = hall.open(hall.officer("ann"), hall.cuts["any"][0])
    own = hall.cuts["any"][1:7]
    months = [hall.cut(i)[1] for i in own]
    statuses = []

    def work(place):
        officer = hall.officer(("ann", "bo", "chen")[place % 3])
        number = hall.open(officer, own[place])
        cell = {field("income_amount", months[place]): "9000"}
        assert officer.submit(f"/case/{number}/evidence", document="payslip", do="enter", **cell).status_code == 200
        assert officer.submit(f"/case/{number}/evaluate", do="enter").status_code == 200
        assert officer.get("/").status_code == 200
        statuses.append(officer.submit(f"/case/{shared}/withdraw").status_code)

    with ThreadPoolExecutor(6) as pool:
        for done in [pool.submit(work, place) for place in range(6)]:
            done.result()
    assert sorted(statuses) == [200] + [409] * 5
    assert len(hall.office.desk.store.cases()) == 7
    assert len(hall.office.desk.store.events()) == 2 + 6 * 3
    assert verify(hall.office.desk.store).is_sound


def test_a_costly_answer_is_found_once_for_all_who_ask_at_the_same_time():
    kept, found, gate = Kept(2), [], threading.Event()

    def find():
        gate.wait(5)
        found.append(1)
        return len(found)

    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(kept.get, "a", find) for _ in range(4)]
        gate.set()
        assert [one.result() for one in asked] == [1] * 4
    assert found == [1]
    assert kept.get("b", lambda: 2) == 2
    assert kept.get("a", lambda: 9) == 1
    assert kept.get("c", lambda: 3) == 3  # b was asked for last of all, and goes
    assert kept.get("b", lambda: 4) == 4


def test_an_answer_that_failed_is_asked_for_again():
    kept = Kept(2)

    def fail():
        raise ValueError

    for _ in range(2):
        try:
            kept.get("a", fail)
        except ValueError:
            continue
        raise AssertionError
    assert kept.get("a", lambda: 1) == 1
