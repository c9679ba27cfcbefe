"""Converters, on small files laid out as the publishers lay out theirs."""

from __future__ import annotations

import math
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from credit_model.errors import CreditModelError, DataFileError
from credit_model.portfolio.catalogue import read_catalogue
from credit_model.portfolio.history import check_history
from credit_model.readers.public_data import CONVERTERS, convert_home_credit, convert_uci_taiwan

# fmt: off
CARD_COLUMNS = [
    "SK_ID_PREV", "SK_ID_CURR", "MONTHS_BALANCE", "AMT_BALANCE", "AMT_CREDIT_LIMIT_ACTUAL",
    "AMT_DRAWINGS_ATM_CURRENT", "AMT_DRAWINGS_CURRENT", "AMT_DRAWINGS_OTHER_CURRENT",
    "AMT_DRAWINGS_POS_CURRENT", "AMT_INST_MIN_REGULARITY", "AMT_PAYMENT_CURRENT",
    "AMT_PAYMENT_TOTAL_CURRENT", "AMT_RECEIVABLE_PRINCIPAL", "AMT_RECIVABLE", "AMT_TOTAL_RECEIVABLE",
    "CNT_DRAWINGS_ATM_CURRENT", "CNT_DRAWINGS_CURRENT", "CNT_DRAWINGS_OTHER_CURRENT",
    "CNT_DRAWINGS_POS_CURRENT", "CNT_INSTALMENT_MATURE_CUM", "NAME_CONTRACT_STATUS", "SK_DPD",
    "SK_DPD_DEF",
]
# fmt: on


def card_month(card: int, client: int, month: int, limit: float, **cells: object) -> dict[str, object]:
    idle = dict.fromkeys(CARD_COLUMNS, 0.0)
    # The publisher leaves these empty in months without a drawing.
    unknown = {name: None for name in CARD_COLUMNS if "DRAWINGS" in name and not name.endswith("DRAWINGS_CURRENT")}
    keys = {
        "SK_ID_PREV": card,
        "SK_ID_CURR": client,
        "MONTHS_BALANCE": month,
        "AMT_CREDIT_LIMIT_ACTUAL": limit,
        "NAME_CONTRACT_STATUS": "Active",
        "SK_DPD": 0,
        "SK_DPD_DEF": 0,
    }
    return idle | unknown | keys | cells


def cards() -> pd.DataFrame:
    """Cards 7 and 8 of client 1, card 9 of client 2; not in order."""
    return pd.DataFrame(
        [
            card_month(9, 2, -1, 0.0, NAME_CONTRACT_STATUS="Completed"),
            card_month(7, 1, -1, 45000.0, AMT_BALANCE=-12.5, SK_DPD=4),
            card_month(9, 2, -2, 90000.0),
            card_month(7, 1, -3, 90000.0),
            card_month(8, 1, -1, 67500.0),
            card_month(
                7,
                1,
                -2,
                90000.0,
                AMT_BALANCE=500.0,
                AMT_DRAWINGS_CURRENT=500.0,
                AMT_DRAWINGS_ATM_CURRENT=200.0,
                AMT_DRAWINGS_POS_CURRENT=300.0,
                CNT_DRAWINGS_CURRENT=3,
                CNT_DRAWINGS_ATM_CURRENT=1,
                CNT_DRAWINGS_POS_CURRENT=2,
            ),
        ],
        columns=CARD_COLUMNS,
    )


def applications() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "SK_ID_CURR": [1, 2],
            "TARGET": [0, 1],
            "AMT_INCOME_TOTAL": [135000.0, 90000.0],
            "DAYS_EMPLOYED": [-61, 365243],
            "DAYS_BIRTH": [-10957, -14610],
            "CODE_GENDER": ["F", "XNA"],
            "EXT_SOURCE_2": [0.5, 0.6],
        }
    )


