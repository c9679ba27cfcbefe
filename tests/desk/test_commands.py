"""``credit-model desk`` and ``desk-user``: what a user meets at the terminal."""

import os
import re
import signal
import subprocess
import sys
import time
from importlib import util
from urllib.request import urlopen

import pytest
from click.testing import CliRunner

from credit_model.cli import main
from credit_model.desk.users import User, Users
from tests.desk.clients import PASSWORD


def run(*words, given=f"{PASSWORD}\n"):
    return CliRunner().invoke(main, list(words), input=given)


def test_users_are_added_listed_changed_and_closed(tmp_path):
    store = str(tmp_path / "desk.sqlite")
    assert run("desk-user", "add", "--store", store, "--name", "ann", "--role", "officer").exit_code == 0
    assert run("desk-user", "add", "--store", store, "--name", "bo", "--role", "checker").exit_code == 0
    assert run("desk-user", "role", "--store", store, "--name", "ann", "--role", "auditor").exit_code == 0
    assert run("desk-user", "password", "--store", store, "--name", "bo", given="another fine phrase\n").exit_code == 0
    assert run("desk-user", "close", "--store", store, "--name", "ann").exit_code == 0
    listed = run("desk-user", "list", "--store", store).output
    assert re.search(r"ann +auditor +no", listed)
    assert re.search(r"bo +checker +yes", listed)
    assert run("desk-user", "reopen", "--store", store, "--name", "ann").exit_code == 0
    with Users(tmp_path / "desk.users.sqlite") as users:
        assert users.with_password("bo", "another fine phrase") == User("bo", "checker")
        assert users.with_password("ann", PASSWORD) == User("ann", "auditor")
    assert PASSWORD not in listed


def test_a_password_is_never_an_option():
    for name in ("add", "password"):
        told = run("desk-user", name, "--help").output
        assert "--password" not in told


@pytest.mark.parametrize(
    ("words", "given", "told"),
    [
        (("add", "--name", "ann", "--role", "officer"), "short\n", "12 to 256 letters, got 5"),
        (("add", "--name", "ann", "--role", "officer"), "", "got 0"),
        (("password", "--name", "ann"), f"{PASSWORD}\n", "there are no users yet"),
        (("list",), "", "add one with 'credit-model desk-user add'"),
    ],
)
def test_a_mistake_is_one_line(tmp_path, words, given, told):
    name, *rest = words
    result = run("desk-user", name, "--store", str(tmp_path / "desk.sqlite"), *rest, given=given)
    assert result.exit_code == 1
    assert told in result.output
    assert len(result.output.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ((), "there are no users yet"),
        (("--certificate", "a.pem"), "give --certificate and --key"),
        (("--origin", "http://x"), "https://desk.bank.example"),
    ],
)
def test_a_desk_that_cannot_be_served_says_why(tmp_path, saved, more, told):
    store, model = str(tmp_path / "desk.sqlite"), str(saved / "model")
    result = run("desk", "--store", store, "--model", model, *more)
    assert (result.exit_code, told in result.output) == (1, True), result.output
    assert len(result.output.strip().splitlines()) == 1
    assert not (tmp_path / "desk.sqlite").exists()


def test_a_desk_that_nobody_may_sign_in_to_is_not_served(tmp_path, saved):
    store, model = str(tmp_path / "desk.sqlite"), str(saved / "model")
    run("desk-user", "add", "--store", store, "--name", "ann", "--role", "officer")
    run("desk-user", "close", "--store", store, "--name", "ann")
    assert "nobody may sign in" in run("desk", "--store", store, "--model", model).output
    run("desk-user", "reopen", "--store", store, "--name", "ann")
    assert "there is no such appeal desk" in run("desk", "--store", store, "--model", model).output


def test_a_missing_extra_is_one_clear_line(tmp_path, saved, monkeypatch):
    find = util.find_spec
    monkeypatch.setattr(util, "find_spec", lambda name: None if name == "starlette" else find(name))
    result = run("desk", "--store", str(tmp_path / "desk.sqlite"), "--model", str(saved / "model"))
    assert result.exit_code == 1
    assert "the web desk needs starlette; install the extra: pip install 'credit-model[desk]'" in result.output


def test_the_desk_is_served_and_closed_by_a_signal(tmp_path, saved):
    store = str(tmp_path / "desk.sqlite")
    run("desk-user", "add", "--store", store, "--name", "ann", "--role", "officer")
    words = [
        "desk",
        "--store",
        store,
        "--model",
        str(saved / "model"),
        "--data",
        str(saved / "portfolio"),
        "--port",
        "0",
    ]
    code = "from credit_model.cli import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    try:
        line = process.stdout.readline()
        address = re.search(r"http://127\.0\.0\.1:\d+/", line)
        assert address, line + process.stderr.read()
        with urlopen(address[0] + "sign-in") as answer:
            assert "Sign in" in answer.read().decode()
            assert "server" not in {name.lower() for name in answer.headers}
        second = run(*words[:-1], address[0].split(":")[2].strip("/"))
        assert "cannot be listened on" in second.output
        process.send_signal(signal.SIGTERM)
        end = time.monotonic() + 15
        while process.poll() is None and time.monotonic() < end:
            time.sleep(0.05)
        assert process.returncode == 128 + signal.SIGTERM
        assert "Traceback" not in process.stderr.read()
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()
