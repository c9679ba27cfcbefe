"""The blocks on a cluster: a scheduler and two workers, each a process of its own, on this machine alone."""

import filecmp
import os
import signal
import socket
import subprocess
import sys
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from credit_model.cli import main
from credit_model.errors import CreditModelError
from credit_model.files import fresh_folder
from credit_model.scale import dask as cluster
from credit_model.scale.explaining import write_explanations
from credit_model.scale.given import Given
from credit_model.scale.work import Threads


def free_port():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return server.getsockname()[1]


def started(folder, name, *args):
    environment = os.environ | {"OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
    command = [sys.executable, "-m", f"distributed.cli.dask_{name}", *map(str, args), "--host", "127.0.0.1"]
    with (folder / f"{name}.log").open("ab") as log:
        return subprocess.Popen([*command, "--no-dashboard"], stdout=log, stderr=log, cwd=folder, env=environment)


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """The address of a scheduler, and its two workers' processes."""
    folder, port = tmp_path_factory.mktemp("cluster"), free_port()
    address = f"tcp://127.0.0.1:{port}"
    processes = [started(folder, "scheduler", "--port", port)]
    options = ("--nthreads", 1, "--no-nanny", "--death-timeout", 60, "--local-directory", folder)
    processes += [started(folder, "worker", address, *options) for _ in range(2)]
    try:
        distributed = pytest.importorskip("distributed")
        with distributed.Client(address, timeout=60, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=120)
        yield SimpleNamespace(address=address, workers=processes[1:])
    finally:
        for process in processes:
            process.kill()
            process.wait()


@pytest.mark.slow
def test_a_worker_that_is_killed_in_the_middle_changes_nothing(tmp_path, saved_warned, blocks, running):
    given = Given.of(blocks, saved_warned / "model")
    with fresh_folder(tmp_path / "threads") as partial:
        write_explanations(given, partial, Threads(1))

    def kill(done, total):
        if done == total // 3 + 1:  # in the second of three passes
            running.workers[0].send_signal(signal.SIGKILL)

    with cluster.workers_at(running.address) as runner, fresh_folder(tmp_path / "dask") as partial:
        write_explanations(given, partial, runner, on_progress=kill)
        assert len(runner.client.scheduler_info()["workers"]) == 1
    names = sorted(path.name for path in (tmp_path / "threads").iterdir())
    assert filecmp.cmpfiles(tmp_path / "threads", tmp_path / "dask", names, shallow=False) == (names, [], [])

    # The other worker does the rest of the work, also for a command.
    told = CliRunner().invoke(main, ["check", "--data", str(blocks.folder), "--dask", running.address]).output
    assert told == CliRunner().invoke(main, ["check", "--data", str(blocks.folder)]).output

    with (
        cluster.workers_at(running.address) as runner,
        pytest.raises(CreditModelError, match="does not see") as mistake,
    ):
        list(runner.run(SimpleNamespace(given=Given("/nowhere", ""), name="x"), 1))
    assert "/nowhere" in str(mistake.value)


def test_a_scheduler_that_is_not_there_is_told_in_one_line(monkeypatch, blocks):
    monkeypatch.setattr(cluster, "_PATIENCE", 0.5)
    result = CliRunner().invoke(main, ["check", "--data", str(blocks.folder), "--dask", f"127.0.0.1:{free_port()}"])
    assert result.exit_code == 1
    assert "no Dask scheduler answers there" in result.output
    assert len(result.output.splitlines()) == 1


def client_of(found):
    """What answers as a client of workers that say so of their versions."""

    def run(function):
        if isinstance(found, Exception):
            raise found
        return found

    return SimpleNamespace(run=run)


@pytest.mark.parametrize(
    ("found", "message"),
    [
        ({}, "has no workers; start some"),
        ({"tcp://w:1": cluster.versions() | {"numpy": "1.0"}}, "worker tcp://w:1 has numpy 1.0, here is"),
        ({"tcp://w:1": cluster.versions() | {"Python": "3.1"}}, "worker tcp://w:1 has Python 3.1"),
        ({"tcp://w:1": cluster.versions() | {"credit-model": "0.0.1"}}, "has credit-model 0.0.1"),
        ({"tcp://w:1": cluster.versions() | {"credit-model's code": "0"}}, "has credit-model's code 0"),
        (ModuleNotFoundError("No module named 'credit_model'"), r"cannot run credit-model .*No module named"),
    ],
)
def test_workers_of_another_version_are_refused(found, message):
    with pytest.raises(CreditModelError, match=message) as mistake:
        cluster._check_versions(client_of(found), "tcp://s:8786")
    assert len(mistake.value.errors) == 1


def test_workers_of_this_version_are_taken():
    cluster._check_versions(client_of({"tcp://w:1": cluster.versions()}), "tcp://s:8786")
