"""Plans: every score is the model's own, every best is the best of all, every path is a history that could be."""

import dataclasses
import itertools

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from scipy.special import expit

from credit_model import LimitPredictor, simulate_portfolio
from credit_model.act.plans import GOALS, plan_rows, plans_table
from credit_model.act.plans.blocks import Grid
from credit_model.act.plans.lots import Lot
from credit_model.act.plans.paths import Ahead
from credit_model.act.plans.questions import question_of
from credit_model.act.plans.reviews import months_since_change, reviews_ahead
from credit_model.act.plans.search import lever_shares, search
from credit_model.act.plans.tables import parts_of
from credit_model.act.plans.told import PlanWords
from credit_model.cli import main
from credit_model.errors import CatalogueError, CreditModelError, HistoryError
from credit_model.explain.pairs import decrease_rows
from credit_model.explain.support import SupportRule
from credit_model.model.drift import Drift
from credit_model.portfolio.catalogue import parse_catalogue, read_catalogue
from credit_model.portfolio.history import check_history
from credit_model.portfolio.snapshots import build_snapshots
from credit_model.trees.scoring import scores


@pytest.fixture(scope="module")
def panel():
    return simulate_portfolio(500, 32, seed=41, root_causes=False)


@pytest.fixture(scope="module", params=["score", "free", "heads"])
def fitted(request, panel):
    settings = {"structure": request.param, "max_iter": (30, 30) if request.param == "heads" else 40}
    return LimitPredictor(n_fits=2 if request.param == "free" else 1, **settings).fit(panel.history)


@pytest.fixture(scope="module")
def snapshots(fitted, panel):
    return fitted.snapshots(panel.history)


@pytest.fixture(scope="module")
def row(snapshots):
    found = decrease_rows(snapshots)
    return found[snapshots.position[found] >= 12][:25]


def lot_of(fitted, snapshots, row, levers=None, horizon=6):
    ahead = Ahead.of(snapshots.history, row, horizon)
    return Lot(fitted.fitted, snapshots, row, ahead, Grid.of(fitted.catalogue, levers), 1)


def asked(fitted, snapshots, row, goal, horizon=6, chance=0.8):
    settings = {"horizon": horizon, "chance": chance, "n_jobs": 1}
    return question_of(fitted.fitted, snapshots, row, row, goal, SupportRule(), **settings)


@pytest.mark.parametrize("goal", GOALS)
def test_tables_hold_the_models_own_score_of_every_mixture(fitted, snapshots, row, goal):
    lot = lot_of(fitted, snapshots, row[:4])
    question = asked(fitted, snapshots, row[:4], goal)
    table = lot.scores(question)
    for mixture in np.random.default_rng(0).integers(0, lot.grid.n_mixtures, 12).tolist():
        X = lot.asked(lot.under(mixture), question)
        for i in range(4):
            exact = lot.one(i).exact_scores(X[i], question.of(i))
            np.testing.assert_allclose(table[i, mixture], exact, rtol=0, atol=1e-9)
            np.testing.assert_array_equal(lot.one(i).all_mixtures(question.of(i))[mixture], X[i])


def test_parts_of_trees_add_up_to_the_trees(fitted, snapshots, row):
    forest = fitted.bag.fits[0]
    touched = [block.features for block in Grid.of(fitted.catalogue).blocks]
    rows = forest.rows(snapshots.X[row], snapshots.tier_before[row] - 1)
    parts = parts_of(forest.trees, touched)
    assert sum(len(part.roots) for part in parts.values()) == len(forest.trees.roots)
    total = sum(scores(part, rows) if len(part.roots) else np.full(len(rows), part.baseline) for part in parts.values())
    np.testing.assert_allclose(total, scores(forest.trees, rows), rtol=0, atol=1e-10)


