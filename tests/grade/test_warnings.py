"""Warnings graded: on other borrowers, and beside a true risk."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from credit_model import simulate_portfolio
from credit_model.act.warning.outcomes import outcomes_of
from credit_model.cli import main
from credit_model.errors import CreditModelError, HistoryError
from credit_model.grade.warnings import cut_within, grade_warnings, mean_of_grades, true_risk_of
from credit_model.simulate.settings import Settings
from credit_model.simulate.writing import write_portfolio


@pytest.fixture(scope="module")
def others(warned):
    return warned.snapshots(simulate_portfolio(400, 30, seed=943, root_causes=False).history)


def test_other_borrowers_are_warned_of_better_than_by_chance(warned, others):
    found = grade_warnings(warned.fitted, others)
    for lead in (1, 3, 6):
        assert found[f"average_precision_{lead}m"] > 1.5 * found[f"base_rate_{lead}m"]
    assert 40 <= found["alerts_per_1000"] <= 50
    assert 0 < found["line_recall"] <= 1
    assert 0 <= found["churn"] <= 1


def test_a_true_risk_that_knows_the_future_is_perfect(warned, others):
    """An oracle that is told the outcome makes no mistake; the ratio to it is the warning's own precision."""
    seen, history = outcomes_of(others), others.history

    def oracle(whose, month):
        row = history.starts[whose] + month - history.month_number[history.starts[whose]]
        return np.stack([seen.of(row).until(lead)[0] for lead in range(1, 7)], axis=1).astype(float)

    found = grade_warnings(warned.fitted, others, true_risk=oracle, most=800)
    assert found["n_true"] == 800
    for lead in (1, 3, 6):
        assert found[f"average_precision_of_truth_{lead}m"] == 1
        assert found[f"ratio_to_truth_{lead}m"] == found[f"average_precision_of_warning_{lead}m"]


def test_the_true_risk_is_counted_by_living_on(warned, others):
    settings = Settings(400, 30, seed=943, root_causes=False)
    found = grade_warnings(warned.fitted, others, true_risk=true_risk_of(settings, others), most=700)
    for lead in (1, 3, 6):
        # No forecast can be better in the long run than the risk itself.
        assert found[f"average_precision_of_truth_{lead}m"] > found[f"average_precision_of_warning_{lead}m"] - 0.05
        assert found[f"average_precision_of_truth_{lead}m"] > 2 * found[f"base_rate_{lead}m"]
        assert 0 < found[f"risk_error_{lead}m"] < 0.15
    twice = mean_of_grades([found, found])
    assert (twice["n"], twice["churn"]) == (2 * found["n"], found["churn"])


def test_the_command_writes_the_warning_beside_the_plans(tmp_path, warned):
    warned.save(tmp_path / "model")
    write_portfolio(tmp_path / "p", Settings(250, 30, seed=944))
    files = ["--model", str(tmp_path / "model"), "--data", str(tmp_path / "p"), "--jobs", "1"]
    done = CliRunner().invoke(main, ["grade", *files, "--plans", "--json", str(tmp_path / "g.json")])
    assert done.exit_code == 0, done.output
    assert "Beside the true risk" in done.output
    warning = json.loads((tmp_path / "g.json").read_text())["warning"]
    assert warning["n_true"] <= 1000
    assert 0 <= warning["event_recall"] <= 1
    assert {"average_precision_3m", "ratio_to_truth_3m", "median_lead", "alerts_per_1000"} <= warning.keys()


def test_what_cannot_be_graded_is_told(warned, predictor, portfolio):
    with pytest.raises(CreditModelError, match="without the early warning"):
        grade_warnings(predictor.fitted, predictor.snapshots(portfolio.history))
    short = warned.snapshots(simulate_portfolio(20, 13, seed=1, root_causes=False).history)
    with pytest.raises(HistoryError, match="no open line with a month after it"):
        grade_warnings(warned.fitted, short)


def test_lives_are_counted():
    lives = np.zeros((2, 4, 3), dtype=bool)
    lives[0, :2, 1] = True  # half of the lives are cut in the second month
    assert cut_within(lives).tolist() == [[0, 0.5, 0.5], [0, 0, 0]]
