"""Over two hundred random models of all engines: their library's score to the bit, and values by full enumeration."""

from functools import partial

import numpy as np
import pytest

from credit_model.trees.engines.parity import probes
from credit_model.trees.engines.reading import read_tree_model
from credit_model.trees.owen import ensemble_changes, owen_values
from credit_model.trees.scoring import scores
from tests.trees.engines.random_models import ENGINES, N_FEATURES
from tests.trees.enumeration import enumerated_owen_values

SEEDS = range(26)  # of 8 engines: 208 models
GROUPS = ([0, 1, 2, 3, 4], [0, 0, 1, 1, 2], [0, 1, 1, 1, 0])


@pytest.mark.parametrize("engine", ENGINES)
def test_every_model_scores_like_its_library_to_the_bit_and_its_values_are_those_of_full_enumeration(engine):
    for seed in SEEDS:
        model, score_class = ENGINES[engine](seed)
        read = read_tree_model(model, score_class=score_class)
        numbers = probes(read)
        # read_tree_model has refused any difference; here again, and that it had something to look at
        assert read.n_checked >= 200
        native = np.asarray(read.native(numbers))
        assert native.tobytes() == read.native_scores(numbers).astype(native.dtype).tobytes()
        rng = np.random.default_rng(seed)
        x, z = (numbers[rng.integers(0, len(numbers), 3)] for _ in range(2))
        group = np.array(GROUPS[seed % len(GROUPS)])
        rows_x, rows_z = read.coder.rows(x), read.coder.rows(z)
        changes = ensemble_changes(read.trees, rows_x, rows_z, group, int(group.max()) + 1)
        for i in range(len(x)):
            slow = enumerated_owen_values(partial(scores, read.trees), rows_x[i], rows_z[i], group)
            # leaves of size ~1 (of ~1e3 in none): sums of a few of them in another order
            np.testing.assert_allclose(changes.owen_values[i], slow, rtol=0, atol=1e-9)
            for mask in range(changes.coalition_scores.shape[1]):
                mixed = np.where([mask >> g & 1 == 1 for g in group], rows_x[i], rows_z[i])
                expected = scores(read.trees, mixed[None])[0]
                np.testing.assert_allclose(changes.coalition_scores[i, mask], expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("engine", ENGINES)
def test_owen_values_takes_the_model_itself(engine):
    model, score_class = ENGINES[engine](3)
    read = read_tree_model(model, score_class=score_class)
    numbers = probes(read)[:20]
    values = owen_values(model, numbers[:10], numbers[10:], GROUPS[1], score_class=score_class)
    assert values.shape == (10, N_FEATURES)
    before, after = (scores(read.trees, read.coder.rows(rows)) for rows in (numbers[10:], numbers[:10]))
    np.testing.assert_allclose(values.sum(axis=1), after - before, rtol=0, atol=1e-9)
