"""A LightGBM and an XGBoost file that decide limits, from the command line: plans, reasons, pages, alerts, appeals."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from credit_model import LimitPredictor
from tests.explain.own_examples import example_script
from tests.test_cli import ok, refused

FILES = ("lightgbm.txt", "xgboost.ubj")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own")
    example_script().write(folder, n_borrowers=120, n_training=1500)
    for file in FILES:
        where = (
            "--decide",
            folder / "decide.toml",
            "--data",
            folder / "panel.csv",
            "--catalogue",
            folder / "mine.toml",
        )
        told = ok("train", "--engine-model", folder / file, *where, "--no-warning", "--out", folder / f"of_{file}")
        assert "your own" in told
    return folder


@pytest.fixture(scope="module", params=FILES)
def own(request, folder):
    """The first words of commands on one of the models, and a cut that the borrower's debt led."""
    model = folder / f"of_{request.param}"
    explained = LimitPredictor.load(model, n_jobs=1).explain_decreases(pd.read_csv(folder / "panel.csv")).summary
    led = explained[(explained["support"] == "expected") & (explained["leading_factor"] == "debt")]
    cut = led.iloc[-1]
    where = ("--data", folder / "panel.csv", "--model", model, "--jobs", 1)
    return where, model, str(cut["borrower_id"]), f"{cut['month']:%Y-%m}"


def test_a_cut_is_explained_planned_for_and_told_on_a_page(own, tmp_path):
    where, _, borrower, _ = own
    told = ok("why", *where, "--borrower", borrower)
    assert "What moved the score" in told
    assert f"Borrower {borrower}" in ok("plan", *where, "--borrower", borrower)
    ok("report", *where, "--borrower", borrower, "--out", tmp_path / "report")
    page = next((tmp_path / "report").rglob(f"*{borrower}*.html")).read_text(encoding="utf-8")
    assert re.search("repay other lenders|No way was found|nothing is done", page)  # what brings the limit back
    assert "B9999" in refused("plan", *where, "--borrower", "B9999")


def test_more_of_a_lever_is_not_said_to_help_where_the_model_does_not_promise_it(own, folder):
    where, model, _, _ = own
    predictor = LimitPredictor.load(model, n_jobs=1)
    # trained without constraints, the models turn somewhere; the catalogue alone would say that more always helps
    plans = predictor.plans(pd.read_csv(folder / "panel.csv"))
    assert not any(plan.covers_all for plan in plans)
    impossible = next(plan for plan in plans if plan.outcome == "impossible")
    told = ok("plan", *where, "--borrower", impossible.borrower_id)
    assert "No way was found" in told
    assert "can only help" not in told


def test_an_appeal_goes_from_the_first_command_to_the_proof(own, tmp_path):
    where, model, borrower, month = own
    store = tmp_path / "desk.sqlite"
    about = ("--store", store, "--case", 1)
    ok("appeal", "open", "--store", store, *where, "--borrower", borrower, "--month", month, "--kind", "dispute",
       "--officer", "ann", "--claim", "I owe less.")  # fmt: skip
    refused("appeal", "evidence", *about, "--officer", "ann", "--document", "payslip",
            "--cell", f"other_balance@{month}=0")  # fmt: skip
    ok("appeal", "evidence", *about, "--officer", "ann", "--document", "bank_letter",
       "--cell", f"other_balance@{month}=0", "--cell", f"other_lenders@{month}=0")  # fmt: skip
    found = ok("appeal", "evaluate", *about, "--officer", "ann", "--model", model)
    assert re.search(r"debt +\d", found), found  # less debt speaks for the borrower
    advice = re.search(r"recommendation +(\w+)", found)[1]
    to = ("--limit", re.search(r"limit of that tier .*-> €([\d,]+)", found)[1]) if advice == "partly" else ()
    ok("appeal", "decide", *about, "--officer", "ann", "--propose", advice, *to)
    ok("appeal", "decide", *about, "--officer", "bo", "--confirm")
    for lang in ("en", "zh"):
        ok("appeal", "letter", *about, "--officer", "bo", "--lang", lang, "--out", tmp_path / f"letter_{lang}.html")
    assert "sound" in ok("appeal", "verify", "--store", store)
    ok("appeal", "export", *about, "--model", model, "--out", tmp_path / "case")


def test_alerts_of_a_model_without_an_early_warning_are_refused(own, tmp_path):
    where, _, _, _ = own
    assert "early warning" in refused("watch", *where, "--out", tmp_path / "alerts.csv")
