"""Work on several cores: one meaning of ``n_jobs``, and the ways to hand out work by it.

Everything here runs on threads: the kernels and the file writers release the interpreter's lock. What comes out never
depends on ``n_jobs``; how fast it comes, and the order in `as_finished`, may.

Other libraries have threads of their own. `openmp_limit` holds those of scikit-learn while it fits or predicts, and
`process_limit` all of them, in a process that does nothing else, such as a command; `idle_threads_sleep` keeps
those that wait there from spinning.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from itertools import islice
from numbers import Integral
from typing import TypeVar

from credit_model.errors import CreditModelError

#: Fewest rows that are worth a thread's while.
ROWS_AT_LEAST = 64
#: Blocks of rows a thread, so that none waits long for the slowest.
BLOCKS_A_WORKER = 8

#: Environment variables by which libraries learn how many threads to start.
_THREAD_COUNTS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")

#: What keeps OpenMP's threads from spinning while they wait for each other: where another program has a core, a fit of
#: many small steps took six times as long. The second is of GNU's library alone, which a short spin suits best.
_WAITING = {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "1000"}

T = TypeVar("T")


def workers_of(n_jobs: int) -> int:
    """The number of threads that ``n_jobs`` stands for.

    Parameters
    ----------
    n_jobs : int
        At least 1; or -1: as many as there are cores that this process may use.

    Raises
    ------
    CreditModelError
        It is neither -1 nor a whole number of at least 1.

    Examples
    --------
    >>> workers_of(3)
    3
    >>> workers_of(0)
    Traceback (most recent call last):
    ...
    credit_model.errors.CreditModelError: n_jobs must be -1 (all cores) or a whole number >= 1, got 0
    """
    if isinstance(n_jobs, bool) or not isinstance(n_jobs, Integral) or (n_jobs != -1 and n_jobs < 1):
        raise CreditModelError(f"n_jobs must be -1 (all cores) or a whole number >= 1, got {n_jobs!r}")
    return _usable_cores() if n_jobs == -1 else int(n_jobs)


def _usable_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def over_blocks(work: Callable[[int, int], None], n_rows: int, n_jobs: int) -> None:
    """Run ``work(start, stop)`` over blocks of rows that together are rows 0 .. n_rows - 1.

    Parameters
    ----------
    work : callable
        Handles rows start .. stop - 1, and no row's result depends on the block it is in.
    n_rows, n_jobs : int

    Raises
    ------
    CreditModelError
        ``n_jobs`` breaks its rule.
    """
    workers = workers_of(n_jobs)
    size = max(ROWS_AT_LEAST, -(-n_rows // (workers * BLOCKS_A_WORKER)))
    if workers == 1 or n_rows <= size:
        work(0, n_rows)
        return
    n_blocks = -(-n_rows // size)
    for _ in in_order(lambda i: work(i * size, min((i + 1) * size, n_rows)), n_blocks, n_jobs):
        pass


def in_order(work: Callable[[int], T], n_blocks: int, n_jobs: int) -> Iterator[T]:
    """``work(0)``, ``work(1)``, ... ``work(n_blocks - 1)``, in this order.

    At most ``n_jobs`` of them are under way or waiting to be taken, so memory does not grow with ``n_blocks``.

    Raises
    ------
    CreditModelError
        ``n_jobs`` breaks its rule.

    Examples
    --------
    >>> list(in_order(lambda block: block**2, 4, n_jobs=2))
    [0, 1, 4, 9]
    """
    workers = workers_of(n_jobs)
    if workers == 1 or n_blocks <= 1:
        yield from map(work, range(n_blocks))
        return
    with ThreadPoolExecutor(workers) as pool:
        waiting = [pool.submit(work, i) for i in range(min(n_blocks, workers))]
        for i in range(n_blocks):
            result = waiting.pop(0).result()
            if i + workers < n_blocks:
                waiting.append(pool.submit(work, i + workers))
            yield result


def as_finished(work: Callable[[int], T], n_blocks: int, n_jobs: int) -> Iterator[T]:
    """The results of ``work(0)`` ... ``work(n_blocks - 1)``, each as soon as it is there; else as `in_order`."""
    workers = workers_of(n_jobs)
    blocks = iter(range(n_blocks))
    if workers == 1:
        yield from map(work, blocks)
        return
    with ThreadPoolExecutor(workers) as pool:
        under_way: set[Future[T]] = {pool.submit(work, block) for block in islice(blocks, workers)}
        while under_way:
            finished, under_way = wait(under_way, return_when=FIRST_COMPLETED)
            under_way |= {pool.submit(work, block) for block in islice(blocks, len(finished))}
            for future in finished:
                yield future.result()


@contextmanager
def openmp_limit(n_jobs: int) -> Iterator[None]:
    """Inside the block, libraries that compute on OpenMP's threads, such as scikit-learn, keep to ``n_jobs`` of them.

    -1 leaves them as they are: by themselves they use all cores, or as many as ``OMP_NUM_THREADS`` allows.

    Raises
    ------
    CreditModelError
        ``n_jobs`` breaks its rule.
    """
    workers = workers_of(n_jobs)
    if n_jobs == -1:
        yield
        return
    from threadpoolctl import threadpool_limits

    with threadpool_limits(workers, user_api="openmp"):
        yield


@contextmanager
def process_limit(n_jobs: int) -> Iterator[None]:
    """Inside the block, libraries that this process has loaded or loads compute on at most ``n_jobs`` threads.

    -1 leaves them as they are. Meant for a process that is one's own, such as a command: a library's threads (of
    OpenMP, of BLAS, of Arrow for Parquet files) are the same for everything that runs in the process.

    Raises
    ------
    CreditModelError
        ``n_jobs`` breaks its rule.
    """
    workers = workers_of(n_jobs)
    if n_jobs == -1:
        yield
        return
    from threadpoolctl import threadpool_limits

    variables = {name: os.environ.get(name) for name in _THREAD_COUNTS}
    os.environ.update(dict.fromkeys(_THREAD_COUNTS, str(workers)))  # what is loaded later looks here
    arrow = sys.modules.get("pyarrow")
    arrow_threads = None if arrow is None else arrow.cpu_count()
    if arrow is not None:
        arrow.set_cpu_count(workers)
    try:
        with threadpool_limits(workers):
            yield
    finally:
        for name, value in variables.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        if arrow is not None:
            arrow.set_cpu_count(arrow_threads)


@contextmanager
def idle_threads_sleep() -> Iterator[None]:
    """Libraries that are loaded inside the block let waiting threads sleep, unless the environment says otherwise.

    Costs a few per cent where all cores are free. Meant, as `process_limit`, for a process that is one's own.
    """
    own = {} if set(_WAITING) & set(os.environ) else _WAITING
    os.environ.update(own)
    try:
        yield
    finally:
        for name in own:
            os.environ.pop(name, None)
