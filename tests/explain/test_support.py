"""The support levels: their thresholds, and what became of held-out decisions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import logit

from credit_model.errors import CreditModelError
from credit_model.explain.support import LEAST_DECISIONS, HeldOutRisk, SupportRule, support_table


def levels(before, after, usual=0.01, has_reference=True, rule=None):
    """Support of one cut whose risk was ``before`` and is ``after``."""
    found = (rule or SupportRule()).levels(
        np.array([-logit(before)]), np.array([-logit(after)]), np.array([has_reference]), usual
    )
    return found[0]


def test_from_one_half_on_a_cut_is_expected():
    assert levels(0.4, 0.5001) == "expected"
    assert SupportRule().levels(np.array([1.0]), np.array([0.0]), np.array([True]), 0.01)[0] != "expected"
    assert SupportRule().levels(np.array([1.0]), np.array([-1e-300]), np.array([True]), 0.01)[0] == "expected"


def test_a_raised_risk_has_doubled_and_is_three_times_the_usual():
    assert levels(0.01, 0.04) == "raised"
    assert levels(0.021, 0.04) == "unexplained"  # has not doubled
    assert levels(0.001, 0.029) == "unexplained"  # 29 times as high, and still below 3 x 1 %
    assert levels(0.02, 0.04, usual=0.0135) == "unexplained"  # 3 x 1.35 % = 4.05 %
    assert levels(0.02, 0.04, usual=0.0133) == "raised"  # exactly doubled, and above 3.99 %


def test_without_a_reference_or_a_usual_rate_nothing_is_raised():
    assert levels(0.01, 0.04, has_reference=False) == "unexplained"
    assert levels(0.01, 0.04, usual=float("nan")) == "unexplained"
    assert levels(0.01, 0.6, has_reference=False, usual=float("nan")) == "expected"


def test_thresholds_can_be_set_and_are_checked():
    assert levels(0.01, 0.04, rule=SupportRule(times_usual=5)) == "unexplained"
    assert levels(0.01, 0.04, rule=SupportRule(times_reference=5)) == "unexplained"
    assert levels(0.01, 0.31, rule=SupportRule(expected_risk=0.3)) == "expected"
    with pytest.raises(CreditModelError, match=r"times_usual must be a finite number >= 1, got 0\.5"):
        SupportRule(times_usual=0.5)
    with pytest.raises(CreditModelError, match=r"0 < expected_risk < 1, got 1\.0"):
        SupportRule(expected_risk=1.0)


def test_put_back_on_its_line_a_risk_no_longer_counts_as_raised():
    rule = SupportRule()
    for before, usual in ((0.001, 0.01), (0.03, 0.01), (0.2, 0.05)):
        line = rule.raised_line(np.array([-logit(before)]), usual)
        reference = np.array([-logit(before)])
        at_line = rule.levels(reference, line, np.array([True]), usual)
        below = rule.levels(reference, np.nextafter(line, -np.inf), np.array([True]), usual)
        assert (at_line[0], below[0]) == ("unexplained", "raised")


def test_where_three_times_the_usual_is_no_probability_nothing_can_be_raised():
    assert SupportRule().raised_line(np.array([2.0]), 0.4)[0] == -np.inf
    assert SupportRule().raised_line(np.array([-3.0]), 0.01)[0] == -np.inf  # twice .95 is more than 1


def test_frequencies_rise_with_the_risk_and_count_every_decision():
    rng = np.random.default_rng(3)
    risk = np.concatenate([rng.random(4000) ** 4, rng.random(30) * 0.0005])
    fell = rng.random(len(risk)) < risk
    held = HeldOutRisk.of_decisions(risk, fell, usual=0.2)
    assert held.n.sum() == len(risk)
    assert held.n_cut.sum() == fell.sum()
    assert (held.edges[0], held.edges[-1]) == (0.0, 1.0)
    assert (held.n >= LEAST_DECISIONS).all()
    assert (np.diff(held.n_cut / held.n) >= 0).all()
    # Drawn from the risks themselves, so that shares are about the risks.
    for b in range(len(held.n)):
        inside = (risk >= held.edges[b]) & (risk < held.edges[b + 1])
        assert held.n[b] == inside.sum()
        assert abs(held.n_cut[b] / held.n[b] - risk[inside].mean()) < 4 * np.sqrt(0.25 / held.n[b])


def test_a_frequency_is_of_the_decisions_about_the_risk():
    held = HeldOutRisk(0.01, np.array([0.0, 0.1, 1.0]), np.array([200, 100]), np.array([2, 30]))
    low, high = held.frequency(0.0999), held.frequency(0.1)
    assert (low.low, low.high, low.n, low.n_cut, low.share) == (0.0, 0.1, 200, 2, 0.01)
    assert high.share == 0.3
    assert held.frequency(1.0) == high
    assert held.frequency(float("nan")) is None
    assert held.frequencies(np.array([0.05, 0.5])).tolist() == [0.01, 0.3]


def test_no_held_out_decision_gives_no_frequency():
    none = HeldOutRisk.of_decisions(np.empty(0), np.empty(0, dtype=bool), usual=0.02)
    assert none.frequency(0.3) is None


def test_a_record_comes_back_and_a_damaged_one_is_refused():
    held = HeldOutRisk(0.01, np.array([0.0, 0.1, 1.0]), np.array([200, 100]), np.array([2, 30]))
    again = HeldOutRisk.from_record(held.as_record())
    assert (again.usual, again.edges.tolist(), again.n.tolist(), again.n_cut.tolist()) == (
        0.01, [0.0, 0.1, 1.0], [200, 100], [2, 30],
    )  # fmt: skip
    for damage in ({"n_cut": [2, 300]}, {"edges": [0.0, 0.1]}, {"usual": 2.0}, {"edges": [0.0, 0.0, 1.0]}):
        with pytest.raises(ValueError, match="does not fit together"):
            HeldOutRisk.from_record({**held.as_record(), **damage})


def test_the_table_tells_what_supporting_cuts_costs():
    support = np.array(["expected", "raised", "unexplained", "raised", "unexplained", "unexplained"], dtype=object)
    table = support_table(support, np.array([True, True, True, False, False, False]))
    assert table["cuts"].to_dict() == {"expected": 1, "raised": 1, "supported": 2, "unexplained": 1}
    assert table.loc["supported", "share_of_cuts"] == pytest.approx(2 / 3)
    assert table.loc["supported", "kept"] == 1
    assert table.loc["supported", "share_of_kept"] == pytest.approx(1 / 3)


def test_a_threshold_without_bound_is_refused():
    with pytest.raises(CreditModelError, match="times_usual must be a finite number >= 1, got 1000"):
        SupportRule(times_usual=10**400)


def test_decisions_that_stand_for_others_are_counted_as_many_times():
    # 60 kept decisions that stand for five each, and 40 cuts: 340 decisions, of which 40 were cut.
    risk, fell = np.full(100, 0.12), np.arange(100) < 40
    held = HeldOutRisk.of_decisions(risk, fell, usual=0.1, weight=np.where(fell, 1.0, 5.0))
    frequency = held.frequency(0.12)
    assert (frequency.n, frequency.n_cut) == (340, 40)
