"""Ways to damage the bytes of a file: each takes the content and a generator, and gives other content."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

Mutator = Callable[[bytes, np.random.Generator], bytes]

_TOKEN = re.compile(rb"[^\s,=\[\]{}\"':]+")
_SETTING = re.compile(rb"(?<== )(\"[^\"\n]*\"|[^\"\s{\[][^\n,}]*|[{\[][^\n]*)")
_NUMBER = re.compile(rb"-?\d+(\.\d+)?")
#: What takes the place of a value.
VALUES: tuple[bytes, ...] = (
    *(b"", b"0", b"-1", b"1", b"1e999", b"-1e999", b"nan", b"inf", b"-inf", b"9" * 19, b"9" * 400),
    *(b"1_000", b"0x10", b"007"),
    *(b"true", b"false", b"null", b"NaN", b"Infinity", b"[]", b"{}", b'""', b"''", b"[1, 2]", b"{a = 1}"),
    *(b'"text"', b"12.5"),
    *(b"=1+1", b"\xef\xbc\x91\xef\xbc\x92", b"\xed\xa0\x80", b"\x00", b"\xe2\x80\xae", b"x" * 3000),
    *(b"2024-02-30", b"1979-05-27"),
    *(b'"', b'"""', b"\\u0000", b"\\ud800", b"2024-13", b"202413", b"{before}", b"{0}", b"{", b"last"),
    *(b"raises", b"lowers", b"free"),
)  # fmt: skip


def _place(content: bytes, rng: np.random.Generator) -> int:
    return int(rng.integers(len(content) + 1))


def flip_bits(content: bytes, rng: np.random.Generator) -> bytes:
    """One to three bits."""
    changed = bytearray(content)
    for _ in range(int(rng.integers(1, 4)) if content else 0):
        changed[int(rng.integers(len(content)))] ^= 1 << int(rng.integers(8))
    return bytes(changed)


def truncate(content: bytes, rng: np.random.Generator) -> bytes:
    """The beginning, or nothing."""
    return content[: _place(content, rng)] if rng.integers(8) else b""


def cut_out(content: bytes, rng: np.random.Generator) -> bytes:
    """Without a few bytes, or many."""
    at = _place(content, rng)
    return content[:at] + content[at + int(rng.choice([1, 2, 4, 16, 300])) :]


def put_in(content: bytes, rng: np.random.Generator) -> bytes:
    """With a few bytes more: random ones, or ones with a meaning."""
    at = _place(content, rng)
    fresh = rng.bytes(int(rng.integers(1, 9))) if rng.integers(2) else VALUES[int(rng.integers(len(VALUES)))]
    return content[:at] + fresh + content[at:]


def repeat(content: bytes, rng: np.random.Generator) -> bytes:
    """With a part twice, or all of it."""
    if not rng.integers(4):
        return content + content
    a, b = sorted((_place(content, rng), _place(content, rng)))
    return content[:b] + content[a:b] + content[b:]


def blank(content: bytes, rng: np.random.Generator) -> bytes:
    """With a part of zeros, as after a crash of the machine."""
    a, b = sorted((_place(content, rng), _place(content, rng)))
    return content[:a] + bytes(min(b - a, 600)) + content[a + min(b - a, 600) :]


def move_lines(content: bytes, rng: np.random.Generator) -> bytes:
    """Lines in another order, one twice, or one away."""
    lines = content.split(b"\n")
    i, j = (int(rng.integers(len(lines))) for _ in range(2))
    way = int(rng.integers(4))
    if way == 0:
        lines = [lines[k] for k in rng.permutation(len(lines))]
    elif way == 1:
        lines[i], lines[j] = lines[j], lines[i]
    elif way == 2:
        lines.insert(i, lines[j])
    else:
        del lines[i]
    return b"\n".join(lines)


def swap_values(content: bytes, rng: np.random.Generator) -> bytes:
    """Two values in each other's place."""
    found = list(_TOKEN.finditer(content))
    if len(found) < 2:
        return content
    a, b = sorted(rng.choice(len(found), 2, replace=False).tolist())
    first, second = found[a], found[b]
    between = content[first.end() : second.start()]
    return content[: first.start()] + second[0] + between + first[0] + content[second.end() :]


def other_value(content: bytes, rng: np.random.Generator) -> bytes:
    """Another value in the place of a word, a number or a quoted text."""
    pattern = (_TOKEN, _NUMBER, re.compile(rb'"[^"\n]*"'))[int(rng.integers(3))]
    found = list(pattern.finditer(content))
    if not found:
        return content
    one = found[int(rng.integers(len(found)))]
    return content[: one.start()] + VALUES[int(rng.integers(len(VALUES)))] + content[one.end() :]


def other_setting(content: bytes, rng: np.random.Generator) -> bytes:
    """Another value after an equals sign."""
    found = list(_SETTING.finditer(content))
    if not found:
        return other_value(content, rng)
    one = found[int(rng.integers(len(found)))]
    return content[: one.start()] + VALUES[int(rng.integers(len(VALUES)))] + content[one.end() :]


def near_value(content: bytes, rng: np.random.Generator) -> bytes:
    """One digit changed: still a number."""
    found = [i for i, byte in enumerate(content) if 48 <= byte <= 57]
    if not found:
        return content
    at = found[int(rng.integers(len(found)))]
    return content[:at] + str(rng.integers(10)).encode() + content[at + 1 :]


def encode_otherwise(content: bytes, rng: np.random.Generator) -> bytes:
    """The same text in another encoding or with other ends of lines."""
    ways: list[Callable[[], bytes]] = [
        lambda: b"\xef\xbb\xbf" + content,
        lambda: content.decode().encode("utf-16"),
        lambda: content.decode().encode("gb18030"),
        lambda: content.decode().encode("latin-1", "replace"),
        lambda: content.replace(b"\n", b"\r\n"),
        lambda: content.replace(b"\n", b"\r"),
        lambda: content.replace(b"\n", b" \n"),
        lambda: content + b"\x1a",
        lambda: b"\n\n" + content,
        lambda: content.rstrip(b"\n"),
    ]
    try:
        return ways[int(rng.integers(len(ways)))]()
    except UnicodeDecodeError:
        return content[::-1]


def nest(content: bytes, rng: np.random.Generator) -> bytes:
    """Very deep brackets at some place."""
    at, depth = _place(content, rng), int(rng.choice([50, 2_000, 100_000]))
    opened = (b"[", b"{", b"(", b'{"a":', b"a.")[int(rng.integers(5))]
    return content[:at] + opened * depth + content[at:]


def comment(content: bytes, rng: np.random.Generator) -> bytes:
    """A comment of TOML, or white space, at the end of a line."""
    lines = content.split(b"\n")
    at = int(rng.integers(len(lines)))
    lines[at] += (b"  # \xe4\xbf\xa1", b"   ", b"\t")[int(rng.integers(3))]
    return b"\n".join(lines)


ANY: tuple[Mutator, ...] = (flip_bits, truncate, cut_out, put_in, repeat, blank)
TEXT: tuple[Mutator, ...] = (
    *(move_lines, swap_values, other_value, other_value, other_setting, other_setting, other_setting),
    *(near_value, near_value, encode_otherwise, nest, comment),
)
