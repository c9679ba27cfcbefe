"""What a draft takes columns for where a name alone would mislead, and what it does with columns of no use."""

import numpy as np
import pandas as pd
import pytest

from credit_model import draft_catalogue


def panel_of(n_borrowers=600, n_months=30, seed=0):
    """Borrowers whose arrears begin by chance, stay and end, and the moves of a lender that knows the month before."""
    random = np.random.default_rng(seed)
    late = np.zeros((n_borrowers, n_months))
    for month in range(1, n_months):
        stays = np.where(random.random(n_borrowers) < 0.7, 0.0, late[:, month - 1])
        late[:, month] = np.where(random.random(n_borrowers) < 0.08, late[:, month - 1] + 30, stays)
    limit = np.full((n_borrowers, n_months), 9000.0)
    for month in range(1, n_months):
        chance = np.where(late[:, month - 1] > 30, 0.2, 0.06) * (late[:, month - 1] > 0)
        cut = (random.random(n_borrowers) < chance) & (limit[:, month - 1] > 1000)
        limit[:, month] = limit[:, month - 1] - 1000 * cut
    return pd.DataFrame(
        {
            "id": np.repeat(np.arange(n_borrowers), n_months),
            "month": np.tile(pd.date_range("2022-01-01", periods=n_months, freq="MS"), n_borrowers),
            "limit": limit.ravel(),
            "days_past_due": late.ravel().astype(int),
        }
    )


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_news_that_go_the_wrong_way_are_no_evidence(seed):
    """Arrears that end in the month of the cut go with it, too: the lender did not cut because of that."""
    draft = draft_catalogue(panel_of(seed=seed))
    assert draft.lag.lag in (1, None)
    assert draft.catalogue.decision_lag == 1
