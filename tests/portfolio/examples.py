"""A small catalogue and a small history that fits it."""

import pandas as pd

CATALOGUE = """\
[portfolio]
name = "cards"
version = "1.2"
currency = "CNY"
borrower = "borrower_id"
month = "month"
limit = "limit_amount"
[ladder]
amounts = [0, 1000, 5000]
[[column]]
name = "days_past_due"
kind = "integer"
unit = "days"
min = 0
max_rise = 31
label = { zh = "逾期天数", en = "days past due" }
[[column]]
name = "balance_amount"
kind = "number"
unit = "money"
min = 0
required = false
source = "bureau"
label = { zh = "余额", en = "balance" }
[[column]]
name = "employment"
kind = "category"
categories = ["salaried", "gig"]
label = { zh = "就业", en = "employment" }
[[column]]
name = "gender"
kind = "category"
role = "audit"
required = false
categories = ["f", "m"]
label = { zh = "性别", en = "gender" }
[[factor]]
id = "repayment"
label = { zh = "还款历史", en = "repayment" }
about = "borrower"
[[factor]]
id = "debt"
label = { zh = "负债状况", en = "debt" }
about = "borrower"
[[feature]]
id = "tier_in_force"
role = "state"
label = { zh = "当前档位", en = "tier in force" }
[[feature]]
id = "limit_in_force"
role = "state"
label = { zh = "当前额度", en = "limit in force" }
[[feature]]
id = "dpd_max_3m"
factor = "repayment"
column = "days_past_due"
summary = "max"
window = 3
effect = "lowers"
code = "R01"
label = { zh = "近3个月最长逾期", en = "longest days past due in 3 months" }
reason = { zh = "近3个月最长逾期由{before}升至{after}", en = "longest days past due rose from {before} to {after}" }
[[feature]]
id = "utilisation_2m"
factor = "debt"
numerator = "balance_amount"
denominator = "limit_in_force"
summary = "mean"
window = 2
unit = "share"
effect = "lowers"
code = "D01"
label = { zh = "额度使用率", en = "utilisation" }
reason = { zh = "额度使用率由{before}升至{after}", en = "utilisation rose from {before} to {after}" }
[[feature]]
id = "employment_now"
factor = "debt"
column = "employment"
effect = "free"
code = "D02"
label = { zh = "就业", en = "employment" }
reason = { zh = "就业由{before}变为{after}", en = "employment changed from {before} to {after}" }
"""


def history(**changes):
    """Three borrower-months of two borrowers, unsorted; a column set to None is left out."""
    table = {
        "borrower_id": ["B2", "B1", "B1"],
        "month": ["2024-02", "2024-03", "2024-02"],
        "limit_amount": [1000.0, 5000.0, 6000.0],
        "days_past_due": [0, 5, 0],
        "balance_amount": [10.0, 20.0, None],
        "employment": ["gig", "salaried", "salaried"],
        **changes,
    }
    return pd.DataFrame({name: cells for name, cells in table.items() if cells is not None})
