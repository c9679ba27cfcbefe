"""Between a command and the shell: signals, streams, notes, and how a mistake or a fault of the program is told."""

from __future__ import annotations

import contextlib
import os
import platform
import signal
import sys
import threading
import traceback
import warnings
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from types import FrameType
from typing import Any, NoReturn

import click

from credit_model.errors import MOST_TOLD, CreditModelError, CreditModelWarning
from credit_model.parallel import idle_threads_sleep

#: Exit codes: a mistake of the user's; a fault of the program (EX_SOFTWARE of sysexits.h); a signal adds its number.
MISTAKE, FAULT, SIGNALLED = 1, 70, 128
#: Shows a fault's whole traceback.
DEBUG_VARIABLE = "CREDIT_MODEL_DEBUG"
_PACKAGES = ("credit-model", "numpy", "pandas", "scikit-learn", "numba", "pyarrow")


@contextlib.contextmanager
def prepared() -> Iterator[None]:
    """Streams that take any text, signals that let the work be cleaned up, warnings of the package as notes.

    Threads that wait leave their core to others.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed by the shell (``>&-``)
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    with _signals(), idle_threads_sleep(), warnings.catch_warnings():
        warnings.simplefilter("always", CreditModelWarning)
        show = warnings.showwarning

        def note(message: Any, category: type[Warning], *rest: Any, **more: Any) -> None:
            if issubclass(category, CreditModelWarning):
                click.echo("Note: " + " ".join(str(message).split()), err=True)
            else:
                show(message, category, *rest, **more)

        warnings.showwarning = note
        yield


@contextlib.contextmanager
def _signals() -> Iterator[None]:
    """Ends by SIGTERM and SIGHUP as by an exit, so that what is half written is removed."""

    def end(number: int, frame: FrameType | None) -> NoReturn:
        sys.exit(SIGNALLED + number)

    ending = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    try:
        before = {number: signal.signal(number, end) for number in ending}
    except ValueError:  # not in the main thread
        yield
        return
    show = sys.unraisablehook

    def again(lost: Any) -> None:
        """An exit that was raised where Python ignores it, as in a weak reference's callback, is raised once more."""
        code = lost.exc_value.code if isinstance(lost.exc_value, SystemExit) else None
        numbers = [number for number in before if code == SIGNALLED + number]
        if numbers:
            threading.Timer(0.05, os.kill, (os.getpid(), numbers[0])).start()
        else:
            show(lost)

    sys.unraisablehook = again
    try:
        yield
    finally:
        sys.unraisablehook = show
        for number, handler in before.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)


@contextlib.contextmanager
def mistakes_in_one_line() -> Iterator[None]:
    """Turns mistakes of the user's and limits of the machine into a line each, faults into a report."""
    try:
        yield
        sys.stdout.flush()
    except (click.ClickException, click.Abort, click.exceptions.Exit):
        raise
    except CreditModelError as mistake:
        end(*mistake.told(), n=len(mistake.errors))
    except MemoryError:
        _end_of_memory()
    except BrokenPipeError:
        _abandon_output()
        sys.exit(MISTAKE)
    except OSError as error:
        where = f"{os.fsdecode(error.filename)}: " if isinstance(error.filename, str | bytes) else ""
        if not where:
            _abandon_output()
            where = "standard output: cannot be written, "
        end(f"{where}{error.strerror or error}")
    except RecursionError as error:
        end(f"something in the input is nested too deeply ({error}); write it flat")
    except Exception as error:
        if "can't start new thread" in str(error):
            _end_of_memory()
        _report(error)


def _end_of_memory() -> NoReturn:
    end("the data do not fit into memory; give fewer borrowers at a time, or fewer --jobs")


def _abandon_output() -> None:
    """Nothing more can be written there, not even at the interpreter's end."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def end(*messages: str, n: int = 1) -> NoReturn:
    """Say what went wrong, in one line, or ``n`` mistakes in a line each, and exit."""
    lines = [" ".join(message.split()) for message in messages]
    if n == 1:
        text = f"Error: {lines[0]}"
    else:
        numbered = [f"  {i}. {line}" if i <= MOST_TOLD else f"  {line}" for i, line in enumerate(lines, start=1)]
        text = "\n".join([f"Error: {n:,} mistakes", *numbered])
    with contextlib.suppress(OSError):
        click.echo(text, err=True)
    sys.exit(MISTAKE)


def _report(error: Exception) -> NoReturn:
    if os.environ.get(DEBUG_VARIABLE):
        traceback.print_exc()
    frames = traceback.extract_tb(error.__traceback__)
    trail = " < ".join(f"{os.path.basename(f.filename)}:{f.lineno} {f.name}" for f in reversed(frames[-6:]))
    lines = [
        f"Error: a fault of credit-model, not of yours: {type(error).__name__}: {' '.join(str(error).split())[:300]}",
        f"  at: {trail}",
        f"  with: Python {platform.python_version()} on {platform.system()} {platform.machine()}, {_versions()}",
        f"Please report these lines with the command that you gave; {DEBUG_VARIABLE}=1 shows more.",
    ]
    with contextlib.suppress(OSError):
        click.echo("\n".join(lines), err=True)
    sys.exit(FAULT)


def _versions() -> str:
    known = []
    for name in _PACKAGES:
        with contextlib.suppress(PackageNotFoundError):
            known.append(f"{name} {version(name)}")
    return ", ".join(known)
