"""Catalogues, lender files and languages that are TOML, but not sound: each edit is of one line of a sound file."""

from __future__ import annotations

from collections.abc import Callable, Iterator

Change = tuple[str, str, str]

_HUGE = "1" + "0" * 400
_DEEP = "[" * 400 + "]" * 400
_TABLES = "{a = " * 400 + "1" + "}" * 400
#: In the place of a number, a text or a list.
_VALUES = (
    *(_HUGE, f"-{_HUGE}", f"{_HUGE}.0", "1e400", "-1e400", "nan", "+nan", "-nan", "inf", "-inf", "-0.0"),
    *("9007199254740993",),
    *(_DEEP, _TABLES, "[]", "{}", '""', '" "', '"\\u0000"', '"\\u202E"', '"\\n"', "'''a\nb'''", "true"),
    *("1979-05-27T07:32:00Z",),
    *("07:32:00", "0x10", "0o7", "0b1", "1_000", '["a", "a"]', "[nan]", "[1, inf]", '[["a"]]', "[true, false]"),
    '"' + "x" * 100_000 + '"',
)  # fmt: skip
_TEMPLATES = (
    *("{before}", "{before} {after} {before}", "{before:>999999999} {after}", "{before!r} {after}"),
    *("{before.real} {after}",),
    *("{before[0]} {after}", "{0} {1}", "{} {}", "{{before}} {after}", "{before} {after"),
    *("{before:{after}} {after}", "%s %s"),
    *("{before} {after}\\u0000", "{before} {after}" + "x" * 100_000, "<script>{before} {after}</script>"),
    *("{before}{after}",),
)  # fmt: skip


def changes(text: str) -> Iterator[tuple[str, str]]:
    """(what, changed text): every key of the file with every value, each once, where the key first stands."""
    seen = set()
    lines = text.split("\n")
    for number, line in enumerate(lines):
        key, equals, value = line.partition(" = ")
        if not equals or key in seen or not key.isidentifier():
            continue
        seen.add(key)
        for new in _VALUES:
            yield f"{key} = {new[:24]}", "\n".join([*lines[:number], f"{key} = {new}", *lines[number + 1 :]])
        yield f"{key} twice", "\n".join([*lines[:number], line, *lines[number:]])
        yield f"{key} in quotes", "\n".join([*lines[:number], f'"{key}"{equals}{value}', *lines[number + 1 :]])
        yield f"{key} below", "\n".join([*lines[:number], f"{key}.a.b.c = 1", *lines[number + 1 :]])
        if key == "reason":
            for new in _TEMPLATES:
                yield f"reason of {new[:24]}", "\n".join([*lines[:number], f'{key} = "{new}"', *lines[number + 1 :]])
    for what, top in {
        "deep tables": "[" + "a." * 5000 + "a]",
        "a deep key": "a." * 20_000 + "a = 1",
        "a deep list": "a = " + "[" * 20_000 + "]" * 20_000,
        "deep inline tables": "a = " + "{a = " * 5000 + "1" + "}" * 5000,
        "many tables": "\n".join(f"[t{i}]" for i in range(20_000)),
        "many features": "\n".join(f'[[feature]]\nid = "f{i}"' for i in range(5000)),
        "one table twice": "[portfolio]",
    }.items():
        yield f"{what} first", f"{top}\n{text}"
        yield f"{what} last", f"{text}\n{top}\n"


def renamed(text: str, rename: Callable[[str], str]) -> Iterator[tuple[str, str]]:
    """Every quoted name of a file changed, wherever it stands, and only where it first stands."""
    seen = set()
    for line in text.split("\n"):
        key, _, value = line.partition(" = ")
        if key in ("id", "name", "column", "numerator", "denominator", "factor", "code") and value.count('"') == 2:
            name = value.strip('"')
            if name not in seen:
                seen.add(name)
                yield f"{name} renamed once", text.replace(value, f'"{rename(name)}"', 1)
                yield f"{name} renamed", text.replace(value, f'"{rename(name)}"')
