"""The decision lag that the data speak for: is a month's limit set knowing the month, or at its start?

Two kinds of evidence, each of which can speak for either lag:

- *What the limit bounds.* A borrower can draw up to the limit that is in force, and no further. Where a balance grows
  beyond the old limit in the very month of a rise, the new limit was in force in that month already (lag 1); where it
  first does in the month after, it was not (lag 0). And before a fall: where a balance still grows above the limit to
  come in the month of the fall, the old limit was in force until its end (lag 0); where it last does in the month
  before, it was not (lag 1).
- *What the limit follows.* News of the month, such as a first day past due, goes with the month's decision only if the
  decision knew it (lag 0). If only the news of the month before does, it did not (lag 1). News that go with a move the
  wrong way, such as a cut in the month in which arrears end, are no evidence. Weaker, since news can be late for other
  reasons; it counts where no column is bounded by the limit, and only if one month's news are clearly stronger.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from credit_model.arrays import BoolArray, FloatArray
from credit_model.draft.panel import Panel, correlation, ranks

#: A column has its ceiling at the limit if so many cells lie just below it, and so many times fewer just above.
_LEAST_NEAR, _FEWER = 20, 4
#: Cases that say nothing if they are fewer; one side decides if it has so many times the other's.
_LEAST_CASES, _CLEARLY = 10, 3
#: News count beyond so many standard errors; those of the month tell lag 0 where they are so many times stronger than
#: those of the month before, and lag 1 where they are less than this part of them (both by their squares).
_LEAST_Z, _STRONGER, _WEAKER = 5.0, 2.0, 0.12
#: Columns of these shapes answer to the limit themselves, and are no news.
_ANSWERS = frozenset({"balance", "utilisation", "flow", "spending", "paid", "due", "bad_part", "idle", "flag",
                      "other_debt", "other_borrowed", "good_mean"})  # fmt: skip


@dataclass(frozen=True)
class LagEvidence:
    """What the data say of the decision lag.

    Attributes
    ----------
    lag : 0, 1 or None
        None: they do not tell.
    sure : str
        "sure" where a column that the limit bounds tells it, "likely" where the news do, else "unsure".
    lines : tuple of str
        What was found, for people.
    """

    lag: int | None
    sure: str
    lines: tuple[str, ...]


def lag_evidence(panel: Panel, unused: set[str]) -> LagEvidence:
    """What a panel says of its decision lag.

    Parameters
    ----------
    panel : Panel
    unused : set of str
        Columns that say nothing of it: known only after the decision, or constant.
    """
    names = [name for name, p in panel.profiles.items() if p.is_number and name not in unused]
    ceilings = [name for name in names if has_its_ceiling(panel, name)]
    for_0, for_1, lines = 0, 0, []
    for name in ceilings:
        zero, one, line = _drawn_under(panel, name)
        for_0, for_1 = for_0 + zero, for_1 + one
        lines += [line] if zero + one else []
    if max(for_0, for_1) >= _LEAST_CASES and max(for_0, for_1) >= _CLEARLY * min(for_0, for_1):
        return LagEvidence(int(for_1 > for_0), "sure", tuple(lines))
    news, more = _news(panel, [name for name in names if name not in ceilings])
    lines += more
    return LagEvidence(news, "unsure" if news is None else "likely", tuple(lines))


def has_its_ceiling(panel: Panel, name: str) -> bool:
    """Whether a column of amounts comes near the limit often, and hardly ever goes beyond it."""
    profile = panel.profiles[name]
    if profile.kind not in ("number", "integer") or profile.n_distinct < _LEAST_NEAR:
        return False
    values = panel.values(name)
    still = (panel.move == 0) & (panel.limit > 0) & (values > 0)
    share = values[still] / panel.limit[still]
    near, over = int(((share > 0.85) & (share <= 1.001)).sum()), int(((share > 1.001) & (share <= 1.151)).sum())
    return near >= _LEAST_NEAR and near >= _FEWER * over


def _drawn_under(panel: Panel, name: str) -> tuple[int, int, str]:
    """Cases that speak for lag 0 and for lag 1, and what was seen."""
    values = panel.values(name)
    grows = np.where(values > 1.05 * panel.earlier(values), 1.0, 0.0)

    def count(moved: BoolArray, beyond: FloatArray, months: int) -> int:
        shift = {-1: panel.earlier, 0: lambda x: x, 1: panel.later}[months]
        return int((moved & (shift(values) > 1.02 * beyond) & (shift(grows) > 0)).sum())

    rises = [count(panel.rose, panel.before, months) for months in (-1, 0, 1)]
    falls = [count(panel.fell, panel.limit, months) for months in (-1, 0, 1)]
    for_1 = rises[1] if rises[1] > 0.25 * rises[2] and rises[1] > 2 * rises[0] else 0
    for_0 = rises[2] if rises[1] < 0.15 * rises[2] else 0
    for_0 += falls[1] if falls[1] > 0.3 * falls[0] and falls[2] < 0.5 * falls[1] else 0
    for_1 += falls[0] if falls[1] < 0.15 * falls[0] else 0
    line = (
        f"{name} keeps to the limit. After {int(panel.rose.sum()):,} rises it grows beyond the old limit in the month "
        f"of the rise {rises[1]:,} times, in the month after {rises[2]:,} times; around {int(panel.fell.sum()):,} "
        f"falls it still grows above the new limit in the month before {falls[0]:,} times, in the month of the fall "
        f"{falls[1]:,}"
    )
    return for_0, for_1, line


def _news(panel: Panel, names: list[str]) -> tuple[int | None, list[str]]:
    """Whether a month's news, or only those of the month before, go with its decision."""
    row = panel.sample
    found = []
    for name in names:
        concept = panel.profiles[name].meaning.driver
        if (concept is not None and concept.shape in _ANSWERS) or panel.is_common(name):
            continue
        values = panel.values(name)
        if concept is None and abs(correlation(ranks(values[row]), ranks(panel.limit[row]))) > 0.1:
            continue
        step = values - panel.earlier(values)
        z_now, z_before = _z_of_news(step[row], panel.earlier(step)[row], panel.move[row])
        effect = concept.effect if concept is not None else "free"
        sign = float(np.sign(max(z_now, z_before, key=abs)))
        sign = {"raises": 1.0, "lowers": -1.0}.get(effect, sign)
        found.append((max(sign * z_now, 0.0), max(sign * z_before, 0.0), name))
    if not found:
        return None, []
    telling = [one for one in found if max(one[:2]) > _LEAST_Z] or found
    now, before = sum(z**2 for z, _, _ in telling), sum(z**2 for _, z, _ in telling)
    first, second = max((z, name) for z, _, name in found), max((z, name) for _, z, name in found)
    line = (
        f"news of a month go with its own decisions (clearest: {first[1]}, {first[0]:.0f} standard errors), those of "
        f"the month before (clearest: {second[1]}, {second[0]:.0f})"
    )
    if first[0] > _LEAST_Z and now > _STRONGER * before:
        return 0, [line]
    if second[0] > _LEAST_Z and now < _WEAKER * before:
        return 1, [line]
    return None, [line]


def _z_of_news(now: FloatArray, before: FloatArray, move: FloatArray) -> tuple[float, float]:
    """How many standard errors the partial correlations of two months' news with the move are above 0."""
    first, second = _sign_ranks(now), _sign_ranks(before)
    shared = correlation(first, second)
    with_first, with_second = correlation(first, move), correlation(second, move)
    scale = np.sqrt(len(move)) / np.sqrt(max(1 - shared**2, 0.05))
    return (with_first - shared * with_second) * scale, (with_second - shared * with_first) * scale


def _sign_ranks(step: FloatArray) -> FloatArray:
    """Changes as ranks by size that keep their sign; 0 where there is none."""
    size = ranks(np.where(step == 0, np.nan, np.abs(step)))
    return np.where(np.isnan(step) | (step == 0), 0.0, np.sign(step) * (size + 0.75))
