"""Explained decreases made by hand, for looking at plots and testing them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from credit_model.explain.explanations import DecreaseExplanations
from credit_model.portfolio.catalogue import Catalogue, parse_catalogue
from credit_model.portfolio.ladder import LimitLadder

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
        "coalitions": start[:, None] + factor @ members.T.astype(np.float64),
    }
    return DecreaseExplanations(**(fields | changes))  # type: ignore[arg-type]
