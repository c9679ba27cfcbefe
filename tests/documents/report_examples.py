"""Explained decreases made by hand, with their borrowers' months, for the report's tests."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from importlib import resources

import numpy as np
import pandas as pd

from credit_model.documents.tracks import Tracks
from credit_model.explain.decreases import DecreaseExplanations
from credit_model.explain.support import HeldOutRisk
from credit_model.explain.waves import Wave
from credit_model.portfolio.catalogue import parse_catalogue
from credit_model.portfolio.declarations import Catalogue
from credit_model.portfolio.history import check_history
from credit_model.portfolio.ladder import LimitLadder

SOURCES = resources.files("credit_model.documents") / "templates" / "report"
SCRIPTS = ("base.js", "change.js", "whatif.js", "plan.js", "timeline.js", "history.js", "decrease.js", "index.js")
DECISION = 2024 * 12 + 10  # November 2024
REFERENCE = 2024 * 12 + 2  # March 2024
N_MONTHS = 30
#: Days past due beyond which a rule cuts by itself.
KNOCK_OUT_ABOVE = 30
#: Usually 3 % of decisions end in a cut: from 9 % on a risk that has doubled counts as raised.
HELD_OUT = HeldOutRisk(0.03, np.array([0, 0.05, 0.3, 1]), np.array([900, 400, 100]), np.array([9, 40, 70]))
#: 110 of 1,200 lines (9.2 %) where 2.2 % are usual: 4.2 times as many.
WAVE = Wave("month", 0, DECISION, 1200, 110, 0.022)
FACTORS = (
    # id, zh, en, about
    ("credit_score", "信用评分", "credit score", "borrower"),
    ("spending", "消费行为", "spending", "borrower"),
    ("repayment", "还款历史", "repayment", "borrower"),
    ("debt", "负债状况", "debt", "borrower"),
    ("capacity", "还款能力", "capacity to repay", "borrower"),
    ("economy", "经济环境", "economy", "economy"),
    ("policy", "平台政策", "lender policy", "lender"),
)
COLUMNS = (
    # name, factor, zh, en, kind, unit, effect, about how large
    ("bureau_score", "credit_score", "征信评分", "bureau score", "integer", "points", "raises", 640),
    ("score_band", "credit_score", "评分等级", "score band", "category", "category", "free", 2),
    ("spend_amount", "spending", "消费金额", "amount spent", "number", "money", "free", 4200),
    ("spend_categories", "spending", "消费类别数", "kinds of spending", "integer", "count", "raises", 9),
    ("days_past_due", "repayment", "逾期天数", "days past due", "integer", "days", "lowers", 3),
    ("paid_in_full", "repayment", "全额还款", "paid in full", "boolean", "boolean", "raises", 1),
    ("debt_elsewhere", "debt", "他行负债", "debt with other lenders", "number", "money", "lowers", 26000),
    ("n_lenders", "debt", "借款机构数", "number of lenders", "integer", "count", "lowers", 3),
    ("income", "capacity", "月收入", "monthly income", "number", "money", "raises", 8800),
    ("fund_share", "capacity", "公积金缴存比例", "provident-fund contribution", "number", "ratio", "raises", 0.08),
    ("unemployment", "economy", "失业率", "unemployment", "number", "percent", "lowers", 5.2),
    ("funding_cost", "policy", "资金成本", "cost of funding", "number", "percent", "lowers", 3.1),
)


def example_catalogue() -> Catalogue:
    """Seven factors, twelve features, one audit column."""
    text = [
        '[portfolio]\nname = "example"\nversion = "1.0"\ncurrency = "CNY"\nborrower = "borrower_id"\nmonth = "month"\n'
        'limit = "limit_amount"\nreviewed = "reviewed"\ndecision_lag = 0\nwarm_up = 0\n'
        "[ladder]\namounts = [0, 1000, 3000, 5000, 10000, 20000, 50000]\n"
        '[[column]]\nname = "gender"\nkind = "category"\nunit = "category"\nrole = "audit"\nsource = "own_records"\n'
        'categories = ["f", "m"]\nlabel = { zh = "性别", en = "gender" }\n'
    ]
    for name, zh, en, about in FACTORS:
        text.append(f'[[factor]]\nid = "{name}"\nlabel = {{ zh = "{zh}", en = "{en}" }}\nabout = "{about}"\n')
    for i, (name, factor, zh, en, kind, unit, effect, _) in enumerate(COLUMNS):
        categories = 'categories = ["A", "B", "C", "D"]\n' if kind == "category" else ""
        source = "bureau" if factor == "debt" else "public" if factor == "economy" else "own_records"
        text.append(
            f'[[column]]\nname = "{name}"\nkind = "{kind}"\nunit = "{unit}"\nsource = "{source}"\n{categories}'
            f'label = {{ zh = "{zh}", en = "{en}" }}\n'
        )
        text.append(
            f'[[feature]]\nid = "{name}_last"\nfactor = "{factor}"\ncolumn = "{name}"\nsummary = "last"\nwindow = 6\n'
            f'unit = "{unit}"\neffect = "{effect}"\ncode = "R{i:02d}"\n'
            f'label = {{ zh = "{zh}（最近）", en = "latest {en}" }}\n'
            f'reason = {{ zh = "{zh}由{{before}}变为{{after}}", en = "{en} went from {{before}} to {{after}}" }}\n'
            + (f'exemption = "knock_out"\nabove = {KNOCK_OUT_ABOVE}\n' if name == "days_past_due" else "")
        )
    text.append(
        '[[feature]]\nid = "tier_in_force"\nrole = "state"\neffect = "free"\n'
        'label = { zh = "当前档位", en = "tier in force" }\n'
    )
    return parse_catalogue("".join(text), where="example.toml")


def example_game(contributions: Sequence[float], before: float, *, mixed: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """A game between factors: (coalition scores (2**g,), Shapley values (g,)).

    Every factor adds its contribution, and every two neighbours that are both "now" add ``mixed`` (a half to each).
    """
    value = np.asarray(contributions, dtype=np.float64)
    n = len(value)
    member = (np.arange(1 << n)[:, None] >> np.arange(n)) & 1
    pairs = (member[:, 1:] & member[:, :-1]).sum(axis=1)
    share = np.full(n, mixed)
    share[[0, -1]] = mixed / 2
    return before + member @ value + mixed * pairs, value + share


def example_explanations(
    contributions: Sequence[Sequence[float]],
    before: Sequence[float],
    *,
    mixed: float = -0.07,
    borrower_id: Sequence[object] | None = None,
    month: Sequence[int] | None = None,
    **changes: object,
) -> DecreaseExplanations:
    """Explanations of n decreases with given contributions (n, 7) and scores at the reference (n,)."""
    catalogue = example_catalogue()
    n = len(before)
    games = [example_game(c, b, mixed=mixed) for c, b in zip(contributions, before, strict=True)]
    coalitions = np.array([g[0] for g in games]).reshape(n, -1)
    factor = np.array([g[1] for g in games]).reshape(n, len(FACTORS))
    index = catalogue.factor_index
    count = np.bincount(index)
    first = np.r_[True, index[1:] != index[:-1]]
    # The first feature of a factor with two has 3/4 of it.
    share = np.where(count[index] == 1, 1.0, np.where(first, 0.75, 0.25))
    features = factor[:, index] * share
    size = np.array([c[-1] for c in COLUMNS], dtype=np.float64)
    moved = np.where(size >= 2, np.round(size * 1.35), size * 0.8)
    moved[1] = 3
    moved[5] = 0
    months = np.array(month if month is not None else [DECISION] * n, dtype=np.int64)
    fields: dict[str, object] = {
        "catalogue": catalogue,
        "ladder": LimitLadder((0.0, 1000.0, 3000.0, 5000.0, 10000.0, 20000.0, 50000.0)),
        "reference": "last_set",
        "model_version": "example-1.0-0123456789ab",
        "month_type": "date",
        "borrower_id": np.array(borrower_id or [f"B{i:05d}" for i in range(n)], dtype=object),
        "month_number": months,
        "reference_month_number": months - (DECISION - REFERENCE),
        "reference_censored": np.zeros(n, dtype=bool),
        "has_reference": np.ones(n, dtype=bool),
        "limit_before": np.full(n, 20000.0),
        "limit_after": np.full(n, 5000.0),
        "tier_before": np.full(n, 5, dtype=np.int64),
        "tier_after": np.full(n, 3, dtype=np.int64),
        "keep_score_before": coalitions[:, 0].copy(),
        "keep_score_after": coalitions[:, -1].copy(),
        "contributions": features,
        "features_before": np.tile(size, (n, 1)),
        "features_after": np.where(features != 0, np.tile(moved, (n, 1)), np.tile(size, (n, 1))),
        "coalition_scores": coalitions,
        "held_out": HELD_OUT,
        "waves": np.full(n, None, dtype=object),
    }
    return replace(DecreaseExplanations(**(fields | changes)))  # type: ignore[arg-type]


def example_tracks(explanations: DecreaseExplanations, *, n_months: int = N_MONTHS, seed: int = 0) -> Tracks:
    """Months of the explanations' borrowers: the limit rises at the reference and falls at the decision."""
    rng = np.random.default_rng(seed)
    catalogue = explanations.catalogue
    integer = explanations.month_type == "integer"
    parts = []
    last = {str(b): i for i, b in enumerate(explanations.borrower_id)}
    for i in last.values():
        decision = int(explanations.month_number[i])
        number = np.arange(decision - n_months + 4, decision + 4)
        limit = np.where(number < explanations.reference_month_number[i], 10000.0, explanations.limit_before[i])
        limit = np.where(number >= decision, explanations.limit_after[i], limit)
        cells: dict[str, object] = {
            "borrower_id": [str(explanations.borrower_id[i])] * n_months,
            "month": number if integer else [f"{m // 12}-{m % 12 + 1:02d}" for m in number],
            "limit_amount": limit,
            "reviewed": (number % 3) == (decision % 3),
            "gender": ["f"] * n_months,
        }
        for name, _, _, _, kind, _, _, size in COLUMNS:
            walk = size * (1 + 0.12 * np.cumsum(rng.normal(size=n_months)) / 3)
            if kind == "category":
                cells[name] = np.array(["A", "B", "C", "D"])[rng.integers(0, 4, n_months)]
            elif kind == "boolean":
                cells[name] = rng.random(n_months) < 0.8
            else:
                cells[name] = np.maximum(np.round(walk) if kind == "integer" else np.round(walk, 2), 0)
        parts.append(pd.DataFrame(cells))
    history = check_history(pd.concat(parts, ignore_index=True), catalogue)
    score = np.full(len(history), np.nan)
    for i in last.values():
        place = history.position_of(str(explanations.borrower_id[i]))
        rows = slice(int(history.starts[place]), int(history.starts[place + 1]))
        path = explanations.keep_score_before[i] + 0.25 * np.cumsum(rng.normal(size=n_months))
        month = history.month_number[rows]
        path = np.where(month >= explanations.month_number[i], explanations.keep_score_after[i], path)
        path[:3] = np.nan
        score[rows] = path
    return Tracks(history, score, history.values("reviewed") == 1)


