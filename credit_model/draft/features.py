"""Which features are made of the columns: by the shape of each, as `shapes.toml` says, within the panel's length."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from credit_model.draft.columns import FACTORS, ColumnPlan
from credit_model.draft.vocabulary import read_data
from credit_model.portfolio.forbidden_phrases import forbidden_phrase

#: Windows of the shapes in a calendar's periods.
_WINDOWS: Mapping[str | None, Mapping[str, int]] = {
    None: {"S": 3, "M": 6, "L": 12},
    "quarterly": {"S": 2, "M": 4, "L": 4},
    "weekly": {"S": 4, "M": 13, "L": 26},
    "yearly": {"S": 2, "M": 3, "L": 3},
}
#: Words for a calendar's periods: (unit of a catalogue, English, Chinese).
PERIODS: Mapping[str | None, tuple[str, str, str]] = {
    None: ("months", "months", "个月"),
    "quarterly": ("quarters", "quarters", "个季度"),
    "weekly": ("weeks", "weeks", "周"),
    "yearly": ("years", "years", "年"),
}
#: Shapes whose direction nobody disputes.
_FIRM = frozenset({"arrears", "arrears_days", "other_arrears"})
_REASONS = {
    "en": {"raises": "{x} fell from {{before}} to {{after}}", "lowers": "{x} rose from {{before}} to {{after}}",
           "free": "{x} went from {{before}} to {{after}}", "boolean": "{x}: {{before}} then, {{after}} now"},
    "zh": {"raises": "{x}由{{before}}降至{{after}}", "lowers": "{x}由{{before}}升至{{after}}",
           "free": "{x}由{{before}}变为{{after}}", "boolean": "{x}：此前{{before}}，现在{{after}}"},
}  # fmt: skip


@dataclass(frozen=True)
class FeaturePlan:
    """A feature of the catalogue.

    Attributes
    ----------
    id, factor, summary, unit, effect, code, label, reason : str
        As a catalogue has them.
    column, numerator, denominator, denominator_summary, exemption : str
        "" where there is none.
    window : int
    named : str
        The effect that the name of the column gives; "free" where it gives none.
    is_firm : bool
        The name leaves little doubt of it.
    doubt : str
        What a person should look at; "" if nothing.
    """

    id: str
    factor: str
    column: str
    numerator: str
    denominator: str
    summary: str
    denominator_summary: str
    window: int
    unit: str
    effect: str
    code: str
    label: str
    reason: str
    exemption: str
    named: str
    is_firm: bool = False
    doubt: str = ""

    @property
    def main(self) -> str:
        """The column that it is made of."""
        return self.column or self.numerator


def plan_features(
    columns: Sequence[ColumnPlan], *, length: int, calendar: str | None, moves: bool, lang: str
) -> list[FeaturePlan]:
    """The features of a panel's columns, by factor.

    Parameters
    ----------
    columns : sequence of ColumnPlan
    length : int
        Rows of a typical borrower: no window is longer.
    calendar : str or None
    moves : bool
        Whether limits move, so that a limit in force can be a denominator.
    lang : "en" or "zh"
    """
    drivers = [plan for plan in columns if plan.shape]
    found: list[FeaturePlan] = []
    bases = _bases(drivers)
    for factor in FACTORS:
        for plan in drivers:
            if plan.factor == factor:
                found += _of_column(plan, bases[plan.name], drivers, length, calendar, moves, lang)
    unique: dict[tuple[str, ...], FeaturePlan] = {}
    for feature in found:
        key = (
            feature.main,
            feature.denominator,
            feature.summary,
            feature.denominator_summary,
            str(feature.window),
            feature.unit,
        )
        unique.setdefault(key, feature)
    return _coded(list(unique.values()))


def with_effect(feature: FeaturePlan, effect: str, doubt: str, lang: str) -> FeaturePlan:
    """The feature with another effect, and the reason worded for it."""
    return replace(feature, effect=effect, doubt=doubt, reason=_reason(feature.label, feature.unit, effect, lang))


def _of_column(
    plan: ColumnPlan,
    base: str,
    drivers: Sequence[ColumnPlan],
    length: int,
    calendar: str | None,
    moves: bool,
    lang: str,
) -> list[FeaturePlan]:
    found = []
    for shape in _shapes()[plan.shape]:
        over, without = shape.get("over", ""), shape.get("without", "")
        if without and (moves if without == "limit" else _column_of(without, drivers, plan) is not None):
            continue
        denominator = ""
        if over == "limit":
            if not moves or plan.unit != "money":
                continue
            denominator = "limit_in_force"
        elif over == "self":
            denominator = plan.name
        elif over:
            other = _column_of(over, drivers, plan)
            if other is None:
                continue
            denominator = other.name
        window = min(_WINDOWS[calendar].get(shape.get("window", ""), 1), max(length, 1))
        found.append(_feature(plan, base, shape, denominator, window, drivers, calendar, lang))
    return found


def _feature(
    plan: ColumnPlan,
    base: str,
    shape: Mapping[str, Any],
    denominator: str,
    window: int,
    drivers: Sequence[ColumnPlan],
    calendar: str | None,
    lang: str,
) -> FeaturePlan:
    summary = shape.get("summary", "last")
    named = _named_effect(plan, shape.get("sign", 1))
    unit = shape.get("unit", plan.unit)
    period, *words = PERIODS[calendar]
    unit = period if unit == "months" and summary in ("count", "months_since") else unit
    below = next((p.label for p in drivers if p.name == denominator), "")
    text = shape[lang].format(x=plan.label, y=below, n=window)
    if calendar is not None:
        text = text.replace("months", words[0]).replace("个月", words[1])
    parts = [
        base,
        shape.get("suffix", ""),
        summary if "suffix" not in shape or summary == "mean" else "",
        f"{window}p" if window > 1 else "",
    ]
    ids = "_".join(part for part in parts if part and part != "last")
    return FeaturePlan(
        id=re.sub(r"(\d+)p$", rf"\1{period[0]}", ids),
        factor=plan.factor,
        column="" if denominator else plan.name,
        numerator=plan.name if denominator else "",
        denominator=denominator,
        summary=summary,
        denominator_summary={"std": "mean", "change": "mean"}.get(summary, "") if denominator == plan.name else "",
        window=window,
        unit=unit,
        effect=named,
        code="",
        label=_told(text, plan.label),
        reason=_reason(_told(text, plan.label), unit, named, lang),
        exemption=shape.get("exemption", "") if plan.shape != "lender" or plan.source == "lender" else "",
        named=named,
        is_firm=plan.shape in _FIRM,
    )


def _named_effect(plan: ColumnPlan, sign: int | str) -> str:
    if isinstance(sign, str):
        return sign if plan.concept is not None else "free"
    effect = plan.concept.effect if plan.concept is not None and plan.profile.kind != "category" else "free"
    return {"raises": "lowers", "lowers": "raises"}.get(effect, effect) if sign < 0 else effect


def _told(text: str, plain: str) -> str:
    """The text, if it may be told to a borrower; else the column's own name."""
    return plain if any(forbidden_phrase(text, lang) for lang in ("en", "zh")) else text


