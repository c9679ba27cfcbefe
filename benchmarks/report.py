"""How long a portfolio's report takes: 5,000 decreases with their reasons, pages and index, in at most 60 s.

Run ``python -m benchmarks.report``. The decreases are simulated and explained by a small model trained on some of the
borrowers; that is timed too, but only what comes after it is held against the goal.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np

from credit_model import (
    DecreaseExplanations,
    History,
    LimitPredictor,
    check_history,
    read_catalogue,
    simulate_portfolio,
)
from credit_model.documents.report import index_html, page_names, page_records, write_report
from credit_model.documents.tracks import score_tracks

Result = TypeVar("Result")

N_DECREASES = 5_000
GOAL_SECONDS = 60.0
_BORROWERS = 16_000
_TRAINING_BORROWERS = 1_000
_MONTHS = 36


def _timed(work: Callable[[], Result]) -> tuple[Result, float]:
    start = time.perf_counter()
    result = work()
    return result, time.perf_counter() - start


def _decreases() -> tuple[LimitPredictor, DecreaseExplanations, History]:
    portfolio = simulate_portfolio(_BORROWERS, _MONTHS, seed=1)
    history = check_history(portfolio.history, read_catalogue("synthetic"))
    predictor = LimitPredictor(max_iter=40, seed=0).fit(history.select(history.borrower_ids[:_TRAINING_BORROWERS]))
    explained = predictor.explain_decreases(history)
    if len(explained) < N_DECREASES:
        raise SystemExit(f"only {len(explained)} decreases were simulated, {N_DECREASES} are wanted")
    picked = np.random.default_rng(0).choice(len(explained), N_DECREASES, replace=False)
    explained = explained[np.sort(picked)]
    return predictor, explained, history.select(sorted(set(explained.borrower_id.tolist())))


def main() -> None:
    """Print the table."""
    (predictor, explained, history), prepared = _timed(_decreases)
    tracks, scored = _timed(lambda: score_tracks(predictor.fitted, predictor.snapshots(history)))
    records = page_records(explained, tracks)
    _, told = _timed(lambda: records.reasons)
    addresses = [f"decreases/{name}" for name in page_names(explained)]
    index, indexed = _timed(lambda: index_html(records, addresses))
    folder = Path(tempfile.mkdtemp()) / "report"
    try:
        files, written = _timed(lambda: write_report(explained, tracks, folder))
        sizes = [page.stat().st_size for page in files.pages]
    finally:
        shutil.rmtree(folder.parent, ignore_errors=True)
    total = scored + written
    print(f"{N_DECREASES:,} decreases of {len(history.borrower_ids):,} borrowers\n")
    for name, seconds in (
        ("simulate, train, explain", prepared),
        ("months' scores", scored),
        ("reasons, all languages", told),
        ("index alone", indexed),
        ("index and pages written", written),
        ("report (scores, reasons, index, pages)", total),
    ):
        print(f"{name:<40}{seconds:>9.2f} s{1000 * seconds / N_DECREASES:>9.3f} ms a decrease")
    print(f"\n{total / GOAL_SECONDS:.2f}x the {GOAL_SECONDS:.0f} s allowed")
    print(f"a page has {np.mean(sizes) / 1024:.0f} kB, the index {len(index.encode()) / 1024:.0f} kB")


if __name__ == "__main__":
    main()
