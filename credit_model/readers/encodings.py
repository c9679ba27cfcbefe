"""The text that bytes stand for: declared, proven (a mark of order, valid UTF-8), or the only one that makes sense.

A Chinese or a Western file does not say how it is encoded. Of the usual encodings, those are candidates in which all of
the text is usual text: common Chinese characters, or Western letters within words. Of one candidate the reader is told,
of several, or none, the user is asked.
"""

from __future__ import annotations

import codecs
import itertools
import re
import unicodedata
import warnings
from collections import Counter
from pathlib import Path

from credit_model.errors import CreditModelWarning, DataFileError

#: Marks of order at the start of a text; the longer ones first.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
#: What is tried where a text is no UTF-8.
_CANDIDATES = ("gb18030", "big5", "cp1252")
#: Without any of these a text is no table.
_STRUCTURE = "\n\r,;|\t"
#: So much of a text is looked at to tell whether it is a usual one.
_MOST_LOOKED_AT = 200_000
#: Rare characters, such as those of names, may be so large a share of a text.
_MOST_RARE = 0.02
#: A Chinese character within a Western word is a misread letter.
_WITHIN_WORD = re.compile(r"[a-z][^\x00-\x7f][a-z]")
_WESTERN_WORD = re.compile(
    r"[A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u00ff\u0152\u0153\u0160\u0161\u0178\u017d\u017e]+"
)
#: Signs of Western texts that stand for themselves.
_WESTERN_SIGNS = frozenset("€£§°%ºª\u00a0–—‘’“”…·²³")


def decode(content: bytes, path: Path, encoding: str | None = None) -> str:
    """The text of a file, without a mark of order.

    Parameters
    ----------
    content : bytes
    path : Path
        Named in errors.
    encoding : str, optional
        As declared; None: found out.

    Raises
    ------
    DataFileError
        The bytes are no text in this encoding, or it is not known which one they are in.
    """
    if encoding is not None:
        return _declared(content, path, encoding)
    for mark, name in _MARKS:
        if content.startswith(mark):
            try:
                return content.decode(name)
            except UnicodeDecodeError as error:
                raise _no_text(path, name.removesuffix("-sig").upper(), content, error) from None
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        return _found(content, path, error)
    if "\x00" in text:
        raise _with_nul(path, content)
    return text


def is_encoding(name: str) -> bool:
    """Whether Python knows an encoding of texts by this name."""
    try:
        return bool(codecs.lookup(name)._is_text_encoding)
    except (LookupError, ValueError):
        return False


def encoding_of(content: bytes, text: str) -> str:
    """The name of the encoding in which `decode` found a text."""
    for mark, name in _MARKS:
        if content.startswith(mark):
            return name.removesuffix("-sig")
    for name in ("utf-8", *_CANDIDATES):
        try:
            if content.decode(name) == text:
                return name
        except UnicodeDecodeError:
            continue
    return "utf-8"


def _declared(content: bytes, path: Path, encoding: str) -> str:
    name = codecs.lookup(encoding).name
    shown = "UTF-8" if name == "utf-8" else encoding
    try:
        text = content.decode(name).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise _no_text(
            path,
            shown,
            content,
            error,
            "declare the encoding that it has, as encoding in [source], or save it with encoding UTF-8",
        ) from None
    if any(mark in content for mark in _STRUCTURE.encode()) and not any(mark in text for mark in _STRUCTURE):
        raise DataFileError(
            f"{path}: the text makes no sense in {encoding}: it has neither lines nor columns; declare the encoding "
            "that it has, as encoding in [source]"
        )
    return text


def _no_text(
    path: Path, encoding: str, content: bytes, error: UnicodeDecodeError, remedy: str = "save it with encoding UTF-8"
) -> DataFileError:
    return DataFileError(
        f"{path}: the file is not {encoding} text (byte {error.start}: 0x{content[error.start]:02x}); {remedy}"
    )


