"""Histories as other lenders would export them, made from the simulator's: other names, marks, units and encodings.

``python -m tests.readers.exports FOLDER`` writes the two files of `us_export` and `chinese_export`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from credit_model import simulate_portfolio

#: Names that an English-speaking lender may give, in a style of its own.
ENGLISH = {
    "borrower_id": "CustomerNo", "month": "Snapshot_Date", "limit_amount": "CreditLine", "reviewed": "ReviewFlag",
    "gender": "Sex", "age_band": "AgeBand", "region": "Region", "segment": "CustSegment",
    "score_identity": "ScoreIdentity", "score_ability": "ScoreCapacity", "score_history": "ScoreHistory",
    "score_network": "ScoreNetwork", "score_behaviour": "BehavScore", "spending_amount": "PurchaseAmt",
    "gaming_amount": "GamblingSpend", "cash_advance_amount": "CashAdvAmt", "active_days": "ActiveDays",
    "merchant_count": "NumMerchants", "days_past_due": "DPD", "due_amount": "MinPaymentDue", "paid_amount": "PmtAmt",
    "interest_amount": "FinChargeAmt", "drawn_amount": "DrawnAmt", "balance_amount": "CurrBal",
    "other_days_past_due": "ExtDPD", "other_lenders": "NumExtLenders", "inquiries": "BureauInq",
    "other_borrowed_amount": "ExtNewLoanAmt", "other_repaid_amount": "ExtRepaidAmt", "other_balance_amount": "ExtBal",
    "employed": "EmployedFlag", "income_amount": "MonthlyIncome", "provident_fund_amount": "PensionContribution",
    "unemployment_rate": "UnempRate", "activity_index": "MacroIndex", "policy_appetite_index": "RiskAppetiteIdx",
    "class_appetite_index": "SegmentAppetiteIdx", "funding_index": "FundingIdx", "idle_months": "MonthsInactive",
}  # fmt: skip
#: And a Chinese one.
CHINESE = {
    "borrower_id": "客户编号",
    "month": "统计月份",
    "limit_amount": "授信额度",
    "reviewed": "是否评审",
    "gender": "性别",
    "age_band": "年龄段",
    "region": "地区",
    "segment": "客群",
    "score_identity": "身份特质分",
    "score_ability": "履约能力分",
    "score_history": "信用历史分",
    "score_network": "人脉关系分",
    "score_behaviour": "行为评分",
    "spending_amount": "当月消费金额",
    "gaming_amount": "游戏支出",
    "cash_advance_amount": "取现金额",
    "active_days": "活跃天数",
    "merchant_count": "消费商户数",
    "days_past_due": "当前逾期天数",
    "due_amount": "本期应还金额",
    "paid_amount": "实际还款金额",
    "interest_amount": "利息",
    "drawn_amount": "当月支用",
    "balance_amount": "贷款余额",
    "other_days_past_due": "他行逾期天数",
    "other_lenders": "在贷机构数",
    "inquiries": "征信查询次数",
    "other_borrowed_amount": "他行新增贷款",
    "other_repaid_amount": "他行还款",
    "other_balance_amount": "他行负债",
    "employed": "是否在职",
    "income_amount": "月收入",
    "provident_fund_amount": "公积金",
    "unemployment_rate": "城镇失业率",
    "activity_index": "景气指数",
    "policy_appetite_index": "授信意愿指数",
    "class_appetite_index": "同类授信意愿指数",
    "funding_index": "资金充裕度",
    "idle_months": "连续未用款月数",
}
#: Amounts that the exports write with marks or in units of 10,000.
AMOUNTS = (
    "limit_amount", "spending_amount", "gaming_amount", "cash_advance_amount", "due_amount", "paid_amount",
    "interest_amount", "drawn_amount", "balance_amount", "other_borrowed_amount", "other_repaid_amount",
    "other_balance_amount", "income_amount", "provident_fund_amount",
)  # fmt: skip


def book(n_borrowers: int = 1000, n_months: int = 36, *, seed: int = 21) -> pd.DataFrame:
    """A simulated history with the simulator's own names."""
    return simulate_portfolio(n_borrowers, n_months, seed=seed).history


def shuffled(table: pd.DataFrame, seed: int = 5) -> pd.DataFrame:
    """The table with its rows and columns in another order."""
    random = np.random.default_rng(seed)
    columns = [str(name) for name in random.permutation(table.columns.to_numpy())]
    return table[columns].iloc[random.permutation(len(table))].reset_index(drop=True)


