"""What no reason given to a borrower may say: empty phrases, and protected attributes."""

from __future__ import annotations

import re
from collections.abc import Mapping

#: Phrases that say nothing a borrower could act on (US Reg B, comment 9(b)(2)-3 and -9), and why.
_EMPTY: Mapping[str, tuple[tuple[str, str], ...]] = {
    "en": (
        (
            r"\b(?:(?:score|rating)s? (?:is |was |are |were )?(?:too|so) low|low (?:credit )?(?:score|rating)"
            r"|(?:insufficient|inadequate) (?:credit )?(?:score|rating)|fail\w* to (?:achieve|reach) .{0,20}score)",
            "a score is no reason; name what lowered it",
        ),
        (
            r"\binternal (?:polic|standard|criteri|rule)|\bour (?:polic|standard|criteri)|\bcompany policy",
            "a policy is no reason; name what it looked at",
        ),
        (
            r"\b(?:overall|comprehensive|general) (?:assessment|evaluation|review)",
            "an assessment is no reason; name what it looked at",
        ),
        (
            r"\b(?:purchas\w+|shopping|spending|consumption) (?:histor(?:y|ies)|records?)\b",
            "a spending reason names what and how much",
        ),
    ),
    "zh": (
        (
            r"(?:评分|分数|信用分|得分|评级)(?:过低|太低|不足|偏低|较低|未达标|不够)",
            "a score is no reason; name what lowered it",
        ),
        (
            r"(?:内部|公司|平台|本行|本机构)(?:政策|规定|标准|规则|制度|策略)",
            "a policy is no reason; name what it looked at",
        ),
        (
            r"(?:综合|整体|总体|系统)(?:评估|评定|评价|审核|评分|判断)",
            "an assessment is no reason; name what it looked at",
        ),
        (r"(?:消费|购物|购买)(?:记录|历史)", "a spending reason names what and how much"),
    ),
}
#: Attributes that no decision may rest on (US ECOA 1691(a); China PIPL 24, 28).
_PROTECTED: Mapping[str, str] = {
    "en": (
        r"\b(?:gender|sex|sexual\w*|male|female|race|racial|ethnic\w*|skin colou?r|religio\w*|nationality"
        r"|national origin|marital|married|divorc\w*|widow\w*|pregnan\w*|disab(?:led|ilit\w*)|age (?:band|group)"
        r"|public assistance|(?:your|borrower'?s?|customer'?s?|applicant'?s?) age"
        r"|age of the (?:borrower|customer|applicant))\b"
    ),
    "zh": r"性别|男性|女性|性取向|种族|民族|肤色|宗教|信仰|国籍|户籍|婚姻|已婚|未婚|离异|丧偶|怀孕|残疾|(?<!账户)年龄",
}
#: Language code -> (pattern, why it is forbidden).
_RULES: Mapping[str, tuple[tuple[str, str], ...]] = {
    lang: (*_EMPTY[lang], (_PROTECTED[lang], "a protected attribute can be no reason; leave the feature out"))
    for lang in _EMPTY
}


def forbidden_phrase(text: str, lang: str) -> str | None:
    """What is wrong with a text that is to be given to a borrower as a reason; None if nothing is.

    Parameters
    ----------
    text : str
    lang : str
        The text's language, such as "en"; "" if it is not named: then the rules of all languages hold. A text in a
        language without rules here is not checked.

    Examples
    --------
    >>> forbidden_phrase("longest days past due rose from {before} to {after}", "en") is None
    True
    >>> forbidden_phrase("your score is too low", "en")
    "says 'score is too low': a score is no reason; name what lowered it"
    >>> forbidden_phrase("综合评估不足", "zh")
    "says '综合评估': an assessment is no reason; name what it looked at"
    """
    for listed in (lang,) if lang else tuple(_RULES):
        for pattern, why in _RULES.get(listed, ()):
            if found := re.search(pattern, text, re.IGNORECASE):
                return f"says {found[0]!r}: {why}"
    return None
