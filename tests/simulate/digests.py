"""A table's digest: the same for the same values, whatever wrote them."""

import hashlib

import numpy as np


def digest_of(table):
    """Sixteen hexadecimal digits of the column names and of every cell's bytes."""
    digest = hashlib.sha256()
    for name in table.columns:
        column = table[name]
        digest.update(name.encode())
        values = column.cat.codes.to_numpy() if str(column.dtype) == "category" else column.to_numpy()
        digest.update(
            np.ascontiguousarray(values).tobytes() if values.dtype != object else repr(values.tolist()).encode()
        )
    return digest.hexdigest()[:16]
