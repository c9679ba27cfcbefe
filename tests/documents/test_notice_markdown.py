"""Notices in Markdown, as a renderer shows them: text that came from data is text, and breaks nothing."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from markdown_it import MarkdownIt

from credit_model.documents.lender_file import parse_lender
from credit_model.documents.notice import build_notice, escape_markdown
from tests.documents.notice_examples import CASES, EXAMPLE
from tests.words.reason_examples import CATALOGUE_TEXT, explained

HOSTILE = [
    "a|b", "a\\|b", "a\\\\|b", "\\", "x\ny", "x\n\n# y", "a\r\n- b", "a\u2028b", "# a", "#", "###### a", "- a",
    "+ a", "* a", "-", "---", "- - -", "===", "= a", "1. a", "1) a", "12.", "> a", ">a", "    code", "\tcode",
    "```", "~~~", "`a`", "``a`b``", "*a*", "**a**", "_a_", "__a__", "~~a~~", "[x](javascript:alert(1))",
    "![x](http://a/b.png)", "[x]: http://a", "[^1]", "<javascript:alert(1)>", "<http://a>", "<a@b.c>",
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<!-- a", "</td>", "&lt;b&gt;", "&#x3C;b>",
    "&amp;", "a  \nb", "a\\\nb", "| a | b |\n| --- | --- |", ": a", "$x$", "==a==", "{.a}", "{before}",
    "{0.__class__}", "%s", "=HYPERLINK(1)", "\"'", "客|户\n# 一", "[ ] a", "a^b^", "\\*a\\*", "-5", "2024. a",
]  # fmt: skip


class _Seen(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_comment(self, data: str) -> None:
        self.tags.append("comment")

    def handle_data(self, data: str) -> None:
        self.text += data


def rendered(markdown: str) -> tuple[list[str], str]:
    """The tags, and the text with single spaces, that a reader's program makes of Markdown."""
    seen = _Seen()
    seen.feed(MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(markdown))
    seen.close()
    return seen.tags, re.sub("[0-9a-f]{12}", "digest", " ".join(seen.text.split()))


def notice_of(text: str) -> str:
    """A notice in Markdown in which everything that a lender or a history can name is the text."""
    said = json.dumps(text)
    lender = EXAMPLE.replace('"Example Consumer Finance Ltd."', said).replace('"1 Example Road, Example City"', said)
    lender = lender.replace('"customer service 400-000-0000"', said).replace('"consumer hotline 12378"', said)
    catalogue = (
        CATALOGUE_TEXT.replace('"A2"', said).replace('"small"', said).replace('version = "2.1"', f"version = {said}")
    )
    changes: dict[str, Any] = {**CASES["clear"], "employment": (0, 1, -2.0)}
    one = explained(changes, text=catalogue, borrowers=[text])
    object.__setattr__(one, "model_version", text)
    return build_notice(one, lender=parse_lender(lender), confirmed_by=text).markdown()


PLAIN = rendered(notice_of("quux"))


@pytest.mark.parametrize("text", HOSTILE)
def test_a_notice_keeps_its_shape_and_says_the_text(text: str) -> None:
    tags, words = rendered(notice_of(text))
    assert tags == PLAIN[0]
    assert words == PLAIN[1].replace("quux", " ".join(text.split()))


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("frame", ["{}", "a\n{}", "- {}", "- a: {}", "| a | b |\n| - | - |\n| {} | x |", "# {}"])
def test_a_text_is_a_text_wherever_it_stands(text: str, frame: str) -> None:
    tags, words = rendered(frame.format(escape_markdown(text)) + "\n")
    plain, around = rendered(frame.format("quux") + "\n")
    assert tags == plain
    assert words == around.replace("quux", " ".join(text.split()))


def test_what_is_not_seen_is_left_out_and_half_a_pair_is_a_mark() -> None:
    assert escape_markdown("a\x00\x1b[31m\u202eb\ud800") == "a\\[31mb?"
    assert escape_markdown("2,000 元: ") == "2,000 元: "
