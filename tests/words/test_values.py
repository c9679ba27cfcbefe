"""A catalogue's labels and values as people write them, in both languages."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_model.words.values import catalogue_words
from tests.words.reason_examples import NAN, small_catalogue

EN, ZH = catalogue_words(small_catalogue(), "en"), catalogue_words(small_catalogue(), "zh")


def both(feature_id, value, **changes):
    feature = replace(small_catalogue().feature(feature_id), **changes)
    return EN.value(feature, value), ZH.value(feature, value)


@pytest.mark.parametrize(
    ("feature", "value", "changes", "english", "chinese"),
    [
        ("dpd_last", 1, {}, "1 day", "1天"),
        ("dpd_last", 34, {}, "34 days", "34天"),
        ("dpd_last", 2.5, {}, "2.5 days", "2.5天"),
        ("utilisation_6m", 0.834, {}, "83.4%", "83.4%"),
        ("utilisation_6m", 1.5, {}, "150%", "150%"),
        ("unemployment", 5.25, {}, "5.25%", "5.25%"),
        ("lenders", 3, {}, "3", "3"),
        ("spending_6m", 4321.7, {}, "RMB 4,322", "4,322元"),
        ("employment", 2, {}, "A3", "A3"),
        ("employment", 9, {}, "9", "9"),  # a code without a name stays a code
        ("idle_months", 3, {}, "3 months", "3个月"),
        ("idle_months", 12, {}, "12 months or more", "12个月或以上"),  # never in the window of 12
        ("lenders", 2, {"summary": "change"}, "+2", "+2"),
        ("lenders", -2, {"summary": "change"}, "−2", "−2"),
        ("lenders", 0.5, {"summary": "trend"}, "+0.5 a month", "每月+0.5"),
        ("lenders", 1, {"unit": "boolean"}, "yes", "是"),
        ("lenders", 0, {"unit": "boolean"}, "no", "否"),
        ("lenders", 612, {"unit": "points"}, "612 points", "612分"),
        ("lenders", 1, {"unit": "years"}, "1 year", "1年"),
        ("lenders", 0.123, {"unit": "index"}, "0.12", "0.12"),
        ("lenders", -0.0001, {"unit": "index"}, "0", "0"),
        ("lenders", NAN, {}, "not known", "未知"),
    ],
)
def test_values_are_written_with_their_unit(feature, value, changes, english, chinese):
    assert both(feature, value, **changes) == (english, chinese)


def test_a_pair_has_as_many_digits_as_it_takes_to_tell_the_values_apart():
    feature = small_catalogue().feature("utilisation_6m")
    assert EN.pair(feature, 0.40, 0.83) == ("40%", "83%")
    assert EN.pair(feature, 0.8301, 0.8302) == ("83.01%", "83.02%")
    assert EN.pair(feature, 0.5, 0.5) == ("50%", "50%")


@given(st.floats(-1e6, 1e6), st.floats(1e-4, 1e3))
def test_a_pair_that_differs_visibly_reads_differently(value, step):
    feature = small_catalogue().feature("lenders")
    then, now = EN.pair(feature, value, value + step)
    assert then != now


def test_labels_months_and_money_are_the_catalogues():
    assert EN.factor_labels[1] == small_catalogue().factors[1].label.text("en")
    assert ZH.driver_labels[0] == small_catalogue().drivers[0].label.text("zh")
    assert (EN.money(1200), ZH.month(2024 * 12), EN.month_short(2024 * 12)) == ("RMB 1,200", "2024年1月", "2024-01")
    assert catalogue_words(small_catalogue(), "en", "integer").month(7) == "month 7"
