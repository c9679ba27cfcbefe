"""Languages: one file each, complete, and each writes money, numbers, months and lists in its own way."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from datetime import date

import pytest

from credit_model.errors import CreditModelError
from credit_model.portfolio.declarations import Label
from credit_model.portfolio.forbidden_phrases import forbidden_phrase
from credit_model.words.language import LANGUAGES, language
from credit_model.words.language_file import LOCALE_FOLDER, LOCALES_VARIABLE, places_of, read_language_file

NAN = float("nan")
EN, ZH = language("en"), language("zh")
ENGLISH_FILE = LOCALE_FOLDER / "en.toml"
#: Sections whose texts a borrower may be given as reasons.
_TOLD = ("reason.", "risk.", "frequency.", "wave.", "paragraph.", "note.", "notice.")


def forms(text):
    return [text] if isinstance(text, str) else list(text.values())


# ------------------------------------------------------------------------------------------------------- the files


def test_an_unknown_language_is_refused():
    assert LANGUAGES[0] == "en"
    with pytest.raises(CreditModelError, match="lang must be one of en, zh; got 'de'"):
        language("de")


def test_every_language_has_the_same_texts_with_the_same_places():
    for code in LANGUAGES:
        words = language(code).words
        assert words.keys() == EN.words.keys()
        assert {key: places_of(text) for key, text in words.items()} == {
            key: places_of(text) for key, text in EN.words.items()
        }


@pytest.mark.parametrize(("code", "month"), [("en", r"\bmonth(s|ly)?\b"), ("zh", "月")])
def test_no_text_speaks_of_months_where_the_panel_has_other_periods(code, month):
    months, weeks = language(code), language(code, "week")
    in_place = {key.removeprefix("periods.") for key in months.words if key.startswith("periods.")}
    assert {key for key in months.words if weeks.words[key] != months.words[key]} == in_place
    for key in in_place:
        assert places_of(weeks.words[key]) == places_of(months.words[key]), key
    speaking = {
        key
        for key, text in weeks.words.items()
        if re.search(month, re.sub(r"\{\w+\}", "", " ".join(forms(text))), re.I)
    }
    # Left are a catalogue's own units, and what only a panel without a calendar is told.
    units = {"units.months", "report.unit_months", "value.a_month"}
    assert speaking <= units | {"value.month_number", "notice.limit.month_start", "notice.limit.month_end"}
    assert language(code, "integer").words["page.month"] == months.words["page.month"]


def test_every_form_of_a_text_has_the_same_places_but_for_the_count():
    # "One factor back is enough" need not say its number.
    for key, text in EN.words.items():
        for form in forms(text):
            assert places_of(text) - places_of(form) <= {"count"}, key


def test_no_chinese_text_holds_english_words_and_no_english_text_chinese_ones():
    for key, text in ZH.words.items():
        plain = re.sub(r"\{\w+\}", "", " ".join(forms(text)))
        assert not re.search("[A-Za-z]", plain.replace("credit_model", "")), key
    for key, text in EN.words.items():
        assert not re.search("[\u4e00-\u9fff]", " ".join(forms(text))), key


def test_no_text_that_a_borrower_may_read_holds_an_empty_phrase():
    for code in LANGUAGES:
        for key, text in language(code).words.items():
            if key.startswith(_TOLD):
                for form in forms(text):
                    assert forbidden_phrase(form, code) is None, (code, key)


MISTAKES = [
    ('name = "English"\n', "", "[language] must have name as en.toml has it, got None"),
    ('babel = "en_GB"', 'babel = "xx_YY"', "babel must be a locale that Babel knows, got 'xx_YY'"),
    ('unknown = "not known"', "unknown = 3", "value.unknown must be a text or a table of plural forms, got 3"),
    ('unknown = "not known"', "unknown = not known", "is not TOML"),
    ('unknown = "not known"', 'unknown = "{not known"', "value.unknown is no text with places"),
]


@pytest.mark.parametrize(("old", "new", "message"), MISTAKES)
def test_a_mistake_in_a_language_file_is_told(tmp_path, old, new, message):
    text = ENGLISH_FILE.read_text(encoding="utf-8")
    assert old in text
    file = tmp_path / "fr.toml"
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(CreditModelError, match=re.escape(message)) as caught:
        read_language_file(file)
    assert str(caught.value).startswith(f"{file}: ")


# --------------------------------------------------------------------------------------------- a third language

#: English with every text marked, as a translation would differ from it.
_PROGRAM = """
from credit_model.words.language import LANGUAGES
from credit_model.words.reasons import decrease_reasons
from credit_model.documents.notice import build_notice
from credit_model.plots.what_if import plot_what_if
from tests.words.reason_examples import explained
assert LANGUAGES == ("en", "zh", "fr"), LANGUAGES
one = explained({"spending_6m": (4000, 3000, -1.6), "lenders": (2, 5, -0.1)})
print(decrease_reasons(one, lang="fr")[0])
print(build_notice(one, lang="fr").json())
print("\\n".join(text.get_text() for text in plot_what_if(one, lang="fr").texts))
"""


def in_french(tmp_path, change=lambda text: text, program=_PROGRAM):
    head, texts = ENGLISH_FILE.read_text(encoding="utf-8").split("[value]", 1)
    head = (
        head.replace('"en_GB"', '"fr"').replace('html = "en"', 'html = "fr"').replace("RMB {amount}", "{amount} yuans")
    )
    french = head + "[value]" + re.sub(r'(= |\[)"', r'\1"«', texts)
    (tmp_path / "fr.toml").write_text(change(french), encoding="utf-8")
    environment = {**os.environ, LOCALES_VARIABLE: str(tmp_path), "MPLBACKEND": "agg", "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, encoding="utf-8", check=False
    )


def test_a_third_language_is_one_file(tmp_path):
    done = in_french(tmp_path)
    assert done.returncode == 0, done.stderr
    reasons, rest = done.stdout.split("\n", 1)
    notice, plot = rest.split("\n}\n", 1)
    assert reasons.startswith("«In mars 2024 the limit was reduced from 20\u202f000 yuans to 5\u202f000 yuans.")
    assert "fell from 4\u202f000 yuans to 3\u202f000 yuans" in reasons  # the catalogue's own words have no French
    assert '"lang": "fr"' in notice
    assert "«" in notice
    assert "«What would have kept the limit of 20" in plot


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('unknown = "«not known"\n', "", "lacks 'value.unknown'; translate it from en.toml"),
        ('unknown = "«not known"', 'unknown = "«{what}"', "value.unknown has a place {what} that en.toml has not"),
        (
            'unknown = "«not known"',
            'unknown = "«"\nother_words = "«"',
            "has 'value.other_words', which en.toml has not",
        ),
    ],
)
def test_a_language_that_is_not_complete_is_refused(tmp_path, old, new, message):
    program = "from credit_model.words.language import language\nlanguage('fr')"
    done = in_french(tmp_path, lambda text: text.replace(old, new, 1), program)
    assert message in done.stderr


# ------------------------------------------------------------------------------------------------- words and lists


def test_a_count_decides_the_form_and_is_written_in_it():
    assert [EN.say("units.days", count=n) for n in (0, 1, 2, 1234)] == ["0 days", "1 day", "2 days", "1,234 days"]
    assert [EN.say("units.days", count=n) for n in ("1", "−1", "1.0", "2.5")] == [
        "1 day", "−1 day", "1.0 days", "2.5 days"]  # fmt: skip
    assert [ZH.say("units.days", count=n) for n in (1, 2)] == ["1天", "2天"]


def test_a_section_is_given_by_its_own_keys():
    assert EN.texts("value")["unknown"] == "not known"
    assert ZH.texts("notice")["head.title"] == "额度下调通知书"


@pytest.mark.parametrize(
    ("words", "english", "chinese"),
    [([], "", ""), (["a"], "a", "a"), (["a", "b"], "a and b", "a和b"), (["a", "b", "c"], "a, b and c", "a、b和c")],
)
def test_lists_are_joined_as_in_a_sentence(words, english, chinese):
    assert (EN.join(words), ZH.join(words)) == (english, chinese)


def test_ranks_clauses_and_sentences_follow_each_other():
    assert [EN.ranks(r) for r in ([1], [1, 2], [1, 2, 3])] == ["1", "1 and 2", "1, 2 and 3"]
    assert ZH.ranks([1, 2, 3]) == "1、2、3"
    assert (EN.listed("ab"), ZH.listed("ab"), EN.clauses("ab"), ZH.clauses("ab")) == ("a, b", "a、b", "a; b", "a；b")
    assert (EN.sentences(["A.", "", "B."]), ZH.sentences(["甲。", "乙。"])) == ("A. B.", "甲。乙。")


def test_labels_stand_in_sentences_as_the_language_has_it():
    debt = Label.of(en="Debt", zh="负债")
    assert (EN.inside(EN.label(debt)), ZH.inside(ZH.label(debt))) == ("debt", "“负债”")
    assert EN.inside("GDP growth") == "GDP growth"
    assert (EN.headed("debt"), EN.bracketed("a"), ZH.bracketed("a")) == ("Debt", " (a)", "（a）")


# ----------------------------------------------------------------------------------------------- money and numbers


@pytest.mark.parametrize(
    ("amount", "currency", "english", "chinese"),
    [
        (12000, "CNY", "RMB 12,000", "12,000元"),
        (0, "CNY", "RMB 0", "0元"),
        (-350, "CNY", "−RMB 350", "−350元"),
        (12.5, "CNY", "RMB 12.50", "12.50元"),
        (-0.001, "CNY", "RMB 0.00", "0.00元"),
        (1234.5, "CNY", "RMB 1,234", "1,234元"),  # cents say nothing from a hundred on; half to even
        (45000, "CZK", "CZK 45,000", "45,000捷克克朗"),
        (5000, "TWD", "NT$5,000", "新台币5,000元"),
        (5000, "USD", "US$5,000", "5,000美元"),
        (5000, "XYZ", "XYZ 5,000", "XYZ 5,000"),
        (NAN, "CNY", "not known", "未知"),
    ],
)
def test_money_is_written_with_its_currency(amount, currency, english, chinese):
    assert (EN.money(amount, currency), ZH.money(amount, currency)) == (english, chinese)


def test_numbers_have_as_many_digits_as_their_size_asks_for():
    assert [EN.number(v) for v in (1234.56, 123.4, 12.34, 1.236, 5.0)] == ["1,235", "123", "12.3", "1.24", "5"]
    assert [EN.number(v) for v in (-1.5, -0.0001, NAN)] == ["−1.5", "0", "not known"]
    assert [EN.number(v, 2) for v in (1.0, -1234.567)] == ["1.00", "−1,234.57"]


@pytest.mark.parametrize(
    ("probability", "text"), [(0.0, "<1%"), (0.0099, "<1%"), (0.374, "37%"), (0.991, ">99%"), (1.0, ">99%")]
)
def test_a_probability_is_never_certainty(probability, text):
    assert EN.probability(probability) == ZH.probability(probability) == text


@pytest.mark.parametrize(
    ("risk", "text"),
    [(0.0, "<0.1%"), (0.0004, "<0.1%"), (0.0006, "0.1%"), (0.001, "0.1%"), (0.01, "1%"), (0.0344, "3.4%"),
     (0.0994, "9.9%"), (0.0996, "10%"), (0.12, "12%"), (0.99, "99%"), (0.995, ">99%"), (1.0, ">99%")],
)  # fmt: skip
def test_a_small_risk_has_the_digits_it_takes(risk, text):
    assert EN.risk(risk) == text


def test_times_have_a_digit_where_they_are_few():
    assert [EN.times(t) for t in (2.0, 2.68, 17.8, 44.4)] == ["2", "2.7", "18", "44"]


def test_a_small_share_is_not_nothing():
    assert [EN.share(s) for s in (0.0, 0.004, 0.376, 0.999, 1.0)] == ["0%", "<1%", "38%", ">99%", "100%"]


def test_scores_have_two_digits_a_true_minus_and_no_negative_zero():
    assert [EN.score(s) for s in (1.234, -0.5, -0.001)] == ["1.23", "−0.50", "0.00"]
    assert [EN.score(s, signed=True) for s in (1.2, -0.5, 0.0)] == ["+1.20", "−0.50", "0.00"]


def test_months_and_days_are_written_out():
    assert EN.month(2024 * 12 + 2, "date") == "March 2024"
    assert ZH.month(2024 * 12 + 11, "date") == "2024年12月"
    assert (EN.month(-5, "integer"), ZH.month(-5, "integer")) == ("month −5", "第−5个月")
    assert EN.month_short(2024 * 12 + 2, "date") == "2024-03"
    assert (EN.date(date(2024, 3, 31)), ZH.date(date(2024, 3, 31))) == ("31 March 2024", "2024年3月31日")


def test_a_language_file_nested_without_end_is_one_line(tmp_path):
    file = tmp_path / "xx.toml"
    english = ENGLISH_FILE.read_text(encoding="utf-8")
    file.write_text(f'{english}\n[{"a." * 3000}a]\ntext = "x"\n', encoding="utf-8")
    with pytest.raises(CreditModelError, match="is nested too deeply for a file of texts; write it flat"):
        read_language_file(file)
