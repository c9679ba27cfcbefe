"""What would have kept the limit: scores that the smallest sets of factors, put back to where they were, reach."""

from __future__ import annotations

import pandas as pd
from scipy.special import expit

from credit_model.explain.explanations import DecreaseExplanations


def restoring_scores(explanation: DecreaseExplanations) -> pd.DataFrame:
    """The minimal restoring sets of the first decrease, with the keep scores that they reach.

    Parameters
    ----------
    explanation : DecreaseExplanations
        Of a single decrease.

    Returns
    -------
    DataFrame
        factors (tuple of ids), n_factors, keep_score (log-odds with those factors put back), probability; the
        smallest sets first, among equals the highest score. Where no set keeps the limit, one row with all
        factors, whose score is below 0; where the model does not support the cut, no row.
    """
    ids = explanation.catalogue.factor_ids
    everything = (1 << len(ids)) - 1
    sets = explanation.restoring_sets[0]
    if not sets and not explanation.model_agrees[0]:
        sets = ()
    elif not sets:
        sets = (ids,)
    scores = [
        float(explanation.coalitions[0, everything & ~sum(1 << ids.index(factor) for factor in chosen)])
        for chosen in sets
    ]
    table = pd.DataFrame(
        {
            "factors": pd.Series(list(sets), dtype="object"),
            "n_factors": pd.Series([len(chosen) for chosen in sets], dtype="int64"),
            "keep_score": pd.Series(scores, dtype="float64"),
        }
    )
    table["probability"] = expit(table["keep_score"])
    ordered = table.sort_values(["n_factors", "keep_score"], ascending=[True, False], kind="stable")
    return ordered.reset_index(drop=True)
