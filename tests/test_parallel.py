import os
import threading
import time

import pytest
from threadpoolctl import threadpool_info

from credit_model.errors import CreditModelError
from credit_model.parallel import as_finished, in_order, openmp_limit, over_blocks, workers_of


def test_minus_one_stands_for_the_cores_that_this_process_may_use(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 3, 5}, raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    assert workers_of(-1) == 3
    monkeypatch.delattr(os, "sched_getaffinity")  # some systems have none
    assert workers_of(-1) == 64
    assert workers_of(5) == 5


@pytest.mark.parametrize("n_jobs", [0, -2, 1.5, True, "2", None])
@pytest.mark.parametrize(
    "use",
    [
        workers_of,
        lambda n_jobs: over_blocks(lambda start, stop: None, 3, n_jobs),
        lambda n_jobs: list(in_order(str, 3, n_jobs)),
        lambda n_jobs: list(as_finished(str, 3, n_jobs)),
        lambda n_jobs: openmp_limit(n_jobs).__enter__(),
    ],
    ids=["workers_of", "over_blocks", "in_order", "as_finished", "openmp_limit"],
)
def test_any_other_number_of_jobs_is_refused_everywhere_in_the_same_words(n_jobs, use):
    with pytest.raises(
        CreditModelError, match=rf"n_jobs must be -1 \(all cores\) or a whole number >= 1, got {n_jobs!r}"
    ):
        use(n_jobs)


@pytest.mark.parametrize("n_jobs", [-1, 1, 3])
@pytest.mark.parametrize("n_rows", [0, 1, 64, 65, 1000])
def test_blocks_of_rows_cover_every_row_once(n_rows, n_jobs):
    seen = [0] * n_rows

    def work(start, stop):
        for row in range(start, stop):
            seen[row] += 1

    over_blocks(work, n_rows, n_jobs)
    assert seen == [1] * n_rows


def test_blocks_of_rows_are_shared_out_among_the_threads():
    names = set()

    def work(start, stop):
        names.add(threading.current_thread().name)
        time.sleep(0.01)

    over_blocks(work, 1000, 2)
    assert len(names) == 2


@pytest.mark.parametrize("n_jobs", [1, 2, 9])
def test_results_come_in_order_however_long_each_takes(n_jobs):
    def work(block):
        time.sleep(0.002 * (5 - block))
        return block * 10

    assert list(in_order(work, 6, n_jobs)) == [0, 10, 20, 30, 40, 50]


def test_at_most_so_many_results_wait_for_the_one_that_takes_them():
    started = []
    results = in_order(started.append, 20, 3)
    next(results)
    results.close()  # waits for what is under way
    # the first was taken, and a fourth took its place
    assert sorted(started) == [0, 1, 2, 3]


@pytest.mark.parametrize("n_jobs", [1, 2, 9])
def test_every_result_comes_once_as_it_is_finished(n_jobs):
    assert sorted(as_finished(lambda block: block * 10, 6, n_jobs)) == [0, 10, 20, 30, 40, 50]


def test_a_quick_block_does_not_wait_for_a_slow_one():
    slow_may_end = threading.Event()

    def work(block):
        if block == 0:
            assert slow_may_end.wait(timeout=30)
        return block

    results = as_finished(work, 2, 2)
    assert next(results) == 1
    slow_may_end.set()
    assert next(results) == 0


@pytest.mark.parametrize("run", [in_order, as_finished])
@pytest.mark.parametrize("n_jobs", [1, 3])
def test_what_goes_wrong_in_a_block_is_raised_to_the_caller(run, n_jobs):
    def work(block):
        if block == 2:
            raise OSError("disk full")
        return block

    with pytest.raises(OSError, match="disk full"):
        list(run(work, 6, n_jobs))


def openmp_threads():
    return [library["num_threads"] for library in threadpool_info() if library["user_api"] == "openmp"]


def test_openmp_keeps_to_the_number_of_jobs_inside_the_block_alone():
    import sklearn.ensemble  # noqa: F401  (brings OpenMP along)

    before = openmp_threads()
    assert before
    with openmp_limit(3):
        assert set(openmp_threads()) == {3}
        with openmp_limit(-1):  # "all" leaves what someone else has set
            assert set(openmp_threads()) == {3}
    assert openmp_threads() == before
