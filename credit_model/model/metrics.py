"""How good are tier forecasts: proper scores first, then what reviewers of such models ask for.

Conventions: ``tier`` (n,) integers 0 .. n_tiers - 1; ``probability`` (n, n_tiers), rows sum to 1.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score, cohen_kappa_score, roc_auc_score

from credit_model.arrays import BoolArray, FloatArray, IntArray


def ranked_probability_score(tier: IntArray, probability: FloatArray, sample_weight: FloatArray | None = None) -> float:
    """Mean over rows of sum_k (P(tier <= k) - 1[tier <= k])^2; 0 is perfect (Epstein 1969).

    Not divided by the number of tiers; rows count by ``sample_weight`` (n,), or all alike. Source:
    doi:10.1175/1520-0450(1969)008<0985:ASSFPF>2.0.CO;2.

    Examples
    --------
    >>> import numpy as np
    >>> ranked_probability_score(np.array([1]), np.array([[0.5, 0.5, 0.0]]))
    0.25
    """
    cumulative = np.cumsum(probability, axis=1)[:, :-1]
    reached = tier[:, None] <= np.arange(probability.shape[1] - 1)
    of_row = np.sum((cumulative - reached) ** 2, axis=1)
    alike = sample_weight is None or bool((sample_weight == sample_weight[:1]).all())
    return float(np.mean(of_row) if alike else np.average(of_row, weights=sample_weight))


def log_loss(tier: IntArray, probability: FloatArray) -> float:
    """Mean of -log P(the tier that came true); a probability of 0 counts as 1e-15."""
    return float(-np.mean(np.log(np.clip(probability[np.arange(len(tier)), tier], 1e-15, 1.0))))


def median_tier(probability: FloatArray) -> IntArray:
    """The highest t with P(tier >= t) >= 1/2: (n,)."""
    at_least = np.cumsum(probability[:, ::-1], axis=1)[:, ::-1]
    return np.asarray(np.sum(at_least[:, 1:] >= 0.5, axis=1), dtype=np.int64)


def decrease_probability(probability: FloatArray, tier_before: IntArray) -> FloatArray:
    """P(tier < tier_before): (n,); 0 in the lowest tier, which cannot fall."""
    below = np.concatenate([np.zeros((len(probability), 1)), np.cumsum(probability, axis=1)], axis=1)
    return np.asarray(below[np.arange(len(probability)), tier_before], dtype=np.float64)


def scores(
    tier: IntArray,
    probability: FloatArray,
    *,
    tier_before: IntArray | None = None,
    predicted: IntArray | None = None,
) -> dict[str, float]:
    """All scores of one forecast.

    Parameters
    ----------
    tier, probability
        What came true, and what was forecast.
    tier_before : int64 array (n,), optional
        Tiers in force; gives the decrease scores, over rows whose tier can fall.
    predicted : int64 array (n,), optional
        Tiers decided for; None: `median_tier`.

    Returns
    -------
    dict
        rps, qwk (quadratic weighted kappa), tier_mae, log_loss and, with ``tier_before``, decrease_auc and
        decrease_ap (NaN where no row or every row fell) and decrease_share.
    """
    predicted = median_tier(probability) if predicted is None else predicted
    n_tiers = probability.shape[1]
    result = {
        "n": float(len(tier)),
        "rps": ranked_probability_score(tier, probability),
        "qwk": float(cohen_kappa_score(tier, predicted, labels=np.arange(n_tiers), weights="quadratic")),
        "tier_mae": float(np.mean(np.abs(tier - predicted))),
        "log_loss": log_loss(tier, probability),
    }
    if tier_before is not None:
        can_fall = tier_before > 0
        fell = (tier < tier_before)[can_fall]
        risk = decrease_probability(probability, tier_before)[can_fall]
        result |= decrease_scores(fell, risk)
    return result


def decrease_scores(fell: BoolArray, risk: FloatArray) -> dict[str, float]:
    """Area under the ROC curve and average precision of ``risk`` (n,) for ``fell`` (n,)."""
    both = bool(0 < fell.sum() < len(fell))
    return {
        "decrease_auc": float(roc_auc_score(fell, risk)) if both else float("nan"),
        "decrease_ap": float(average_precision_score(fell, risk)) if both else float("nan"),
        "decrease_share": float(fell.mean()) if len(fell) else float("nan"),
    }


def one_hot(tier: IntArray, n_tiers: int) -> FloatArray:
    """Certainty as probabilities (n, n_tiers): the forecast of "no change" is ``one_hot(tier_before)``."""
    return np.eye(n_tiers)[tier]


def calibration_by_threshold(tier: IntArray, probability: FloatArray, *, n_bins: int = 10) -> pd.DataFrame:
    """Forecast and observed shares of "tier > k", in bins of equal count.

    Returns
    -------
    DataFrame
        threshold, n, forecast, observed, auc (of the threshold; NaN if one class only), one row a (threshold,
        bin); fewer bins where forecasts tie.
    """
    rows = []
    for k in range(probability.shape[1] - 1):
        forecast = probability[:, k + 1 :].sum(axis=1)
        above = tier > k
        auc = float(roc_auc_score(above, forecast)) if 0 < above.sum() < len(above) else float("nan")
        edges = np.unique(np.quantile(forecast, np.linspace(0, 1, n_bins + 1)))
        bin_of = np.clip(np.searchsorted(edges, forecast, side="right") - 1, 0, max(0, len(edges) - 2))
        for b in np.unique(bin_of):
            inside = bin_of == b
            rows.append((k, int(inside.sum()), forecast[inside].mean(), above[inside].mean(), auc))
    return pd.DataFrame(rows, columns=["threshold", "n", "forecast", "observed", "auc"])
