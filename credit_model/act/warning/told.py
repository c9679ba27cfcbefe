"""Warnings in words: which lines, how likely, and what raised their risk since the limit was set."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from credit_model.act.plans.plan import Plan
from credit_model.act.plans.told import PlanWords
from credit_model.act.warning.reasons import CALENDAR
from credit_model.act.warning.watching import Warnings
from credit_model.model.early_warning import HEADLINE
from credit_model.words.values import CatalogueWords, catalogue_words

#: Features that are named behind a factor, at most.
_MOST_FEATURES = 2


class WarningWords:
    """The words of a month's warnings in a language.

    Parameters
    ----------
    warnings : Warnings
    lang : str
    """

    def __init__(self, warnings: Warnings, lang: str = "en") -> None:
        self.warnings = warnings
        self.words: CatalogueWords = catalogue_words(warnings.catalogue, lang, warnings.month_type)
        self.language = self.words.language

    @property
    def month(self) -> str:
        """The month at whose end the lines were looked at."""
        return self.words.month(self.warnings.month_number)

    @property
    def title(self) -> str:
        """How many lines, and how many of them are alerted."""
        told, spoken = self.warnings, self.language
        return spoken.say("watch.title", count=len(told), month=self.month, alerted=spoken.number(told.n_alerted))

    @property
    def facts(self) -> list[tuple[str, str]]:
        """Name and text of what is said of all lines together."""
        told, spoken = self.warnings, self.language
        share = told.n_alerted / len(told)
        alerted = {"alerted": spoken.number(told.n_alerted), "n": spoken.number(len(told))}
        risk = told.risk[:, HEADLINE - 1]
        usual = spoken.say("watch.usual_value", count=HEADLINE, share=spoken.percent(told.usual, 1))
        return [
            (spoken.say("watch.alerted"), spoken.say("watch.alerted_value", **alerted, share=spoken.percent(share, 1))),
            (spoken.say("watch.usual"), usual),
            (spoken.say("watch.highest"), spoken.risk(float(risk.max()))),
            (spoken.say("watch.expected"), spoken.number(float(risk[told.alerted].sum()), 1)),
        ]

    @property
    def valid(self) -> str:
        """What the warnings hold for, and what they are not."""
        return self.language.say("watch.valid", version=self.warnings.model_version, month=self.month)

    @property
    def within(self) -> str:
        """What the risk is that alerts go by."""
        return self.language.say("watch.within", count=HEADLINE)

    def player(self, player_id: str) -> str:
        """The name of a factor, or of the calendar."""
        if player_id == CALENDAR:
            return self.language.say("watch.calendar")
        return self.words.factor_labels[self.warnings.catalogue.factor_ids.index(player_id)]

    def since(self, i: int) -> str:
        """When the limit of the i-th alerted line was set."""
        if self.warnings.reasons.censored[i]:
            return self.language.say("watch.before_records")
        return self.language.say("watch.was_set", month=self.words.month(int(self.warnings.set_month_number[i])))

    def then_now(self, i: int) -> str:
        """The risk of the i-th alerted line when its limit was set, and now."""
        reasons = self.warnings.reasons
        then, now = (self.language.risk(float(expit(s[i]))) for s in (reasons.score_then, reasons.score_now))
        return self.language.say("watch.then_now", then=then, now=now)

    def reasons(self, i: int) -> list[str]:
        """What raised the risk of the i-th alerted line, the strongest first, with the features behind it."""
        leading = self.warnings.leading(i)
        if not leading:
            just = self.warnings.set_month_number[i] == self.warnings.month_number
            return [self.language.say("watch.just_set" if just else "watch.no_reason")]
        return [self._reason(i, player_id) for player_id in leading]

    def _reason(self, i: int, player_id: str) -> str:
        spoken = self.language
        if player_id == CALENDAR:
            return spoken.say("watch.reason", factor=self.player(player_id), details=spoken.say("watch.due"))
        moved = [self._moved(i, place) for place in self._features(i, player_id)]
        if not moved:
            return self.player(player_id)
        return spoken.say("watch.reason", factor=self.player(player_id), details=spoken.clauses(moved))

    def _features(self, i: int, factor_id: str) -> list[int]:
        """The factor's drivers that took most from the keep score since, by their exact Owen values."""
        told = self.warnings
        place = told.catalogue.factor_drivers[told.catalogue.factor_ids.index(factor_id)]
        by_driver = told.reasons.by_driver[i, place]
        then, now = told.reasons.features_then[i, place], told.reasons.features_now[i, place]
        order = np.argsort(by_driver, kind="stable")
        differs = (then != now) & ~(np.isnan(then) & np.isnan(now))
        return [int(place[k]) for k in order if by_driver[k] < 0 and differs[k]][:_MOST_FEATURES]

    def _moved(self, i: int, place: int) -> str:
        told = self.warnings
        feature = told.catalogue.drivers[place]
        then, now = told.reasons.features_then[i, place], told.reasons.features_now[i, place]
        before, after = self.words.pair(feature, float(then), float(now))
        label = self.words.driver_labels[place]
        return self.language.say("watch.moved", feature=label, before=before, after=after)

    def plan(self, plan: Plan | None) -> str:
        """What keeps a limit, in a few words."""
        say = self.language.say
        if plan is None:
            return say("watch.plan_none")
        words = PlanWords(plan, self.language.code, self.warnings.month_type)
        if plan.nothing is not None:
            return say("watch.plan_by_itself", when=words.way(plan.nothing))
        if plan.cheapest is None:
            return say("watch.plan_impossible")
        return words.way(plan.cheapest)
