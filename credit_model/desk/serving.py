"""Runs the desk: its parts put together, and a server on this machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from socket import AF_INET, AF_INET6, SO_REUSEADDR, SOL_SOCKET, socket
from urllib.parse import urlsplit

import uvicorn
from starlette.applications import Starlette

from credit_model.act.appeals.desk import Desk
from credit_model.act.appeals.store import Store
from credit_model.desk.app import make_app
from credit_model.desk.asking import Office
from credit_model.desk.engine import Book, Engine
from credit_model.desk.register import Register
from credit_model.desk.sessions import IDLE, Sessions
from credit_model.desk.users import Users
from credit_model.documents.lender_file import Lender
from credit_model.errors import AppealError
from credit_model.predictor import LimitPredictor

#: Names of this machine, which nobody else reaches it by.
LOOPBACK = ("127.0.0.1", "localhost", "::1", "[::1]")
#: Seconds that a browser's connection stays open between two requests, and in which requests under way may end when
#: the desk is closed.
_KEPT_OPEN, _LAST_ANSWERS = 75, 10


@dataclass(frozen=True)
class Address:
    """Where a desk is reached.

    Attributes
    ----------
    host : str
        The address that it listens on.
    port : int
        0: any that is free.
    origin : str or None
        The https address of a proxy in front of it, such as "https://desk.bank.example".
    certificate, key : path or None
        For https without a proxy.
    """

    host: str = "127.0.0.1"
    port: int = 8440
    origin: str | None = None
    certificate: Path | None = None
    key: Path | None = None

    def __post_init__(self) -> None:
        if (self.certificate is None) != (self.key is None):
            raise AppealError("a certificate and its key go together; give --certificate and --key")
        if self.origin is not None:
            parts = urlsplit(self.origin)
            if parts.scheme != "https" or not parts.hostname or parts.path not in ("", "/"):
                raise AppealError(f"the proxy's address must be like https://desk.bank.example, got {self.origin!r}")

    @property
    def is_loopback(self) -> bool:
        """Nobody but this machine reaches it."""
        return self.host in LOOPBACK

    @property
    def is_secure(self) -> bool:
        """Browsers reach it by https."""
        return self.origin is not None or self.certificate is not None

    @property
    def hosts(self) -> tuple[str, ...]:
        """The names under which browsers may ask for it."""
        proxy = () if self.origin is None else (str(urlsplit(self.origin).hostname),)
        if self.is_loopback or proxy:
            return (*LOOPBACK, *proxy)
        return ("*",) if self.host in ("0.0.0.0", "::", "") else (*LOOPBACK, self.host)

    def shown(self, port: int) -> str:
        """What to enter into a browser."""
        if self.origin is not None:
            return self.origin
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http{'s' if self.is_secure else ''}://{host}:{port}/"


def office_of(
    store: Store,
    users: Users,
    predictors: Sequence[LimitPredictor],
    lender: Lender,
    *,
    book: Book | None = None,
    idle: float = IDLE,
    is_secure: bool = False,
) -> Office:
    """What all requests share, put together."""
    desk = Desk(store, zone=lender.calendar.zone)
    sessions = Sessions(users, idle=idle)
    return Office(desk, sessions, Engine(predictors, book), Register(desk), lender, is_secure)


def app_of(office: Office, address: Address) -> Starlette:
    """The application, for the names that an address has."""
    return make_app(office, hosts=address.hosts)


def serve(office: Office, address: Address, *, on_start: Callable[[str], None] | None = None) -> None:
    """Serve the desk until the process is told to end.

    Parameters
    ----------
    office : Office
    address : Address
    on_start : callable, optional
        Called with what to enter into a browser, once it answers.

    Raises
    ------
    AppealError
        The address cannot be listened on, or the certificate cannot be used.
    """
    server = DeskServer(office, address, on_start)
    server.run(sockets=[listening(address)])


class DeskServer(uvicorn.Server):
    """Says where it is reached, once it is; parameters as of `serve`."""

    def __init__(self, office: Office, address: Address, on_start: Callable[[str], None] | None = None) -> None:
        config = uvicorn.Config(
            app_of(office, address),
            host=address.host,
            port=address.port,
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=address.origin is not None,
            ssl_certfile=address.certificate,
            ssl_keyfile=address.key,
            timeout_keep_alive=_KEPT_OPEN,
            timeout_graceful_shutdown=_LAST_ANSWERS,
        )
        try:
            config.load()
        except (OSError, ValueError) as error:
            raise AppealError(f"{address.certificate}: cannot be used as a certificate ({error})") from None
        super().__init__(config)
        self._address, self._on_start = address, on_start

    async def startup(self, sockets: list[socket] | None = None) -> None:
        """Begin to answer."""
        await super().startup(sockets=sockets)
        if self.started and self._on_start is not None and sockets:
            self._on_start(self._address.shown(sockets[0].getsockname()[1]))


def listening(address: Address) -> socket:
    """A socket at the address."""
    opened = socket(AF_INET6 if ":" in address.host else AF_INET)
    opened.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
    try:
        opened.bind((address.host, address.port))
    except (OSError, OverflowError) as error:
        opened.close()
        reason = getattr(error, "strerror", None) or str(error)
        raise AppealError(
            f"{address.host}:{address.port} cannot be listened on ({reason}); give another --host or --port"
        ) from None
    return opened
