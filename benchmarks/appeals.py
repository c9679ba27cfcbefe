"""The appeal desk: nothing lost, everything found, and how long an officer waits.

``python -m benchmarks.appeals [--sequences 1000] [--kills 40]``. The random sequences, the kills and the tampering are
those of the tests, more of them; the re-evaluations are of a simulated portfolio and a model of eight fits.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from xml.etree import ElementTree

import numpy as np

from benchmarks.portfolios import synthetic_panel
from benchmarks.tables import Goal, at_least, at_most, show_goals, show_machine, show_table
from credit_model import LimitPredictor
from credit_model.act.appeals.desk import Desk
from credit_model.act.appeals.evaluating import corrected_cut, evaluate
from credit_model.act.appeals.frozen import Frozen, freeze_cut, model_digest
from credit_model.act.appeals.store import Store
from credit_model.act.appeals.verifying import verify
from credit_model.documents.deadlines import terms_of
from credit_model.documents.lender_file import read_lender
from credit_model.documents.letter import notice_contents, write_letters
from credit_model.portfolio.months import format_month

TESTS = Path(__file__).parents[1] / "tests" / "act" / "appeals"
OFFICERS, CASES = 10, 100
EVALUATIONS = 200


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sequences", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=40)
    options = parser.parse_args()
    show_machine("hypothesis")
    goals = [*held_against_tests(options.sequences, options.kills), *at_the_desk()]
    show_goals(goals)


def held_against_tests(sequences: int, kills: int) -> list[Goal]:
    """Random work with crashes, killed processes, and tampering, as the tests have them."""
    more = {"CREDIT_MODEL_APPEAL_SEQUENCES": str(sequences), "CREDIT_MODEL_APPEAL_KILLS": str(kills)}
    rows = []
    for what, file, chosen in (
        ("random sequences with crashes", "test_store_machine.py", ""),
        ("processes killed", "test_store.py", "killed"),
        ("tampering attempts", "test_tampering.py", "found"),
    ):
        start = perf_counter()
        n, failed = tests(TESTS / file, chosen, more)
        n = sequences if file == "test_store_machine.py" else n
        rows.append((what, n, failed, perf_counter() - start))
    show_table("Nothing lost, everything found", ["what", "n", "failed", "seconds"], rows)
    return [
        at_least("random sequences", rows[0][1], 1000),
        at_least("tampering attempts", rows[2][1], 200),
        at_most("lost or not found", sum(row[2] for row in rows), 0),
    ]


def tests(file: Path, chosen: str, environment: dict[str, str]) -> tuple[int, int]:
    """How many tests of a file ran, and how many failed."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        words = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-n0", f"--junitxml={report}", str(file)]
        words += ["-k", chosen] if chosen else []
        subprocess.run(
            [sys.executable, *words],
            env=os.environ | environment,
            cwd=TESTS.parents[2],
            capture_output=True,
            check=False,
        )
        suite = next(iter(ElementTree.parse(report).getroot().iter("testsuite")))
    return int(suite.attrib["tests"]), int(suite.attrib["failures"]) + int(suite.attrib["errors"])


def at_the_desk() -> list[Goal]:
    """Re-evaluations of one cell, and officers who work at once."""
    panel = synthetic_panel(1500, 36, seed=1)
    predictor = LimitPredictor(seed=1, n_fits=8, max_iter=100, n_jobs=1).fit(panel.history)
    fitted, rule = predictor.fitted, predictor.support
    explanations = predictor.explain_decreases(panel.history)
    supported = [i for i in range(len(explanations)) if explanations.support[i] != "unexplained"]
    frozen = [freeze_cut(fitted, explanations[i], panel.history) for i in supported[:EVALUATIONS]]
    digest, took = model_digest(fitted, rule), []
    for one in [frozen[0], *frozen]:
        start = perf_counter()
        evaluate(fitted, rule, one, {("income_amount", one.month): 9000.0}, digest=digest)
        took.append(perf_counter() - start)
    header = ["what", "n", "errors", "median ms", "95 % ms", "largest ms", "seconds"]
    rows = [("re-evaluation of one cell", len(took) - 1, 0, *quantiles(took[1:]), sum(took[1:]))]
    errors, seconds, steps, sound = officers_at_once(predictor, frozen)
    what = f"{OFFICERS} officers at once, {CASES} cases each, a step"
    rows.append((what, len(steps), errors, *quantiles(steps), seconds))
    show_table("At the desk", header, rows)
    return [
        at_most("re-evaluation of one cell, median ms", rows[0][3], 50),
        at_most("errors of officers at once", errors, 0),
        at_least("log sound afterwards (1: yes)", float(sound), 1),
    ]


def quantiles(seconds: list[float]) -> tuple[float, float, float]:
    """The median, the 95 % quantile and the largest, in milliseconds."""
    found = 1000 * np.quantile(seconds, [0.5, 0.95, 1.0])
    return float(found[0]), float(found[1]), float(found[2])


def officers_at_once(predictor: LimitPredictor, frozen: list[Frozen]) -> tuple[int, float, list[float], bool]:
    """Officers on threads of their own: errors, seconds, seconds of each step, and whether the log is sound."""
    zone, errors, steps = read_lender().calendar.zone, list[Exception](), list[float]()
    with tempfile.TemporaryDirectory() as folder, Store(Path(folder) / "desk.sqlite", create=True) as store:
        desk = Desk(store, zone=zone)

        def work(officer: int) -> None:
            for i in range(CASES):
                one = frozen[(officer * CASES + i) % len(frozen)]
                own = replace(one, borrower_id=f"{officer}-{i}")
                start = perf_counter()
                try:
                    for _ in steps_of_a_case(desk, predictor, own, officer):
                        steps.append(perf_counter() - start)
                        start = perf_counter()
                except Exception as error:
                    errors.append(error)
                    print(error)

        threads = [threading.Thread(target=work, args=(officer,)) for officer in range(OFFICERS)]
        begin = perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seconds = perf_counter() - begin
        sound = verify(store).is_sound and len(store.cases(state="answered")) == OFFICERS * CASES
    return len(errors), seconds, steps, sound


def steps_of_a_case(desk: Desk, predictor: LimitPredictor, frozen: Frozen, officer: int) -> Iterator[str]:
    """A case from its opening to its letter, step by step."""
    maker, checker = f"officer {officer}", f"checker {officer}"
    fitted, rule, terms = predictor.fitted, predictor.support, terms_of(read_lender(), "dispute")
    notices = notice_contents(read_lender())(corrected_cut(fitted, rule, frozen, {}))
    number = desk.open("dispute", frozen, terms, fitted.catalogue, actor=maker, notices=notices).number
    yield "open"
    cell = ("income_amount", format_month(frozen.month, frozen.month_type), "9000")
    desk.add_evidence(number, "payslip", [cell], actor=maker)
    yield "evidence"
    advice = desk.evaluate(number, fitted, rule, actor=maker, notices=notice_contents(read_lender())).recommendation
    yield "evaluate"
    desk.propose(number, "reinstate", actor=maker, reason=None if advice == "reinstate" else "our_error")
    yield "propose"
    desk.decide(number, actor=checker)
    yield "decide"
    write_letters(desk, number, actor=checker, langs=("en",))
    yield "letter"


if __name__ == "__main__":
    main()
