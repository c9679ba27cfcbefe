"""Exact Owen values of a policy that can only be called: features as players, factors as their unions."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from credit_model.arrays import BoolArray, FloatArray, IntArray
from credit_model.simulate.shares import bits_of, size_weights

#: Snapshots a call, about: enough for a call's own cost not to count, and a few tens of megabytes.
ROWS_A_CALL = 1 << 16


def shares_by_calls(
    value: Callable[[FloatArray], FloatArray], x: FloatArray, z: FloatArray, factor: IntArray
) -> FloatArray:
    """Owen values of value(x) - value(z), pair by pair: (n, n_features).

    For every factor that changed, all mixtures of the other factors that changed are asked for, and with each all
    subsets of the factor's own features that changed: exact. What did not change has exactly no share.

    Parameters
    ----------
    value : callable
        Takes snapshots (n, n_features), gives (n,).
    x, z : float64 arrays, (n, n_features)
    factor : int64 array, (n_features,)
    """
    shares = np.zeros(x.shape)
    asked: list[tuple[int, IntArray, int, FloatArray]] = []
    n_rows = 0
    for i in range(len(x)):
        changed = ~((x[i] == z[i]) | (np.isnan(x[i]) & np.isnan(z[i])))
        factors = np.unique(factor[changed])
        for g in factors:
            own = np.flatnonzero(changed & (factor == g))
            others = np.array([changed & (factor == h) for h in factors if h != g], dtype=np.bool_)
            mask = _mixtures(others.reshape(-1, x.shape[1]), own)
            asked.append((i, own, len(factors), np.where(mask, x[i], z[i])))
            n_rows += len(mask)
        if n_rows >= ROWS_A_CALL or (i == len(x) - 1 and asked):
            _answer(value, asked, shares)
            asked, n_rows = [], 0
    return shares


def _mixtures(others: BoolArray, own: IntArray) -> BoolArray:
    """Which features are as at x: (2^n_others * 2^n_own, n_features); the subsets of ``own`` run fastest."""
    whole = np.einsum("ij,jk->ik", subsets(len(others)).astype(np.float64), others) > 0
    within = np.zeros((1 << len(own), others.shape[1]), dtype=np.bool_)
    within[:, own] = subsets(len(own))
    mixed: BoolArray = (whole[:, None, :] | within).reshape(-1, others.shape[1])
    return mixed


@lru_cache(maxsize=64)
def subsets(n: int) -> BoolArray:
    """All subsets of n members, by their number in binary: (2^n, n)."""
    found: BoolArray = (np.arange(1 << n)[:, None] >> np.arange(n) & 1).astype(np.bool_)
    return found


def _answer(
    value: Callable[[FloatArray], FloatArray], asked: list[tuple[int, IntArray, int, FloatArray]], shares: FloatArray
) -> None:
    answers = value(np.concatenate([rows for *_, rows in asked]))
    at = 0
    for i, own, n_factors, rows in asked:
        n_subsets = 1 << len(own)
        between = _weights(n_factors)
        worth = np.einsum("i,ij->j", between, answers[at : at + len(rows)].reshape(-1, n_subsets))
        at += len(rows)
        shares[i, own] = _shapley(worth, len(own))


@lru_cache(maxsize=64)
def _weights(n: int) -> FloatArray:
    """The weight of each coalition of the n - 1 others: (2^(n - 1),)."""
    by_size = size_weights(n)
    return np.array([by_size[bits_of(mask)] for mask in range(1 << (n - 1))])


def _shapley(worth: FloatArray, n: int) -> FloatArray:
    """Shapley values of a game given by the worth of all its coalitions (2^n,): (n,)."""
    by_size = size_weights(n)
    masks = np.arange(1 << n)
    size = subsets(n).sum(axis=1)
    values = np.empty(n)
    for j in range(n):
        without = masks[masks >> j & 1 == 0]
        values[j] = np.einsum("i,i->", by_size[size[without]], worth[without | 1 << j] - worth[without])
    return values
