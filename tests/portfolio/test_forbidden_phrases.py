import pytest

from credit_model.portfolio.forbidden_phrases import forbidden_phrase

EMPTY = [
    "score is too low", "scores are too low", "low credit score", "insufficient score", "internal policy",
    "internal standards", "our criteria", "overall assessment", "purchasing history", "spending history",
    "failed to achieve a qualifying score", "评分过低", "信用分不足", "内部政策", "平台政策", "综合评估不足",
    "系统评定", "消费记录", "购物历史",
]  # fmt: skip
PROTECTED = ["gender", "religious belief", "marital status", "the borrower's age", "性别", "民族", "婚姻状况", "年龄"]


def language_of(phrase):
    return "en" if phrase.isascii() else "zh"


@pytest.mark.parametrize("phrase", EMPTY)
def test_an_empty_phrase_is_found(phrase):
    assert "says" in str(forbidden_phrase(f"x {phrase} y", language_of(phrase)))


@pytest.mark.parametrize("phrase", PROTECTED)
def test_a_protected_attribute_is_found(phrase):
    assert "protected attribute" in str(forbidden_phrase(phrase, language_of(phrase)))


@pytest.mark.parametrize("phrase", ["average age of accounts rose", "账户年龄由3年降至1年", "essex branch"])
def test_words_that_only_look_like_one_are_no_fault(phrase):
    assert forbidden_phrase(phrase, language_of(phrase)) is None


def test_a_language_without_rules_is_not_checked_and_one_without_a_name_by_all_rules():
    assert forbidden_phrase("the score is too low", "fr") is None
    assert "score is too low" in forbidden_phrase("the score is too low", "")
    assert "性别" in forbidden_phrase("性别", "")
