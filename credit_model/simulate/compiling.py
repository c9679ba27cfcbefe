"""Kernels that stay compiled from one run to the next, and are compiled again when any of their sources changes.

numba keeps what it compiled beside the source and renews it when that one file changes. The simulation's kernels call
each other across files, so the outermost ones alone are kept, under a key that all the sources enter.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from numba import njit
from numba.core.caching import FunctionCache


@lru_cache(maxsize=1)
def _sources() -> str:
    """A digest of all that the kernels are made of."""
    here = Path(__file__).parent
    files = [*sorted(here.glob("*.py")), here.parent / "portfolio" / "window_kernels.py"]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]


class _Cache(FunctionCache):  # type: ignore[misc]  # numba has no types
    """numba's cache, whose key also holds the digest of the sources."""

    def _index_key(self, sig: Any, codegen: Any) -> Any:
        return (*super()._index_key(sig, codegen), _sources())


def cached_kernel(function: Callable[..., Any]) -> Any:
    """Compile a function that calls other kernels, without the GIL, and keep it for the next run."""
    kernel = njit(nogil=True)(function)
    kernel._cache = _Cache(kernel.py_func)
    return kernel
