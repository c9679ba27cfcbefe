"""Mixtures of factors then and now: looked up by name, minimal sets, tables."""

from __future__ import annotations

from itertools import chain, combinations

import numpy as np
import pytest

from credit_model.errors import CreditModelError
from credit_model.explain.coalitions import Coalitions

# Three factors; the score is -3 with all as now, and each put back gives 1, 2 or 2.5.
WORTH = np.array([1.0, 2.0, 2.5])
ADDED = np.array([[-3.0 + WORTH[[not c >> g & 1 for g in range(3)]].sum() for c in range(8)]])
THREE = Coalitions(("a", "b", "c"), ADDED)


def test_a_score_is_that_of_the_factors_put_back_by_name():
    assert THREE.score([]).tolist() == [-3.0]
    assert THREE.score(["b"]).tolist() == [-1.0]
    assert THREE.score(["a", "c"]).tolist() == [0.5]
    assert THREE.score(["a", "b", "c"]).tolist() == [2.5]
    assert THREE.score_without_each().tolist() == [[-2.0, -1.0, -0.5]]


def test_a_factor_that_is_none_is_told():
    with pytest.raises(CreditModelError, match="must name factors of a, b, c; got 'd'"):
        THREE.score(["d"])


def test_restoring_sets_are_the_minimal_ones_smallest_first():
    # At the line 0: a+b = 0, a+c = .5 and b+c = 1.5 reach it; no single one does.
    assert THREE.restoring_sets(np.array([0.0])) == [(("a", "b"), ("a", "c"), ("b", "c"))]
    # At -1 b alone (-1) and c alone (-.5) do; a alone does not, and no set that holds b or c is minimal.
    assert THREE.restoring_sets(np.array([-1.0])) == [(("b",), ("c",))]


def test_nothing_is_sought_above_the_line_without_a_line_or_where_nothing_helps():
    assert THREE.restoring_sets(np.array([-3.0])) == [()]
    assert THREE.restoring_sets(np.array([np.nan])) == [()]
    assert THREE.restoring_sets(np.array([9.0])) == [()]


def test_the_table_names_sets_scores_and_risks_the_best_of_equals_first():
    table = THREE.restoring_table(0, 0.0)
    assert table["factors"].tolist() == [("b", "c"), ("a", "c"), ("a", "b")]
    assert table["keep_score"].tolist() == [1.5, 0.5, 0.0]
    assert table["risk"].tolist() == pytest.approx([1 / (1 + np.exp(s)) for s in (1.5, 0.5, 0.0)])
    assert table["restores"].all()


def test_where_not_even_all_factors_restore_the_table_says_so():
    table = THREE.restoring_table(0, 9.0)
    assert table["factors"].tolist() == [("a", "b", "c")]
    assert not table["restores"].any()
    assert not len(THREE.restoring_table(0, float("nan")))


def test_restoring_sets_of_random_tables_are_those_of_a_plain_search():
    rng = np.random.default_rng(5)
    for _ in range(60):
        n = int(rng.integers(1, 5))
        ids = tuple("abcd"[:n])
        scores = rng.normal(size=(1, 1 << n))
        one = Coalitions(ids, scores)
        every = list(chain.from_iterable(combinations(ids, k) for k in range(1, n + 1)))
        enough = [s for s in every if one.score(s)[0] >= 0]
        minimal = {s for s in enough if not any(set(o) < set(s) for o in enough)}
        expected = set() if one.score([])[0] >= 0 else minimal
        assert set(one.restoring_sets(np.array([0.0]))[0]) == expected
