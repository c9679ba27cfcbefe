"""Plans lived in the simulator: what was promised is counted by what the true lender decides."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from credit_model import HistoryError, simulate_portfolio
from credit_model.act.plans import plan_rows
from credit_model.act.plans.blocks import Grid
from credit_model.act.plans.lots import Lot
from credit_model.act.plans.paths import Ahead
from credit_model.act.plans.questions import Question
from credit_model.cli import main
from credit_model.grade.lived import bounds_of, live_options, option_lived
from credit_model.grade.plan_truth import costs_beside, least_costs
from credit_model.grade.plans import PlansGrade, cuts_to_plan, grade_plans, true_score_of
from credit_model.simulate.columns import BEHAVIOUR, LEDGER
from credit_model.simulate.lines import LINES, cut_point
from credit_model.simulate.settings import Settings
from credit_model.simulate.writing import write_portfolio

HORIZON = 6


@pytest.fixture(scope="module")
def settings():
    return Settings(500, 32, seed=951, root_causes=False)


@pytest.fixture(scope="module")
def world():
    return simulate_portfolio(500, 32, seed=951, root_causes=False)


@pytest.fixture(scope="module")
def snapshots(predictor, world):
    return predictor.snapshots(world.history)


@pytest.fixture(scope="module")
def row(snapshots, settings):
    return cuts_to_plan(snapshots, settings, HORIZON, 25)


@pytest.fixture(scope="module")
def grade(predictor, world, settings):
    return grade_plans(predictor, world, settings, horizon=HORIZON, chance=0.8, most=25, n_jobs=1)


def test_every_cut_is_planned_for_and_every_plan_lived(grade, row, snapshots):
    table, summary = grade.table, grade.summary
    assert len(table) == summary["n"] == len(row) == 25
    lived = table["outcome"] != "impossible"
    assert table["success"].notna().equals(lived)
    assert summary["n_lived"] == lived.sum() > 5
    assert summary["impossible_histories"] == 0
    assert summary["lived_success"] == pytest.approx(table["success"][lived].astype(float).mean())
    assert summary["lived_success_within_two"] >= summary["lived_success"]
    assert table["leading_factor"].notna().all()
    assert grade.by("months")["n"].sum() == grade.by("outcome")["n"].sum() == lived.sum()
    # Most of what is promised comes true, and what the model proves impossible is mostly so by the true policy.
    assert summary["lived_success"] > 0.5
    assert "plans</b> lived" in grade._repr_html_()


def test_a_plan_that_is_lived_is_held_to(predictor, snapshots, row, settings, world):
    plans = plan_rows(predictor.fitted, snapshots, row, horizon=HORIZON, chance=0.8, n_jobs=1)
    moving = [i for i, plan in enumerate(plans) if plan.cheapest is not None and plan.cheapest.settings]
    assert moving
    mine = row[moving]
    options = [plans[i].cheapest for i in moving]
    borrower = snapshots.history.borrower_ids[snapshots.borrower_row[mine]]
    month = snapshots.month_number[mine] - snapshots.month_number.min()
    tier = snapshots.tier_before[mine]
    lived = live_options(settings, predictor.catalogue, borrower, month, options, HORIZON + 2, tier=tier)
    bounds = bounds_of(predictor.catalogue, options, HORIZON + 2, dues=True)
    for name in ("inquiries", "gaming_amount", "cash_advance_amount", "other_lenders", "other_balance_amount"):
        cells = lived.own[:, :, LEDGER.index(name)]
        assert (cells <= bounds[:, :, BEHAVIOUR.index(name), 1]).all()
    assert (lived.own[:, :, LEDGER.index("days_past_due")] == 0).all()
    free = live_options(settings, predictor.catalogue, borrower, month, options, HORIZON + 2, tier=tier, dues=False)
    assert (free.own[:, :, LEDGER.index("days_past_due")] >= 0).all()


def test_the_true_policys_cheapest_path_is_one_that_it_admits(predictor, snapshots, row, settings):
    score = true_score_of(settings, snapshots)
    zero = np.zeros(len(row))
    sure = least_costs(predictor.fitted, snapshots, row, score, horizon=HORIZON, chance=0.9, bias=zero)
    likely = least_costs(predictor.fitted, snapshots, row, score, horizon=HORIZON, chance=0.5, bias=zero)
    assert (likely <= sure).all()  # who asks for less pays no more
    assert (likely[np.isfinite(likely)] >= 0).all()
    assert 0.2 < np.isfinite(likely).mean() < 1  # some cuts can be undone in half a year, and some cannot
    # By hand for one: every mixture of three levers' settings, month by month.
    at = int(np.flatnonzero(np.isfinite(likely) & (likely > 0))[0]) if (likely > 0).any() else 0
    lot = Lot(predictor.fitted, snapshots, row[[at]], Ahead.of(snapshots.history, row[[at]], HORIZON),
              Grid.of(predictor.catalogue), 1)  # fmt: skip
    tier = snapshots.tier_before[row[[at]]].astype(np.int64)
    question = Question(tier, tier, snapshots.limit_before[row[[at]]], np.zeros(1), 0.5)
    line = cut_point(int(tier[0]) - 1, int(tier[0]), LINES)
    cost, affordable = lot.costs()
    found = []
    for mixture in np.argsort(cost[0, :, -1], kind="stable")[:200].tolist():
        over = score(lot.asked(lot.under(mixture), question)[0]) >= line
        stays = np.array([over[m:].all() for m in range(HORIZON)]) & affordable[0, mixture]
        found += cost[0, mixture, stays].tolist()
    assert not found or min(found) >= likely[at] - 1e-9
    # A lender who takes 100 log-odds off the score admits nothing.
    assert np.isinf(
        least_costs(predictor.fitted, snapshots, row[:4], score, horizon=4, chance=0.5, bias=zero + 100)
    ).all()
    plans = plan_rows(predictor.fitted, snapshots, row, horizon=HORIZON, chance=0.9, n_jobs=1)
    ratio = costs_beside(plans, sure)
    both = np.array([plan.cheapest is not None for plan in plans]) & np.isfinite(sure)
    np.testing.assert_array_equal(~np.isnan(ratio), both)


def test_waiting_is_lived_where_the_limit_is_promised_by_waiting(predictor, snapshots, row):
    for plan in plan_rows(predictor.fitted, snapshots, row, horizon=HORIZON, chance=0.5, n_jobs=1):
        lived = option_lived(plan)
        assert lived is (plan.nothing if plan.outcome == "by_itself" else plan.cheapest)


def test_a_rise_is_lived_by_the_lenders_own_reviews(predictor, world, settings):
    grade = grade_plans(predictor, world, settings, goal="regain", horizon=HORIZON, chance=0.5, most=12, n_jobs=1)
    lived = grade.table[grade.table["outcome"] != "impossible"]
    assert (lived["success"] <= lived["success_within_two"]).all()
    assert np.isnan(grade.summary["impossible_proved"])  # asked of the true policy for goal "reinstate" alone


def test_several_portfolios_are_one_grade_and_a_short_panel_is_refused(grade, predictor, world, settings):
    both = PlansGrade.of([grade, grade])
    assert both.summary["n"] == 2 * grade.summary["n"]
    assert both.summary["lived_success"] == grade.summary["lived_success"]
    with pytest.raises(HistoryError, match="plans are lived after cuts with 32 months to come, found none in 32"):
        grade_plans(predictor, world, settings, horizon=30)


def test_the_command_lives_plans_and_writes_them_beside_the_rest(tmp_path, saved):
    write_portfolio(tmp_path / "p", Settings(250, 30, seed=21))
    files = ["--model", str(saved / "model"), "--data", str(tmp_path / "p"), "--jobs", "1"]
    done = CliRunner().invoke(main, ["grade", *files, "--plans", "--json", str(tmp_path / "g.json")])
    assert done.exit_code == 0, done.output
    assert "came true in the promised month" in done.output
    assert "Plans lived, by outcome" in done.output
    assert "trained without the early warning" in done.output
    content = json.loads((tmp_path / "g.json").read_text())
    keys = ("n", "lived_success", "lived_success_within_two", "reinstated_by_waiting", "impossible_proved")
    assert set(keys) <= content["plans"].keys()
    assert content["plans"]["impossible_histories"] == 0
    assert content["policies"]["scorecard"]
    wrong = CliRunner().invoke(main, ["grade", "--data", str(tmp_path / "p"), "--cross-fit", "2", "--plans"])
    assert wrong.exit_code == 2
    assert "--plans is for --model" in wrong.output
