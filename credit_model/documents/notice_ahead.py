"""What a notice says of what brings the limit back: only what is firm, in careful words, and never as a promise."""

from __future__ import annotations

from typing import Any

from credit_model.act.plans.plan import Option, Plan
from credit_model.act.plans.told import PlanWords
from credit_model.errors import CreditModelError
from credit_model.explain.decreases import DecreaseExplanations
from credit_model.explain.verdict import Verdict
from credit_model.portfolio.months import format_month, month_number_of
from credit_model.words.values import CatalogueWords


def check_plan(plan: Plan, explanation: DecreaseExplanations) -> None:
    """Refuse a plan that is not for this decrease, as of its month.

    Raises
    ------
    CreditModelError
        It is of another borrower or month, or has another goal.
    """
    month = int(explanation.month_number[0])
    same = plan.borrower_id == explanation.borrower_id[0] and plan.goal == "reinstate"
    if not same or month_number_of(plan.month, explanation.month_type) != month:
        raise CreditModelError(
            f"a notice's plan must be that of the decrease, to reinstate the limit of borrower "
            f"{explanation.borrower_id[0]} as of {format_month(month, explanation.month_type)}; make it with plan_cuts"
        )


def firm_option(plan: Plan) -> Option | None:
    """The way that a notice may tell: what comes by itself, else the least effort, that most fits of the model reach.

    None where there is none: then nothing is told.
    """
    found = [plan.nothing] if plan.nothing is not None else [plan.cheapest, plan.fewest, plan.fastest]
    return next((option for option in found if option is not None and 2 * option.fits > option.n_fits), None)


def ahead_of(plan: Plan | None, verdict: Verdict, words: CatalogueWords) -> dict[str, Any] | None:
    """What may be told of one decrease; None: nothing.

    Where no reasons are named a person looks at the cut again by itself, and nothing is asked of the borrower.
    """
    option = None if plan is None or verdict.withheld else firm_option(plan)
    if plan is None or option is None:
        return None
    told, say = PlanWords(plan, words.language.code, words.month_type), words.language.say
    outcome = "by_plan" if option.settings else "by_itself"
    key = f"notice.ahead.{outcome}{'_raised' if verdict.support == 'raised' else ''}"
    month = told.reached_in(option)
    return {
        "outcome": outcome,
        "from_month": _month(option.months["month"].iloc[option.months_needed - 1], words),
        "text": say(
            key, version=plan.model_version, as_of=told.month(plan.month), month=month, limit=words.money(plan.limit)
        ),
        "actions": [words.language.headed(told.action(lever, option)) for lever in told.levers_of(option)],
        "caution": say("notice.ahead.caution", until=told.month(plan.valid_until)),
        "model": plan.model_version,
        "valid_until": _month(plan.valid_until, words),
    }


def _month(value: Any, words: CatalogueWords) -> str:
    return words.month_short(month_number_of(value, words.month_type))
