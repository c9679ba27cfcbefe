"""The rules that numbers among the settings keep."""

from __future__ import annotations

from typing import Any

import numpy as np

from credit_model.errors import CreditModelError


def whole_number(name: str, value: Any, least: int, most: int) -> int:
    """The value, if it is a whole number between two others, both included.

    Raises
    ------
    CreditModelError
        It is none.
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or not least <= value <= most:
        raise CreditModelError(f"{name} must be a whole number in {least} .. {most}, got {value!r}")
    return int(value)


def share(name: str, value: Any) -> float:
    """The value, if it is a share below 1.

    Raises
    ------
    CreditModelError
        It is none.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not 0.0 <= value < 1.0:
        raise CreditModelError(f"{name} must be a share of at least 0 and below 1, got {value!r}")
    return float(value)
