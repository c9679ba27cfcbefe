"""How good are drafted catalogues beside hand-written ones: ``python -m benchmarks.draft [CASE ...]``.

Each case is a table as another lender may give it. Both catalogues are trained on the same borrowers and months and
judged on the same decisions of others, by how well they rank the real cuts: all falls of the limit, whatever the
ladder.
"""

from __future__ import annotations

import sys
import tempfile
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from benchmarks.portfolios import real_panels
from benchmarks.tables import Goal, at_least, at_most, show_table
from credit_model import Draft, LimitPredictor, check_history, draft_catalogue, read_catalogue
from credit_model.portfolio.declarations import Catalogue
from credit_model.portfolio.history import History
from credit_model.portfolio.suspicions import falls_of
from tests.readers.exports import (
    CHINESE,
    ENGLISH,
    book,
    chinese_export,
    chinese_table,
    meaningless_names,
    shuffled,
    us_export,
    us_table,
)

#: Summaries that say the same of a column's direction.
_GROUPS = {"change": "change", "trend": "change", "std": "swing", "months_since": "since"}


@dataclass(frozen=True)
class Case:
    """A table, what the drafted catalogue is held against, and the decision lag that it really has."""

    name: str
    data: Any
    hand: History
    names: Mapping[str, str]
    lag: int | None


def _renamed(name: str, table: pd.DataFrame, names: Mapping[str, str], hand: Catalogue) -> Case:
    return Case(name, shuffled(table.rename(columns=names)), check_history(table, hand), names, 0)


def _lagged(table: pd.DataFrame) -> pd.DataFrame:
    """The book with each limit shown in the month after: decided at a month's start, knowing the month before."""
    table = table.sort_values(["borrower_id", "month"])
    return table.assign(limit_amount=table.groupby("borrower_id")["limit_amount"].shift()).dropna(
        subset=["limit_amount"]
    )


def cases(folder: Path) -> dict[str, Callable[[], Case | None]]:
    """The cases by name; each is made when it is called, None where its data are not at hand."""
    hand = read_catalogue("synthetic")

    def export(name: str, write: Any, table: Any, key: str, names: Mapping[str, str]) -> Case:
        raw = book()
        path = write(raw, folder / f"{name}.csv")
        ids = table(raw)[key].to_numpy()
        same = raw.sort_values(["borrower_id", "month"]).reset_index(drop=True).assign(borrower_id=ids)
        return Case(name, path, check_history(same, hand), names, 0)

    def real(name: str, lag: int | None) -> Case | None:
        panel = next((panel for panel in _real() if panel.name == name), None)
        return None if panel is None else Case(name, panel.history.frame, panel.history, {}, lag)

    return {
        "english names": lambda: _renamed("english names", book(), ENGLISH, hand),
        "chinese names": lambda: _renamed("chinese names", book(), CHINESE, hand),
        "no names": lambda: _renamed("no names", book(), meaningless_names(book()), hand),
        "lag 1": lambda: _lag_one(hand),
        "us export": lambda: export("us_export", us_export, us_table, "AcctNo", ENGLISH),
        "chinese export": lambda: export("chinese_export", chinese_export, chinese_table, "客户编号", CHINESE),
        "home_credit": lambda: real("home_credit", 1),
        "uci_taiwan": lambda: real("uci_taiwan", None),
    }


def _lag_one(hand: Catalogue) -> Case:
    from credit_model.portfolio.catalogue import parse_catalogue

    text = hand.text.replace("decision_lag = 0", "decision_lag = 1").replace('reviewed = "reviewed"\n', "")
    table = _lagged(book()).drop(columns="reviewed")
    history = check_history(table, parse_catalogue(text))
    return Case("lag 1", shuffled(table.rename(columns=ENGLISH)), history, ENGLISH, 1)


@cache
def _real() -> list[Any]:
    return list(real_panels())


