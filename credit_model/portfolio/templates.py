"""Texts with places, such as ``"{before} to {after}"``: what a file may ask of them, and no more."""

from __future__ import annotations

import string


def places_of(text: str) -> set[str]:
    """The names of the places in a text.

    A place is a name in braces and nothing else: a format, a conversion, an attribute or an index would run within
    the program that fills it, for however long and with whatever it can reach.

    Parameters
    ----------
    text : str

    Raises
    ------
    ValueError
        The braces do not match, or a place is more than a name.

    Examples
    --------
    >>> sorted(places_of("{before} to {after}, {{literally}}"))
    ['after', 'before']
    >>> places_of("{before:>1000000000}")
    Traceback (most recent call last):
    ...
    ValueError: {before:>1000000000} must be a name in braces and nothing else
    """
    names = set()
    for _, name, spec, conversion in string.Formatter().parse(text):
        if name is None:
            continue
        if spec or conversion or not name.isidentifier():
            marks = f"{'!' + conversion if conversion else ''}{':' + spec if spec else ''}"
            raise ValueError(f"{{{name}{marks}}} must be a name in braces and nothing else")
        names.add(name)
    return names
