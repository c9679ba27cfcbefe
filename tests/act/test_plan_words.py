"""Plans in words: what is to be done of a lever."""

from dataclasses import replace

import pandas as pd

from credit_model.act.plans.plan import Option
from credit_model.act.plans.told import PlanWords


def test_a_lever_that_moves_only_after_the_goal_is_told_by_where_it_goes(predictor, portfolio, explanations):
    plan = predictor.plan(portfolio.history, explanations.borrower_id[0], horizon=6)
    lever = next(lever for lever in plan.catalogue.levers if lever.column == "other_lenders")
    months = pd.DataFrame({"other_lenders": [5.0, 5.0, 5.0, 4.0, 4.0, 3.0]})
    option = Option("cheapest", 3, {lever.id: 0.5}, 0.0, months, {}, 1, 1)
    told = PlanWords(replace(plan, levels={"other_lenders": 5.0}, cheapest=option))
    assert told.action(lever, option) == "pay off and close the lines of 2 lenders"
    sooner = replace(option, months=pd.DataFrame({"other_lenders": [5.0, 4.0, 4.0, 4.0, 4.0, 3.0]}))
    assert told.action(lever, sooner) == "pay off and close the lines of 1 lenders"
