"""Who is cut next: the early warning beside a LightGBM hazard, today's keep score and days past due.

``python -m benchmarks.warning``. Simulated lenders: fitted on some borrowers and the months before a cut-off, judged on
other borrowers and the months after; Home Credit (``CREDIT_MODEL_REAL_DATA``): cross-fitted by borrower. The rival
reads the same snapshots; its leaves and rounds are chosen on validation borrowers, by its own loss. A second one is
given our calendar too, to tell what is due to it. Ratios have 95 % intervals, by drawing the test borrowers again.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from time import perf_counter

import lightgbm
import numpy as np
import pandas as pd
from scipy.special import expit

from benchmarks.portfolios import real_panels
from benchmarks.tables import Goal, at_least, show_goals, show_machine, show_table
from credit_model import LimitPredictor, check_history, read_catalogue, simulate_portfolio
from credit_model.act.warning.inputs import inputs_of
from credit_model.act.warning.measures import average_precision, calibration_error, churn, cuts_caught
from credit_model.act.warning.outcomes import Outcomes, open_lines, outcomes_of
from credit_model.act.warning.replay import alerted_by_month
from credit_model.act.warning.watching import known_until, risk_scores
from credit_model.arrays import FloatArray, IntArray
from credit_model.model.early_warning import HEADLINE, LEADS
from credit_model.portfolio.history import History
from credit_model.portfolio.snapshots import Snapshots
from credit_model.portfolio.standing import Standing, standing_of
from credit_model.simulate.policies.names import POLICY_NAMES

SHOWN = (1, HEADLINE, LEADS)
CAPACITY = 0.05
DRAWS = 200
#: Leaves, rows a leaf and directions between which the rival's best are sought, and its most rounds.
GRID = ((4, 50, False), (7, 50, False), (15, 100, False), (7, 50, True))
MOST_ROUNDS, PATIENCE = 2000, 40
RIVAL, RIVAL_WITH_CALENDAR = "LightGBM hazard", "LightGBM hazard, calendar"


@dataclass(frozen=True)
class Case:
    """Lines to learn from, to choose by and to judge: rows of a panel's snapshots, and what became of them."""

    standing: Standing
    outcomes: Outcomes
    train: IntArray
    validation: IntArray
    test: IntArray
    end: int

    @property
    def snapshots(self) -> Snapshots:
        return self.standing.snapshots

    def known(self, row: IntArray) -> Outcomes:
        """What was known of rows to learn from at the cut-off."""
        return self.outcomes.of(row, self.end - self.snapshots.month_number[row])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--borrowers", type=int, default=1500, help="simulated borrowers to learn from")
    parser.add_argument("--others", type=int, default=3000, help="simulated borrowers to judge")
    parser.add_argument("--months", type=int, default=60)
    parser.add_argument("--cut-off", type=int, default=42, help="months to learn from")
    parser.add_argument("--seed", type=int, default=601)
    parser.add_argument("--fits", type=int, default=2)
    parser.add_argument("--scenario", default="cycle")
    parser.add_argument("--panel", choices=("synthetic", "home_credit"))
    parser.add_argument("--policy", action="append", choices=POLICY_NAMES)
    parser.add_argument("--structure", default="auto")
    options = parser.parse_args()
    show_machine("lightgbm")
    goals = list[Goal]()
    if options.panel in (None, "synthetic"):
        for place, policy in enumerate(options.policy or POLICY_NAMES):
            goals += simulated(options, policy, options.seed + place)
    if options.panel in (None, "home_credit"):
        for panel in real_panels():
            if panel.name == "home_credit":
                goals += home_credit(panel.history, options)
    show_goals(goals)


def simulated(options: argparse.Namespace, policy: str, seed: int) -> list[Goal]:
    """One simulated lender: unseen borrowers in later months."""
    n, start = options.borrowers + options.others, perf_counter()
    portfolio = simulate_portfolio(
        n, options.months, seed=seed, policy=policy, scenario=options.scenario, root_causes=False, n_jobs=-1
    )
    history = check_history(portfolio.history, read_catalogue("synthetic"))
    end = int(history.month_number.min()) + options.cut_off - 1
    mine = known_until(history.select(history.borrower_ids[: options.borrowers].tolist()), end)
    predictor = LimitPredictor(seed=0, n_fits=options.fits, structure=options.structure).fit(mine)
    fitted_in = perf_counter() - start
    start = perf_counter()
    predictor.add_warning(mine)
    added = perf_counter() - start
    case = case_of(predictor, history, np.arange(n) < options.borrowers, end)
    risks = {
        "ours": risks_of(predictor, case),
        RIVAL: rival(case, calendar=False),
        RIVAL_WITH_CALENDAR: rival(case, calendar=True),
        "keep score today": keep_today(predictor, case),
        "days past due": days_past_due(case),
    }
    title = f"{policy}, {options.scenario}, seed {seed}, {predictor.model_.structure_}: tier model {fitted_in:.0f} s"
    return show_case(f"{title}, early warning {added:.0f} s more", case, risks, 1.2)


