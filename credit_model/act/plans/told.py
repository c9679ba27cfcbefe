"""Plans in words: what is to be done, in which month it is reached, and what it holds for."""

from __future__ import annotations

from scipy.special import expit

from credit_model.act.plans.plan import Option, Plan
from credit_model.portfolio.levers import Lever
from credit_model.portfolio.months import MonthType, month_number_of
from credit_model.words.values import CatalogueWords, catalogue_words


class PlanWords:
    """The words of one plan in a language.

    Parameters
    ----------
    plan : Plan
    lang : str
    month_type : MonthType
        Of the history that was planned for.
    """

    def __init__(self, plan: Plan, lang: str = "en", month_type: MonthType = "date") -> None:
        self.plan, self.month_type = plan, month_type
        self.words: CatalogueWords = catalogue_words(plan.catalogue, lang, month_type)
        self.language = self.words.language

    def month(self, value: object) -> str:
        """A month as in the plan's tables."""
        return self.words.month(month_number_of(value, self.month_type))

    @property
    def title(self) -> str:
        """Whose limit, and what is aimed at."""
        key = "plan.title_keep" if self.plan.goal == "keep" else "plan.title"
        limit, month = self.words.money(self.plan.limit), self.month(self.plan.month)
        return self.language.say(key, borrower=self.plan.borrower_id, month=month, limit=limit)

    def score(self, score: float) -> str:
        """A score as the risk of not having the limit; of a rise as the chance of it."""
        risk = float(expit(-score))
        return self.language.probability(1 - risk) if self.plan.goal == "regain" else self.language.risk(risk)

    @property
    def facts(self) -> list[tuple[str, str]]:
        """Name and text of each line: where it stands, what is to be reached, and each way there."""
        say, plan = self.language.say, self.plan
        regain = "_regain" if plan.goal == "regain" else ""
        facts = [
            (say(f"plan.now{regain}"), self.score(plan.score)),
            (say(f"plan.goal{regain}"), self.score(plan.line)),
        ]
        alone = say("plan.not_within", count=plan.horizon) if plan.nothing is None else self.way(plan.nothing)
        return [*facts, (say("plan.nothing"), alone), *self.ways]

    @property
    def ways(self) -> list[tuple[str, str]]:
        """Name and text of each plan that moves something."""
        options = [option for option in self.plan.options if option.settings]
        return [(self.language.say(f"plan.{option.name}"), self.way(option)) for option in options]

    def way(self, option: Option) -> str:
        """When it is reached, and by what."""
        month = self.month(option.months["month"].iloc[option.months_needed - 1])
        if not option.settings:
            return self.language.say("plan.in_time", count=option.months_needed, month=month)
        what = [self.action(lever, option) for lever in self.plan.catalogue.levers if lever.id in option.settings]
        what.append(self.language.say("plan.effort", cost=self.language.number(option.cost, most=0)))
        if option.n_fits > 1:
            what.append(self.language.say("plan.fits", fits=option.fits, n=option.n_fits))
        text = self.language.clauses(what)
        return self.language.say("plan.in_time_from", count=option.months_needed, month=month, what=text)

    def action(self, lever: Lever, option: Option) -> str:
        """What is to be done of one lever up to the month of the goal."""
        column = self.plan.catalogue.column(lever.column)
        path = option.months[lever.column].to_numpy()[: option.months_needed]
        begins = self.plan.levels[lever.column]
        total = abs(float(path[-1]) - begins)
        moved = {"amount": total / option.months_needed, "total": total, "from": begins, "to": float(path[-1])}
        whole = column.kind == "integer" and column.unit != "money"
        places = {
            name: self.words.measured(column.unit, round(value) if whole else value, digits=0)
            for name, value in moved.items()
        }
        return self.language.label(lever.action).format(**places)

    @property
    def notes(self) -> list[str]:
        """What speaks against it where there is no way, and what the plan holds for."""
        say, plan = self.language.say, self.plan
        notes = []
        if plan.outcome == "impossible":
            mixtures = self.language.number(plan.n_mixtures)
            notes.append(say("plan.impossible", count=plan.horizon, mixtures=mixtures))
            if plan.covers_all:
                notes.append(say("plan.impossible_all"))
            if plan.blocked_by:
                ids = plan.catalogue.factor_ids
                labels = [self.words.factor_labels[ids.index(factor)] for factor in plan.blocked_by]
                notes.append(say("plan.blocked", factors=self.language.listed(labels)))
        return [*notes, say("plan.valid", version=plan.model_version, month=self.month(plan.month))]
