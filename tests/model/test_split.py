import numpy as np
import pytest

from credit_model.model.split import split_rule

IDS = np.array([f"B{i:04d}" for i in range(2000)])


def panel(n_months=24):
    borrower = np.repeat(np.arange(len(IDS)), n_months)
    return borrower, np.tile(np.arange(n_months), len(IDS))


def test_test_rows_share_neither_borrower_nor_month_with_training_rows():
    borrower, month = panel()
    rule = split_rule(month)
    train, validation, test = (side(IDS, borrower, month) for side in (rule.train, rule.validation, rule.test))
    for held_out in (validation, test):
        assert not set(borrower[train]) & set(borrower[held_out])
        assert month[train].max() < month[held_out].min()
    assert not set(borrower[validation]) & set(borrower[test])


def test_shares_are_those_asked_for():
    borrower, month = panel()
    rule = split_rule(month, validation_share=0.2, test_share=0.3, late_share=0.25)
    # a quarter of 24 months is late; borrowers fall 50 : 20 : 30, within 4 standard errors of sqrt(.25 / 2000) = .011
    assert rule.first_late_month == 18
    for side, share in ((rule.train, 0.5), (rule.validation, 0.2), (rule.test, 0.3)):
        assert abs(len(set(borrower[side(IDS, borrower, month)])) / 2000 - share) < 0.045


def test_a_borrower_stays_on_its_side_whatever_panel_it_appears_in():
    borrower, month = panel()
    rule = split_rule(month, seed=3)
    whole = set(IDS[borrower[rule.test(IDS, borrower, month)]])
    part_ids = IDS[::-3]
    part_borrower = np.repeat(np.arange(len(part_ids)), 24)
    part_month = np.tile(np.arange(24), len(part_ids))
    part = set(part_ids[part_borrower[rule.test(part_ids, part_borrower, part_month)]])
    assert part == whole & set(part_ids)


def test_another_seed_draws_other_borrowers():
    borrower, month = panel()
    first, second = (split_rule(month, seed=seed).test(IDS, borrower, month) for seed in (0, 1))
    # 15 % each by chance: 0.85 * 0.15 * 2 = 25 % of borrowers differ
    assert 0.15 < (first != second)[month == 23].mean() < 0.35


def test_a_single_month_is_split_by_borrower_alone():
    borrower = np.arange(len(IDS))
    month = np.full(len(IDS), 7)
    rule = split_rule(month)
    assert rule.first_late_month is None
    sides = np.stack([side(IDS, borrower, month) for side in (rule.train, rule.validation, rule.test)])
    assert (sides.sum(axis=0) == 1).all()


def test_training_keeps_at_least_the_first_month():
    # almost all decisions fall in the second of two months: the late part may not swallow the first
    month = np.array([0] + [1] * 99)
    assert split_rule(month, late_share=0.99).first_late_month == 1


@pytest.mark.parametrize(
    ("shares", "message"),
    [
        ({"test_share": 1.0}, "test_share must fulfil 0 <= test_share < 1, got 1.0"),
        ({"late_share": -0.1}, "late_share must fulfil 0 <= late_share < 1, got -0.1"),
        ({"validation_share": 0.6, "test_share": 0.4}, "must be below 1, got 0.6"),
    ],
)
def test_shares_that_leave_nothing_are_refused(shares, message):
    with pytest.raises(ValueError, match=message):
        split_rule(np.arange(12), **shares)