def loans() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "SK_ID_CURR": [1, 1, 1, 3],
            "SK_ID_BUREAU": [11, 12, 13, 14],
            "CREDIT_ACTIVE": ["Closed", "Active", "Active", "Active"],
            "DAYS_CREDIT": [-300, -50, -10, -5],
            "DAYS_ENDDATE_FACT": [-40.0, None, None, None],
            "AMT_CREDIT_SUM": [1000.1, 500.2, None, 7.0],
        }
    )


@pytest.fixture
def originals(tmp_path: Path) -> Path:
    cards().to_csv(tmp_path / "credit_card_balance.csv", index=False)
    applications().to_csv(tmp_path / "application_train.csv", index=False)
    loans().to_csv(tmp_path / "bureau.csv", index=False)
    return tmp_path


def test_home_credit_has_one_sorted_row_a_card_month_that_its_catalogue_accepts(originals: Path) -> None:
    history = convert_home_credit(originals)
    assert history[["card_id", "month"]].to_numpy().tolist() == [
        [7, -3],
        [7, -2],
        [7, -1],
        [8, -1],
        [9, -2],
        [9, -1],
    ]
    assert history["limit_amount"].tolist() == [90000, 90000, 45000, 67500, 90000, 0]
    assert history["contract_status"].tolist() == ["Active"] * 5 + ["Completed"]
    assert history["months_on_book"].tolist() == [0, 1, 2, 0, 0, 1]
    # Card 7 was used in its second month; of the others nothing is claimed of the time before their first record.
    assert history["months_idle"].tolist() == [1, 0, 1, 1, 1, 2]
    assert history["months_without_balance"].tolist() == [1, 0, 1, 1, 1, 2]
    assert history["balance_amount"].tolist() == [0, 500, -12.5, 0, 0, 0]
    assert history["days_past_due_any_amount"].tolist() == [0, 0, 4, 0, 0, 0]
    checked = check_history(history, read_catalogue("home_credit"))
    assert checked.month_type == "integer"
    assert checked.borrower_ids.tolist() == [7, 8, 9]


def test_months_without_a_drawing_have_drawings_of_zero(originals: Path) -> None:
    history = convert_home_credit(originals)
    assert history["cash_amount"].tolist() == [0, 200, 0, 0, 0, 0]
    assert history["purchases_count"].tolist() == [0, 2, 0, 0, 0, 0]


def test_loans_elsewhere_are_counted_from_their_opening_to_their_closing(originals: Path) -> None:
    # Months by floor(days / 30.4375): the first loan opens in month -10 and closes in month -2, the second opens
    # in month -2, the third (of unknown amount) in month -1. Client 2 has none; client 3 has no card.
    history = convert_home_credit(originals).set_index(["card_id", "month"])
    first = history.loc[7]
    assert first["loans_elsewhere_count"].to_dict() == {-3: 1, -2: 1, -1: 2}
    assert first["loans_elsewhere_amount"].to_dict() == {-3: 1000.1, -2: 500.2, -1: 500.2}
    assert first["loans_elsewhere_opened_count"].to_dict() == {-3: 0, -2: 1, -1: 1}
    assert first["loans_elsewhere_repaid_count"].to_dict() == {-3: 0, -2: 1, -1: 1}
    assert first["credit_history_months"].to_dict() == {-3: 7, -2: 8, -1: 9}
    assert history.loc[8, "loans_elsewhere_count"].tolist() == [2]  # the other card of the same client
    none = history.loc[9, ["loans_elsewhere_count", "loans_elsewhere_amount", "credit_history_months"]]
    assert (none == 0).all(axis=None)


def test_a_loan_opened_later_changes_no_earlier_month(originals: Path) -> None:
    before = convert_home_credit(originals)
    late = pd.DataFrame({"SK_ID_CURR": [1], "DAYS_CREDIT": [-1], "AMT_CREDIT_SUM": [9.0]})
    pd.concat([loans(), late]).to_csv(originals / "bureau.csv", index=False)
    after = convert_home_credit(originals)
    earlier = before["month"] < -1
    pd.testing.assert_frame_equal(before[earlier], after[earlier])
    assert after.loc[2, "loans_elsewhere_count"] == before.loc[2, "loans_elsewhere_count"] + 1


