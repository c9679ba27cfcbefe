"""Values, money, months and lists as people write them, in both languages."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_model.errors import CreditModelError
from credit_model.words.values import (
    Wording,
    check_lang,
    date_in_words,
    format_money,
    format_probability,
    format_score,
    format_share,
    join_words,
    month_in_words,
)
from tests.words.reason_examples import NAN, small_catalogue

EN, ZH = Wording(small_catalogue(), "en"), Wording(small_catalogue(), "zh")


def both(feature_id, value, **changes):
    feature = replace(small_catalogue().feature(feature_id), **changes)
    return EN.value(feature, value), ZH.value(feature, value)


@pytest.mark.parametrize(
    ("amount", "currency", "english", "chinese"),
    [
        (12000, "CNY", "RMB 12,000", "12,000元"),
        (0, "CNY", "RMB 0", "0元"),
        (-350, "CNY", "−RMB 350", "−350元"),
        (12.5, "CNY", "RMB 12.50", "12.50元"),
        (1234.5, "CNY", "RMB 1,234", "1,234元"),  # cents say nothing from a hundred on; half to even
        (45000, "CZK", "CZK 45,000", "45,000捷克克朗"),
        (5000, "TWD", "NT$5,000", "新台币5,000元"),
        (5000, "XYZ", "XYZ 5,000", "5,000 XYZ"),
        (NAN, "CNY", "not known", "未知"),
    ],
)
def test_money_is_written_with_its_currency(amount, currency, english, chinese):
    assert (format_money(amount, currency, "en"), format_money(amount, currency, "zh")) == (english, chinese)


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


@pytest.mark.parametrize(
    ("words", "english", "chinese"),
    [([], "", ""), (["a"], "a", "a"), (["a", "b"], "a and b", "a和b"), (["a", "b", "c"], "a, b and c", "a、b和c")],
)
def test_lists_are_joined_as_in_a_sentence(words, english, chinese):
    assert (join_words(words, "en"), join_words(words, "zh")) == (english, chinese)


def test_months_and_days_are_written_out():
    assert month_in_words(2024 * 12 + 2, "date", "en") == "March 2024"
    assert month_in_words(2024 * 12 + 11, "date", "zh") == "2024年12月"
    assert month_in_words(-5, "integer", "en") == "month −5"
    assert month_in_words(-5, "integer", "zh") == "第−5个月"
    assert date_in_words(date(2024, 3, 31), "en") == "31 March 2024"
    assert date_in_words(date(2024, 3, 31), "zh") == "2024年3月31日"


@pytest.mark.parametrize(
    ("probability", "text"), [(0.0, "<1%"), (0.0099, "<1%"), (0.374, "37%"), (0.991, ">99%"), (1.0, ">99%")]
)
def test_a_probability_is_never_certainty(probability, text):
    assert format_probability(probability) == text


def test_scores_have_two_digits_a_true_minus_and_no_negative_zero():
    assert [format_score(s) for s in (1.234, -0.5, -0.001)] == ["1.23", "−0.50", "0.00"]
    assert [format_score(s, signed=True) for s in (1.2, -0.5, 0.0)] == ["+1.20", "−0.50", "0.00"]


def test_a_small_share_is_not_nothing():
    assert [format_share(s) for s in (0.0, 0.004, 0.376, 1.0)] == ["0%", "<1%", "38%", "100%"]


def test_only_two_languages_are_spoken():
    assert (check_lang("en"), check_lang("zh")) == ("en", "zh")
    with pytest.raises(CreditModelError, match='lang must be "en" or "zh", got \'de\''):
        check_lang("de")
