"""The desk's words: every text that is used is there, in both languages, and none is left over."""

import re
from importlib import resources

import pytest

from credit_model.act.appeals.cases import KINDS, OUTCOMES, OVERRIDES, STATES
from credit_model.act.appeals.findings import TEXTS
from credit_model.desk.app import _TEXTS
from credit_model.desk.asking import DONE
from credit_model.desk.register import VIEWS
from credit_model.desk.users import ROLES
from credit_model.documents.lender_file import CHANNELS
from credit_model.words.language import language
from credit_model.words.language_file import places_of

FOLDER = resources.files("credit_model.desk")
SOURCES = "\n".join(
    file.read_text(encoding="utf-8")
    for folder in (FOLDER, FOLDER / "templates")
    for file in folder.iterdir()
    if file.name.endswith((".py", ".html"))
)
#: Texts whose keys are put together.
COMPOSED = {
    "role": ROLES,
    "account": tuple(f"may_{role}" for role in ROLES),
    "done": DONE,
    "error": (*_TEXTS.values(), "role", "form", "store", "mistake", "fault", "erased", "document", "no_case", "no_file",
              "no_letter"),
    "turn": (*STATES, "own", "explanation"),
    "inbox": tuple(f"view_{view}" for view in VIEWS),
    "open": (*(f"hint_{kind}" for kind in KINDS), "no_rise_highest", "no_rise_limit"),
    "channel": CHANNELS,
    "outcome": (*OUTCOMES, *(f"rise_{name}" for name in OUTCOMES[:3])),
    "reason": (*OVERRIDES, "as_evaluated", "as_asked"),
    "event": ("opened", "evidence", "evaluated", "proposed", "decided", "returned", "letter", "letter_late", "closed",
              "withdrawn", "erased", "because"),
    "found": tuple(key for key in TEXTS if key not in ("left_out", "exported_other")),  # of exports
    "figures": ("open", "late", "soon", "decided", "overrides"),
    "nav": ("inbox", "new", "log", "figures"),
    "tab": ("case", "evidence", "cut", "letter", "history"),
    "cut": ("decided", "corrected", "notice"),
}  # fmt: skip


def used():
    """Every key after ``desk.`` that the sources name or put together."""
    named = set(re.findall(r"""["']([a-z_]+\.[a-z_]+)["']""", SOURCES)) | {"brand", "skip"}
    return named | {f"{section}.{key}" for section, keys in COMPOSED.items() for key in keys}


def test_every_text_of_the_desk_is_used_and_none_is_lacking():
    known = {key.removeprefix("desk.") for key in language("en").words if key.startswith("desk.")}
    assert known - used() == set()
    composed = {f"{section}.{key}" for section, keys in COMPOSED.items() for key in keys}
    assert composed - known == set()
    said = set(re.findall(r"""\bsay\(\s*["']([a-z_]+(?:\.[a-z_]+)?)["'][,)]""", SOURCES))
    assert {key for key in said if "." in key} - known - {"value.yes", "value.no", "appeal.late"} == set()


@pytest.mark.parametrize("key", [key for key in language("en").words if key.startswith("desk.")])
def test_a_text_has_the_same_places_in_both_languages(key):
    english, chinese = (language(code).words[key] for code in ("en", "zh"))
    assert places_of(chinese) <= places_of(english)
    assert places_of(english) - places_of(chinese) <= {"count"}
    plain = chinese if isinstance(chinese, str) else chinese["other"]
    assert re.search(r"[\u4e00-\u9fff]", plain) or not re.search(r"[A-Za-z]{2}", re.sub(r"\{\w+\}", "", plain))
    assert " ." not in plain
