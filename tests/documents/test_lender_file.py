"""The lender file: what it must hold, and how a mistake in it is told."""

from __future__ import annotations

import re
from datetime import UTC, date

import pytest

from credit_model.documents.lender_file import LenderError, parse_lender, read_lender
from tests.documents.notice_examples import EXAMPLE, notice


def test_the_example_lender_is_marked_as_a_sample_and_ones_own_is_not(tmp_path):
    own = tmp_path / "lender.toml"
    text = re.sub(r"sample = true.*\n", "", EXAMPLE).replace("Example Consumer", "Own Consumer")
    own.write_text(text, encoding="utf-8")
    assert "not for sending" in notice("clear").html()
    made = notice("clear", lender=own)
    assert "not for sending" not in made.html() + made.markdown()
    assert "Own Consumer Finance Ltd." in made.html()


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("days = 30", "days = 45", r"{line}: \[notice\]: days must be between 1 and 30, got 45"),
        ("dispute_days = 20", "dispute_days = 21", r"{line}: \[bureau\]: dispute_days must be between 1 and 20"),
        ("answer_days = 20", 'answer_days = "20"', r"{line}: channel 'dispute': answer_days must be a whole number"),
        ("answer_days = 20", "answer_days = true", r"{line}: channel 'dispute': answer_days must be a whole number"),
        ('id = "dispute"', 'id = "disputes"', r"{line}: .* got 'disputes'; did you mean 'dispute'\?"),
        ('id = "dispute"', 'id = "documents"', r"channel 'documents' stands here twice"),
        ('version = "1.0"', 'versoin = "1.0"', r"{line}: .*unknown key 'versoin'; did you mean 'version'\?"),
        ('version = "1.0"', 'version = ""', r"{line}: \[lender\]: version must not be empty"),
        ("[regulator]", "[regulators]", r"{line}: unknown table 'regulators'; did you mean 'regulator'\?"),
        ("[regulator]", "[regulator", r"lender.toml:\d+: is not TOML"),
        ("sample = true", "sampel = true", r"{line}: .*unknown key 'sampel'; did you mean 'sample'\?"),
        ('timezone = "Asia/Shanghai"', 'timezone = "Shanghai"', r"{line}: .*timezone must be one such as Asia"),
        ('week = ["mon"', 'week = ["monday"', r"{line}: \[calendar\]: week must list different days of mon, tue"),
        ("holidays = []", 'holidays = ["2024-05-01"]', r"{line}: .*dates such as 2024-05-01, without quotes"),
        ("working_days = []", "working_days = [2024-05-11T08:00:00]", r"{line}: .*working_days must list dates"),
        ("days = 60   ", "days = 0   ", r"{line}: \[next_instance\]: days must be between 1 and 3650, got 0"),
        ("open_days = 60 ", 'counted = "weekdays" #', r"{line}: .*counted must be one of calendar, working, got"),
        ('en = "1 Example Road, Example City"', 'en = ""', r"{line}: .*address lacks a text in 'en'"),
    ],
)  # fmt: skip
def test_a_lender_file_that_breaks_a_rule_is_refused_with_its_line(old, new, told):
    text = EXAMPLE.replace(old, new, 1)
    assert text != EXAMPLE
    line = next(i for i, line in enumerate(text.split("\n"), start=1) if new in line)
    with pytest.raises(LenderError, match=told.replace("{line}", f"lender.toml:{line}")):
        parse_lender(text, where="lender.toml")


def test_one_language_is_enough_for_a_lender_file():
    text = re.sub(r"\{ zh = \"[^\"]*\", en = (\"[^\"]*\") \}", r"\1", EXAMPLE)
    lender = parse_lender(text)
    assert lender.name.text("zh") == lender.name.text("fr") == "Example Consumer Finance Ltd."
    assert "Example Consumer Finance Ltd." in notice("clear", "zh", lender=lender).html()


def test_a_lender_file_without_a_channel_is_refused():
    text = EXAMPLE[: EXAMPLE.rindex("[[channel]]")]
    with pytest.raises(LenderError, match="lacks the channel 'documents'"):
        parse_lender(text)


def test_a_lender_file_that_cannot_be_read_is_told(tmp_path):
    with pytest.raises(LenderError, match="there is no such file"):
        read_lender(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes("name = 'é'".encode("latin-1"))
    with pytest.raises(LenderError, match="is not UTF-8 text"):
        read_lender(tmp_path / "latin.toml")


def test_a_day_cannot_be_a_holiday_and_worked():
    text = EXAMPLE.replace("holidays = []", "holidays = [2024-05-11]", 1)
    with pytest.raises(LenderError, match="2024-05-11 is among the holidays and the working days"):
        parse_lender(text.replace("working_days = []", "working_days = [2024-05-11]", 1))


def test_without_a_next_instance_the_regulator_is_it_and_days_begin_in_utc():
    text = re.sub(r"(?s)# Optional: where a borrower.*?(?=# The four channels)", "", EXAMPLE)
    lender = parse_lender(text)
    assert lender.next_instance.name == lender.regulator
    assert lender.next_instance.days is None
    assert lender.calendar.zone is UTC


@pytest.mark.parametrize(
    ("start", "n", "counted", "end"),
    [
        # 1 to 5 May 2024 are holidays, Sunday 28 April and Saturday 11 May are worked (State Council, 2023-10-25)
        (date(2024, 4, 26), 1, "working", date(2024, 4, 28)),
        (date(2024, 4, 26), 3, "working", date(2024, 4, 30)),
        (date(2024, 4, 30), 1, "working", date(2024, 5, 6)),
        (date(2024, 5, 10), 1, "working", date(2024, 5, 11)),
        (date(2024, 5, 10), 2, "working", date(2024, 5, 13)),
        (date(2024, 4, 30), 3, "calendar", date(2024, 5, 3)),
    ],
)
def test_working_days_follow_the_declared_calendar(start, n, counted, end):
    holidays = ", ".join(f"2024-05-0{day}" for day in range(1, 6))
    text = EXAMPLE.replace("holidays = []", f"holidays = [{holidays}]", 1)
    lender = parse_lender(text.replace("working_days = []", "working_days = [2024-04-28, 2024-05-11]", 1))
    assert lender.calendar.after(start, n, counted) == end


def test_a_channel_that_counts_working_days_says_so_in_the_notice():
    lender = parse_lender(EXAMPLE.replace('id = "human_review"', 'id = "human_review"\ncounted = "working"', 1))
    made = notice("unexplained", lender=lender)
    assert "within 15 working days" in made.markdown()
    assert "60 working days after this notice" in made.markdown()
    assert "result within 15 working days of this notice" in made.markdown()
    assert "15个工作日内" in notice("unexplained", "zh", lender=lender).markdown()
