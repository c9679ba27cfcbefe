"""Explained decreases and other tables made by hand, for looking at plots and testing them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

from credit_model.act.plans.plan import Plan
from credit_model.explain.decreases import DecreaseExplanations
from credit_model.explain.support import HeldOutRisk
from credit_model.explain.waves import Wave
from credit_model.model.metrics import calibration_by_threshold
from credit_model.plots import (
    fonts,
    plot_calibration,
    plot_change,
    plot_leading_factors,
    plot_plan,
    plot_population,
    plot_score_change,
    plot_timeline,
    plot_what_if,
)
from credit_model.portfolio.catalogue import Catalogue, parse_catalogue
from credit_model.portfolio.ladder import LimitLadder
from tests.act.plan_examples import example_plan, with_levers
from tests.explain.own_examples import example_changes

FACTORS = (
    ("credit_score", "信用评分", "credit score", "borrower"),
    ("consumption", "消费行为", "spending behaviour", "borrower"),
    ("repayment", "还款历史", "repayment history", "borrower"),
    ("debt", "负债状况", "debt", "borrower"),
    ("capacity", "还款能力", "capacity to repay", "borrower"),
    ("economy", "经济环境", "economy", "economy"),
    ("policy", "平台政策", "lender policy", "lender"),
    ("employment", "就业稳定性", "stability of employment", "borrower"),
    ("identity", "身份与联系方式", "identity and contact details", "borrower"),
    ("assets", "资产证明", "documented assets", "borrower"),
    ("tenure", "账龄", "age of the account", "borrower"),
    ("network", "社交网络", "network", "borrower"),
)
#: Usually 2 % of decisions end in a cut; of 412 with a risk of 5 to 20 %, 40 did.
HELD_OUT = HeldOutRisk(
    usual=0.02, edges=np.array([0.0, 0.05, 0.2, 1.0]), n=np.array([9000, 412, 80]), n_cut=np.array([90, 40, 60])
)
#: In March 2024 the lender cut 90 of 1,000 lines, where usually 2 % are.
WAVE = Wave("month", 0, 24290, 1000, 90, 0.02)
LONG_ZH = "近十二个月内在其他持牌消费金融机构及网络小额贷款公司的未结清授信总额占比"
LONG_EN = "share of unsettled credit lines with other licensed consumer-finance institutions in twelve months"


def example_catalogue(n_factors: int = 7, *, long_labels: str = "", currency: str = "CNY") -> Catalogue:
    """``n_factors`` factors of two features each; ``long_labels`` names the kind of label made long."""
    text = [
        '[portfolio]\nname = "example"\nversion = "1.0"\nborrower = "borrower_id"\nmonth = "month"\n'
        f'limit = "limit_amount"\nwarm_up = 0\ndecision_lag = 0\ncurrency = "{currency}"\n'
        "[ladder]\namounts = [0, 1000, 3000, 5000, 8000, 12000]\n"
    ]
    for i, (key, zh, en, about) in enumerate(FACTORS[:n_factors]):
        if long_labels == "factors":
            zh, en = LONG_ZH, LONG_EN
        text.append(f'[[factor]]\nid = "{key}"\nlabel = {{ zh = "{zh}", en = "{en}" }}\nabout = "{about}"\n')
        for k, (unit, exemption) in enumerate((("days", "knock_out"), ("ratio", "inactivity"))):
            column = f"{key}_{k}"
            text.append(
                f'[[column]]\nname = "{column}"\nkind = "number"\nunit = "{unit}"\nsource = "own_records"\n'
                f'label = {{ zh = "{zh}数据{k}", en = "{en} data {k}" }}\n'
            )
            names = (
                (f"近6个月最长逾期{k}", f"longest days past due in 6 months {k}")
                if k == 0
                else (f"近6个月平均使用率{k}", f"mean utilisation over 6 months {k}")
            )
            if long_labels == "features":
                names = (LONG_ZH + str(k), LONG_EN + str(k))
            text.append(
                f'[[feature]]\nid = "{column}_6m"\nfactor = "{key}"\ncolumn = "{column}"\nsummary = "max"\n'
                f'window = 6\nunit = "{unit}"\neffect = "free"\ncode = "R{i:02d}{k}"\n'
                f'label = {{ zh = "{names[0]}", en = "{names[1]}" }}\n'
                'reason = { zh = "由{before}变为{after}", en = "went from {before} to {after}" }\n'
                + (f'exemption = "{exemption}"\n' if key in ("repayment", "consumption") else "")
            )
    return parse_catalogue("".join(text), where="example.toml")


def example(
    values: Sequence[Sequence[float]],
    before: Sequence[float],
    *,
    split: float = 0.75,
    catalogue: Catalogue | None = None,
    long_labels: str = "",
    currency: str = "CNY",
    borrower_id: Sequence[object] | None = None,
    month_number: Sequence[int] | None = None,
    limits: tuple[float, float] = (8000.0, 3000.0),
    **changes: object,
) -> DecreaseExplanations:
    """Explanations with given factor contributions (n, n_factors), and scores at the reference (n,).

    The game is additive: a coalition's score is ``before`` plus the contributions of its members. The first
    feature of a factor has the share ``split`` of it.
    """
    factor = np.asarray(values, dtype=np.float64)
    start = np.asarray(before, dtype=np.float64)
    n, n_factors = factor.shape
    catalogue = catalogue or example_catalogue(n_factors, long_labels=long_labels, currency=currency)
    features = np.stack([factor * split, factor * (1 - split)], axis=2).reshape(n, -1)
    members = (np.arange(1 << n_factors)[:, None] >> np.arange(n_factors)) & 1
    after = start + factor.sum(axis=1)
    then = np.tile([0.0, 0.35], (n, n_factors))
    now = np.where(features < 0, np.tile([34.0, 0.876], (n, n_factors)), then)
    now = np.where(features > 0, np.tile([-1.0, 0.21], (n, n_factors)), now)
    months = np.asarray(month_number if month_number is not None else [24290 + i % 6 for i in range(n)])
    fields: dict[str, object] = {
        "catalogue": catalogue,
        "ladder": LimitLadder((0.0, 1000.0, 3000.0, 5000.0, 8000.0, 12000.0)),
        "reference": "last_set",
        "model_version": "example-1.0",
        "month_type": "date",
        "borrower_id": np.array(borrower_id if borrower_id is not None else [f"B{i:06d}" for i in range(n)]),
        "month_number": months.astype(np.int64),
        "reference_month_number": months.astype(np.int64) - 10,
        "reference_censored": np.zeros(n, dtype=bool),
        "has_reference": np.ones(n, dtype=bool),
        "limit_before": np.full(n, limits[0]),
        "limit_after": np.full(n, limits[1]),
        "tier_before": np.full(n, 4, dtype=np.int64),
        "tier_after": np.full(n, 2, dtype=np.int64),
        "keep_score_before": start,
        "keep_score_after": after,
        "contributions": features,
        "features_before": then,
        "features_after": now,
        "coalition_scores": start[:, None] + factor @ members.T.astype(np.float64),
    }
    return DecreaseExplanations(**(fields | changes))  # type: ignore[arg-type]


HAS_CHINESE = fonts.chinese_family() is not None
needs_chinese = pytest.mark.skipif(not HAS_CHINESE, reason="no installed font has Chinese characters")
LANGUAGES = [pytest.param("en"), pytest.param("zh", marks=needs_chinese)]


def contributions(case: str, n_factors: int) -> dict[str, Any]:
    """What `example` makes a decrease of: contributions, the score at the reference, held-out decisions, a wave."""
    tail = [-0.1, 0.0, 0.05, -0.02, 0.0, 0.2, -0.3, 0.1, 0.01, -0.04]
    spread = {
        "clear": ([-0.3, 0.12, -2.6, *tail], 1.7),
        "near tie": ([-1.0, 0.2, -1.05, *tail], 0.9),
        "unexplained": ([-0.2, 0.1, -0.3, *tail], 1.7),
        "knock-out": ([0.0, 0.0, -9.0, *tail], 2.2),
        "both signs": ([-1.9, 1.1, -1.2, 0.8, -0.9, 0.7, -0.6, 0.5, -0.4, 0.3, -0.2, 0.1], 0.3),
        "extreme": ([-30.0, 0.01, 12.0, *tail], 8.0),
        "still below": ([-0.01, 0.002, -0.03, *tail], -4.0),
        "raised": ([-0.3, 0.12, -1.6, *tail], 4.2),
        "raised, near the line": ([-0.3, 0.12, -3.4, *tail], 4.2),
        "wave": ([-0.3, 0.12, -0.2, *tail], 4.2),
    }
    values, before = spread[case]
    made = {"values": [values[:n_factors]], "before": [before], "held_out": HELD_OUT}
    return made | ({"waves": np.array([WAVE], dtype=object)} if case == "wave" else {})


CASES = (
    "clear", "near tie", "unexplained", "knock-out", "both signs", "extreme", "still below", "raised",
    "raised, near the line", "wave",
)  # fmt: skip


def portfolio(n: int = 300, n_factors: int = 7, **kwargs: Any) -> DecreaseExplanations:
    rng = np.random.default_rng(3)
    lean = np.zeros(n_factors)
    lean[:3] = -0.5, 0.0, -0.6
    months = 24280 + rng.integers(0, 30, n)
    return example(rng.normal(-0.2, 0.5, (n, n_factors)) + lean, rng.normal(0.9, 0.5, n), month_number=months, **kwargs)


def economy() -> pd.DataFrame:
    months = np.arange(24270, 24330)
    return pd.DataFrame(
        {
            "month": [f"{m // 12}-{m % 12 + 1:02d}" for m in months],
            "unemployment_rate": 0.05 + 0.01 * np.sin(months / 5),
            "activity_index": 100 + 3 * np.cos(months / 7),
        }
    )


def track(n_factors: int = 7, n_months: int = 40, cuts: tuple[int, ...] = (22, 24)) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    factors = rng.normal(0, 0.4, (n_months, n_factors)).cumsum(axis=0) / 2
    factors[:2] = np.nan
    limit, event = np.full(n_months, 12000.0), np.full(n_months, "", dtype=object)
    for cut, amount in zip(cuts, (5000.0, 0.0), strict=False):
        limit[cut:], event[cut] = amount, "decrease"
    limit[30:], event[30] = 3000.0, "increase"
    table = pd.DataFrame(
        {
            "month": pd.date_range("2021-05-01", periods=n_months, freq="MS"),
            "limit_amount": limit,
            "limit_before": np.r_[np.nan, limit[:-1]],
            "keep_score": 1.0 + factors.sum(axis=1),
            "decision": (np.arange(n_months) % 3 == 0) | (event != ""),
            "event": event,
            "trigger": np.where(event == "decrease", "repayment_0_6m", ""),
        }
    )
    names = [key for key, *_ in FACTORS[:n_factors]]
    return pd.concat([table, pd.DataFrame(factors, columns=names)], axis=1)


def calibration(n_tiers: int = 6) -> pd.DataFrame:
    rng = np.random.default_rng(2)
    probability = rng.dirichlet(np.ones(n_tiers), 2000)
    tier = (probability.cumsum(axis=1) < rng.uniform(size=(2000, 1))).sum(axis=1)
    return calibration_by_threshold(tier, probability)


def plan_example(outcome: str, *, long_labels: str = "", **changes: Any) -> Plan:
    """A plan made by hand, on the catalogue of the plots."""
    bare = example_catalogue(long_labels=long_labels)
    names = [column.name for column in bare.columns if column.role != "audit"]
    return example_plan(with_levers(bare, debt=names[1], lenders=names[0]), outcome, **changes)


#: Every plot there is, on its own example: (ax, lang) -> Axes.
PLOTS: dict[str, Callable[..., Axes]] = {
    "change": lambda **k: plot_change(example(**contributions("clear", 7)), open_factor="repayment", **k),
    "timeline": lambda **k: plot_timeline(track(), example_catalogue(), borrower_id="B000012", **k),
    "score change": lambda **k: plot_score_change(example_changes()[1], open_factor="payment", **k),
    "what-if": lambda **k: plot_what_if(example(**contributions("clear", 7)), **k),
    "plan": lambda **k: plot_plan(plan_example("by_plan"), option="fastest", **k),
    "no plan": lambda **k: plot_plan(plan_example("impossible"), **k),
    "leading": lambda **k: plot_leading_factors(portfolio(), economy(), **k),
    "segments": lambda **k: plot_leading_factors(portfolio(), by=pd.Series(["gig", "salaried", "young"] * 100), **k),
    "beeswarm": lambda **k: plot_population(portfolio(), by="factor", **k),
    "features": lambda **k: plot_population(portfolio(), by="feature", **k),
    "bar": lambda **k: plot_population(portfolio(), kind="bar", **k),
    "calibration": lambda **k: plot_calibration(calibration(), portfolio(1).ladder, **k),
}


def visible_texts(figure: Figure) -> list[tuple[str, Any]]:
    """Texts and their boxes in pixels, as they are drawn."""
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    found = [t for t in figure.findobj(Text) if t.get_visible() and t.get_text().strip()]
    return [(t.get_text(), t.get_window_extent(renderer)) for t in found]


def assert_readable(figure: Figure) -> None:
    """No text leaves the figure, and no two texts meet (a line's box is a little higher than its letters)."""
    texts = visible_texts(figure)
    assert texts
    for text, box in texts:
        assert min(box.x0, box.y0) >= 0, f"{text!r} is clipped: {box}"
        assert box.x1 <= figure.bbox.x1, f"{text!r} is clipped: {box}"
        assert box.y1 <= figure.bbox.y1, f"{text!r} is clipped: {box}"
    for (one, a), (other, b) in itertools.combinations(texts, 2):
        across = min(a.x1, b.x1) - max(a.x0, b.x0)
        down = min(a.y1, b.y1) - max(a.y0, b.y0)
        least = 0.15 * min(a.height, b.height)
        assert across <= 1.0 or down <= least, f"{one!r} and {other!r} overlap"


def drawn(ax: Axes, gid: str) -> list[Any]:
    return [artist for artist in ax.get_children() if artist.get_gid() == gid]


def factors_shown(ax: Axes) -> list[str]:
    """Ids of the factors in the lanes of a *change* plot, from the top."""
    gids = [artist.get_gid() or "" for artist in ax.get_children()]
    return [gid.removeprefix("factor-") for gid in gids if gid.startswith("factor-")]


def words_on(figure: Figure) -> str:
    return "\n".join(text for text, _ in visible_texts(figure))
