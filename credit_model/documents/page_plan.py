"""What brings the limit back: the path of the risk under each way, the levers month by month, and what proves it.

The plan is as of the decision, as everything else on the page. The script switches between the ways and places points;
every number, text and judgement is made here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy.special import expit

from credit_model.act.plans.plan import Option, Plan
from credit_model.act.plans.told import PlanWords
from credit_model.documents.page_axes import score_axis
from credit_model.documents.page_texts import AllWords
from credit_model.portfolio.levers import Lever
from credit_model.portfolio.months import month_number_of, month_numbers_of
from credit_model.words.language import Language
from credit_model.words.values import CatalogueWords

#: Of an index: how a limit comes back, in the order to sort by.
OUTLOOKS = ("already", "by_itself", "by_plan", "impossible")


def outlook_of(plan: Plan) -> str:
    """One of `OUTLOOKS`."""
    return "already" if plan.holds_already else plan.outcome


@dataclass(frozen=True)
class PlanRecord:
    """Makes the record of one plan.

    Attributes
    ----------
    plan : Plan
    words : AllWords
    known_to : int
        The last month of the borrower's that the report knows.
    """

    plan: Plan
    words: AllWords
    known_to: int

    @cached_property
    def _told(self) -> dict[str, PlanWords]:
        return {
            spoken.language.code: PlanWords(self.plan, spoken.language.code, spoken.month_type) for spoken in self.words
        }

    def _each(self, tell: Callable[[PlanWords], str]) -> Any:
        """What a plan's words tell, in every language."""
        return self.words.each(lambda spoken: tell(self._told[spoken.language.code]))

    @cached_property
    def _months(self) -> list[int]:
        """The decision's month and those to come."""
        month_type = next(iter(self.words)).month_type
        now = month_number_of(self.plan.month, month_type)
        return [now, *month_numbers_of(self.plan.ahead["month"], month_type).tolist()]

    def record(self) -> dict[str, Any]:
        """Everything that the section shows."""
        plan = self.plan
        ways = [self._nothing(), *(self._way(option) for option in plan.options if option.settings)]
        scores = [score for way in ways for score in way["scores"]]
        first = 0 if plan.outcome != "by_plan" else 1
        later = self.known_to > self._months[0]
        return {
            "outlook": outlook_of(plan),
            "title": self.words.told("plan_title"),
            "lead": self.words.told("plan_lead", month=lambda spoken: spoken.month(self._months[0])),
            "head": self._each(lambda told: told.outcome),
            "validity": self._each(lambda told: told.validity),
            "later": self.words.told("plan_later", month=lambda spoken: spoken.month(self.known_to)) if later else None,
            "words": self._each(_described),
            "goal": self.words.told("plan_goal", risk=lambda spoken: self._told[spoken.language.code].score(plan.line)),
            "line": plan.line,
            "axis": score_axis([plan.line, *scores]),
            "months": self._months,
            "short": self.words.each(lambda spoken: [spoken.month_short(m) for m in self._months]),
            "ways": ways,
            "first": first,
        }

    def _nothing(self) -> dict[str, Any]:
        """Only what is due."""
        option = self.plan.nothing
        scores = np.concatenate([[self.plan.score], self.plan.ahead["score"].to_numpy(dtype=np.float64)])
        path = self._path("nothing", scores, None if option is None else option.months_needed)
        if self.plan.holds_already:
            path = self._path("nothing", scores, 0) | {"reached": None}
        return path | {
            "label": self.words.told("plan_nothing"),
            "text": self._each(lambda told: told.facts[2][1]),
            "facts": [] if option is None else self._firm(option),
            "proof": self._proof if self.plan.outcome == "impossible" else [],
            "levers": [],
            "cells": [],
        }

    def _way(self, option: Option) -> dict[str, Any]:
        """A way that moves something."""
        scores = np.concatenate([[self.plan.score], option.months["score"].to_numpy(dtype=np.float64)])
        levers = next(iter(self._told.values())).levers_of(option)
        return self._path(option.name, scores, option.months_needed) | {
            "label": self._each(lambda told: told.name(option)),
            "text": self._each(lambda told: _in_time(told, option)),
            "facts": [self._each(lambda told: told.language.headed(told.effort(option))), *self._firm(option)],
            "proof": self._proof if option.name == "cheapest" else [],
            "levers": [self._lever(lever, option) for lever in levers],
            "cells": self._cells(levers, option),
        }

    @property
    def _proof(self) -> Any:
        return self.words.joined([told.proof for told in self._told.values()])

    def _firm(self, option: Option) -> list[Any]:
        if option.n_fits < 2:
            return []
        return [self._each(lambda told: told.language.headed(told.firmness(option)[0]))]

    def _path(self, name: str, scores: np.ndarray[Any, Any], needed: int | None) -> dict[str, Any]:
        """Scores from the decision on, and from which place on the goal is reached (None: never)."""
        over = [needed is not None and k >= needed for k in range(len(scores))]
        return {
            "id": name,
            "scores": np.round(scores, 4).tolist(),
            "over": [int(one) for one in over],
            "reached": needed,
            "risks": self.words.figures(lambda spoken: [spoken.language.risk(r) for r in expit(-scores).tolist()]),
            "states": self.words.each(lambda spoken: _states(spoken.language, len(scores), needed)),
        }

    def _lever(self, lever: Lever, option: Option) -> dict[str, Any]:
        """A lever: what to do, and what that adds to the score in the month of the goal."""
        added = option.contributions[lever.id]
        most = max(abs(one) for one in option.contributions.values()) or 1.0
        return {
            "id": lever.id,
            "label": self.words.label(lever.label),
            "action": self._each(lambda told: told.language.headed(told.action(lever, option))),
            "added": self.words.score(added, signed=True),
            "share": round(max(added, 0.0) / most, 4),
        }

    def _cells(self, levers: list[Lever], option: Option) -> list[dict[str, Any]]:
        """The columns that are moved: heading, and of each month the level and how far it is moved."""
        catalogue, found = self.plan.catalogue, []
        for name in dict.fromkeys(lever.column for lever in levers):
            column = catalogue.column(name)
            path = [self.plan.levels[name], *option.months[name].tolist()]
            moves = [0.0, *(option.months[name] - self.plan.ahead[name]).tolist()]
            found.append(
                {
                    "label": self.words.label(column.label),
                    "does": [self.words.label(lever.label) for lever in levers if lever.column == name],
                    "levels": self.words.joined([_levels(spoken, column.unit, path) for spoken in self.words]),
                    "moves": self.words.joined([_signed(spoken.language, moves) for spoken in self.words]),
                }
            )
        return found


