"""The lender file: what it must hold, and how a mistake in it is told."""

from __future__ import annotations

import re

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
