"""Default of Credit Card Clients (UCI): 30,000 card holders in Taiwan, April to September 2005.

The file has one line a client with six months side by side; the history has one line a client-month. The limit
never moves, so the one decision to learn is the limit in the last month; no feature may be measured against it.
The repayment status of a month (-2 no use, -1 paid in full, 0 minimum paid, 1 .. 9 months late) is four facts in
one number, and is taken apart. Whether the client defaulted later is not known then and stays out.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd

from credit_model.errors import DataFileError
from credit_model.readers.public_data.originals import numbers, whole_numbers
from credit_model.readers.source_format import SourceFormat
from credit_model.readers.tables import read_table

#: Months of the suffixes 1 .. 6: PAY_0 (or PAY_1), BILL_AMT1 and PAY_AMT1 are September's.
MONTHS = ("2005-09", "2005-08", "2005-07", "2005-06", "2005-05", "2005-04")
GENDERS = {1: "male", 2: "female"}
EDUCATIONS = {1: "graduate_school", 2: "university", 3: "high_school", 4: "other"}
MARRIAGES = {1: "married", 2: "single", 3: "other"}


def convert_uci_taiwan(source: str | Path) -> pd.DataFrame:
    """The history of all clients.

    Parameters
    ----------
    source : path
        The published table as CSV, or the folder in which it lies alone; the first line may be the numbered header
        (X1, X2, ...) of the original spreadsheet.

    Returns
    -------
    DataFrame
        Six rows a client, as the catalogue ``uci_taiwan`` declares; ``reviewed`` is true in the last month.

    Raises
    ------
    DataFileError
        The file is not there, or is not what was published.
    """
    path = _file(Path(source))
    table = _with_names(read_table(path, source=SourceFormat(encoding="utf-8", decimal=".")))
    months = ("0" if "pay_0" in table else "1", "2", "3", "4", "5", "6")
    needed = ["id", "limit_bal", "sex", "education", "marriage", "age", *(f"pay_{m}" for m in months)]
    needed += [f"{kind}{k}" for kind in ("bill_amt", "pay_amt") for k in range(1, 7)]
    missing = [name for name in needed if name not in table]
    if missing:
        raise DataFileError(
            f"{path}: lacks column{'s' if len(missing) > 1 else ''} {', '.join(missing[:5]).upper()}"
            f"{f' and {len(missing) - 5} more' if len(missing) > 5 else ''}; give the table as it was published"
        )
    if not len(table):
        raise DataFileError(f"{path}: the file has a header but no rows; give the table as it was published")
    client = whole_numbers(table, "id", path)
    parts = []
    for k, (month, pay) in enumerate(zip(MONTHS, months, strict=True), start=1):
        status = numbers(table, f"pay_{pay}", path)
        parts.append(
            pd.DataFrame(
                {
                    "client_id": client,
                    "month": pd.Timestamp(f"{month}-01").as_unit("s"),
                    "limit_amount": numbers(table, "limit_bal", path),
                    "reviewed": k == 1,
                    "months_past_due": status.clip(lower=0),
                    "was_used": _flag(status, status != -2),
                    "paid_in_full": _flag(status, status == -1),
                    "bill_amount": numbers(table, f"bill_amt{k}", path),
                    "paid_amount": numbers(table, f"pay_amt{k}", path),
                    "age_years": numbers(table, "age", path),
                    "gender": numbers(table, "sex", path).map(GENDERS),
                    "education": _named(numbers(table, "education", path), EDUCATIONS),
                    "marriage": _named(numbers(table, "marriage", path), MARRIAGES),
                }
            )
        )
    return pd.concat(parts).sort_values(["client_id", "month"], kind="stable").reset_index(drop=True)


def _file(source: Path) -> Path:
    if source.suffix.lower() in (".xls", ".xlsx"):
        raise DataFileError(f"{source}: is a spreadsheet; save its sheet as CSV (UTF-8) and give that file")
    if not source.is_dir():
        return source
    files = [f for f in sorted(source.iterdir()) if f.suffix.lower() in (".csv", ".parquet")]
    if len(files) != 1:
        raise DataFileError(
            f"{source}: must hold exactly one .csv file, found {len(files)}; give the file with the published table"
        )
    return files[0]


def _with_names(table: pd.DataFrame) -> pd.DataFrame:
    """The table with its names as the header, in lower case; the original spreadsheet has them in the second line."""
    if len(table) and "LIMIT_BAL" in [str(cell).strip().upper() for cell in table.iloc[0]]:
        names, table = table.iloc[0], table.iloc[1:].reset_index(drop=True)
    else:
        names = pd.Series(table.columns)
    table.columns = pd.Index([re.sub(r"\W+", "_", str(name).strip().lower()) for name in names])
    return table


def _flag(status: pd.Series, flag: pd.Series) -> pd.Series:
    return flag.astype("float64").mask(status.isna())


def _named(codes: pd.Series, names: dict[int, str]) -> pd.Series:
    """Codes outside the published list (0, 5, 6) mean "other", as its users have found."""
    return (
        codes.map(names).where(codes.isin(list(names)) | codes.isna(), "other").astype(object).replace({np.nan: None})
    )
