"""The web desk: serving it, and the users who may sign in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from credit_model.cli.console import say, show_facts, show_table, working
from credit_model.cli.options import MOST_JOBS, DataSource
from credit_model.cli.outputs import INPUT, TABLES, Command
from credit_model.errors import CreditModelError

if TYPE_CHECKING:
    from credit_model.desk.users import Users

ROLES = ("officer", "checker", "auditor")
#: What the extra ``desk`` brings.
_NEEDED = ("starlette", "uvicorn", "argon2", "itsdangerous", "python_multipart")


def _need_extra() -> None:
    """Refuse where the extra is not installed.

    Raises
    ------
    CreditModelError
        It is not.
    """
    from importlib.util import find_spec

    if missing := [name for name in _NEEDED if find_spec(name) is None]:
        raise CreditModelError(f"the web desk needs {missing[0]}; install the extra: pip install 'credit-model[desk]'")


def _users(store: str, users: str | None, *, create: bool = False) -> Users:
    from credit_model.desk.users import Users, users_path

    opened = Users(users_path(store) if users is None else users, create=create)
    click.get_current_context().call_on_close(opened.close)
    return opened


_store = click.option("--store", required=True, type=INPUT, metavar="FILE", help="The desk's file (SQLite).")
_users_file = click.option(
    "--users",
    default=None,
    type=INPUT,
    metavar="FILE",
    help="Who may sign in (SQLite); without it the store's name with .users, beside it.",
)


@click.command("desk", cls=Command)
@_store
@click.option(
    "--model",
    "models",
    multiple=True,
    required=True,
    type=INPUT,
    metavar="DIR",
    help="The folder that 'train' wrote; may be repeated: cases of earlier models are evaluated by those.",
)
@click.option(
    "--data", default=None, type=TABLES, metavar="PATH|URL", help="Histories from which new cases are opened."
)
@click.option("--query", default=None, metavar="SQL", help="What to read of a database.")
@click.option("--sheet", default=None, metavar="NAME", help="Sheet of an Excel workbook, where it has several.")
@click.option(
    "--lender", default=None, type=INPUT, metavar="FILE", help="TOML with the lender's name, channels and time limits."
)
@_users_file
@click.option("--host", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="Where to listen.")
@click.option("--port", default=8440, show_default=True, type=click.IntRange(0, 65535), help="0: any that is free.")
@click.option(
    "--origin",
    default=None,
    metavar="URL",
    help="https address of a proxy in front, such as https://desk.bank.example.",
)
@click.option("--certificate", default=None, type=INPUT, metavar="FILE", help="For https without a proxy (PEM).")
@click.option("--key", default=None, type=INPUT, metavar="FILE", help="The certificate's key (PEM).")
@click.option(
    "--idle", default=30, show_default=True, type=click.IntRange(1, 720), metavar="MINUTES",
    help="A session ends so long after the last request.",
)  # fmt: skip
@click.option("--jobs", type=click.IntRange(-1, MOST_JOBS), default=-1, show_default=True, help="Cores to load with.")
def desk_command(
    store: str,
    models: tuple[str, ...],
    data: str | None,
    query: str | None,
    sheet: str | None,
    lender: str | None,
    users: str | None,
    host: str,
    port: int,
    origin: str | None,
    certificate: str | None,
    key: str | None,
    idle: int,
    jobs: int,
) -> None:
    """Serve the officers' pages about appeals, to browsers on this machine.

    The first --model explains the histories. Add users before: 'credit-model desk-user add'. End it with Ctrl-C.

    \b
    Example:  credit-model desk --store desk.sqlite --data book.csv --model model
    """
    _need_extra()
    from credit_model.act.appeals.store import Store
    from credit_model.desk.engine import Book
    from credit_model.desk.serving import Address, office_of, serve
    from credit_model.documents.lender_file import read_lender
    from credit_model.predictor import LimitPredictor

    address = Address(host, port, origin, *(None if one is None else Path(one) for one in (certificate, key)))
    opened = _users(store, users)
    if not any(user.active for user in opened.everybody()):
        raise CreditModelError(f"{opened.path}: nobody may sign in; add a user with 'credit-model desk-user add'")
    known = read_lender(lender)
    context = click.get_current_context()
    desk_store = Store(store, create=data is not None)
    context.call_on_close(desk_store.close)
    with working("loading the model"):
        predictors = [LimitPredictor.load(one, n_jobs=jobs) for one in dict.fromkeys(models)]
    book = None
    if data is not None:
        with working("reading the histories"):
            history = DataSource(data, query=query, sheet=sheet).history(predictors[0].catalogue)
            book = Book.of(predictors[0], history)
    elif query or sheet:
        raise click.UsageError("--query and --sheet go with --data.")
    if not address.is_loopback:
        reach = "others reach this desk" + ("" if address.is_secure else ", and passwords travel unprotected")
        remedy = "" if address.is_secure else "; put https in front (--origin), or give --certificate and --key"
        click.echo(f"Note: {reach}{remedy}", err=True)
    office = office_of(desk_store, opened, predictors, known, book=book, idle=60.0 * idle, is_secure=address.is_secure)
    serve(office, address, on_start=lambda where: say(f"The desk is open at {where} (Ctrl-C closes it)"))


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
def desk_user_command() -> None:
    """Users of the web desk: who may sign in, in which role.

    \b
    officer   works on cases, and proposes
    checker   also decides what another person has proposed
    auditor   reads everything, changes nothing
    Example:  credit-model desk-user add --store desk.sqlite --name ann --role officer
    """


_name = click.option("--name", required=True, metavar="NAME", help="The user's; it stands in the log.")


def _password(what: str) -> str:
    """A password from the prompt, twice; from a pipe, its first line."""
    import sys

    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    answer: str = click.prompt(what, hide_input=True, confirmation_prompt=True)
    return answer


@desk_user_command.command("add", cls=Command)
@_store
@_users_file
@_name
@click.option("--role", required=True, type=click.Choice(ROLES), help="What the user may do.")
def add_command(store: str, users: str | None, name: str, role: Any) -> None:
    """Add a user; the password is asked for.

    \b
    Example:  credit-model desk-user add --store desk.sqlite --name ann --role officer
    """
    _need_extra()
    user = _users(store, users, create=True).add(name, role, _password(f"Password of {name}"))
    show_facts([("user", user.name), ("role", user.role)])


@desk_user_command.command("list", cls=Command)
@_store
@_users_file
def list_command(store: str, users: str | None) -> None:
    """Show all users.

    \b
    Example:  credit-model desk-user list --store desk.sqlite
    """
    import pandas as pd

    found = _users(store, users).everybody()
    rows = [(user.name, user.role, "yes" if user.active else "no") for user in found]
    show_table(pd.DataFrame(rows, columns=["name", "role", "may sign in"]))


@desk_user_command.command("password", cls=Command)
@_store
@_users_file
@_name
def password_command(store: str, users: str | None, name: str) -> None:
    """Give a user another password, which is asked for; all the user's sessions end.

    \b
    Example:  credit-model desk-user password --store desk.sqlite --name ann
    """
    _need_extra()
    _users(store, users).set_password(name, _password(f"New password of {name}"))
    say(f"{name} has a new password")


@desk_user_command.command("role", cls=Command)
@_store
@_users_file
@_name
@click.option("--role", required=True, type=click.Choice(ROLES), help="What the user may do.")
def role_command(store: str, users: str | None, name: str, role: Any) -> None:
    """Give a user another role; all the user's sessions end.

    \b
    Example:  credit-model desk-user role --store desk.sqlite --name ann --role checker
    """
    _users(store, users).set_role(name, role)
    say(f"{name} is {role} now")


@desk_user_command.command("close", cls=Command)
@_store
@_users_file
@_name
def close_command(store: str, users: str | None, name: str) -> None:
    """Let a user sign in no more; the name stays taken, since the log names it.

    \b
    Example:  credit-model desk-user close --store desk.sqlite --name ann
    """
    _users(store, users).set_active(name, False)
    say(f"{name} may sign in no more")


@desk_user_command.command("reopen", cls=Command)
@_store
@_users_file
@_name
def reopen_command(store: str, users: str | None, name: str) -> None:
    """Let a user sign in again.

    \b
    Example:  credit-model desk-user reopen --store desk.sqlite --name ann
    """
    _users(store, users).set_active(name, True)
    say(f"{name} may sign in again")
