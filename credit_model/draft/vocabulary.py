"""What the name of a column says: words in English and Chinese, and the concepts that they make.

Words are read from ``words.toml``, concepts from ``concepts.toml``. A name is cut into words (``custID``, ``CUST_ID``
and ``客户编号`` are the same two), and the concept whose phrase covers most of them is what the column may be.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import resources
from typing import Any

#: Words that, left over, change little of what a name means.
_SLIGHT = frozenset({"customer", "account", "card", "loan", "month", "credit", "id", "flag", "last", "average",
                     "maximum", "cumulative", "count", "ratio", "index", "type", "bureau", "history",
                     "book"})  # fmt: skip
#: Words that, left over, turn it around.
_STRONG = frozenset({"other", "previous", "new", "available", "temporary", "change", "cut", "raise", "cash", "minimum",
                     "pastdue", "without", "decision", "reason", "since", "lenders", "date", "used",
                     "due", "drop"})  # fmt: skip
#: Words that say how a number moved: +1 where a higher value is a higher value of what moved, -1 where it is a lower.
_TURNS = {"drop": -1, "cut": -1, "change": 1, "raise": 1}
_OTHER_WAY = {"raises": "lowers", "lowers": "raises"}
#: Words of amounts, one of which by another is a ratio ("emi_to_income", "balance/limit").
_AMOUNTS = frozenset({"income", "balance", "limit", "creditlimit", "due", "installment", "deposit", "spend", "used",
                      "principal", "collateral", "drawn", "interest"})  # fmt: skip
_BY = re.compile(r"(?<=[^\W_])(?:[_\s.-]+to[_\s.-]+|to(?=[A-Z])|To(?=[A-Z])|\s*/\s*)(?=[^\W_])")
#: What was approved is the limit where there is no other; else it may be known only after the decision.
_LESS_CERTAIN = {"limit": 0.2, "after": 0.3}
#: Words that say that a number already sums up several months.
_SUMMARIES = frozenset({"average", "maximum", "sd", "trend", "change", "drop", "cumulative"})
_KEYS = frozenset({"customer", "account", "product", "month", "limit"})
_CJK = re.compile(r"[\u3400-\u9fff]+")
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[\u3400-\u9fff]+|%")
_WINDOW = re.compile(
    r"(?<![a-z\d])[lp]?(\d{1,2})[\s_]*(?:m|mo|mos|mth|mths|months?)(?![a-z])|近\s*(\d{1,2})\s*个?月", re.I
)
_MOST_WORDS = 5


@dataclass(frozen=True)
class Concept:
    """What a column may be.

    Attributes
    ----------
    id : str
    phrases : tuple of frozensets of words
    role : str
        What else than a driver the column is for; "" for a driver.
    shape : str
        The features that are made of it, as `shapes.toml` names them.
    factor, unit, effect, source : str
        As a catalogue has them.
    label : mapping
        Language -> its name in words.
    proxy : bool
        It may stand in for a protected attribute, but is none.
    doubt : str
        What its name leaves open.
    """

    id: str
    phrases: tuple[frozenset[str], ...]
    role: str
    shape: str
    factor: str
    unit: str
    effect: str
    source: str
    label: Mapping[str, str]
    proxy: bool
    doubt: str = ""

    def __hash__(self) -> int:
        return hash(self.id)


@dataclass(frozen=True)
class Meaning:
    """What a column's name says.

    Attributes
    ----------
    words : tuple of str
        As `words.toml` names them, without those that add nothing.
    ranked : tuple of (Concept, float)
        The concepts that fit, the best first, each with how well it fits.
    is_summary : bool
        The name says that a value sums up several months ("avg_bal_6m").
    """

    words: tuple[str, ...]
    ranked: tuple[tuple[Concept, float], ...]
    is_summary: bool

    @property
    def concept(self) -> Concept | None:
        """The best concept."""
        return self.ranked[0][0] if self.ranked else None

    @property
    def driver(self) -> Concept | None:
        """The best concept that is no key of the panel."""
        return next((concept for concept, _ in self.ranked if concept.role not in _KEYS), None)

    def fit(self, role: str) -> float:
        """How well the name fits a role; 0: not at all."""
        return max((score for concept, score in self.ranked if concept.role == role), default=0.0)


def meaning_of(name: str) -> Meaning:
    """What a column's name says.

    Parameters
    ----------
    name : str
        As it stands in the header.

    Examples
    --------
    >>> [meaning_of(name).concept.id for name in ("CUST_ID", "DaysPastDue", "授信额度(万元)", "他行余额")]
    ['customer', 'days_past_due', 'limit', 'other_balance']
    """
    name = _simplified(name)
    words, money = words_of(name)
    bag = frozenset(words)
    is_ratio = _is_ratio(name)
    ranked = []
    for concept in _concepts().values():
        fits = [(_fit(phrase, bag, concept.role), phrase) for phrase in concept.phrases if phrase <= bag]
        if fits and not (is_ratio and concept.unit == "money"):
            fit, phrase = max(fits, key=lambda pair: pair[0])
            ranked.append((_turned(concept, bag - phrase), fit + _unit_fit(concept, bag, money)))
    ranked = sorted((pair for pair in ranked if pair[1] > 0), key=lambda pair: -pair[1])
    return Meaning(words, tuple(ranked), bool(_WINDOW.search(name.lower())) or bool(bag & _SUMMARIES))


def words_of(name: str) -> tuple[tuple[str, ...], bool]:
    """The words of a name, each once, and whether it says that it is an amount of money."""
    plain = _simplified(name)
    if _is_ratio(plain):
        left, right = _BY.split(plain, maxsplit=1)
        words = [*words_of(left)[0], *words_of(right)[0], "ratio"]
        whole = _words_in(plain)  # "debt to income" is a word of its own
        return tuple(dict.fromkeys(whole if len(whole) < len(words) - 1 else words)), False
    money = bool(re.search(r"amount|amt|\busd\b|金额|[$¥€£元]", plain.lower()))
    return tuple(dict.fromkeys(_words_in(plain))), money


def _simplified(name: str) -> str:
    """A name in full-width forms' usual ones and in simplified characters."""
    return unicodedata.normalize("NFKC", str(name)).translate(_characters())