def plain_plan(record: Mapping[str, Any], spoken: Language) -> dict[str, Any]:
    """The way of a record that is shown first, as a table of texts in one language: for readers without a script."""

    def told(texts: Any) -> Any:
        return texts[spoken.code] if isinstance(texts, dict) else texts

    way = record["ways"][record["first"]]
    columns = [told(record["short"]), *(told(column["levels"]) for column in way["cells"])]
    names = [told(column["label"]) for column in way["cells"]]
    return {
        "html": spoken.html_code,
        "title": told(record["title"]),
        "head": told(record["head"]),
        "caption": spoken.colon.join([told(way["label"]), told(way["text"])]),
        "columns": [spoken.say("page.month"), *names, spoken.say("page.plan_risk"), spoken.say("page.plan_state")],
        "rows": [list(row) for row in zip(*columns, told(way["risks"]), told(way["states"]), strict=True)],
        "notes": [
            *(told(lever["action"]) for lever in way["levers"]),
            *told(way["proof"]),
            told(record["validity"]),
        ],
    }


def _levels(spoken: CatalogueWords, unit: str, path: list[float]) -> list[str]:
    return [spoken.language.unknown() if v != v else spoken.measured(unit, v, digits=0) for v in path]


def _in_time(told: PlanWords, option: Option) -> str:
    return told.language.say("plan.in_time", count=option.months_needed, month=told.reached_in(option))


def _states(language: Language, n: int, needed: int | None) -> list[str]:
    """What each month is in a way's table: the decision's, under the line, the one of the goal, or after it."""
    under = n if needed is None else max(needed, 1)
    now, not_yet, back, over = (
        language.say(f"report.plan_state_{name}") for name in ("now", "under", "reached", "over")
    )
    at_goal = over if needed == 0 else back
    return [now, *[not_yet] * (under - 1), *[at_goal] * (under < n), *[over] * (n - under - 1)]


def _signed(language: Language, moves: list[float]) -> list[str]:
    """Moves with their signs; nothing where there is none."""
    texts = [language.number(move, 0) if move == move else "" for move in moves]
    return ["" if text in ("", "0") else text if text.startswith("−") else f"+{text}" for text in texts]


def _described(told: PlanWords) -> str:
    """The drawing in words."""
    return told.language.sentences([told.outcome, *(f"{name}{told.language.colon}{text}" for name, text in told.facts)])
