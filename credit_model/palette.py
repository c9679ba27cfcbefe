"""What every picture of a cut has in common, on paper and on pages: colours, ticks of probabilities, names of flags.

Nothing here loads matplotlib: the report's pages are given these values as they stand, so that both say the same.

Signs: vermilion lowers the score, teal raises it. Factors: the colours of Okabe and Ito
(https://jfly.uni-koeln.de/color/), continued by dark and light ones; a factor's place in the catalogue decides. All
stay apart for colour-blind readers and in grey print.
"""

from __future__ import annotations

INK = "#1F2933"
MUTED = "#5B6770"
FAINT = "#8A949C"
RULE = "#C9D1D6"
GRID = "#E8ECEF"
PAPER = "#FFFFFF"

LOWERS = "#D55E00"
RAISES = "#008C76"
LOST_TINT = "#FDF1E9"
RAISED_TINT = "#FFF9EA"
UNEXPLAINED_GREY = "#D3D8DC"
ALERT = "#A83F00"

FACTOR_COLOURS = (
    "#0072B2",  # blue
    "#E69F00",  # orange
    "#009E73",  # green
    "#D55E00",  # vermilion
    "#CC79A7",  # pink
    "#56B4E9",  # sky
    "#661100",  # maroon
    "#B2DF8A",  # light green
    "#332288",  # indigo
    "#4D4D4D",  # charcoal
    "#F0E442",  # yellow
    "#000000",  # black
)
_HATCHES = ("", "////", "....", "xxxx")

#: Per cents that an axis of log-odds may tick; those to place first come first. With p there is always 100 - p, so
#: they serve the probability of keeping a limit and the risk of losing it alike.
_PER_CENTS = (50, 10, 90, 1, 99, 25, 75, 5, 95, 0.1, 99.9, 0.01, 99.99, 40, 60, 30, 70, 20, 80, 2, 98, 0.5, 99.5)
#: The same as (probability, text).
PROBABILITY_TICKS: tuple[tuple[float, str], ...] = tuple((p / 100, f"{p:g}%") for p in _PER_CENTS)

#: What a cut may be marked with in an index of many; the k-th is bit k of its flags.
FLAGS = (
    "unexplained",
    "raised",
    "near_tie",
    "censored",
    "no_reference",
    "knock_out",
    "delinquency",
    "inactivity",
    "class_wide",
    "wave",
)


def factor_colour(place: int) -> str:
    """The colour of the factor at a place in the catalogue."""
    return FACTOR_COLOURS[place % len(FACTOR_COLOURS)]


def factor_hatch(place: int) -> str:
    """A pattern that tells factors apart once the colours repeat; "" for the first twelve."""
    return _HATCHES[place // len(FACTOR_COLOURS) % len(_HATCHES)]
