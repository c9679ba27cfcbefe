"""What both *leading factors* plots have in common: heading, colours and legend."""

from __future__ import annotations

import pandas as pd

from credit_model.explain.leading import UNEXPLAINED
from credit_model.palette import UNEXPLAINED_GREY, factor_colour, factor_hatch
from credit_model.plots import sheet
from credit_model.plots.fonts import Typeface
from credit_model.plots.legend import Entry
from credit_model.words.values import CatalogueWords


def leading_heading(table: pd.DataFrame, face: Typeface, width: float, title: str) -> sheet.Heading:
    n, unexplained = int(table.to_numpy().sum()), int(table[UNEXPLAINED].sum())
    subtitle = face.say(
        "leading.subtitle",
        count=n,
        unexplained=face.number(unexplained),
        share=face.language.share(unexplained / n),
    )
    return sheet.heading(face, width, title=title, subtitle=subtitle)


def leading_entries(table: pd.DataFrame, words: CatalogueWords) -> list[Entry]:
    n, share = int(table.to_numpy().sum()), words.language.share
    entries = [
        Entry(f"{label} {share(float(table[name].sum()) / n)}", factor_colour(g), factor_hatch(g))
        for g, (name, label) in enumerate(zip(words.catalogue.factor_ids, words.factor_labels, strict=True))
    ]
    none = f"{words.language.say('plot.unexplained')} {share(float(table[UNEXPLAINED].sum()) / n)}"
    return [*entries, Entry(none, UNEXPLAINED_GREY, "////")]


def leading_colours(words: CatalogueWords) -> list[tuple[str, str, str]]:
    """(column, colour, pattern) in the order of stacking."""
    ids = words.catalogue.factor_ids
    factors = [(name, factor_colour(g), factor_hatch(g)) for g, name in enumerate(ids)]
    return [*factors, (UNEXPLAINED, UNEXPLAINED_GREY, "////")]