def test_the_best_are_the_best_of_a_search_by_hand(fitted, snapshots, row):
    levers = ("repay_elsewhere", "owe_fewer", "draw_less_cash")
    plans = plan_rows(fitted.fitted, snapshots, row, levers=levers, horizon=6, chance=0.8, n_jobs=1)
    lot = lot_of(fitted, snapshots, row, levers)
    question = asked(fitted, snapshots, row, "reinstate")
    cost, affordable = lot.costs()
    for i, plan in enumerate(plans):
        ways = []
        for mixture in range(lot.grid.n_mixtures):
            X = lot.one(i).asked(lot.one(i).under(mixture), question.of(i))[0]
            standing = question.of(i).standing(lot.one(i).exact_scores(X, question.of(i))[None])[0]
            over = standing >= plan.line + 1e-9
            stays = np.array([over[m:].all() for m in range(6)]) & affordable[i, mixture]
            changes = int((lot.grid.settings[mixture] > 0).sum())
            ways += [(float(cost[i, mixture, m]), int(m), changes, mixture) for m in np.flatnonzero(stays)]
        if not ways:
            assert plan.outcome == "impossible"
            assert plan.gap > 0
            assert plan.blocked_by
            continue
        assert plan.cheapest.cost == min(ways)[0]
        assert plan.fastest.months_needed == min(way[1] for way in ways) + 1
        assert len(plan.fewest.settings) == min(way[2] for way in ways)
        assert (plan.nothing is not None) == any(way[3] == 0 for way in ways)


def test_every_path_is_a_history_that_passes_the_checks_and_rescores_to_the_goal(fitted, snapshots, row, panel):
    catalogue, seen = fitted.catalogue, 0
    for plan in plan_rows(fitted.fitted, snapshots, row, goal="keep", horizon=8, n_jobs=1):
        for option in plan.options:
            lot = lot_of(fitted, snapshots, row, horizon=8).one(plan_place(snapshots, row, plan))
            level = np.array([option.settings.get(lever.id, 0.0) for lever in lot.grid.levers])
            mixture = int(np.flatnonzero((lot.grid.settings == level).all(axis=1))[0])
            moved = lot.ahead.moved(lot.grid.levers, lot.grid.settings[[mixture]])
            path, rows = lot.ahead.histories(lot.ahead.under(lot.grid.levers, moved), 1)
            checked = check_history(path.frame, catalogue)  # no rule of the catalogue is broken
            np.testing.assert_array_equal(checked.values("balance_amount"), path.values("balance_amount"))
            months = option.months
            assert months["reached"].iloc[option.months_needed - 1 :].all()
            assert (months["risk"].iloc[option.months_needed - 1 :] <= 1 - plan.chance + 1e-9).all()
            gained = months["score"].iloc[option.months_needed - 1] - plan.ahead["score"].iloc[option.months_needed - 1]
            assert sum(option.contributions.values()) == pytest.approx(gained, abs=1e-9)
            assert 0 <= option.fits <= option.n_fits
            assert rows.shape == (1, 1, 8)
            seen += 1
    assert seen > 5


def plan_place(snapshots, row, plan):
    whose = snapshots.history.borrower_ids[snapshots.borrower_row[row]]
    when = snapshots.history.show_months(snapshots.month_number[row])
    return next(i for i in range(len(row)) if whose[i] == plan.borrower_id and when[i] == plan.month)


def test_doing_nothing_scores_as_the_same_months_lived_so(fitted, snapshots, row):
    """The months to come of nothing done, written into the history itself, have the scores that the plan tells."""
    plan = plan_rows(fitted.fitted, snapshots, row[:1], goal="keep", horizon=3, n_jobs=1)[0]
    lot = lot_of(fitted, snapshots, row[:1], horizon=3)
    path, rows = lot.ahead.histories({}, 1)
    lived = fitted.snapshots(check_history(path.frame, fitted.catalogue))
    question = asked(fitted, snapshots, row[:1], "keep")
    X = lived.X[rows[0, 0]]
    names = fitted.catalogue.feature_names
    np.testing.assert_array_equal(X[:, names.index("limit_in_force")], np.full(3, snapshots.limit_after[row[0]]))
    own = question.standing(lot.exact_scores(lot.asked(lot.base, question)[0], question)[None])[0]
    np.testing.assert_allclose(plan.ahead["score"], own, atol=1e-9)


def test_more_levers_and_months_never_make_a_plan_worse(fitted, snapshots, row):
    few = plan_rows(fitted.fitted, snapshots, row, levers=("repay_here",), horizon=4, n_jobs=1)
    more = plan_rows(fitted.fitted, snapshots, row, levers=("repay_here", "owe_fewer"), horizon=8, n_jobs=1)
    for one, other in zip(few, more, strict=True):
        if one.cheapest is not None:
            assert other.cheapest.cost <= one.cheapest.cost
            assert other.fastest.months_needed <= one.fastest.months_needed


