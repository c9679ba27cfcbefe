"""Streams of random numbers: one for every table and block of borrowers, whatever else is drawn.

A stream is ``SeedSequence(seed, spawn_key=(table, block))``, so the same numbers come out whatever the number of
workers, and more borrowers do not change those before.
"""

from __future__ import annotations

import numpy as np

#: The tables of random numbers: the first number of a stream's spawn key.
ECONOMY_TABLE, LENDER_TABLE, TRAITS_TABLE, NORMALS_TABLE, UNIFORMS_TABLE, HAND_TABLE = range(6)
RECORDS_TABLE, SHARED_RECORDS_TABLE, AGAIN_TABLE = 6, 7, 8


def stream(seed: int, table: int, *block: int) -> np.random.Generator:
    """The random numbers of one table and block; without a block, of the first."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(table, *(block or (0,))))))