def home_credit(history: History, options: argparse.Namespace, folds: int = 3) -> list[Goal]:
    """Real cards, each judged by models of other borrowers; their months have no calendar, so none are later."""
    fold = np.random.default_rng(options.seed).permutation(len(history.borrower_ids)) % folds
    risks, tests, case = dict[str, FloatArray](), list[IntArray](), None
    for k in range(folds):
        mine = history.select(history.borrower_ids[fold != k].tolist())
        predictor = LimitPredictor(history.catalogue, seed=k, n_fits=options.fits, structure=options.structure)
        predictor.fit(mine)
        predictor.add_warning(mine)
        print(f"fold {k + 1} of {folds}: {predictor.model_.structure_}", flush=True)
        case = case_of(predictor, history, fold != k, int(history.month_number.max()), later=False)
        tests.append(case.test)
        for name, risk in {
            "ours": risks_of(predictor, case),
            RIVAL: rival(case, calendar=False),
            RIVAL_WITH_CALENDAR: rival(case, calendar=True),
            "keep score today": keep_today(predictor, case),
            "days past due": days_past_due(case),
        }.items():
            risks[name] = np.concatenate([risks[name], risk]) if name in risks else risk
    assert case is not None
    return show_case(f"home_credit, {folds} folds", replace(case, test=np.concatenate(tests)), risks, 1.0)


def case_of(predictor: LimitPredictor, history: History, mine: np.ndarray, end: int, *, later: bool = True) -> Case:
    """The lines of borrowers that were learnt from (a fifth of them to choose by), and of others after the cut-off."""
    snapshots = predictor.snapshots(history)
    row = np.flatnonzero(open_lines(snapshots)).astype(np.int64)
    whose, month = snapshots.borrower_row[row], snapshots.month_number[row]
    chosen_by = np.random.default_rng(0).random(len(history.borrower_ids)) < 0.2
    learn, judge = mine[whose] & (month <= end), ~mine[whose]
    if later:
        judge &= month > end
    return Case(
        standing_of(snapshots, LEADS), outcomes_of(snapshots), row[learn & ~chosen_by[whose]],
        row[learn & chosen_by[whose]], row[judge], end,
    )  # fmt: skip


def risks_of(predictor: LimitPredictor, case: Case) -> FloatArray:
    """Our risks of the test lines within 1 .. 6 months: (n_test, LEADS)."""
    fitted = predictor.fitted
    assert fitted.warning is not None
    return np.asarray(expit(risk_scores(fitted.warning, inputs_of(fitted, case.standing, case.test))))


def keep_today(predictor: LimitPredictor, case: Case) -> FloatArray:
    """The tier model's risk of losing the limit if it were decided upon today, for all leads."""
    keep = inputs_of(predictor.fitted, case.standing, case.test).keep[:, :1]
    return np.repeat(expit(-keep), LEADS, axis=1)


def days_past_due(case: Case) -> FloatArray:
    """Days past due today, for all leads; only the order means something."""
    days = np.nan_to_num(case.snapshots.history.values("days_past_due")[case.test])
    return np.repeat(days[:, None] / 1e4, LEADS, axis=1)


def rival(case: Case, *, calendar: bool) -> FloatArray:
    """A discrete-time hazard by LightGBM on (line, month) pairs, closure ending the line: (n_test, LEADS)."""
    X = case.standing.X
    if calendar:
        X = np.hstack([X, case.standing.calendar, case.standing.due])
    catalogue = case.snapshots.catalogue
    names = catalogue.feature_names
    signs = [-catalogue.monotonic_cst.get(name, 0) for name in names] + [0] * (X.shape[1] - len(names)) + [0]
    categorical = [names.index(name) for name in catalogue.categorical_names]
    fit, held_out = (hazard_pairs(X, case, rows) for rows in (case.train, case.validation))
    best: tuple[float, Callable[[FloatArray], FloatArray]] | None = None
    for leaves, rows, directed in GRID:
        settings = {
            "objective": "binary", "num_leaves": leaves, "min_data_in_leaf": rows, "learning_rate": 0.05,
            "feature_fraction": 0.5, "verbose": -1, "num_threads": 0, "seed": 0,
            **({"monotone_constraints": signs} if directed else {}),
        }  # fmt: skip
        model = lightgbm.train(
            settings,
            lightgbm.Dataset(fit[0], fit[1], categorical_feature=categorical or "auto"),
            MOST_ROUNDS,
            valid_sets=[lightgbm.Dataset(held_out[0], held_out[1])],
            callbacks=[lightgbm.early_stopping(PATIENCE, verbose=False)],
        )
        loss = float(model.best_score["valid_0"]["binary_logloss"])
        if best is None or loss < best[0]:
            best = loss, model.predict
    assert best is not None
    hazard = np.stack([best[1](with_lead(X[case.test], lead)) for lead in range(1, LEADS + 1)], axis=1)
    return np.asarray(1.0 - np.cumprod(1.0 - hazard, axis=1))