def test_employment_and_age_are_counted_back_from_the_application(originals: Path) -> None:
    # Client 1: 61 days are 2.004 months, so 1 whole month in month -1, 0 in month -2, and before that another job;
    # 10957 days are 359.98 months, so 29 years in all of them. Client 2 is not employed; 14610 days are 480 months.
    history = convert_home_credit(originals)
    np.testing.assert_array_equal(history["months_employed"], [math.nan, 0, 1, 1, math.nan, math.nan])
    assert history["age_years"].tolist() == [29, 29, 29, 29, 39, 39]
    assert history["gender"].fillna("?").tolist() == ["female"] * 4 + ["?"] * 2
    assert history["income_amount"].tolist() == [135000.0] * 4 + [90000.0] * 2


def test_the_books_cuts_and_raises_are_shares_of_all_cards_that_could_move(originals: Path) -> None:
    # Month -2: card 7 kept its limit, card 9 is new. Month -1: card 7 and card 9 were cut, card 8 is new.
    shares = convert_home_credit(originals).groupby("month")[["book_cut_share", "book_raise_share"]].first()
    assert shares["book_cut_share"].loc[[-2, -1]].tolist() == [0.0, 1.0]
    assert shares["book_raise_share"].loc[[-2, -1]].tolist() == [0.0, 0.0]
    assert math.isnan(shares["book_cut_share"].loc[-3])


def test_application_and_bureau_may_be_missing(originals: Path) -> None:
    (originals / "application_train.csv").unlink()
    (originals / "bureau.csv").unlink()
    history = convert_home_credit(originals)
    assert "income_amount" not in history
    assert "loans_elsewhere_count" not in history
    checked = check_history(history, read_catalogue("home_credit"))
    assert np.isnan(checked.values("income_amount")).all()