def _with_nul(path: Path, content: bytes) -> DataFileError:
    """UTF-16 without a mark of order has a NUL in every second place; other texts have none."""
    head = content[:2000]
    for name, zeros in (("utf-16-le", head[1::2]), ("utf-16-be", head[::2])):
        if zeros.count(0) > 0.6 * len(zeros):
            return DataFileError(
                f'{path}: holds NUL characters as UTF-16 does; declare encoding = "{name}" in [source], or save it as '
                "UTF-8"
            )
    return DataFileError(f"{path}: holds a NUL character, as no text does; write it again as CSV")


def _found(content: bytes, path: Path, error: UnicodeDecodeError) -> str:
    texts = {}
    for name in _CANDIDATES:
        try:
            texts[name] = content.decode(name)
        except UnicodeDecodeError:
            continue
    usual = [name for name, text in texts.items() if _is_usual(text[:_MOST_LOOKED_AT], name)]
    if len(usual) == 1:
        warnings.warn(
            f"{path}: read as {usual[0]}, the only usual encoding in which it makes sense; "
            f'declare encoding = "{usual[0]}" in [source]',
            CreditModelWarning,
            stacklevel=2,
        )
        return texts[usual[0]]
    shown = ", ".join(f"{_unclear_part(texts[name])} as {name}" for name in usual or texts)
    raise DataFileError(
        f"{path}: the file is not UTF-8 text (byte {error.start}: 0x{content[error.start]:02x}), and its encoding must "
        f"be certain{f': it reads {shown}' if shown else ''}; declare encoding in [source], or save it as UTF-8"
    )


def _unclear_part(text: str) -> str:
    """The first line that is not plain ASCII, shortened."""
    line = next((line for line in text.splitlines() if not line.isascii()), "")
    start = next((i for i, sign in enumerate(line) if not sign.isascii()), 0)
    part = "".join(sign if sign.isprintable() else "?" for sign in line[max(start - 10, 0) :][:30])
    return repr(part)


def _is_usual(text: str, encoding: str) -> bool:
    """Whether all that is not ASCII in a text is what people write."""
    if encoding == "cp1252":
        left = "".join(sign for sign in text if sign not in _WESTERN_SIGNS)
        words = [word for word in _WESTERN_WORD.findall(left) if not word.isascii()]
        in_words = sum(sum(not sign.isascii() for sign in word) for word in words)
        return in_words == sum(not sign.isascii() for sign in left) and all(_is_western(word) for word in words)
    beyond = Counter(sign for sign in text if not sign.isascii())
    rare = sum(count for sign, count in beyond.items() if not _is_common(sign, encoding))
    return rare <= _MOST_RARE * beyond.total() and not _WITHIN_WORD.search(text)


def _is_western(word: str) -> bool:
    """A word with at most half of its letters, and two in a row, beyond ASCII, and no capital after a small one."""
    beyond = [not sign.isascii() for sign in word]
    in_a_row = max(len(run) for run in "".join("x" if is_beyond else " " for is_beyond in beyond).split())
    cases = [unicodedata.category(sign) for sign in word]
    mixed = any(pair == ("Ll", "Lu") for pair in itertools.pairwise(cases))
    return 2 * sum(beyond) <= len(word) and in_a_row <= 2 and not mixed


def _is_common(sign: str, encoding: str) -> bool:
    """A character among the common ones, which come first in its standard; punctuation and full-width forms too."""
    if unicodedata.category(sign)[0] in "PSZ" or unicodedata.east_asian_width(sign) == "F":
        return True
    narrower = {"gb18030": "gb2312", "big5": "big5"}[encoding]
    try:
        code = sign.encode(narrower)
    except UnicodeEncodeError:
        return False
    lead = code[0]
    return 0xB0 <= lead <= 0xD7 if encoding == "gb18030" else 0xA4 <= lead <= 0xC6
