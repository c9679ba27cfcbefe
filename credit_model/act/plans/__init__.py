"""Plans: what a borrower's months to come must look like for a limit to come back.

============  ==============================================================================================
``paths``     months to come as raw columns: nothing done, and every setting of the levers
``blocks``    levers that share no feature, so that their settings can be looked at apart
``tables``    scores of all mixtures of settings in all months, exact, each tree summed once
``questions`` what is asked of the model: which tier, from which state, with which chance
``reviews``   how often the lender reviews a limit
``foretold``  how far scores drift by themselves, as learnt in training
``lots``      features, scores and costs of some borrowers under all mixtures
``search``    the cheapest, the fastest and the fewest changes among all of them; or that there is none
``told``      a plan in words
``plan``      the result: `Plan`, with its options month by month
``planning``  `plan_rows`: all of it for many borrowers at once
``cuts``      `plan_cuts`: for explained decreases, as of each decision
============  ==============================================================================================
"""

from __future__ import annotations

from credit_model.act.plans.cuts import plan_cuts
from credit_model.act.plans.plan import Option, Plan
from credit_model.act.plans.planning import plan_rows, plans_table
from credit_model.act.plans.questions import GOALS

__all__ = ["GOALS", "Option", "Plan", "plan_cuts", "plan_rows", "plans_table"]