def risks(history: History) -> pd.DataFrame:
    """The risk of a cut of each test decision, and whether the limit fell: index borrower and month number."""
    predictor = LimitPredictor(history.catalogue, max_iter=300).fit(history, test_share=0.4)
    snapshots = predictor.snapshots(history)
    row = predictor.test_rows(snapshots)
    probability, before = predictor.as_trial().predict_proba(snapshots, row), snapshots.tier_before[row]
    below = np.arange(probability.shape[1]) < before[:, None]
    index = [snapshots.history.borrower_ids[snapshots.borrower_row[row]], snapshots.month_number[row]]
    table = {
        "risk": (probability * below).sum(axis=1),
        "fell": snapshots.limit_after[row] < snapshots.limit_before[row],
    }
    return pd.DataFrame(table, index=pd.MultiIndex.from_arrays(index))


def directions(hand: Catalogue, draft: Catalogue, names: Mapping[str, str]) -> tuple[int, int, int]:
    """Features of the draft whose sign is known from the hand-written one: right, wrong, and left free."""
    column_of = {
        raw: name for name in (c.name for c in draft.columns) for raw in names if name.split("(")[0] == names[raw]
    }
    counts = [0, 0, 0]
    for feature in hand.drivers:
        main = feature.column or feature.numerator or ""
        column, group = column_of.get(main, main), _GROUPS.get(feature.summary, "level")
        like = [
            f for f in draft.drivers if (f.column or f.numerator) == column and _GROUPS.get(f.summary, "level") == group
        ]
        for own in like if feature.effect != "free" else []:
            counts[0 if own.effect == feature.effect else 2 if own.effect == "free" else 1] += 1
    return counts[0], counts[1], counts[2]


def measured(case: Case) -> tuple[list[Any], list[Goal]]:
    """A row of the table, and the goals that it has to hold."""
    start = perf_counter()
    draft: Draft = draft_catalogue(case.data)
    seconds = perf_counter() - start
    history = check_history(case.data, draft.catalogue)
    right, wrong, free = directions(case.hand.catalogue, draft.catalogue, case.names)
    signed = max(right + wrong + free, 1)
    falls = falls_of(history)
    caught = (
        float(falls.seen_by(draft.catalogue.ladder).mean()) if draft.catalogue.ladder and len(falls) else float("nan")
    )
    goals = [at_least(f"{case.name}: directions right", right / signed, 0.9)] if right + wrong + free else []
    if case.lag is not None:
        goals.append(at_most(f"{case.name}: lag off by", abs(draft.catalogue.decision_lag - case.lag), 0))
    ours, theirs, n_cuts = float("nan"), float("nan"), 0
    if len(falls):
        both = risks(history).join(risks(case.hand), how="inner", lsuffix="_draft", rsuffix="_hand")
        fell = both["fell_hand"].astype(bool)
        n_cuts = int(fell.sum())
        ours, theirs = (float(roc_auc_score(fell, both[f"risk_{which}"])) for which in ("draft", "hand"))
        goals.append(at_least(f"{case.name}: decrease AUC, ratio to the hand-written catalogue's", ours / theirs, 0.95))
    lag = f"{draft.catalogue.decision_lag}{'' if case.lag is None else ' (' + str(case.lag) + ')'}"
    accuracy = [case.name, n_cuts, theirs, ours, ours / theirs]
    more = [right, wrong, free, lag, caught, len(draft.catalogue.drivers), draft.n_doubts, round(seconds, 1)]
    return [*accuracy, *more], goals


def main(wanted: list[str]) -> None:
    """Measure the cases asked for, or all."""
    rows, goals = [], []
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, make in cases(Path(folder)).items():
            if wanted and name not in wanted:
                continue
            case = make()
            if case is not None:
                row, more = measured(case)
                rows.append(row)
                goals += more
                print(f"{name}: done", file=sys.stderr)
    header = ["table", "cuts", "AUC by hand", "AUC drafted", "ratio", "signs right", "wrong", "free", "lag (true)",
              "cuts seen", "features", "doubts", "seconds"]  # fmt: skip
    show_table(
        "Drafted catalogues beside hand-written ones",
        header,
        [[str(c) if isinstance(c, str) else c for c in r] for r in rows],
    )
    for goal in goals:
        print(goal)


if __name__ == "__main__":
    main(sys.argv[1:])
