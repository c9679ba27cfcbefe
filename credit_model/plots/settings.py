"""matplotlib's settings as plots need them: seen by the thread that draws, and by nobody else.

matplotlib reads its one global ``rcParams`` at hundreds of places, while it draws, too. To change and put back what is
in it would change what other threads draw meanwhile. Here nothing in it is changed: while a plot is drawn, the
``rcParams`` answer its thread from a table of their own, and every other thread as ever.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping
from typing import Any

import matplotlib as mpl

#: No style, but how the caller works with windows and files.
_CALLERS = (
    "backend", "backend_fallback", "date.epoch", "docstring.hardcopy", "figure.max_open_warning", "figure.raise_window",
    "interactive", "savefig.directory", "timezone", "tk.window_focus", "toolbar", "webagg.address",
    "webagg.open_in_browser", "webagg.port", "webagg.port_retries",
)  # fmt: skip
_DEFAULTS = {key: value for key, value in dict(mpl.rcParamsDefault).items() if key not in _CALLERS}
#: Pyplot's list of figures, shap and matplotlib's caches are not made for several threads: one plot at a time.
_turn = threading.RLock()


class _Answering(mpl.RcParams):
    """The global settings; the thread that draws is answered from ``own``."""

    thread = 0
    own: Mapping[str, Any] = {}

    def __getitem__(self, key: str) -> Any:
        if key in _Answering.own and threading.get_ident() == _Answering.thread:
            return _Answering.own[key]
        return mpl.RcParams.__getitem__(self, key)  # no super(): the class may be put back in between


@contextlib.contextmanager
def own_settings(changes: Mapping[str, Any] | None = None) -> Iterator[None]:
    """Inside the block, this thread draws with matplotlib's defaults and ``changes``; no other thread draws plots.

    Parameters
    ----------
    changes : mapping, optional
        Settings that differ from matplotlib's defaults.
    """
    with _turn:
        before = (_Answering.thread, _Answering.own, type(mpl.rcParams))
        _Answering.thread, _Answering.own = threading.get_ident(), _DEFAULTS | dict(changes or {})
        mpl.rcParams.__class__ = _Answering
        try:
            yield
        finally:
            mpl.rcParams.__class__ = before[2]
            _Answering.thread, _Answering.own = before[:2]