@pytest.mark.parametrize("form", ["csv.zip", "zip", "parquet", "upper", "csv.gz"])
def test_the_form_of_the_file_does_not_matter(form: str, originals: Path) -> None:
    expected = convert_home_credit(originals)
    plain = originals / "credit_card_balance.csv"
    if form == "upper":
        plain.rename(originals / "CREDIT_CARD_BALANCE.CSV")
    elif form == "csv.gz":
        cards().to_csv(originals / "credit_card_balance.csv.gz", index=False)
        plain.unlink()
    elif form == "parquet":
        table = cards().rename(columns=str.lower).astype({"sk_id_prev": "Int64", "months_balance": "Int64"})
        table.to_parquet(originals / "credit_card_balance.parquet")
        plain.unlink()
    else:
        with zipfile.ZipFile(originals / f"credit_card_balance.{form}", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(plain, "credit_card_balance.csv")
            archive.writestr("__MACOSX/._credit_card_balance.csv", b"\x00\x05")
        plain.unlink()
    pd.testing.assert_frame_equal(convert_home_credit(originals), expected)


def test_both_application_files_are_taken(originals: Path) -> None:
    both = applications()
    both.iloc[:1].to_csv(originals / "application_train.csv", index=False)
    both.iloc[1:].drop(columns="TARGET").to_csv(originals / "application_test.csv", index=False)
    assert convert_home_credit(originals)["income_amount"].notna().all()


def damage_nothing_there(folder: Path) -> None:
    (folder / "credit_card_balance.csv").unlink()


def damage_column(folder: Path) -> None:
    cards().drop(columns=["SK_DPD"]).to_csv(folder / "credit_card_balance.csv", index=False)


def damage_key(folder: Path) -> None:
    cards().assign(MONTHS_BALANCE=["x", -1, -2, -3, -1, -2]).to_csv(folder / "credit_card_balance.csv", index=False)


def damage_amount(folder: Path) -> None:
    applications().assign(AMT_INCOME_TOTAL=["lots", 1.0]).to_csv(folder / "application_train.csv", index=False)


def damage_parquet(folder: Path) -> None:
    cards().to_parquet(folder / "credit_card_balance.parquet")
    whole = (folder / "credit_card_balance.parquet").read_bytes()
    (folder / "credit_card_balance.parquet").write_bytes(whole[: len(whole) // 2])


def damage_zip(folder: Path) -> None:
    with zipfile.ZipFile(folder / "bureau.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(folder / "bureau.csv", "bureau.csv")
    (folder / "bureau.csv").unlink()
    whole = (folder / "bureau.zip").read_bytes()
    (folder / "bureau.zip").write_bytes(whole[: len(whole) // 2])


def damage_archive(folder: Path) -> None:
    (folder / "bureau.csv").unlink()
    with zipfile.ZipFile(folder / "bureau.zip", "w") as archive:
        archive.writestr("readme.txt", "nothing here")


def damage_encoding(folder: Path) -> None:
    table = cards().assign(NAME_CONTRACT_STATUS="Activé")
    table.to_csv(folder / "credit_card_balance.csv", index=False, encoding="latin-1")


def damage_zipped_encoding(folder: Path) -> None:
    damage_encoding(folder)
    with zipfile.ZipFile(folder / "credit_card_balance.zip", "w") as archive:
        archive.write(folder / "credit_card_balance.csv", "credit_card_balance.csv")
    (folder / "credit_card_balance.csv").unlink()


def damage_rows(folder: Path) -> None:
    loans().iloc[:0].to_csv(folder / "bureau.csv", index=False)


def damage_all(folder: Path) -> None:
    (folder / "credit_card_balance.csv").write_text("")


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (damage_nothing_there, r"holds no credit_card_balance\.csv.*give the folder"),
        (damage_column, r"credit_card_balance\.csv: lacks column sk_dpd; give the file as it was published"),
        (damage_key, r"months_balance must be a whole number, found 'x' in 1 rows \(first: data row 1\)"),
        (damage_amount, r"application_train\.csv: amt_income_total must be a number, found 'lots' in 1 rows"),
        (damage_parquet, r"credit_card_balance\.parquet: cannot be read as Parquet.*write it again"),
        (damage_zip, r"bureau\.zip: is damaged or cut short"),
        (damage_archive, r"bureau\.zip: must hold exactly one \.csv file, found 0"),
        (damage_encoding, r"is not UTF-8 text.*encoding UTF-8"),
        (damage_zipped_encoding, r"credit_card_balance\.zip: the file is not UTF-8 text"),
        (damage_rows, r"bureau\.csv: the file has a header but no rows"),
        (damage_all, r"the file is empty"),
    ],
)
def test_a_damaged_original_gives_one_line_with_a_remedy(damage: object, said: str, originals: Path) -> None:
    damage(originals)  # type: ignore[operator]
    with pytest.raises(CreditModelError, match=said) as caught:
        convert_home_credit(originals)
    assert "\n" not in str(caught.value)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataFileError, match=r"nowhere: there is no such folder; give the folder with"):
        convert_home_credit(tmp_path / "nowhere")


# -------------------------------------------------------------------------------------------------------- UCI


def clients() -> pd.DataFrame:
    """Client 1 is two months late in September and did not use the card in April; client 2 always pays in full."""
    table = pd.DataFrame({"ID": [1, 2], "LIMIT_BAL": [20000, 120000]})
    table = table.assign(SEX=[2, 1], EDUCATION=[2, 0], MARRIAGE=[1, 0], AGE=[24, 26])
    for name, values in zip(["PAY_0", "PAY_2", "PAY_3", "PAY_4", "PAY_5", "PAY_6"], [2, 1, 0, -1, 0, -2], strict=True):
        table[name] = [values, -1]
    for k in range(1, 7):
        table[f"BILL_AMT{k}"] = [100 * k, -k]
    for k in range(1, 7):
        table[f"PAY_AMT{k}"] = [10 * k, k]
    return table.assign(**{"default.payment.next.month": [1, 0]})


def test_uci_has_six_months_a_client_and_its_decision_in_the_last(tmp_path: Path) -> None:
    clients().to_csv(tmp_path / "clients.csv", index=False)
    history = convert_uci_taiwan(tmp_path / "clients.csv")
    one = history[history["client_id"] == 1]
    assert one["month"].dt.strftime("%Y-%m").tolist() == [f"2005-{m:02d}" for m in range(4, 10)]
    assert one["reviewed"].tolist() == [False] * 5 + [True]
    assert one["limit_amount"].tolist() == [20000] * 6
    assert one["bill_amount"].tolist() == [600, 500, 400, 300, 200, 100]  # April is the sixth in the file
    assert one["paid_amount"].tolist() == [60, 50, 40, 30, 20, 10]
    assert one["months_past_due"].tolist() == [0, 0, 0, 0, 1, 2]
    assert one["was_used"].tolist() == [0, 1, 1, 1, 1, 1]
    assert one["paid_in_full"].tolist() == [0, 0, 1, 0, 0, 0]
    assert set(one["gender"]) == {"female"}
    two = history[history["client_id"] == 2]
    assert set(two["education"]) == {"other"}
    assert set(two["marriage"]) == {"other"}
    assert not any("default" in name for name in history)
    check_history(history, read_catalogue("uci_taiwan"))


def test_uci_reads_the_spreadsheets_two_header_lines_and_the_folder_it_lies_in(tmp_path: Path) -> None:
    clients().to_csv(tmp_path / "clients.csv", index=False)
    expected = convert_uci_taiwan(tmp_path / "clients.csv")
    (tmp_path / "sheet").mkdir()
    names = [n.replace(".", " ") for n in clients().columns]
    numbered = ["", *(f"X{k}" for k in range(1, len(names) - 1)), "Y"]
    lines = [",".join(numbered), ",".join(names), clients().to_csv(index=False, header=False)]
    (tmp_path / "sheet" / "default of credit card clients.csv").write_text("\n".join(lines))
    pd.testing.assert_frame_equal(convert_uci_taiwan(tmp_path / "sheet"), expected)


def test_uci_of_the_wrong_kind_gives_one_line_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(DataFileError, match="is a spreadsheet; save its sheet as CSV"):
        convert_uci_taiwan(tmp_path / "clients.xls")
    with pytest.raises(DataFileError, match="there is no such file"):
        convert_uci_taiwan(tmp_path / "clients.csv")
    with pytest.raises(DataFileError, match=r"must hold exactly one \.csv file, found 0"):
        convert_uci_taiwan(tmp_path)
    clients().drop(columns=["PAY_3", "AGE"]).to_csv(tmp_path / "clients.csv", index=False)
    with pytest.raises(DataFileError, match="lacks columns AGE, PAY_3; give the table as it was published"):
        convert_uci_taiwan(tmp_path)
    clients().iloc[:0].to_csv(tmp_path / "clients.csv", index=False)
    with pytest.raises(DataFileError, match="a header but no rows"):
        convert_uci_taiwan(tmp_path)


def test_every_converter_is_registered_under_its_catalogues_name() -> None:
    for name in CONVERTERS:
        assert read_catalogue(name.replace("-", "_")).name == name.replace("-", "_")


def test_a_whole_number_of_hundreds_of_digits_is_told(originals: Path) -> None:
    table = (originals / "bureau.csv").read_text().replace("1000.1", "9" * 400)
    (originals / "bureau.csv").write_text(table)
    with pytest.raises(CreditModelError, match=r"bureau\.csv|must be finite"):
        check_history(convert_home_credit(originals), read_catalogue("home_credit"))
