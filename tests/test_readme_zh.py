"""README.zh-CN.md keeps in step with README.md: headings, code, links, pictures, tables and figures are the same."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
EN = (ROOT / "README.md").read_text(encoding="utf-8")
ZH = (ROOT / "README.zh-CN.md").read_text(encoding="utf-8")


def without_code(text):
    return re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)


def headings(text):
    """The levels of the headings, in order."""
    return [len(mark) for mark in re.findall(r"^(#+) ", without_code(text), flags=re.M)]


def code(text, language):
    """The blocks of a language without what stands in a comment."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.M | re.S)
    return [[re.sub(r"\s*#.*", "", line).rstrip() for line in block.splitlines()] for block in blocks]


def tables(text):
    """The cells of each table row but the first, which is named in the reader's language."""
    rows = re.findall(r"^\|(.*)\|$", without_code(text), flags=re.M)
    return [[cell.strip() for cell in row.split("|")][1:] for row in rows]


def figures(text):
    """Every number in the running text and the lists, in any order."""
    plain = re.sub(r"`[^`]*`|\]\([^)]*\)|^\|.*\|$|^\d\. ", "", without_code(text), flags=re.M)
    return sorted(re.findall(r"[+-]*\d*[.,]?\d+", plain))


@pytest.mark.parametrize("language", ["sh", "python", "toml"])
def test_code_is_the_same_but_for_its_comments(language):
    assert code(EN, language) == code(ZH, language)


def test_headings_have_the_same_structure():
    assert headings(EN) == headings(ZH)
    assert len(headings(EN)) >= 9


def test_tables_have_the_same_figures():
    assert tables(EN) == tables(ZH)
    assert len(tables(EN)) == 8  # a header, a rule, six methods


def test_the_text_has_the_same_figures():
    words = {"六": "six", "八": "eight"}
    assert all(word in ZH and english in EN for word, english in words.items())
    assert figures(EN) == figures(ZH)


def test_links_and_pictures_are_the_same():
    targets = [
        sorted(t for t in re.findall(r"\]\(([^)\s]+)\)", text) if not t.startswith("README")) for text in (EN, ZH)
    ]
    assert targets[0] == targets[1]


def test_the_layout_names_the_same_files_in_the_same_order():
    names = []
    for text in (EN, ZH):
        (layout,) = re.findall(r"```\ncredit_model/\n(.*?)```", text, flags=re.S)
        names.append([line.split()[0] for line in layout.splitlines()])
    assert names[0] == names[1]


def test_the_lists_have_as_many_points():
    counts = [
        (len(re.findall(r"^- ", text, flags=re.M)), len(re.findall(r"^\d\. ", without_code(text), flags=re.M)))
        for text in (EN, ZH)
    ]
    assert counts[0] == counts[1]


def test_the_answer_at_the_terminal_is_the_same_cut_in_chinese():
    shown = []
    for text in (EN, ZH):
        (block,) = re.findall(r"^```text\n(.*?)^```", text, flags=re.M | re.S)
        shown.append(re.findall(r"[−+]\d\.\d\d\b", block))
    assert shown[0] == shown[1]
    assert len(shown[0]) == 7  # factors
