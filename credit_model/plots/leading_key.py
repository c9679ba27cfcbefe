"""What both *leading factors* plots have in common: heading, colours and legend."""

from __future__ import annotations

import pandas as pd

from credit_model.explain.leading import UNEXPLAINED
from credit_model.palette import UNEXPLAINED_GREY, factor_colour, factor_hatch
from credit_model.plots import sheet
from credit_model.plots.fonts import Typeface
from credit_model.plots.legend import Entry
from credit_model.words.values import Wording, format_share


def leading_heading(table: pd.DataFrame, words: Wording, face: Typeface, width: float, title: str) -> sheet.Heading:
    n, unexplained = int(table.to_numpy().sum()), int(table[UNEXPLAINED].sum())
    share = format_share(unexplained / n)
    if words.lang == "zh":
        subtitle = f"共{n:,}次降额 · 其中{unexplained:,}次（{share}）模型无法解释，建议重新评估"
    else:
        subtitle = f"{n:,} cuts · {unexplained:,} of them ({share}) unexplained: candidates for re-evaluation"
    return sheet.heading(face, width, title=title, subtitle=subtitle)


def leading_entries(table: pd.DataFrame, words: Wording) -> list[Entry]:
    n = int(table.to_numpy().sum())
    entries = [
        Entry(f"{label} {format_share(float(table[name].sum()) / n)}", factor_colour(g), factor_hatch(g))
        for g, (name, label) in enumerate(zip(words.catalogue.factor_ids, words.factor_labels, strict=True))
    ]
    label = "原因不明" if words.lang == "zh" else "unexplained"
    share = format_share(float(table[UNEXPLAINED].sum()) / n)
    return [*entries, Entry(f"{label} {share}", UNEXPLAINED_GREY, "////")]


def leading_colours(words: Wording) -> list[tuple[str, str, str]]:
    """(column, colour, pattern) in the order of stacking."""
    ids = words.catalogue.factor_ids
    factors = [(name, factor_colour(g), factor_hatch(g)) for g, name in enumerate(ids)]
    return [*factors, (UNEXPLAINED, UNEXPLAINED_GREY, "////")]
