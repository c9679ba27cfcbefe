"""Kernels: functions that numba compiles, once for many runs wherever a folder can be written.

numba alone raises an error at import where it finds no folder to write to, and where what it kept is damaged; it runs
machine code that a flipped bit has changed; and it keeps a kernel whose file is the same though a kernel that it calls,
from another file, is not. Here such a kernel is compiled again: a cache may cost time, never a number or a run.
"""

from __future__ import annotations

import hashlib
import pickle
import warnings
from collections.abc import Callable
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

from numba import njit
from numba.core.caching import FunctionCache, IndexDataCacheFile

from credit_model.errors import CreditModelWarning

_NOT_KEPT = "compiled kernels cannot be kept"
_HERE = Path(__file__).parent
#: Folder of the package -> what its kernels are made of, those that they call included.
_SOURCES = {
    "model": ("compiling.py", "model/*_kernels.py"),
    "portfolio": ("compiling.py", "portfolio/*_kernels.py"),
    "trees": ("compiling.py", "trees/*.py"),
    "simulate": ("compiling.py", "portfolio/*_kernels.py", "simulate/*.py"),
}
_DIGEST_SIZE = hashlib.sha256().digest_size
#: What has been said of the cache: one warning a process.
_told: list[str] = []


def kernel(function: Callable[..., Any] | None = None, *, inline: str = "never", error_model: str = "python") -> Any:
    """Compile a function in numba's nopython mode, without the GIL, and keep it for the next run.

    Parameters
    ----------
    function : callable
        Written as ``@kernel`` or ``@kernel(inline="always")``.
    inline : {"never", "always"}
    error_model : {"python", "numpy"}
        As in `numba.njit`: by "numpy" a division by zero is infinite or NaN, and many are made at once.

    Warns
    -----
    CreditModelWarning
        Once a process: kernels cannot be kept, or what was kept is damaged. They are compiled again then.
    """
    if function is None:
        return lambda function: kernel(function, inline=inline, error_model=error_model)
    made = njit(nogil=True, inline=inline, error_model=error_model)(function)
    if hasattr(made, "py_func"):  # not so where numba is told to compile nothing (NUMBA_DISABLE_JIT)
        try:
            made._cache = _Cache(made.py_func)
        except Exception as error:  # no folder can be written, or numba looks for one in another way
            _warn(_NOT_KEPT, error)
    return made


def _warn(what: str, error: Exception) -> None:
    if _told:
        return
    _told.append(what)
    warnings.warn(
        f"{what} ({' '.join(str(error).split())}): they are compiled again, which takes up to a minute; "
        "let NUMBA_CACHE_DIR name a folder that can be written",
        CreditModelWarning,
        stacklevel=2,
    )


@lru_cache(maxsize=4)
def _sources(folder: str) -> str:
    """A digest of all that the kernels of a folder are made of."""
    files = [file for pattern in _SOURCES.get(folder, ()) for file in sorted(_HERE.glob(pattern))]
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()


class _Files(IndexDataCacheFile):  # type: ignore[misc]  # numba has no types
    """numba's files of one kernel, each after its own digest, so that damage is seen before anything is run."""

    def _load_index(self) -> dict[Any, str]:
        try:
            content = BytesIO(self._read(self._index_path))
        except FileNotFoundError:
            return {}
        # What another version of numba pickled may not be readable here.
        if pickle.load(content) != self._version:
            return {}
        stamp, overloads = pickle.load(content)
        return overloads if stamp == self._source_stamp else {}

    def _save_index(self, overloads: dict[Any, str]) -> None:
        self._write(self._index_path, self._dump(self._version) + self._dump((self._source_stamp, overloads)))

    def _load_data(self, name: str) -> Any:
        return pickle.loads(self._read(self._data_path(name)))

    def _save_data(self, name: str, data: Any) -> None:
        self._write(self._data_path(name), self._dump(data))

    def _read(self, path: str) -> bytes:
        content = Path(path).read_bytes()
        stated, body = content[:_DIGEST_SIZE], content[_DIGEST_SIZE:]
        if hashlib.sha256(body).digest() != stated:
            raise ValueError(f"{path} is damaged")
        return body

    def _write(self, path: str, body: bytes) -> None:
        with self._open_for_write(path) as file:
            file.write(hashlib.sha256(body).digest() + body)


class _Cache(FunctionCache):  # type: ignore[misc]  # numba has no types
    """numba's cache of one function, which fails by compiling again, and knows all sources of a kernel."""

    def __init__(self, py_func: Callable[..., Any]) -> None:
        super().__init__(py_func)
        self._folder = Path(py_func.__code__.co_filename).parent.name
        # The name is not numba's own, whose files hold no digest.
        self._cache_file = _Files(
            cache_path=self._cache_path,
            filename_base=f"{self._impl.filename_base}-sealed",
            source_stamp=self._impl.locator.get_source_stamp(),
        )

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        target_context.refresh()
        try:
            return self._load_overload(sig, target_context)
        except Exception as error:
            _warn("compiled kernels that were kept cannot be read", error)
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        try:
            try:
                self._save_overload(sig, data)
            except OSError:
                raise
            except Exception:  # an index that cannot be read, as `load_overload` has told
                self.flush()
                self._save_overload(sig, data)
        except Exception as error:
            _warn(_NOT_KEPT, error)

    def _index_key(self, sig: Any, codegen: Any) -> Any:
        return (*super()._index_key(sig, codegen), _sources(self._folder))