def _is_ratio(plain: str) -> bool:
    """Whether a name says "X to Y" or "X/Y" of two amounts."""
    parts = _BY.split(plain, maxsplit=1)
    if len(parts) < 2:
        return False
    left, right = (frozenset(_words_in(part)) for part in parts)
    return bool(left and right & _AMOUNTS)


def _words_in(plain: str) -> list[str]:
    parts = _PART.findall(re.sub(r"['’]", "", plain))
    spellings = _spellings()
    found: list[str] = []
    latin = [part if _CJK.fullmatch(part) else part.lower() for part in parts]
    place = 0
    while place < len(latin):
        for length in range(min(_MOST_WORDS, len(latin) - place), 0, -1):
            word = spellings.get(" ".join(latin[place : place + length])) or (
                spellings.get("".join(latin[place : place + length])) if length > 1 else None
            )
            if word is not None:
                found.append(word)
                place += length
                break
        else:
            found += _cut(latin[place])
            place += 1
    return [word for word in found if word != "~"]


def concept_of(id: str) -> Concept:
    """The concept of this id."""
    return _concepts()[id]


def _turned(concept: Concept, left: frozenset[str]) -> Concept:
    """The concept, or its movement where the words that are left over say one ("fico_drop_3m")."""
    turns = [_TURNS[word] for word in left if word in _TURNS]
    if concept.role or not turns:
        return concept
    effect = _OTHER_WAY.get(concept.effect, concept.effect) if min(turns) < 0 else concept.effect
    words = ("fall of {}", "{}降幅") if min(turns) < 0 else ("change of {}", "{}变动")
    label = {lang: text.format(concept.label[lang]) for lang, text in zip(("en", "zh"), words, strict=True)}
    id = f"{concept.id}_{'drop' if min(turns) < 0 else 'change'}"
    return replace(concept, id=id, shape="level", effect=effect, label=label)


def _fit(phrase: frozenset[str], bag: frozenset[str], role: str) -> float:
    left = bag - phrase
    if not role:
        left -= {"drop"}
    uncertain = _LESS_CERTAIN.get(role, 0.0) if "sanctioned" in phrase else 0.0
    lost = uncertain + sum(
        0.6 if w in _STRONG else 0.05 if w in _SLIGHT else 0.1 if w.startswith("?") else 0.2 for w in left
    )
    return len(phrase) - lost


def _unit_fit(concept: Concept, bag: frozenset[str], money: bool) -> float:
    if concept.role:
        return 0.0
    if "count" in bag or "id" in bag:
        return -0.4 if concept.unit == "money" else 0.1
    return (0.2 if concept.unit == "money" else -0.3) if money else 0.0


def _cut(part: str) -> list[str]:
    """A part that is no word: cut into words where it can be, else marked as unknown."""
    if part.isdigit():
        return []
    if _CJK.fullmatch(part):
        return _cut_chinese(part)
    best: list[list[str] | None] = [[]] + [None] * len(part)
    spellings = _spellings()
    for end in range(1, len(part) + 1):
        for start in range(max(0, end - 14), end):
            before, word = best[start], spellings.get(part[start:end])
            if before is None or word is None or end - start < 2:
                continue
            if best[end] is None or len(before) + 1 < len(best[end] or []):
                best[end] = [*before, word]
    return best[-1] if best[-1] and len(part) >= 4 else ["?" + part]


def _cut_chinese(part: str) -> list[str]:
    found, unknown, place = [], "", 0
    spellings = _spellings()
    while place < len(part):
        for length in range(min(8, len(part) - place), 0, -1):
            word = spellings.get(part[place : place + length])
            if word is not None:
                found.append(word)
                place += length
                break
        else:
            unknown += part[place]
            place += 1
    return [*found, "?" + unknown] if unknown else found


def read_data(name: str) -> dict[str, Any]:
    """A data file of this room."""
    text = (resources.files("credit_model.draft") / name).read_text(encoding="utf-8")
    return tomllib.loads(text)


@lru_cache(maxsize=1)
def _spellings() -> dict[str, str]:
    found: dict[str, str] = {}
    for word, spellings in read_data("words.toml")["words"].items():
        for spelling in (word, *spellings):
            found.setdefault(unicodedata.normalize("NFKC", spelling).lower(), word)
    return found


@lru_cache(maxsize=1)
def _characters() -> dict[int, str]:
    """Traditional characters -> simplified ones, for `str.translate`."""
    table = read_data("words.toml")["characters"]
    return {ord(one): other for one, other in zip(table["traditional"], table["simplified"], strict=True)}


@lru_cache(maxsize=1)
def _concepts() -> dict[str, Concept]:
    found = {}
    for table in read_data("concepts.toml")["concept"]:
        found[table["id"]] = Concept(
            id=table["id"],
            phrases=tuple(frozenset(phrase.split()) for phrase in table["phrases"]),
            role=table.get("role", ""),
            shape=table.get("shape", ""),
            factor=table.get("factor", ""),
            unit=table.get("unit", ""),
            effect=table.get("effect", "free"),
            source=table.get("source", "own_records"),
            label={lang: table[lang] for lang in ("en", "zh") if lang in table},
            proxy=table.get("proxy", False),
            doubt=table.get("doubt", ""),
        )
    return found
