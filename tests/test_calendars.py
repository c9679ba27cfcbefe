"""A panel of weeks, quarters or years goes through the whole line of work in its own periods."""

import re

import numpy as np
import pandas as pd
import pytest

from credit_model import LimitPredictor
from credit_model.documents.notice import build_notice
from credit_model.documents.report import write_report
from credit_model.documents.tracks import score_tracks
from credit_model.plots import close_plot, plot_leading_factors, plot_timeline
from credit_model.portfolio.catalogue import parse_catalogue
from credit_model.portfolio.months import format_month
from credit_model.words.reasons import decrease_reasons
from tests.portfolio.examples import CATALOGUE


def panel(periods, n_borrowers=120, seed=0):
    """Borrowers whose limit is halved two periods after they fell late."""
    rng = np.random.default_rng(seed)
    n = len(periods)
    late = np.cumsum(rng.random((n_borrowers, n)) < 0.04, axis=1) * 10
    cut = (np.roll(late, 2, axis=1) > 10) & (np.arange(n) > 2)
    return pd.DataFrame(
        {
            "borrower_id": np.repeat([f"B{i:03d}" for i in range(n_borrowers)], n),
            "month": np.tile(periods, n_borrowers),
            "limit_amount": np.where(cut, 2000.0, 6000.0).ravel(),
            "days_past_due": late.ravel(),
            "balance_amount": rng.uniform(0, 2000, n_borrowers * n),
            "employment": rng.choice(["salaried", "gig"], n_borrowers * n),
        }
    )


CASES = {
    "weekly": (pd.date_range("2023-01-01", periods=30, freq="W"), r"\d{4}-W\d\d", "week", "周"),
    "quarterly": ([f"{2015 + i // 4}Q{i % 4 + 1}" for i in range(30)], r"\d{4}Q\d", "Q", "季度"),
    "yearly": (list(range(1990, 2020)), r"\d{4}", "", "年"),
}


@pytest.mark.parametrize("calendar", CASES)
def test_a_panel_of_another_calendar_is_told_in_its_own_periods(calendar, tmp_path):
    periods, short, english, chinese = CASES[calendar]
    catalogue = parse_catalogue(
        CATALOGUE.replace("max_rise = 31\n", "").replace('month = "month"', f'month = "month"\ncalendar = "{calendar}"')
    )
    history = panel(periods)
    predictor = LimitPredictor(catalogue, max_iter=20, min_samples_leaf=5).fit(history)
    explanations = predictor.explain_decreases(history)
    assert len(explanations) > 20
    steps = explanations.month_number - explanations.reference_month_number
    assert (steps[steps >= 0] < 30).all()  # periods, not months of the calendar
    saved = tmp_path / "x"
    explanations.save(saved)
    back = type(explanations).load(saved)
    np.testing.assert_array_equal(back.month_number, explanations.month_number)
    month = format_month(int(explanations.month_number[0]), explanations.month_type)
    assert re.fullmatch(short, month)
    one = explanations.select(explanations.borrower_id[0], month)
    assert len(one) == 1
    for lang, word in (("en", english), ("zh", chinese)):
        assert word in " ".join(map(str, decrease_reasons(one, lang=lang)[0].__dict__.values())) + str(
            build_notice(one, lang=lang, confirmed_by="A. Officer").markdown()
        )
    axes = plot_leading_factors(explanations)
    labels = [label.get_text() for label in axes.get_xticklabels()]
    assert any(re.fullmatch(short, label) for label in labels), labels
    close_plot(axes)
    close_plot(plot_timeline(predictor.track(history, one.borrower_id[0]), catalogue))
    snapshots = predictor.snapshots(history[history["borrower_id"] == one.borrower_id[0]])
    files = write_report(one, score_tracks(predictor.fitted, snapshots), tmp_path / "report")
    assert month in files.pages[0].read_text(encoding="utf-8")
    assert "each period's risk" in files.pages[0].read_text(encoding="utf-8")
    assert '"month":"Period"' in files.index.read_text(encoding="utf-8")
    before = predictor.explain_decreases(history, reference="previous_month")
    assert "the period before" in decrease_reasons(before)[0].compared_with
    assert "上一期" in decrease_reasons(before, lang="zh")[0].compared_with