def _reason(label: str, unit: str, effect: str, lang: str) -> str:
    return _REASONS[lang]["boolean" if unit in ("boolean", "category") else effect].format(x=label)


def _column_of(concept: str, drivers: Sequence[ColumnPlan], but: ColumnPlan) -> ColumnPlan | None:
    """The column of a concept; the first with no doubt about it."""
    fits = [
        p for p in drivers if p.concept is not None and p.concept.id == concept and p.unit == "money" and p is not but
    ]
    return min(fits, key=lambda p: bool(p.doubt), default=None)


def _bases(drivers: Sequence[ColumnPlan]) -> dict[str, str]:
    """The first part of the ids of each column's features: from its header, each its own."""
    found: dict[str, str] = {}
    for plan in drivers:
        plain = unicodedata.normalize("NFKC", plan.name)
        plain = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", plain)
        base = re.sub(r"\W+", "_", re.sub(r"\([^)]*\)", "", plain)).strip("_").lower()
        base = re.sub(r"_?(amount|amt)$", "", base) or base
        if not base.isascii():
            base = plan.concept.id if plan.concept is not None else f"f_{base}"
        base = base if re.match(r"[a-z_]", base) else f"f_{base}" if base else "f"
        taken, number = base, 2
        while taken in found.values() or taken in ("tier_in_force", "limit_in_force"):
            taken, number = f"{base}_{number}", number + 1
        found[plan.name] = taken
    return found


def _coded(features: list[FeaturePlan]) -> list[FeaturePlan]:
    """Each with a reason code of its own, and an id of its own."""
    count: dict[str, int] = {}
    ids: set[str] = set()
    found = []
    for feature in features:
        letter = FACTORS[feature.factor][3]
        count[letter] = count.get(letter, 0) + 1
        own = feature.id
        while own in ids:
            own += "_b"
        ids.add(own)
        found.append(replace(feature, id=own, code=f"{letter}{count[letter]:02d}"))
    return found


@lru_cache(maxsize=1)
def _shapes() -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = read_data("shapes.toml")
    return found
