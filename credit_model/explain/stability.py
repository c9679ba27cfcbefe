"""How far two sets of explanations of the same decreases agree: refits of the model, or two references."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from credit_model.arrays import BoolArray, FloatArray
from credit_model.errors import CreditModelError
from credit_model.explain.decreases import DecreaseExplanations
from credit_model.explain.principal import MAX_REASONS, Reason, candidate_reasons, choose_reasons
from credit_model.explain.quantities import Quantities


@dataclass(frozen=True)
class Agreement:
    """How far two explanations of the same n decreases agree.

    Attributes
    ----------
    n : int
        Decreases compared.
    leading_factor : float in [0, 1]
        Share of them whose leading factor is the same.
    first_reason : float in [0, 1]
        Share whose first reason is the same: about the same quantity, whichever of its windows speaks for it.
    reasons : float in [0, 1]
        Mean overlap of the named reasons, as quantities: shared / named by either (Jaccard index).
    rank_correlation : float in [-1, 1]
        Mean Spearman correlation of the factors' contributions.
    """

    n: int
    leading_factor: float
    first_reason: float
    reasons: float
    rank_correlation: float


def peer_agreement(explanations: DecreaseExplanations, peer_explanations: DecreaseExplanations) -> Agreement:
    """How far the comparison with the borrower's own past and the one with peers agree.

    Parameters
    ----------
    explanations, peer_explanations : DecreaseExplanations
        Of the same model; decreases are matched by borrower and month. Those of which both tell reasons are compared.

    Returns
    -------
    Agreement
        Its shares are NaN where no decrease is explained by both.

    Raises
    ------
    CreditModelError
        The two follow different catalogues.

    Examples
    --------
    >>> own = predictor.explain_decreases(history)  # doctest: +SKIP
    >>> peers = predictor.explain_decreases(history, reference="peers")  # doctest: +SKIP
    >>> peer_agreement(own, peers).leading_factor  # doctest: +SKIP
    """
    ours, theirs = _matched([explanations, peer_explanations], told=True)
    return _agreement(ours, theirs, np.ones(len(ours.explanations), dtype=bool))


def reason_stability(refits: Sequence[DecreaseExplanations]) -> pd.DataFrame:
    """How stable the top reasons are over refits of the model on the same panel.

    Parameters
    ----------
    refits : sequence of DecreaseExplanations, at least 2
        One a refit (another seed, another sample); decreases are matched by borrower and month.

    Returns
    -------
    DataFrame
        Rows: "all" (something lowered the score in every fit, whether or not the model supports the cut), "told" (every
        fit tells reasons), and of these by the first fit "near_tie" and, the others, "firm", and "firm_reason" (the
        first reason is told as firm as well). Columns: n_decreases,
        n_refits and the means over all pairs of refits of leading_factor, first_reason, reasons and rank_correlation
        (`Agreement`; where no reason is told, what moved the score most); NaN where there is no decrease.

    Raises
    ------
    CreditModelError
        Fewer than two refits, or different catalogues.
    """
    if len(refits) < 2:
        raise CreditModelError(f"reason stability needs at least 2 refits, got {len(refits)}")
    everything, sets = _matched(refits, told=False), _matched(refits, told=True)
    verdicts = sets[0].explanations.verdicts
    tie = np.array([verdict.near_tie for verdict in verdicts], dtype=bool)
    firm = np.array([verdict.reasons[0].firm for verdict in verdicts], dtype=bool)
    groups = {
        "all": (everything, np.ones(len(everything[0].explanations), dtype=bool)),
        "told": (sets, np.ones(len(tie), dtype=bool)),
        "firm": (sets, ~tie),
        "firm_reason": (sets, ~tie & firm),
        "near_tie": (sets, tie),
    }
    rows = []
    for name, (compared, kept) in groups.items():
        pairs = [_agreement(a, b, kept) for a, b in combinations(compared, 2)]
        means = {key: float(np.mean([getattr(p, key) for p in pairs])) for key in _MEASURES}
        rows.append({"decreases": name, "n_decreases": int(kept.sum()), "n_refits": len(refits), **means})
    return pd.DataFrame(rows).set_index("decreases")


_MEASURES = ("leading_factor", "first_reason", "reasons", "rank_correlation")


@dataclass(frozen=True)
class _Told:
    """Explanations, the factor that leads each, and the quantities that its reasons are about."""

    explanations: DecreaseExplanations
    leader: list[int]
    named: list[tuple[int, ...]]


def _matched(sets: Sequence[DecreaseExplanations], *, told: bool) -> list[_Told]:
    """The decreases of which all sets tell reasons (or could, were they supported), in the first set's order."""
    if len({one.catalogue.digest for one in sets}) > 1:
        raise CreditModelError("explanations to compare must follow the same catalogue, got different ones")
    keys = [list(zip(map(str, one.borrower_id), one.month_number.tolist(), strict=True)) for one in sets]
    reasons = [dict(zip(own, reasons_of(one, told=told), strict=True)) for own, one in zip(keys, sets, strict=True)]
    shared = [key for key in keys[0] if all(one.get(key) for one in reasons)]
    quantity = Quantities(sets[0].catalogue).of_driver.tolist()
    result = []
    for one, own, named in zip(sets, keys, reasons, strict=True):
        place = {key: i for i, key in enumerate(own)}
        row = np.array([place[key] for key in shared], dtype=np.int64)
        leader = [one.verdicts[i].factors[0] for i in row]
        result.append(_Told(one[row], leader, [tuple(quantity[r.driver] for r in named[key]) for key in shared]))
    return result


