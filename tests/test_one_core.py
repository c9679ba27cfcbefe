"""``n_jobs=1`` means one core, whatever libraries would take for themselves."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_info, threadpool_limits

import credit_model
from credit_model import LimitPredictor, evaluate
from credit_model.errors import CreditModelError
from credit_model.parallel import idle_threads_sleep, process_limit

ROOT = Path(credit_model.__file__).parent
HAS_TASKS = Path("/proc/self/task").is_dir()


def openmp_threads():
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "openmp"}


@pytest.fixture
def seen(monkeypatch):
    """The numbers of OpenMP's threads at each fit and prediction of scikit-learn's booster."""
    seen = {"fit": [], "predict_proba": []}
    for name, threads in seen.items():
        own = getattr(HistGradientBoostingClassifier, name)

        def recording(self, *args, _own=own, _threads=threads, **options):
            _threads.append(openmp_threads())
            return _own(self, *args, **options)

        monkeypatch.setattr(HistGradientBoostingClassifier, name, recording)
    with threadpool_limits(4, user_api="openmp"):  # as a service that is given four by OMP_NUM_THREADS
        yield seen


@pytest.mark.parametrize("n_jobs", [1, 3])
def test_every_booster_keeps_to_the_number_of_jobs(portfolio, seen, n_jobs):
    small = portfolio.history[portfolio.history["borrower_id"] <= 300]
    predictor = LimitPredictor(n_jobs=n_jobs, max_iter=2).fit(small)
    assert len(seen["fit"]) >= 3  # two structures on trial at least, and what is deployed
    assert set(map(frozenset, seen["fit"])) == {frozenset({n_jobs})}
    evaluate(predictor, small, multiclass_trees=2)
    assert set(map(frozenset, seen["fit"])) == {frozenset({n_jobs})}
    assert seen["predict_proba"] == [{n_jobs}]
    assert openmp_threads() == {4}  # what the service has set is set again


def test_minus_one_leaves_to_a_service_what_it_has_set(portfolio, seen):
    small = portfolio.history[portfolio.history["borrower_id"] <= 300]
    LimitPredictor(n_jobs=-1, max_iter=2, structure="free").fit(small)
    assert seen["fit"] == [{4}] * 2


def test_nothing_in_the_package_is_handed_to_blas():
    # Its threads are one number for a whole process, so no n_jobs could hold them there.
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            assert not isinstance(node, ast.MatMult), path
            if isinstance(node, ast.Attribute):
                assert node.attr not in ("dot", "vdot", "matmul", "tensordot", "linalg", "inner"), path


#: A whole line of work; prints the CPU seconds of the main thread and of all others together.
WORK = """\
import json, os, sys, tempfile, warnings
from pathlib import Path

def seconds():
    found = {{}}
    for task in os.listdir("/proc/self/task"):
        fields = Path(f"/proc/self/task/{{task}}/stat").read_text().rpartition(")")[2].split()
        found[int(task)] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return found

from credit_model import DecreaseExplanations, LimitPredictor, evaluate, simulate_portfolio
from credit_model.simulate.settings import Settings
from credit_model.simulate.writing import write_portfolio
folder = tempfile.mkdtemp()
before = seconds()
history = simulate_portfolio(800, 30, seed=1).history
write_portfolio(folder + "/portfolio", Settings(300, 24, seed=1), n_jobs=1)
predictor = LimitPredictor(n_jobs=1, max_iter=25).fit(history)
predictor.predict(history, rows="decisions")
for reference in ("last_set", "peers"):
    explanations = predictor.explain_decreases(history, reference=reference)
explanations.save(folder + "/explanations")
DecreaseExplanations.load(folder + "/explanations")
evaluate(predictor, history, multiclass_trees=25)
after = seconds()
spent = {{task: after[task] - before.get(task, 0.0) for task in after}}
print(json.dumps([spent.pop(os.getpid()), sum(spent.values())]))
"""


@pytest.mark.slow
@pytest.mark.skipif(not HAS_TASKS, reason="needs /proc to see what each thread has spent")
@pytest.mark.parametrize("environment", [{}, {"OMP_NUM_THREADS": "4"}], ids=["as it comes", "a service with four"])
def test_a_whole_line_of_work_on_one_core_is_done_by_one_thread(environment):
    inherited = {k: v for k, v in os.environ.items() if not k.endswith("_NUM_THREADS")}
    done = subprocess.run(
        [sys.executable, "-c", WORK.format()],
        env=inherited | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    main, others = json.loads(done.stdout)
    assert main > 1
    # A few ticks for what libraries do behind the scenes; each of the boosters alone would spend many times that.
    assert others <= 0.05 * main


LIMITED = """\
import sys
from credit_model.parallel import process_limit
if sys.argv[1] == "late":
    limit = process_limit({n_jobs})
    limit.__enter__()
import numpy, pyarrow, sklearn.ensemble
if sys.argv[1] == "early":
    limit = process_limit({n_jobs})
    limit.__enter__()
from threadpoolctl import threadpool_info
for one in threadpool_info():
    print(one["user_api"], one["num_threads"])
print("arrow", pyarrow.cpu_count())
"""


@pytest.mark.parametrize("loaded", ["early", "late"])
@pytest.mark.parametrize("n_jobs", [1, 3])
def test_a_process_is_limited_with_all_its_libraries_whenever_they_are_loaded(loaded, n_jobs):
    environment = os.environ | {"OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2"}
    code = LIMITED.format(n_jobs=n_jobs)
    done = subprocess.run(
        [sys.executable, "-c", code, loaded], env=environment, capture_output=True, text=True, check=True
    )
    found = [(library, int(threads)) for library, threads in map(str.split, done.stdout.splitlines())]
    assert {library for library, _ in found} == {"blas", "openmp", "arrow"}
    # BLAS takes no more threads than there are cores.
    assert all(threads == n_jobs or (library == "blas" and threads < n_jobs) for library, threads in found)


def test_a_process_is_left_alone_by_minus_one_and_by_what_is_no_number_of_jobs(monkeypatch):
    before, threads = dict(os.environ), threadpool_info()
    with process_limit(-1):
        pass
    with pytest.raises(CreditModelError, match="n_jobs must be -1"), process_limit(0):
        pass
    assert dict(os.environ) == before
    assert threadpool_info() == threads
    assert np.ones(3).sum() == 3


WAITING = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT")


def test_a_command_lets_threads_that_wait_sleep_before_any_library_has_started_some():
    code = """
import os, sys
from credit_model import cli
def first(name):
    print(os.environ.get("OMP_WAIT_POLICY"), os.environ.get("GOMP_SPINCOUNT"), "sklearn" in sys.modules)
    sys.exit()
cli.import_module = first
cli.main(["train", "--data", "x", "--out", "y"])
"""
    environment = {k: v for k, v in os.environ.items() if k not in WAITING}
    for given, said in (({}, "PASSIVE 1000 False"), ({"OMP_WAIT_POLICY": "ACTIVE"}, "ACTIVE None False")):
        done = subprocess.run(
            [sys.executable, "-c", code], env=environment | given, capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == said


def test_the_environment_is_left_as_it_was(monkeypatch):
    for name in WAITING:
        monkeypatch.delenv(name, raising=False)
    with idle_threads_sleep():
        assert os.environ["OMP_WAIT_POLICY"] == "PASSIVE"
    assert not set(WAITING) & set(os.environ)
