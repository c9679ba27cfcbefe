"""Plans lived: the simulator's borrower does what a plan says, and the true lender decides."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from credit_model.act.plans.plan import Option, Plan
from credit_model.arrays import FloatArray, IntArray
from credit_model.portfolio.declarations import Catalogue
from credit_model.simulate.again import Lived, live_again
from credit_model.simulate.columns import BEHAVIOUR, ONLY_NONE
from credit_model.simulate.settings import Settings
from credit_model.simulate.wishes import open_bounds

#: Months after the promised one in which a limit may still come back.
GRACE = 2


def option_lived(plan: Plan) -> Option | None:
    """What is lived of a plan: nothing where the limit is promised by waiting, else the cheapest way."""
    return plan.cheapest if plan.nothing is None else plan.nothing


def bounds_of(catalogue: Catalogue, options: Sequence[Option], span: int, *, dues: bool) -> FloatArray:
    """What borrowers who follow plans do otherwise: (n, span, len(BEHAVIOUR), 2), as `simulate.wishes` has bounds.

    Parameters
    ----------
    catalogue : Catalogue
    options : sequence of Option
    span : int
        Months; after a plan's last the levers stay where they are.
    dues : bool
        Whether what is due is paid, as every plan takes for granted where ``[plan.ahead]`` says so; else nobody is
        held from being late as drawn.
    """
    bounds = open_bounds(len(options), span)
    ahead = catalogue.plan.ahead
    for name in ONLY_NONE:
        if dues and ahead.get(name) == 0:
            bounds[:, :, BEHAVIOUR.index(name), 1] = 0.0
    for i, option in enumerate(options):
        for lever in catalogue.levers:
            if lever.id in option.settings:
                path = option.months[lever.column].to_numpy()
                place = BEHAVIOUR.index(lever.column)
                side = 0 if lever.moves == "up" else 1
                bounds[i, :, place, side] = path[np.minimum(np.arange(span), len(path) - 1)]
    return bounds


def live_options(
    settings: Settings,
    catalogue: Catalogue,
    borrower: IntArray,
    month: IntArray,
    options: Sequence[Option],
    span: int,
    *,
    tier: IntArray,
    dues: bool = True,
    n_jobs: int = 1,
) -> Lived:
    """Let borrowers live plans that begin after ``month`` (n,) of the panel."""
    bounds = bounds_of(catalogue, options, span, dues=dues)
    return live_again(settings, borrower, month + 1, span, bounds=bounds, tier=tier, n_jobs=n_jobs)
