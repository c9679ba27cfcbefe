"""Plans in words: what is to be done, in which month it is reached, and what it holds for."""

from __future__ import annotations

from scipy.special import expit

from credit_model.act.plans.plan import OPTIONS, Option, Plan
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
        key = {"keep": "plan.title_keep", "regain": "plan.title_regain"}.get(self.plan.goal, "plan.title")
        limit, month = self.words.money(self.plan.limit), self.month(self.plan.month)
        return self.language.say(key, borrower=self.plan.borrower_id, month=month, limit=limit)

    def score(self, score: float) -> str:
        """A score as the risk of not having the limit; of a rise as the chance of it."""
        return self.risk(float(expit(-score)))

    def risk(self, risk: float) -> str:
        """The risk of not having the limit; of a rise as the chance of it."""
        return self.language.probability(1 - risk) if self.plan.goal == "regain" else self.language.risk(risk)

    @property
    def outcome(self) -> str:
        """Whether, how and when it comes back, in a sentence."""
        plan, keep = self.plan, "" if self.plan.goal == "reinstate" else f"_{self.plan.goal}"
        last = self.month(plan.ahead["month"].iloc[-1])
        if plan.holds_already:
            return self.language.say(f"plan.outcome_already{keep}")
        fastest = plan.nothing or plan.fastest
        month = "" if fastest is None else self.reached_in(fastest)
        found = self.language.say(f"plan.outcome_{plan.outcome}{keep}", month=month, last=last)
        falls_back = plan.score >= plan.line and plan.goal != "regain"
        return self.language.sentences([self.language.say("plan.not_for_long") if falls_back else "", found])

    def reached_in(self, option: Option) -> str:
        """The month in which an option reaches the goal."""
        return self.month(option.months["month"].iloc[option.months_needed - 1])

    def name(self, option: Option) -> str:
        """What an option is best at, in all that are the same settings: "Least effort, fewest changes"."""
        if not option.settings:
            return self.language.say("plan.nothing")
        same = [o for o in (getattr(self.plan, name) for name in OPTIONS) if o is not None]
        key = (option.settings, option.months_needed)
        first, *more = [self.language.say(f"plan.{o.name}") for o in same if (o.settings, o.months_needed) == key]
        if self.language.about["lower_inside"]:
            more = [name[:1].lower() + name[1:] for name in more]
        return self.language.listed([first, *more])

    @property
    def facts(self) -> list[tuple[str, str]]:
        """Name and text of each line: where it stands, what is to be reached, and each way there."""
        say, plan = self.language.say, self.plan
        facts = [
            (say(f"plan.now{self._aim}"), self.score(plan.score)),
            (say(f"plan.goal{self._aim}"), self.score(plan.line)),
        ]
        alone = say("plan.not_within", count=plan.horizon) if plan.nothing is None else self.way(plan.nothing)
        return [*facts, (say("plan.nothing"), alone), *self.ways]

    @property
    def ways(self) -> list[tuple[str, str]]:
        """Name and text of each plan that moves something."""
        options = [option for option in self.plan.options if option.settings]
        return [(self.name(option), self.way(option)) for option in options]

    def way(self, option: Option) -> str:
        """When it is reached, and by what."""
        if self.plan.holds_already and not option.settings:
            return self.language.say("plan.already")
        month = self.reached_in(option)
        if not option.settings:
            return self.language.say("plan.in_time", count=option.months_needed, month=month)
        what = [self.action(lever, option) for lever in self.levers_of(option)]
        text = self.language.clauses([*what, self.effort(option), *self.firmness(option)])
        return self.language.say("plan.in_time_from", count=option.months_needed, month=month, what=text)

    def when(self, option: Option) -> str:
        """After how many months, and in which, the goal is reached; and how firm that is."""
        when = self.language.say("plan.in_time", count=option.months_needed, month=self.reached_in(option))
        if self.plan.holds_already and not option.settings:
            when = self.language.say("plan.already")
        return self.language.clauses([when, *self.firmness(option)])

    def levers_of(self, option: Option) -> list[Lever]:
        """The levers that an option moves."""
        return [lever for lever in self.plan.catalogue.levers if lever.id in option.settings]

    def effort(self, option: Option) -> str:
        """What it costs, in the levers' own unit."""
        return self.language.say("plan.effort", cost=self.language.number(option.cost, most=0))

    def firmness(self, option: Option) -> list[str]:
        """In how many of the model's fits it holds; nothing of a single fit."""
        if option.n_fits < 2:
            return []
        key = "plan.fits" if 2 * option.fits > option.n_fits else "plan.fits_unsure"
        return [self.language.say(key, fits=option.fits, n=option.n_fits)]

    def action(self, lever: Lever, option: Option) -> str:
        """What is to be done of one lever up to the month of the goal, or to the horizon where it moves only later."""
        column = self.plan.catalogue.column(lever.column)
        begins, ahead = self.plan.levels[lever.column], option.months[lever.column].to_numpy()
        path = ahead[: option.months_needed]
        if (path == begins).all():
            path = ahead
        total = abs(float(path[-1]) - begins)
        moved = {"amount": total / len(path), "total": total, "from": begins, "to": float(path[-1])}
        whole = column.kind == "integer" and column.unit != "money"
        places = {
            name: self.words.measured(column.unit, round(value) if whole else value, digits=0)
            for name, value in moved.items()
        }
        return self.language.label(lever.action).format(**places)

    @property
    def proof(self) -> list[str]:
        """Why there is nothing better, or no way at all, and what stands against it."""
        say, plan = self.language.say, self.plan
        places = {"mixtures": self.language.number(plan.n_mixtures), "steps": str(plan.steps)}
        if plan.outcome == "by_itself":
            return []
        if plan.outcome == "by_plan":
            return [say("plan.proved", count=plan.horizon, **places)]
        notes = [say("plan.impossible", count=plan.horizon, **places)]
        if plan.covers_all:
            notes.append(say("plan.impossible_all"))
        if plan.gap > 0:
            best, line = self.score(plan.line - plan.gap), self.score(plan.line)
            notes.append(say(f"plan.best{self._aim}", best=best, line=line))
        if plan.blocked_by:
            ids = plan.catalogue.factor_ids
            labels = [self.words.factor_labels[ids.index(factor)] for factor in plan.blocked_by]
            notes.append(say("plan.blocked", factors=self.language.listed(labels)))
        return notes

    @property
    def validity(self) -> str:
        """The model and the month that it holds for, when to ask anew, and that it is no promise."""
        plan = self.plan
        month, until = self.month(plan.month), self.month(plan.valid_until)
        return self.language.say("plan.valid", version=plan.model_version, month=month, until=until)

    @property
    def notes(self) -> list[str]:
        """What proves it, or speaks against it, and what the plan holds for."""
        return [*self.proof, self.validity]

    @property
    def _aim(self) -> str:
        return "_regain" if self.plan.goal == "regain" else ""
