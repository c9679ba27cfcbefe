"""The reference pages leave nothing out: catalogue keys and words, commands, public names."""

import re
import tomllib
from importlib import import_module
from pathlib import Path
from typing import get_args

import pytest

import credit_model
from credit_model.portfolio import declarations
from credit_model.portfolio.catalogue import BUILT_IN, parse_catalogue, read_catalogue
from credit_model.portfolio.lever_declarations import AHEAD
from credit_model.portfolio.levers import Follows, Moves
from credit_model.portfolio.month_columns import FORMATS
from credit_model.portfolio.months import CALENDARS
from credit_model.portfolio.toml_document import TomlTable
from tests.portfolio.examples import CATALOGUE

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "catalogue.md").read_text(encoding="utf-8")
API = "\n".join(path.read_text(encoding="utf-8") for path in sorted((DOCS / "api").glob("*.rst")))
ROOMS = ("credit_model", "credit_model.explain", "credit_model.words", "credit_model.plots", "credit_model.documents",
         "credit_model.grade", "credit_model.readers", "credit_model.act.plans",
         "credit_model.act.warning", "credit_model.act.appeals", "credit_model.export",
         "credit_model.scale")  # fmt: skip
#: A lever of the other direction than those of the catalogues that come with the package.
LEVER_UP = """
[[lever]]
id = "save"
column = "provident_fund_amount"
moves = "up"
ceiling = 2000
label = "save"
action = "save"
"""
#: Public names that are no part of a user's work: constants, and what only other rooms take.
APART = {"CONVERTERS", "LANGUAGES", "CatalogueWords", "Language", "catalogue_words"}


def section(table):
    """The part of the page about one table."""
    start = PAGE.index(f"## `{table}`")
    return PAGE[start:].split("\n## ")[0]


def entries(table):
    """Key -> its entry: type and default in italics, meaning, an example."""
    return dict(re.findall(r"^`(\w+)`\n: (.*?)(?=\n\n|\Z)", section(table), flags=re.M | re.S))


def first_column(heading):
    """The words that a table below a heading lists."""
    part = re.split(r"^#+ ", PAGE[PAGE.index(f"### {heading}\n") + 4 :], flags=re.M)[0]
    return re.findall(r"^\| `(\w+)` \|", part, flags=re.M)


@pytest.fixture(scope="module")
def asked():
    """Table -> the keys that the reader of catalogues asks for."""
    keys = {}
    get = TomlTable.get

    def recording(self, key, *rest, **more):
        keys.setdefault(self.name, set()).add(key)
        return get(self, key, *rest, **more)

    TomlTable.get = recording
    try:
        parse_catalogue(CATALOGUE)
        for name in BUILT_IN:
            parse_catalogue(read_catalogue(name).text)
        parse_catalogue(CATALOGUE + "[source]\n")
        parse_catalogue(read_catalogue("synthetic").text + LEVER_UP)
    finally:
        TomlTable.get = get
    return keys


TABLES = {
    "portfolio": "[portfolio]",
    "ladder": "[ladder]",
    "source": "[source]",
    "column": "[[column]]",
    "factor": "[[factor]]",
    "feature": "[[feature]]",
    "plan": "[plan]",
    "lever": "[[lever]]",
    "document": "[[document]]",
    "ledger": "[[ledger]]",
}


@pytest.mark.parametrize("name", TABLES)
def test_the_page_has_every_key_that_is_read_and_no_other(asked, name):
    assert set(entries(TABLES[name])) == asked[name]


def test_no_table_is_left_out(asked):
    assert set(TABLES) == set(asked)


@pytest.mark.parametrize("name", TABLES)
def test_every_key_has_its_type_default_and_example(name):
    for key, text in entries(TABLES[name]).items():
        said = " ".join(text.split())
        assert re.match(r"\*[^*]+\.\*", said), f"{key}: type and default come first, in italics"
        example = re.search(r"`([^`]+)`$", said)
        assert example, f"{key}: an example stands at the end"
        assert list(tomllib.loads(example[1])) == [key]


@pytest.mark.parametrize(
    ("heading", "words"),
    [
        ("Kinds", get_args(declarations.Kind)),
        ("Units", get_args(declarations.Unit)),
        ("Summaries", declarations.SUMMARIES),
        ("Effects", tuple(declarations.SIGNS)),
        ("Exemptions", get_args(declarations.Exemption)),
    ],
)
def test_every_word_has_its_line(heading, words):
    assert sorted(first_column(heading)) == sorted(words)


@pytest.mark.parametrize(
    ("table", "key", "words"),
    [
        ("[portfolio]", "calendar", tuple(CALENDARS)),
        ("[portfolio]", "month_format", FORMATS),
        ("[[column]]", "source", get_args(declarations.Source)),
        ("[[factor]]", "about", get_args(declarations.About)),
        ("[[feature]]", "effect", tuple(declarations.SIGNS)),
        ("[[feature]]", "exemption", get_args(declarations.Exemption)),
        ("[plan]", "ahead", AHEAD),
        ("[[lever]]", "moves", get_args(Moves)),
        ("[[lever]]", "follows", get_args(Follows)),
    ],
)
def test_every_choice_is_named(table, key, words):
    for word in words:
        assert re.search(rf"[`\"]{word}[`\"]", entries(table)[key]), (key, word)


def test_every_state_is_named():
    for state in declarations.STATES:
        assert f"`{state}`" in PAGE


@pytest.mark.parametrize("room", ROOMS)
def test_every_public_name_has_its_entry(room):
    for name in import_module(room).__all__:
        if name not in APART and not (room != "credit_model" and name in credit_model.__all__):
            assert re.search(rf"^\.\. auto\w+:: {room}\.{name}$", API, flags=re.M), f"{room}.{name}"


def test_no_entry_is_of_a_name_that_is_gone():
    for full in re.findall(r"^\.\. auto\w+:: (\S+)$", API, flags=re.M):
        room, name = full.rsplit(".", 1)
        assert name in import_module(room).__all__, full


def test_the_command_reference_has_every_command_and_option():
    pytest.importorskip("sphinx", reason="pip install '.[docs]'")
    import click

    from credit_model.cli import _COMMANDS, main

    spec = import_module("importlib.util").spec_from_file_location("commands", DOCS / "_ext" / "commands.py")
    module = import_module("importlib.util").module_from_spec(spec)
    spec.loader.exec_module(module)
    source = [module.MARKER]
    module._insert(None, "commands", source)
    for name in _COMMANDS:
        command = main.get_command(click.Context(main), name)
        assert f"## {name}\n" in source[0]
        for parameter in command.params:
            assert any(option in source[0] for option in parameter.opts) or isinstance(parameter, click.Argument)