def meaningless_names(table: pd.DataFrame, seed: int = 5) -> dict[str, str]:
    """Names c1, c2, ... for all columns but the keys."""
    kept = {"borrower_id": "customer_id", "month": "month", "limit_amount": "credit_limit"}
    others = [name for name in table.columns if name not in kept]
    number = np.random.default_rng(seed).permutation(len(others)) + 1
    return kept | {name: f"c{k}" for name, k in zip(others, number, strict=True)}


def with_traps(table: pd.DataFrame) -> pd.DataFrame:
    """The history with columns that are known only after the decision, name somebody, or say nothing."""
    table = table.sort_values(["borrower_id", "month"]).reset_index(drop=True)
    before = table.groupby("borrower_id")["limit_amount"].shift()
    moved = np.sign(table["limit_amount"] - before).fillna(0)
    return table.assign(
        available=table["limit_amount"] - table["balance_amount"],
        decision_reason=np.select([moved < 0, moved > 0], ["R12 risk", "G03 growth"], "") ,
        cut_flag=(moved < 0).astype(int),
        limit_change=(table["limit_amount"] - before).fillna(0),
        record_number=np.arange(1, len(table) + 1),
        branch_note="none",
    )  # fmt: skip


def us_table(table: pd.DataFrame) -> pd.DataFrame:
    """As `us_export` writes it: all cells are texts."""
    table = with_traps(table)
    out = pd.DataFrame(index=table.index)
    for name in table.columns:
        cells = table[name]
        new = ENGLISH.get(name, {"available": "OpenToBuy", "cut_flag": "CLD_Flag", "limit_change": "LineChangeAmt",
                                 "record_number": "RowNo", "branch_note": "Note"}.get(
            name, "DecisionReason")
        )  # fmt: skip
        if name == "borrower_id":
            out["AcctNo"] = cells.map(lambda value: f"{value:09d}")
        elif name == "month":
            out["StatementDate"] = (pd.to_datetime(cells) + pd.offsets.MonthEnd(0)).dt.strftime("%m/%d/%Y")
        elif name in AMOUNTS or name in ("available", "limit_change"):
            out[new] = cells.map(_dollars)
        elif name == "unemployment_rate":
            out[new] = cells.map(lambda value: f"{value:.2f}%")
        elif cells.dtype == bool:
            out[new] = np.where(cells, "Y", "N")
        else:
            out[new] = cells.map(
                lambda value: "" if pd.isna(value) else f"{value:g}" if isinstance(value, float) else str(value)
            )
    out["ScoreHistory"] = out["ScoreHistory"].where(np.arange(len(out)) % 29 != 0, "-999")
    out["ExtDPD"] = out["ExtDPD"].where(np.arange(len(out)) % 53 != 0, ".")
    return out


def _dollars(value: float) -> str:
    return "" if pd.isna(value) else f"(${-value:,.2f})" if value < 0 else f"${value:,.2f}"


def chinese_table(table: pd.DataFrame) -> pd.DataFrame:
    """As `chinese_export` writes it: amounts in units of 10,000, months such as 2024年1月."""
    table = with_traps(table)
    out = pd.DataFrame(index=table.index)
    for name in table.columns:
        cells = table[name]
        new = CHINESE.get(name, {"available": "可用额度", "cut_flag": "降额标志", "limit_change": "额度变动",
                                 "record_number": "序号", "branch_note": "备注"}.get(
            name, "调额原因")
        )  # fmt: skip
        if name == "borrower_id":
            out[new] = cells.map(lambda value: f"KH{value:08d}")
        elif name == "month":
            out[new] = pd.to_datetime(cells).map(lambda day: f"{day.year}年{day.month}月")
        elif name in AMOUNTS or name in ("available", "limit_change"):
            out[f"{new}(万元)"] = cells.map(lambda value: "" if pd.isna(value) else f"{value / 10_000:.4f}")
        elif cells.dtype == bool:
            out[new] = np.where(cells, "是", "否")
        elif name == "gender":
            out[new] = cells.map({"female": "女", "male": "男"})
        else:
            out[new] = cells.map(
                lambda value: "" if pd.isna(value) else f"{value:g}" if isinstance(value, float) else str(value)
            )
    return out


def us_export(table: pd.DataFrame, path: Path) -> Path:
    """Write a history as a US card issuer's system may: `;`, dollars, month/day/year, account numbers with zeros."""
    us_table(table).to_csv(path, sep=";", index=False, encoding="utf-8-sig")
    return path


def chinese_export(table: pd.DataFrame, path: Path) -> Path:
    """Write a history as a Chinese lender's system may: GB18030, amounts in 万元, 2024年1月, Chinese headers."""
    chinese_table(table).to_csv(path, index=False, encoding="gb18030")
    return path


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    print(us_export(book(), folder / "us_cards.csv"))
    print(chinese_export(book(), folder / "cn_cards.csv"))
