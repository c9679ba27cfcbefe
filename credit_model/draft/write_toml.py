"""A drafted catalogue as text: commented, in the order in which people read; what is unsure is marked ``# ??``."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from credit_model.draft.columns import FACTORS, ColumnPlan
from credit_model.draft.features import FeaturePlan
from credit_model.draft.ladder import LadderFound
from credit_model.draft.leaks import LeftOut

#: Marks what a person should look at.
DOUBT = "??"
_WIDTH = 118


@dataclass(frozen=True)
class Writing:
    """Everything that stands in a drafted catalogue.

    Attributes
    ----------
    title : str
        What was read, for the head of the file.
    name, currency : str
    borrower : tuple of str
    month, limit : str
    reviewed, calendar, month_format : str or None
    closed : tuple of (column or None, values) or None
    not_a_cut : tuple of str
    lag, warm_up : int
    source : mapping
        Keys of ``[source]`` that are texts, and "scale", "missing", "blank".
    ladder : LadderFound
    moves : bool
        Whether limits move.
    columns, features : sequences
    left_out : sequence of LeftOut
    remarks : mapping of key of ``[portfolio]`` or ``[source]`` to str
        What is said of a key; those that begin with `DOUBT` are marked.
    lang : "en" or "zh"
    """

    title: str
    name: str
    currency: str
    borrower: tuple[str, ...]
    month: str
    limit: str
    reviewed: str | None
    calendar: str | None
    month_format: str | None
    closed: tuple[str | None, tuple[str | bool, ...]] | None
    not_a_cut: tuple[str, ...]
    lag: int
    warm_up: int
    source: Mapping[str, object]
    ladder: LadderFound
    moves: bool
    columns: Sequence[ColumnPlan]
    features: Sequence[FeaturePlan]
    left_out: Sequence[LeftOut]
    remarks: Mapping[str, str]
    lang: str

    def text(self) -> str:
        """The TOML."""
        parts = [self._head(), self._portfolio(), self._source(), self._ladder(), self._columns(), self._features()]
        return "\n".join("\n".join(part) for part in parts if part) + "\n"

    def _head(self) -> list[str]:
        return _comment(
            f"Catalogue of {self.title}, drafted from the data by credit-model. It can be trained on as it is. "
            f"Lines marked {DOUBT} are guesses: look at each, put it right or take the mark away."
        )

    def _remark(self, key: str) -> list[str]:
        remark = self.remarks.get(key, "")
        return _comment(remark) if remark else []

    def _portfolio(self) -> list[str]:
        borrower = self.borrower[0] if len(self.borrower) == 1 else list(self.borrower)
        values: list[tuple[str, object]] = [
            ("name", self.name), ("version", "1.0"), ("currency", self.currency), ("borrower", borrower),
            ("month", self.month), ("month_format", self.month_format), ("calendar", self.calendar),
            ("limit", self.limit), ("reviewed", self.reviewed), ("closed", self._closed()),
            ("not_a_cut", list(self.not_a_cut) or None), ("decision_lag", self.lag), ("warm_up", self.warm_up),
        ]  # fmt: skip
        lines = ["", "[portfolio]"]
        for key, value in values:
            if value is not None:
                lines += [*self._remark(key), f"{key} = {value if key == 'closed' else toml(value)}"]
            elif key in self.remarks:
                lines += self._remark(key)
        return lines

    def _closed(self) -> str | None:
        if self.closed is None:
            return None
        column, values = self.closed
        return toml("blank") if column is None else f"{{ column = {toml(column)}, values = {toml(list(values))} }}"

    def _source(self) -> list[str]:
        if not self.source:
            return []
        lines = ["", "[source]"]
        tables: list[str] = []
        for key, value in self.source.items():
            if isinstance(value, Mapping):
                tables += ["", f"[source.{key}]", *self._remark(f"source.{key}")]
                tables += [f"{_key(name)} = {toml(one)}" for name, one in value.items()]
            else:
                lines += [*self._remark(key), f"{key} = {toml(value)}"]
        return [*lines, *tables]

    def _ladder(self) -> list[str]:
        lines = ["", "[ladder]"]
        if not self.ladder.amounts:
            return [*lines, *_comment("No limit ever falls in these data; the tiers hold equal shares of all limits."),
                    f"quantiles = {self.ladder.quantiles}"]  # fmt: skip
        seen = f"These tiers see {self.ladder.caught:.1%} of the {self.ladder.n_falls:,} falls of a limit in the data."
        seen = (
            seen
            if self.ladder.caught >= 0.98
            else f"{DOUBT} {seen} The others stay within a tier and are not explained."
        )
        return [*lines, *_comment(seen), f"amounts = {toml(self.ladder.amounts)}"]

    def _columns(self) -> list[str]:
        lines = ["", *_heading("columns")]
        if self.left_out:
            lines += _comment("Left out, and why:")
            for one in self.left_out:
                lines += _comment(f"{DOUBT + ' ' if one.sure == 'unsure' else ''}{one.name}: {one.why}", indent="  ")
        order = {factor: i for i, factor in enumerate(FACTORS)}
        for plan in sorted(self.columns, key=lambda p: order.get(p.factor, 98 if p.role == "state" else 99)):
            lines += ["", "[[column]]"]
            lines += _comment(f"{DOUBT} {plan.doubt}") if plan.doubt else []
            lines += [f"name = {toml(plan.name)}", f"kind = {toml(plan.kind)}"]
            lines += [f"categories = {toml(list(plan.profile.categories))}"] if plan.kind == "category" else []
            lines += [f"unit = {toml(plan.unit)}"] if plan.kind not in ("category", "boolean") else []
            lines += [f"min = {_plain(plan.minimum)}"] if plan.minimum is not None and plan.role != "audit" else []
            lines += ['role = "audit"'] if plan.role == "audit" else []
            lines += [f"source = {toml(plan.source)}"] if plan.source != "own_records" else []
            lines += [f"label = {self._said(plan.label)}"]
        return lines

    def _features(self) -> list[str]:
        used = [factor for factor in FACTORS if any(f.factor == factor for f in self.features)]
        lines = ["", *_heading("factors")]
        for factor in used:
            about, english, chinese, _ = FACTORS[factor]
            lines += ["", "[[factor]]", f"id = {toml(factor)}", f"about = {toml(about)}"]
            lines += [f"label = {self._said(chinese if self.lang == 'zh' else english)}"]
        lines += ["", *_heading("features")]
        if self.moves:
            lines += self._states()
        for factor in used:
            lines += ["", f"# {factor}"]
            for feature in self.features:
                lines += self._feature(feature) if feature.factor == factor else []
        return lines

    def _states(self) -> list[str]:
        words = {"en": ("tier in force", "limit in force"), "zh": ("当前档位", "当前额度")}[self.lang]
        lines: list[str] = []
        for state, label in zip(("tier_in_force", "limit_in_force"), words, strict=True):
            lines += ["", "[[feature]]", f"id = {toml(state)}", 'role = "state"', f"label = {self._said(label)}"]
        return lines

    def _feature(self, feature: FeaturePlan) -> list[str]:
        lines = ["", "[[feature]]", f"id = {toml(feature.id)}", f"factor = {toml(feature.factor)}"]
        if feature.column:
            lines += [f"column = {toml(feature.column)}"]
        else:
            lines += [f"numerator = {toml(feature.numerator)}", f"denominator = {toml(feature.denominator)}"]
        lines += [f"summary = {toml(feature.summary)}"]
        lines += [f"denominator_summary = {toml(feature.denominator_summary)}"] if feature.denominator_summary else []
        lines += [f"window = {feature.window}"] if feature.window > 1 else []
        own = next(p.unit for p in self.columns if p.name == feature.main)
        lines += [f"unit = {toml(feature.unit)}"] if feature.unit != own else []
        lines += _comment(f"{DOUBT} {feature.doubt}") if feature.doubt else []
        lines += [f"effect = {toml(feature.effect)}", f"code = {toml(feature.code)}"]
        lines += [f"exemption = {toml(feature.exemption)}"] if feature.exemption else []
        return [*lines, f"label = {self._said(feature.label)}", f"reason = {self._said(feature.reason)}"]

    def _said(self, text: str) -> str:
        return toml(text)


def toml(value: object) -> str:
    """A value as TOML writes it.

    >>> toml(["a", 1, True, 0.5])
    '["a", 1, true, 0.5]'
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return _plain(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, Iterable):
        return f"[{', '.join(toml(one) for one in value)}]"
    raise TypeError(f"TOML has no {type(value).__name__}")


def _plain(number: float | None) -> str:
    """A number without a needless fraction."""
    value = float(number or 0.0)
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def _key(name: str) -> str:
    return toml(name)


def _comment(text: str, indent: str = "") -> list[str]:
    lines = textwrap.wrap(
        " ".join(text.split()), _WIDTH - 2 - len(indent), break_long_words=False, break_on_hyphens=False
    )
    return [f"# {indent}{line}" for line in lines] or ["#"]


def _heading(word: str) -> list[str]:
    return [f"# {'-' * (_WIDTH - 4 - len(word))} {word}"]
