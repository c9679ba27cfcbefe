"""Children of the bench: forked, so that the package is loaded and compiled once, and limited in time and memory."""

from __future__ import annotations

import contextlib
import io
import json
import os
import resource
import select
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.faults.counts import TRACEBACK, Counts, Fault, message_fault

#: Above what a process holds when it starts, bytes.
MEMORY = 1 << 30


@dataclass(frozen=True)
class Ended:
    """How a child ended: its exit code (or minus the signal), what it wrote, whether it had to be stopped."""

    code: int
    out: str
    said: str
    hung: bool
    seconds: float


class Child:
    """A forked child that runs ``work`` with its output in files; ``prepare`` runs first, such as limits."""

    def __init__(self, work: Callable[[], object], prepare: Callable[[], object] | None = None) -> None:
        self._streams = [tempfile.TemporaryFile(), tempfile.TemporaryFile()]  # noqa: SIM115 (until `wait`)
        self._start = time.perf_counter()
        sys.stdout.flush()
        sys.stderr.flush()
        self.pid = os.fork()
        if self.pid == 0:
            code = 70
            try:
                os.setpgid(0, 0)
                for number, stream in zip((1, 2), self._streams, strict=True):
                    os.dup2(stream.fileno(), number)
                if prepare is not None:
                    prepare()
                sys.stdout, sys.stderr = os.fdopen(1, "w", closefd=False), os.fdopen(2, "w", closefd=False)
                work()
                code = 0
            except SystemExit as end:
                code = end.code if isinstance(end.code, int) else int(end.code is not None)
            except BaseException:
                traceback.print_exc()
                code = 71
            finally:
                with contextlib.suppress(Exception):
                    sys.stdout.flush()
                with contextlib.suppress(Exception):
                    sys.stderr.flush()
                os._exit(code)

    def kill(self, number: int) -> None:
        """Send a signal."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def wait(self, seconds: float = 60.0) -> Ended:
        """Its end; after ``seconds`` it is stopped."""
        until, hung = time.perf_counter() + seconds, False
        while True:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                break
            if time.perf_counter() > until:
                hung = True
                self.kill(signal.SIGKILL)
                _, status = os.waitpid(self.pid, 0)
                break
            time.sleep(0.002)
        texts = []
        for stream in self._streams:
            stream.seek(0)
            texts.append(stream.read().decode(errors="replace"))
            stream.close()
        return Ended(os.waitstatus_to_exitcode(status), *texts, hung, time.perf_counter() - self._start)


def forked(work: Callable[[], object], prepare: Callable[[], object] | None = None, *, seconds: float = 60.0) -> Ended:
    """Run ``work`` in a child to its end."""
    return Child(work, prepare).wait(seconds)


def command(*words: object) -> Callable[[], object]:
    """A command line of the package, to run in a child."""
    from credit_model.cli import main

    return lambda: main([str(word) for word in words], prog_name="credit-model")


def in_process(work: Callable[[], object]) -> str:
    """Run a command in this very process, silently; what it printed."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        try:
            work()
        except SystemExit as end:
            if end.code:
                raise RuntimeError(f"a command fails undisturbed: {out.getvalue()}") from None
    return out.getvalue()


def outcome_fault(ended: Ended, case: str, *, codes: tuple[int, ...] = (0, 1)) -> list[Fault]:
    """What is wrong with how a command ended, as a user sees it."""
    if ended.hung:
        return [Fault(TRACEBACK, case, "did not end")]
    if "Traceback" in ended.said or ended.code not in codes:
        last = ended.said.strip().splitlines()[-1:] or [""]
        return [Fault(TRACEBACK, case, f"exit {ended.code}: {last[0][:300]}")]
    if ended.code == 1:
        wrong = message_fault(ended.said)
        return [Fault(TRACEBACK, case, wrong)] if wrong else []
    return []


def limit_memory(more: int = MEMORY) -> None:
    """Let this process take at most ``more`` bytes beyond what it holds."""
    held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (held + more, resource.RLIM_INFINITY))


def judge_all(
    counts: Counts,
    n: int,
    judge: Callable[[int], list[Fault]],
    describe: Callable[[int], str],
    *,
    seconds: float = 30.0,
    prepare: Callable[[], object] = limit_memory,
) -> None:
    """Judge the cases 0 .. n - 1 in a child; where one kills or hangs the child, that is its fault."""
    at = 0
    while at < n:
        read, write = os.pipe()
        sys.stdout.flush()
        pid = os.fork()
        if pid == 0:
            os.close(read)
            _judge_in_child(at, n, judge, write, prepare)
        os.close(write)
        at = _collect(counts, at, n, describe, read, pid, seconds)


def _judge_in_child(
    start: int, n: int, judge: Callable[[int], list[Fault]], write: int, prepare: Callable[[], object]
) -> None:
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.dup2(1, 2)
        prepare()
        with os.fdopen(write, "w") as pipe:
            for i in range(start, n):
                try:
                    faults = judge(i)
                except BaseException as error:
                    where = traceback.extract_tb(error.__traceback__)
                    own = [f for f in where if "credit_model/" in f.filename] or where
                    said = f"{type(error).__name__}: {str(error)[:300]}"
                    faults = [Fault(TRACEBACK, f"case {i}", f"{said} (at {_place(own[-1])})")]
                pipe.write(json.dumps([i, [vars(fault) for fault in faults]]) + "\n")
                pipe.flush()
    finally:
        os._exit(0)


def _place(frame: Any) -> str:
    return f"{frame.filename.split('/main/')[-1]}:{frame.lineno}"


def _collect(
    counts: Counts, at: int, n: int, describe: Callable[[int], str], read: int, pid: int, seconds: float
) -> int:
    """The next case to judge, once the child has ended."""
    held = b""
    with os.fdopen(read, "rb", buffering=0) as pipe:
        while at < n:
            ready, _, _ = select.select([pipe], [], [], seconds)
            content = pipe.read(1 << 16) if ready else b""
            if not content:
                os.kill(pid, signal.SIGKILL)
                _, status = os.waitpid(pid, 0)
                happened = f"ended by {status}" if ready else f"did not end within {seconds:g} s"
                counts.add([Fault(TRACEBACK, describe(at), happened)])
                return at + 1
            *lines, held = (held + content).split(b"\n")
            for line in lines:
                number, faults = json.loads(line)
                counts.add(Fault(f["sort"], f"{describe(number)}; {f['case']}", f["happened"]) for f in faults)
                at = number + 1
    os.waitpid(pid, 0)
    return at