def test_the_same_plans_come_for_each_row_alone_and_for_all_together(fitted, snapshots, row):
    together = plans_table(plan_rows(fitted.fitted, snapshots, row, horizon=5, n_jobs=2))
    alone = [plan_rows(fitted.fitted, snapshots, row[[i]], horizon=5, n_jobs=1)[0] for i in range(3)]
    assert together.iloc[:3].equals(plans_table(alone))


def test_another_economy_is_a_scenario_and_nothing_of_the_borrowers(fitted, snapshots, row):
    worse = np.full(6, 9.0)
    plain = plan_rows(fitted.fitted, snapshots, row[:5], horizon=6, n_jobs=1)
    bad = plan_rows(fitted.fitted, snapshots, row[:5], horizon=6, scenario={"unemployment_rate": worse}, n_jobs=1)
    assert all((b.ahead["score"] <= a.ahead["score"] + 1e-9).all() for a, b in zip(plain, bad, strict=True))
    with pytest.raises(CreditModelError, match=r"economy's or the lender's columns, .*; got 'income_amount'"):
        plan_rows(fitted.fitted, snapshots, row[:1], horizon=6, scenario={"income_amount": worse})
    with pytest.raises(CreditModelError, match="must give 4 finite numbers of unemployment_rate"):
        plan_rows(fitted.fitted, snapshots, row[:1], horizon=4, scenario={"unemployment_rate": worse})


def test_what_cannot_be_planned_is_said_in_one_line(fitted, snapshots, row):
    with pytest.raises(CreditModelError, match="goal must be one of reinstate, regain, keep, got 'more'"):
        plan_rows(fitted.fitted, snapshots, row, goal="more")
    for horizon in (0, 61, 2.5, True):
        with pytest.raises(CreditModelError, match=r"horizon must be a whole number of months in 1 \.\. 60"):
            plan_rows(fitted.fitted, snapshots, row, horizon=horizon)
    with pytest.raises(CatalogueError, match=r"levers must be some of repay_elsewhere, .*, got 'luck'"):
        plan_rows(fitted.fitted, snapshots, row, levers=("luck",))
    lowest = np.flatnonzero(snapshots.tier_before < 1)[:1]
    with pytest.raises(HistoryError, match="must be above the lowest tier"):
        plan_rows(fitted.fitted, snapshots, lowest)


def test_the_surer_a_promise_must_be_the_fewer_limits_have_a_plan(fitted, snapshots, row):
    tables = [
        plans_table(plan_rows(fitted.fitted, snapshots, row, chance=chance, n_jobs=1)) for chance in (0.5, 0.8, 0.97)
    ]
    for less, more in itertools.pairwise(tables):
        assert not (less["outcome"].eq("impossible") & more["outcome"].ne("impossible")).any()
        both = less["cost"].notna() & more["cost"].notna()
        assert (less["cost"][both] <= more["cost"][both]).all()
        assert (less["gap"] <= more["gap"] + 1e-9).all()
    assert tables[0]["outcome"].ne(tables[2]["outcome"]).any()
    for chance in (0.4, 1.0, True):
        with pytest.raises(CreditModelError, match=r"chance must fulfil 0.5 <= chance < 1"):
            plan_rows(fitted.fitted, snapshots, row, chance=chance)


def test_a_rise_asks_for_the_chance_of_one_of_the_coming_reviews(fitted, snapshots, row):
    question = asked(fitted, snapshots, row, "regain", horizon=4, chance=0.6)
    np.testing.assert_array_equal(question.tier, question.state + 1)
    np.testing.assert_array_equal(question.state, snapshots.tier_after[row])
    flat = np.zeros((len(row), 4))  # as likely as not at each review, were the months known
    certain = question_of_known_months(question)
    expected = 1 - np.cumprod(1 - 0.5 * question.reviews, axis=1)
    np.testing.assert_allclose(expit(certain.standing(flat)), expected, atol=1e-9)
    standing = question.standing(flat)
    assert (np.diff(standing, axis=1) >= 0).all()
    np.testing.assert_array_equal(question.reached(standing), expit(standing) >= 0.6)


def question_of_known_months(question):
    return dataclasses.replace(question, drift=None)


