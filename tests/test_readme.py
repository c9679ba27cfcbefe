"""The READMEs and the pages are true: Python runs, the smallest catalogue explains a cut, commands and links exist."""

import re
import shlex
import struct
from itertools import pairwise
from pathlib import Path

import click
import matplotlib
import numpy as np
import pandas as pd
import pytest

import credit_model
from credit_model import LimitPredictor
from credit_model.cli import _COMMANDS, main
from credit_model.words.reasons import decrease_reasons

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
#: All texts that show commands: both READMEs, and the pages of the site.
TEXTS = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in (ROOT / "README.md", ROOT / "README.zh-CN.md", *sorted((ROOT / "docs").glob("*.md")))
}
LARGEST_PICTURE = 150_000


def blocks(language, text=README):
    """A text's code blocks in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.M | re.S)


def commands():
    """Every ``credit-model ...`` of the texts' shell blocks and tables, as words, each once."""
    lines = [line for text in TEXTS.values() for block in blocks("sh", text) for line in block.splitlines()]
    lines += [line for text in TEXTS.values() for line in re.findall(r"`(credit-model [^`]+)`", text)]
    words = [shlex.split(line, comments=True) for line in dict.fromkeys(lines) if line.startswith("credit-model ")]
    return [line for line in words if any(word.startswith("-") for word in line)]  # the others only name a command


def test_the_ten_lines_of_python_run_and_explain_decreases(monkeypatch, tmp_path, portfolio):
    """Run as written but for the size: the portfolio is the one that the other tests share."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(credit_model, "simulate_portfolio", lambda *size, seed: portfolio)
    monkeypatch.setattr(credit_model, "LimitPredictor", lambda name: LimitPredictor(name, max_iter=30))
    (code,) = blocks("python")
    assert len(code.splitlines()) == 11  # ten lines and a blank one
    with matplotlib.rc_context({"backend": "agg"}):
        names = {}
        exec(compile(code, "README.md", "exec"), names)
    explanations = names["explanations"]
    assert len(explanations) > 100
    change = explanations.keep_score_after - explanations.keep_score_before
    np.testing.assert_allclose(explanations.by_factor.sum(axis=1), change, atol=1e-9)


def late_payers(n_borrowers=400, n_months=24):
    """A lender that cuts to 1,000 at 60 days past due and doubles now and then: as the smallest catalogue has it."""
    rng = np.random.default_rng(0)
    rows = []
    for borrower in range(n_borrowers):
        limit, late = int(rng.choice([2000, 4000, 8000])), 0
        for month in range(n_months):
            late = late + 30 if (late or rng.random() < 0.06) and rng.random() < 0.7 else 0
            if late >= 60:
                limit = 1000
            elif not late and rng.random() < 0.08:
                limit = min(2 * limit, 8000)
            rows.append((f"A{borrower:03d}", f"{2023 + month // 12}-{month % 12 + 1:02d}", limit, late))
    return pd.DataFrame(rows, columns=["account", "month", "credit_limit", "days_past_due"])


def test_the_smallest_catalogue_explains_a_cut_in_its_own_words(tmp_path):
    text = blocks("toml", TEXTS["docs/catalogue.md"])[0]
    (tmp_path / "cards.toml").write_text(text, encoding="utf-8")
    history = late_payers()
    predictor = LimitPredictor(tmp_path / "cards.toml", max_iter=200).fit(history)
    explanations = predictor.explain_decreases(history)
    supported = explanations[explanations.support != "unexplained"]
    assert len(supported) > 20
    worsened = supported[supported.leading_factor_index >= 0]
    assert len(worsened) > 0.8 * len(supported)  # of the others, the reference was as late already
    assert set(worsened.summary["leading_factor"]) == {"repayment"}
    told = str(decrease_reasons(worsened, lang="en")[0])
    assert "longest days past due in 6 months rose from" in told
    assert "60 days" in told


def test_a_feature_takes_the_ten_lines_that_the_page_says():
    text = blocks("toml", TEXTS["docs/catalogue.md"])[0]
    features = [part for part in text.split("[[feature]]") if "reason" in part]
    assert [len(part.strip().splitlines()) + 1 for part in features] == [10]  # and its [[feature]] line
    assert "A feature takes ten lines" in TEXTS["docs/catalogue.md"]


@pytest.mark.parametrize("words", commands(), ids=lambda words: " ".join(words[:3]))
def test_every_command_of_the_texts_exists_with_its_options(words):
    """As written, it parses: unknown, wrong or lacking options end with an error."""
    command, name, rest = main.get_command(click.Context(main), words[1]), words[1], words[2:]
    if isinstance(command, click.Group):
        command, name, rest = command.get_command(click.Context(command), rest[0]), rest[0], rest[1:]
    with command.make_context(name, rest) as context:
        assert context.params


@pytest.mark.parametrize("name", TEXTS)
def test_every_command_that_is_named_exists(name):
    assert set(re.findall(r"credit-model (\w+)", TEXTS[name])) <= {*_COMMANDS}


def lines_of_work():
    return {block for text in TEXTS.values() for block in blocks("sh", text) if "credit-model train" in block}


@pytest.mark.parametrize("block", sorted(lines_of_work()))
def test_the_line_of_work_writes_each_folder_before_it_reads_it(block):
    written = {"book.csv", "panel.csv"}  # the user's own
    for words in (shlex.split(line, comments=True) for line in block.splitlines()):
        options = {word: value for word, value in pairwise(words) if word.startswith("--")}
        assert {options[name] for name in ("--data", "--model") if name in options} <= written, words
        written.add(options.get("--out"))


def links(text=README):
    """Targets within the project of every link and picture."""
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text)
    return sorted({t for t in targets if not t.startswith("http")})


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_every_link_within_the_project_leads_somewhere(name):
    assert [target for target in links(TEXTS[name]) if not (ROOT / target).exists()] == []


def test_pictures_are_small_and_not_blank():
    pictures = [t for t in links() if t.endswith((".png", ".svg"))]
    assert len(pictures) >= 2
    for name in pictures:
        content = (ROOT / name).read_bytes()
        assert len(content) < LARGEST_PICTURE, name
        if name.endswith(".png"):
            width, height = struct.unpack(">II", content[16:24])
            assert 600 <= width <= 2400, name
            assert len(content) > width * height / 200, name  # a blank PNG packs to far less


def test_the_first_screen_says_what_question_is_answered():
    first_screen = " ".join(README.splitlines()[:30])
    for words in ("Why a credit limit fell", "earlier snapshot", "factor", "docs/pictures/"):
        assert words in first_screen


def test_the_second_screen_shows_own_data():
    second_screen = " ".join(README.splitlines()[20:55])
    for command in ("demo --data", "draft", "check", "train", "explain", "report"):
        assert f"credit-model {command}" in " ".join(second_screen.split())


@pytest.mark.parametrize("name", TEXTS)
def test_nothing_is_left_to_be_filled_in(name):
    words = TEXTS[name].replace("CREDIT_MODEL_REAL_DATA", "")
    assert not re.search(r"\b(TODO|FIXME|TBD|XXX|[A-Z]{3,}_[A-Z]{3,})\b", words)


def test_the_layout_names_what_is_there():
    (layout,) = re.findall(r"## Layout\n+```\n(.*?)```", README, flags=re.S)
    top = ""
    for line in layout.splitlines():
        name = line.split()[0]
        if not line.startswith(" "):
            top = name
        path = ROOT / top / name if line.startswith(" ") else ROOT / name
        assert path.exists(), name