def reasons_of(explanations: DecreaseExplanations, *, told: bool) -> list[tuple[Reason, ...]]:
    """The reasons of each of n decreases; with ``told`` False also of those that the model does not support."""
    if told:
        return [verdict.reasons for verdict in explanations.verdicts]
    candidates = candidate_reasons(explanations)
    of_factor = candidates.quantities.factor
    return [
        choose_reasons(explanations, candidates, i, order, MAX_REASONS)[0]
        if order and (candidates.weight[i][of_factor == order[0]] > 0).any()
        else ()
        for i, order in enumerate(verdict.factors for verdict in explanations.verdicts)
    ]


def _agreement(a: _Told, b: _Told, kept: BoolArray) -> Agreement:
    row = np.flatnonzero(kept)
    if not len(row):
        return Agreement(0, *(float("nan"),) * len(_MEASURES))
    first = [a.named[i][0] == b.named[i][0] for i in row]
    overlap = [len({*a.named[i]} & {*b.named[i]}) / len({*a.named[i]} | {*b.named[i]}) for i in row]
    leading = np.array([a.leader[i] == b.leader[i] for i in row])
    ranks = rank_correlations(a.explanations.factor_contributions[row], b.explanations.factor_contributions[row])
    known = ranks[np.isfinite(ranks)]
    return Agreement(
        n=len(row),
        leading_factor=float(leading.mean()),
        first_reason=float(np.mean(first)),
        reasons=float(np.mean(overlap)),
        rank_correlation=float(known.mean()) if len(known) else float("nan"),
    )


def rank_correlations(a: FloatArray, b: FloatArray) -> FloatArray:
    """Spearman's rank correlation of each row of ``a`` with that of ``b``, both (n, k): (n,); NaN if one is constant.

    >>> rank_correlations(np.array([[1.0, 2.0, 3.0]]), np.array([[10.0, 30.0, 20.0]])).tolist()
    [0.5]
    """
    from scipy.stats import rankdata  # takes .4 s to import, and only refits are ranked

    rank_a, rank_b = rankdata(a, axis=1), rankdata(b, axis=1)
    rank_a -= rank_a.mean(axis=1, keepdims=True)
    rank_b -= rank_b.mean(axis=1, keepdims=True)
    scale = np.sqrt((rank_a**2).sum(axis=1) * (rank_b**2).sum(axis=1))
    product = (rank_a * rank_b).sum(axis=1)
    correlation: FloatArray = np.divide(product, scale, out=np.full(len(a), np.nan), where=scale > 0)
    return correlation