def hazard_pairs(X: FloatArray, case: Case, row: IntArray) -> tuple[FloatArray, FloatArray]:
    """(line, month) pairs as long as the line is open and seen, and whether it was cut in that month."""
    seen = case.known(row)
    parts = list(_months_at_risk(seen))
    line, lead = (np.concatenate([part[i] for part in parts]) for i in (0, 1))
    return with_lead(X[row[line]], lead), (seen.cut[line] == lead).astype(np.float64)


def _months_at_risk(seen: Outcomes) -> Iterator[tuple[IntArray, IntArray]]:
    for lead in range(1, LEADS + 1):
        line = np.flatnonzero((seen.cut >= lead) & (seen.closed >= lead) & (seen.followed >= lead)).astype(np.int64)
        yield line, np.full(len(line), lead)


def with_lead(X: FloatArray, lead: IntArray | int) -> FloatArray:
    """Rows with the month ahead as their last column."""
    return np.column_stack([X, np.broadcast_to(lead, len(X))])


def show_case(title: str, case: Case, risks: dict[str, FloatArray], times: float) -> list[Goal]:
    """Print everything about one case, and say whether its goal holds."""
    snapshots, test = case.snapshots, case.test
    seen, month, whose = case.outcomes.of(test), snapshots.month_number[test], snapshots.borrower_row[test]
    rows, ap = [], dict[str, list[float]]()
    for name, risk in risks.items():
        alerted = alerted_by_month(month, risk[:, HEADLINE - 1], CAPACITY)
        caught = cuts_caught(month, whose, alerted, seen.cut, LEADS)
        ap[name], errors = [], []
        for lead in SHOWN:
            is_cut, known = seen.until(lead)
            ap[name].append(average_precision(risk[known, lead - 1], is_cut[known]))
            errors.append(calibration_error(risk[known, lead - 1], is_cut[known]))
        is_cut, known = seen.until(HEADLINE)
        tells_risks = name in ("ours", RIVAL, RIVAL_WITH_CALENDAR)
        rows.append(
            [
                name, *ap[name], caught.recall, caught.median_lead, float(alerted[is_cut & known].mean()),
                *(errors if tells_risks else [None] * len(SHOWN)), 1000 * float(alerted.mean()),
                churn(month, whose, alerted),
            ]
        )  # fmt: skip
    rates = [float(is_cut[known].mean()) for is_cut, known in (seen.until(lead) for lead in SHOWN)]
    show_table(
        f"{title}; {len(test):,} lines of {len(np.unique(whose)):,} borrowers, cut within 1, 3, 6 months: "
        + ", ".join(f"{rate:.1%}" for rate in rates),
        ["", *(f"AP {lead} m" for lead in SHOWN), "cuts warned of", "median lead", "lines warned of",
         *(f"cal. error {lead} m" for lead in SHOWN), "alerts a 1,000", "churn"],
        rows,
    )  # fmt: skip
    ratios = {name: drawn_ratios(seen, whose, risks["ours"], risks[name]) for name in (RIVAL, RIVAL_WITH_CALENDAR)}
    show_table(
        "average precision, ours / theirs, 95 % intervals over borrowers drawn again",
        ["", *(f"{lead} m" for lead in SHOWN)],
        [
            [
                name,
                *(
                    f"{a / b:.3f} [{low:.3f}, {high:.3f}]"
                    for a, b, (low, high) in zip(ap["ours"], ap[name], found, strict=True)
                ),
            ]
            for name, found in ratios.items()
        ],
    )  # fmt: skip
    return [at_least(f"{title.split(':')[0]}: AP {HEADLINE} m, ours / {RIVAL}", ap["ours"][1] / ap[RIVAL][1], times)]


def drawn_ratios(seen: Outcomes, whose: IntArray, ours: FloatArray, theirs: FloatArray) -> list[tuple[float, float]]:
    """95 % intervals of the ratio of average precisions, for the leads of `SHOWN`."""
    rng = np.random.default_rng(0)
    own = pd.factorize(whose)[0]
    n = int(own.max()) + 1
    weights = [np.bincount(rng.integers(0, n, n), minlength=n)[own].astype(np.float64) for _ in range(DRAWS)]
    found = []
    for lead in SHOWN:
        is_cut, known = seen.until(lead)
        ratios = [
            average_precision(ours[known, lead - 1], is_cut[known], weight[known])
            / average_precision(theirs[known, lead - 1], is_cut[known], weight[known])
            for weight in weights
        ]
        low, high = np.nanquantile(ratios, (0.025, 0.975))
        found.append((float(low), float(high)))
    return found


if __name__ == "__main__":
    main()