#: Contributions of the seven factors, and the score at the reference.
CASES = {
    "clear": ([-0.2, 0.1, -0.3, -2.4, -0.4, -0.15, 0.0], 2.2),
    "tie": ([-0.1, 0.0, -1.2, -1.25, 0.3, -0.2, -0.1], 1.4),
    "raised": ([0.0, 0.1, -0.6, -1.6, 0.0, 0.0, 0.0], 4.0),
    "unexplained": ([0.4, 0.0, -0.5, -0.3, 0.2, 0.0, 0.0], 1.9),
    "wave": ([0.0, 0.0, -0.1, 0.0, 0.0, 0.0, 0.0], 3.0),
    "knock_out": ([-0.4, 0.0, -4.1, -0.6, 0.0, -0.2, 0.0], 2.6),
    "lender": ([0.1, 0.0, 0.0, -0.2, 0.0, -0.6, -1.9], 1.5),
    "nothing": ([0.2, 0.1, 0.2, 0.2, 0.2, 0.1, 0.2], -2.5),
}
#: What is told of each: support, and the factor that leads.
TOLD = {
    "clear": ("expected", "debt"),
    "tie": ("expected", "debt"),
    "raised": ("raised", "debt"),
    "unexplained": ("unexplained", ""),
    "wave": ("unexplained", ""),
    "knock_out": ("expected", "repayment"),
    "lender": ("expected", "policy"),
    "nothing": ("expected", ""),
}


def example_cases(**changes: object) -> DecreaseExplanations:
    """One decrease of each sort in `CASES`, ids as there."""
    contributions, before = zip(*CASES.values(), strict=True)
    waves = np.array([WAVE if case == "wave" else None for case in CASES], dtype=object)
    cases = example_explanations(contributions, before, borrower_id=list(CASES), **({"waves": waves} | changes))
    row, driver = list(CASES).index("knock_out"), cases.catalogue.driver_names.index("days_past_due_last")
    cases.features_after[row, driver] = KNOCK_OUT_ABOVE + 4
    return cases


def embedded(page: str, name: str = "data"):
    """The record that a page embeds."""
    match = re.search(rf'<script type="application/json" id="{name}">(.*?)</script>', page, re.S)
    assert match is not None
    return json.loads(match[1])


def source(name: str) -> str:
    """A source file of the pages."""
    return (SOURCES / name).read_text(encoding="utf-8")