def test_reviews_to_come_are_counted_in_what_is_known(snapshots, row):
    ahead = reviews_ahead(snapshots, row, 14)
    assert ((ahead > 0) & (ahead < 1)).all()
    # The simulated lender lets a limit rest for six months after a change, but for what cannot wait.
    assert ahead[:, :5].mean() < 0.1 < 0.2 < ahead[:, 6:9].mean()
    since = months_since_change(snapshots)
    after_cut = row[row + 1 < len(snapshots)] + 1
    after_cut = after_cut[snapshots.borrower_row[after_cut] == snapshots.borrower_row[after_cut - 1]]
    assert (since[after_cut] == 1).all()
    # Months that are not known yet change nothing.
    month = int(snapshots.month_number[row[0]])
    history = snapshots.history
    past = history.frame[history.month_number <= month]
    early = build_snapshots(check_history(past, history.catalogue), snapshots.ladder)
    whose = history.borrower_ids[snapshots.borrower_row[row[0]]]
    place = int(early.history.starts[early.history.position_of(whose) + 1]) - 1
    np.testing.assert_allclose(reviews_ahead(early, np.array([place]), 14), ahead[:1], rtol=1e-12)


def test_plans_use_nothing_of_the_future(fitted, snapshots, row):
    history, one = snapshots.history, row[[0]]
    past = history.frame[history.month_number <= int(snapshots.month_number[one[0]])]
    early = fitted.snapshots(check_history(past, history.catalogue))
    place = early.history.position_of(history.borrower_ids[snapshots.borrower_row[one[0]]])
    then = early.history.starts[[place + 1]] - 1
    for goal in ("reinstate", "regain"):
        later = plan_rows(fitted.fitted, snapshots, one, goal=goal, horizon=5, n_jobs=1)
        pd.testing.assert_frame_equal(
            plans_table(plan_rows(fitted.fitted, early, then, goal=goal, horizon=5, n_jobs=1)), plans_table(later)
        )


def test_drift_is_learnt_in_training_saved_and_counted_in(fitted, snapshots, row, tmp_path):
    drift = fitted.fitted.drift
    assert drift.errors.shape == (12, 40)
    assert np.ptp(drift.errors[5]) > np.ptp(drift.errors[0]) > 0  # the further ahead, the less is known
    scores = np.linspace(-40, 40, 99)
    exact = expit(scores[:, None] + drift.errors[3]).mean(axis=1)
    np.testing.assert_allclose(expit(drift.log_odds(scores, 4)), exact, atol=2e-4)
    assert (np.diff(drift.log_odds(scores, 4)) >= 0).all()
    np.testing.assert_array_equal(drift.log_odds(scores, 30), drift.log_odds(scores, 12))
    fitted.save(tmp_path / "m")
    again = LimitPredictor.load(tmp_path / "m").fitted.drift
    np.testing.assert_array_equal(again.errors, drift.errors)
    assert Drift.of_cases(np.full((10, 12), np.nan)) is None


def test_the_search_breaks_ties_by_month_then_by_changes():
    reached = np.array([[False, False], [True, True], [True, True], [False, True]])
    cost = np.array([[0.0, 0.0], [2.0, 2.0], [2.0, 2.0], [9.0, 1.0]])
    found = search(reached, cost, np.array([0, 2, 1, 2]))
    assert (found.cheapest.mixture, found.cheapest.month) == (3, 1)
    assert (found.fastest.mixture, found.fastest.month) == (2, 0)
    assert (found.fewest.mixture, found.fewest.month) == (2, 0)
    assert found.nothing is None


def test_shares_of_levers_are_shapley_values():
    rng = np.random.default_rng(3)
    value = rng.normal(size=8)
    shares = np.zeros(3)
    for order in itertools.permutations(range(3)):
        mask = 0
        for j in order:
            shares[j] += (value[mask | 1 << j] - value[mask]) / 6
            mask |= 1 << j
    np.testing.assert_allclose(lever_shares(value), shares, atol=1e-12)


def test_a_catalogue_without_levers_plans_nothing(panel):
    text = read_catalogue("synthetic").text
    bare = parse_catalogue(text[: text.index("[plan]")])
    predictor = LimitPredictor(bare, structure="score", max_iter=5).fit(panel.history)
    found = predictor.snapshots(panel.history)
    with pytest.raises(CatalogueError, match=r"declares no \[\[lever\]\], so nothing can be planned"):
        plan_rows(predictor.fitted, found, decrease_rows(found)[:1])


