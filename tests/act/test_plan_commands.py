"""Plans from the command line: pictures, pages and notices, and bad input in one clear line."""

import json

import pandas as pd
import pytest
from click.testing import CliRunner

from credit_model.act.plans import plan_cuts, plan_rows
from credit_model.cli import main
from credit_model.errors import CreditModelError, HistoryError
from credit_model.portfolio.history import check_history


def run(*arguments):
    done = CliRunner().invoke(main, [str(one) for one in arguments])
    assert "Traceback" not in done.output
    return done


@pytest.fixture(scope="module")
def files(saved):
    return ["--data", saved / "portfolio", "--model", saved / "model", "--jobs", "1"]


@pytest.fixture(scope="module")
def cut(explanations):
    """A borrower and the month of an expected cut."""
    i = int((explanations.support == "expected").argmax())
    return explanations.borrower_id[i], str(explanations.summary["month"].iloc[i])[:7]


@pytest.mark.parametrize("more", [[], ["--lang", "zh"], ["--goal", "keep"], ["--lever", "repay_here"]])
def test_a_plan_is_drawn(files, cut, tmp_path, more):
    picture = tmp_path / "plan.png"
    done = run("plot", "plan", *files, "--borrower", cut[0], "--horizon", "4", "--out", picture, *more)
    assert done.exit_code == 0, done.output
    assert picture.stat().st_size > 10_000


def test_a_report_has_plans_as_of_each_decision_unless_they_are_left_out(files, tmp_path, predictor, portfolio):
    for more, has in ([], True), (["--no-plans"], False):
        done = run("report", *files, "--most", "3", "--out", tmp_path / "R", *more)
        assert done.exit_code == 0, done.output
        manifest = json.loads((tmp_path / "R" / "manifest.json").read_text())
        assert [("comes_back" in page) for page in manifest["pages"]] == [has] * 3
    with_plans = predictor.explain_decreases(portfolio.history)[:3]
    snapshots = predictor.snapshots(portfolio.history)
    plans = plan_cuts(predictor.fitted, snapshots, with_plans, n_jobs=1)
    assert [str(plan.month)[:7] for plan in plans] == [str(month)[:7] for month in with_plans.summary["month"]]
    assert [plan.borrower_id for plan in plans] == with_plans.borrower_id.tolist()


def test_what_is_known_later_does_not_change_a_plan_as_of_a_decision(predictor, portfolio, explanations):
    one = explanations[:1]
    mine = portfolio.history[portfolio.history["borrower_id"] == one.borrower_id[0]]
    month = one.summary["month"].iloc[0]
    months = pd.to_datetime(mine["month"].astype(str))
    plans = [
        plan_cuts(predictor.fitted, predictor.snapshots(check_history(rows, predictor.catalogue)), one, n_jobs=1)[0]
        for rows in (mine, mine[months <= pd.Timestamp(month)])
    ]
    assert plans[0].outcome == plans[1].outcome
    pd.testing.assert_frame_equal(plans[0].ahead, plans[1].ahead)
    pd.testing.assert_frame_equal(plans[0].table(), plans[1].table())


def test_snapshots_that_lack_the_cut_are_refused(predictor, portfolio, explanations):
    one = explanations[:1]
    months = pd.to_datetime(portfolio.history["month"].astype(str))
    early = portfolio.history[months < pd.Timestamp(one.summary["month"].iloc[0])]
    early = early[early["borrower_id"] == one.borrower_id[0]]
    snapshots = predictor.snapshots(check_history(early, predictor.catalogue))
    with pytest.raises(HistoryError, match=r"has no row for .*, in which the limit fell; give the history"):
        plan_cuts(predictor.fitted, snapshots, one)


@pytest.mark.parametrize("more", [[], ["--no-plan"], ["--lang", "zh"]])
def test_a_notice_is_written_with_a_plan_or_without(files, cut, tmp_path, more):
    notice = tmp_path / "n.json"
    done = run("notice", *files, "--borrower", cut[0], "--month", cut[1], "--out", notice, *more)
    assert done.exit_code == 0, done.output
    ahead = json.loads(notice.read_text(encoding="utf-8"))["ahead"]
    if more == ["--no-plan"]:
        assert ahead is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("unemployment_rate\n9\n9\nx\n", "must be a number in each of the 3 months to come, found 'x' in row 3"),
        ("unemployment_rate,activity_index\n9,1\n,1\n9,1\n", "found nothing in row 2; correct it"),
        ("unemployment_rate,note\n9,a\n9,b\n9,c\n", "note must be a number in each of the 3 months"),
        ("unemployment_rate\n9\n9\n1e400\n", "found 'inf' in row 3"),
        ("unemployment_rate\n9\n", "must have a row for each of the 3 months to come"),
        ("month\n2024-01\n2024-02\n2024-03\n", "and columns of numbers, found 3 rows and 0 such columns"),
        ("income_amount\n1\n2\n3\n", "is of the economy's or the lender's columns"),
        ("", "the file is empty"),
    ],
)  # fmt: skip
def test_a_broken_scenario_is_one_line(files, cut, tmp_path, text, message):
    scenario = tmp_path / "s.csv"
    scenario.write_text(text)
    done = run("plan", *files, "--borrower", cut[0], "--horizon", "3", "--scenario", scenario)
    assert done.exit_code == 1
    assert message in " ".join(done.output.split())
    assert done.output.count("Error:") == 1


def test_a_scenario_may_name_its_months(files, cut, tmp_path):
    scenario = tmp_path / "s.csv"
    scenario.write_text("month,unemployment_rate\n2024-01,9\n2024-02,9\n2024-03,9\n")
    done = run("plan", *files, "--borrower", cut[0], "--horizon", "3", "--scenario", scenario)
    assert done.exit_code == 0, done.output


def test_a_horizon_beyond_all_calendars_is_refused(predictor, portfolio):
    some = portfolio.history[
        portfolio.history["borrower_id"].isin(portfolio.history["borrower_id"].unique()[:40])
    ].copy()
    months = pd.to_datetime(some["month"].astype(str))
    years = 2199 - months.dt.year.max()
    some["month"] = [f"{month.year + years}-{month.month:02d}" for month in months]
    snapshots = predictor.snapshots(check_history(some, predictor.catalogue))
    last = snapshots.history.starts[1:] - 1
    row = last[snapshots.tier_before[last] > 0][:1]
    left = 12 - int(months.max().month)
    with pytest.raises(CreditModelError, match=r"horizon must not reach beyond 2199, .*, got \d+ months after 2199-"):
        plan_rows(predictor.fitted, snapshots, row, goal="keep", horizon=left + 1)
    if left:
        assert len(plan_rows(predictor.fitted, snapshots, row, goal="keep", horizon=left)) == 1
