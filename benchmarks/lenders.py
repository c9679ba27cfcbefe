"""How often is the true leading factor named, for every lender of the simulation, beside simple rivals?

``python -m benchmarks.lenders``. In time: each graded portfolio's borrowers are explained by models fitted on its other
half and on the lender's earlier data, by every method on the same cuts (`credit_model.grade.grade_in_time`). In full it
takes hours on 2 cores; ``--policy`` and ``--scenario`` choose a part of it. A policy of one's own is named as
module:object; three, written from a list of the features alone, stand in `benchmarks.plug_in_lenders`.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.tables import Goal, at_least, at_most, show_goals, show_machine, show_table
from credit_model import LimitPredictor, simulate_portfolio
from credit_model.grade import Grade, grade_in_time
from credit_model.grade.answering import Portfolio
from credit_model.grade.oracle import plug_in_score
from credit_model.portfolio.catalogue import read_catalogue
from credit_model.simulate.policies.names import POLICY_NAMES
from credit_model.simulate.policies.plugin import plug_in_of

SCENARIOS = ("baseline", "downturn", "tightening", "credit_boom")
RIVALS = ("hazard", "logistic_differences", "logistic_levels", "adverse_z")
METHODS = ("ours", "ours_largest_first", "oracle", *RIVALS)
COLUMNS = {
    "leading_factor_right": "leader right",
    "leading_factor_right_interval": "+-",
    "leading_factor_right_clear": "clear",
    "laid_on_borrower": "laid on borrower",
    "excused": "excused",
}
#: Of each lender: leader right, the same where one clearly leads, the lender's or economy's doing laid on the borrower.
GOALS = {
    "scorecard": (0.96, 0.99, 0.02),
    "matrix": (0.92, 0.96, 0.04),
    "rules": (0.94, 0.97, 0.04),
    "subscores": (0.94, 0.97, 0.04),
    "weakest": (0.92, 0.96, 0.04),
    "forest": (0.94, 0.97, 0.04),
}
PLUG_IN = (0.90, 0.95, 0.04)
EXCUSED = 0.05


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--policy",
        action="append",
        help=f"{', '.join(POLICY_NAMES)}, or your own as module:object; repeat it; all of those named without",
    )
    parser.add_argument("--scenario", action="append", choices=SCENARIOS, help="repeat it; all of them without")
    parser.add_argument("--earlier", type=int, default=4500, help="borrowers of the earlier data, a scenario 'cycle'")
    parser.add_argument("--earlier-months", type=int, default=120)
    parser.add_argument("--borrowers", type=int, default=6000, help="of each graded portfolio, half of them fitted on")
    parser.add_argument("--months", type=int, default=36)
    parser.add_argument("--fits", type=int, default=1)
    parser.add_argument("--overrides", type=float, default=0.0, help="share of decisions taken by hand")
    parser.add_argument("--hide", action="append", default=[], help="a feature or factor that the data do not show")
    parser.add_argument("--seed", type=int, default=601, help="of the earlier data; those of the graded follow it")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    unknown = [name for name in options.policy or () if name not in POLICY_NAMES and ":" not in name]
    if unknown:
        parser.error(f"--policy must be one of {', '.join(POLICY_NAMES)} or module:object, got {unknown[0]!r}")
    show_machine()
    goals, found = list[Goal](), dict[str, object]()
    for policy in options.policy or POLICY_NAMES:
        grade = graded(policy, options.scenario or SCENARIOS, options)
        show(policy, grade)
        goals += goals_of(policy, grade.overall)
        found[policy] = json.loads(grade.to_json())["policies"][policy]
    if options.json:
        options.json.write_text(json.dumps({"policies": found}, indent=1) + "\n", encoding="utf-8")
    show_goals(goals)


def graded(policy: str, scenarios: list[str] | tuple[str, ...], options: argparse.Namespace) -> Grade:
    """One lender, graded in several scenarios."""
    own = plug_in_of(policy) if policy not in POLICY_NAMES else None
    true_score = None if own is None else plug_in_score(own, read_catalogue("synthetic"))
    same: dict[str, Any] = {"policy": own or policy, "root_causes": False, "n_jobs": -1}
    same |= {"overrides": options.overrides, "hide": options.hide}
    earlier = simulate_portfolio(options.earlier, options.earlier_months, seed=options.seed, scenario="cycle", **same)
    portfolios = []
    for scenario in scenarios:
        seed = options.seed + 1 + SCENARIOS.index(scenario)
        one = simulate_portfolio(options.borrowers, options.months, seed=seed, scenario=scenario, **same)
        portfolios.append(Portfolio(one.history, one.truth, policy, true_score))
    model = LimitPredictor(n_fits=options.fits)
    return grade_in_time(portfolios, earlier.history, folds=2, methods=METHODS, predictor=model)


def show(policy: str, grade: Grade) -> None:
    """Print every method's figures, all scenarios together, and ours by scenario and by how firm the leader is."""
    table = grade.overall
    show_table(
        f"{policy}: {int(table['n_told'].iloc[0]):,} cuts of which a reason is told",
        ["", *COLUMNS.values()],
        [[name, *(float(table.loc[name, column]) for column in COLUMNS)] for name in table.index],
    )
    by = pd.concat([grade.by(split) for split in ("scenario", "leader", "values", "leading feature")])
    columns = {column: title for column, title in COLUMNS.items() if column in by}
    show_table(
        f"{policy}: ours",
        ["", "told", *columns.values()],
        [[str(group), int(row["n_told"]), *(float(row[column]) for column in columns)] for group, row in by.iterrows()],
    )


def goals_of(policy: str, table: pd.DataFrame) -> list[Goal]:
    """What our figures of one lender are held to, and that no simple rival is better."""
    ours = table.loc["ours"]
    right, clear, laid = GOALS.get(policy, PLUG_IN)
    best = float(table.loc[list(RIVALS), "leading_factor_right"].max())
    return [
        at_least(f"{policy}: leader right", float(ours["leading_factor_right"]), right),
        at_least(f"{policy}: where one clearly leads", float(ours["leading_factor_right_clear"]), clear),
        at_most(f"{policy}: laid on the borrower", float(ours["laid_on_borrower"]), laid),
        at_most(f"{policy}: excused", float(ours["excused"]), EXCUSED),
        at_least(f"{policy}: leader right, ours / best simple rival", float(ours["leading_factor_right"]) / best, 1),
    ]


if __name__ == "__main__":
    main()