def test_the_predictor_plans_from_the_last_month_that_is_known(fitted, panel, snapshots, row):
    whose = snapshots.history.borrower_ids[snapshots.borrower_row[row[0]]]
    plan = fitted.plan(panel.history, whose, horizon=4)
    mine = snapshots.history.select([whose])
    assert plan.goal == "reinstate"
    assert plan.month == mine.show_months(mine.month_number)[-1]
    assert plan.cut_month is not None
    assert len(plan.ahead) == 4
    assert plan.ahead["month"].iloc[0] > plan.month
    calm = next(b for b in mine_without_cuts(snapshots))
    assert fitted.plan(panel.history, calm, horizon=3).goal == "keep"
    with pytest.raises(HistoryError, match="has no limit decrease to be undone; ask for goal 'keep'"):
        fitted.plan(panel.history, calm, goal="regain")
    with pytest.raises(HistoryError, match=r"has no limit decrease in January 2023|has no limit decrease in 2023-01"):
        fitted.plan(panel.history, calm, "2023-01")


def mine_without_cuts(snapshots):
    cut = set(snapshots.borrower_row[decrease_rows(snapshots)].tolist())
    last = snapshots.history.starts[1:] - 1
    ids = snapshots.history.borrower_ids
    return [ids[b] for b in range(len(ids)) if b not in cut and snapshots.tier_before[last[b]] > 0]


def test_plans_of_all_borrowers_are_those_of_each(fitted, panel, snapshots):
    some = snapshots.history.select(snapshots.history.borrower_ids[:60].tolist())
    plans = fitted.plans(some, horizon=4)
    assert len(plans) == len({plan.borrower_id for plan in plans}) > 0
    for plan in plans[:3]:
        alone = fitted.plan(panel.history, plan.borrower_id, horizon=4)
        assert plans_table([alone]).equals(plans_table([plan]))


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("goal", GOALS)
def test_a_plan_is_told_in_words(fitted, snapshots, row, lang, goal):
    seen = set()
    for plan in plan_rows(fitted.fitted, snapshots, row[:12], goal=goal, horizon=6, n_jobs=1):
        told = PlanWords(plan, lang)
        assert str(plan.borrower_id) in told.title
        assert len(told.facts) == 3 + len([o for o in plan.options if o.settings])
        text = " ".join([*(f"{name} {text}" for name, text in told.facts), *told.notes])
        assert "{" not in text
        assert plan.model_version in text
        for option in plan.options:
            for lever in option.settings:
                assert lever not in text  # ids are not words
        seen.add(plan.outcome)
        if plan.outcome == "impossible":
            assert len(told.notes) >= 2
    assert seen


def test_the_command_plans_for_one_and_for_all(saved, tmp_path):
    files = ["--data", str(saved / "portfolio"), "--model", str(saved / "model")]
    history = pd.read_parquet(saved / "portfolio" / "history.parquet")
    table = tmp_path / "plans.csv"
    done = CliRunner().invoke(main, ["plan", *files, "--out", str(table), "--horizon", "3", "--jobs", "1"])
    assert done.exit_code == 0, done.output
    plans = pd.read_csv(table)
    assert set(plans["outcome"]) <= {"by_itself", "by_plan", "impossible"}
    assert plans["borrower_id"].isin(history["borrower_id"]).all()
    one = str(plans["borrower_id"].iloc[0])
    for more in ([], ["--lang", "zh"], ["--goal", "keep"], ["--lever", "repay_here"]):
        told = CliRunner().invoke(main, ["plan", *files, "--borrower", one, "--jobs", "1", *more])
        assert told.exit_code == 0, told.output
        assert one in told.output
    scenario = tmp_path / "worse.csv"
    scenario.write_text("unemployment_rate\n9\n9\n9\n")
    told = CliRunner().invoke(
        main, ["plan", *files, "--borrower", one, "--horizon", "3", "--scenario", str(scenario), "--jobs", "1"]
    )
    assert told.exit_code == 0, told.output
    for wrong, message in (
        ([], "give --borrower ID for one plan, or --out FILE"),
        (["--borrower", one, "--out", str(tmp_path / "x.csv")], "give --borrower ID for one plan"),
        (["--out", str(tmp_path / "x.csv"), "--month", "2023-01"], "--month is for --borrower"),
        (["--borrower", one, "--lever", "luck"], "levers must be some of"),
        (["--borrower", one, "--scenario", str(scenario)], "must have a row for each of the 12 months"),
        (["--borrower", "nobody"], "is not in the history"),
        (["--borrower", one, "--horizon", "0"], "is not in the range"),
    ):
        failed = CliRunner().invoke(main, ["plan", *files, *wrong])
        assert failed.exit_code in (1, 2)
        assert message in " ".join(failed.output.split())
        assert "Traceback" not in failed.output
