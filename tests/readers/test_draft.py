"""Drafted catalogues load and train as they are, whatever the style of the table."""

import re
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from credit_model import HistoryError, LimitPredictor, check_history, draft_catalogue, read_catalogue
from credit_model.draft.panel import Panel
from credit_model.readers.public_data import convert_home_credit, convert_uci_taiwan
from tests.readers.exports import (
    CHINESE,
    ENGLISH,
    book,
    chinese_export,
    meaningless_names,
    shuffled,
    us_export,
    with_traps,
)

pytestmark = pytest.mark.filterwarnings("ignore:.* left out. not declared")
#: Columns of `with_traps` that no model may see.
TRAPS = {"available", "decision_reason", "cut_flag", "limit_change", "record_number", "branch_note"}


@pytest.fixture(scope="module")
def table():
    return book(500, 30, seed=8)


def explained(data, draft):
    history = check_history(data, draft.catalogue)
    predictor = LimitPredictor(draft.catalogue, max_iter=20, structure="score").fit(history)
    return predictor.explain_decreases(history)


def assert_explains(data, draft, least=50):
    explanations = explained(data, draft)
    assert len(explanations) >= least
    change = explanations.keep_score_after - explanations.keep_score_before
    np.testing.assert_allclose(explanations.contributions.sum(axis=1), change, atol=1e-9)


def effects_by_column(catalogue):
    """Column -> the signs of the features that take its level."""
    found = {}
    for feature in catalogue.drivers:
        if feature.summary in ("last", "mean", "max", "sum", "count", "share"):
            found.setdefault(feature.column or feature.numerator, set()).add(feature.effect)
    return found


def signs_right(catalogue, names):
    """Of the columns whose sign the hand-written catalogue knows, how many have it, the wrong one, or none."""
    hand, drafted = effects_by_column(read_catalogue("synthetic")), effects_by_column(catalogue)
    plain = {re.sub(r"\(.*\)", "", name): effects for name, effects in drafted.items()}
    counts = {"right": 0, "wrong": 0, "free": 0}
    for own, effects in hand.items():
        for effect in plain.get(names.get(own, own), set()) if effects != {"free"} else set():
            counts["right" if effect in effects else "free" if effect == "free" else "wrong"] += 1
    return counts


@pytest.mark.parametrize("names", [ENGLISH, CHINESE], ids=["english", "chinese"])
def test_a_renamed_and_shuffled_table(table, names):
    raw = shuffled(table.rename(columns=names))
    draft = draft_catalogue(raw)
    catalogue = draft.catalogue
    assert (catalogue.borrower, catalogue.month, catalogue.limit, catalogue.reviewed) == tuple(
        names[own] for own in ("borrower_id", "month", "limit_amount", "reviewed")
    )
    assert catalogue.decision_lag == 0
    assert set(catalogue.audit_names) == {names[own] for own in ("gender", "age_band", "region", "segment")}
    counts = signs_right(catalogue, names)
    assert counts["right"] >= 25
    assert counts["right"] >= 0.9 * sum(counts.values())
    assert_explains(raw, draft)


@pytest.mark.slow
def test_names_that_say_nothing(table):
    names = meaningless_names(table)
    raw = shuffled(table.rename(columns=names))
    draft = draft_catalogue(raw)
    assert draft.catalogue.limit == "credit_limit"
    assert draft.catalogue.decision_lag == 0  # from the balance, whatever it is called
    assert draft.catalogue.reviewed == names["reviewed"]
    assert draft.n_doubts > 20
    counts = signs_right(draft.catalogue, names)
    assert counts["wrong"] <= 0.1 * (counts["right"] + counts["wrong"])
    balance = next(f for f in draft.catalogue.drivers if f.numerator == names["balance_amount"])
    assert balance.denominator == "limit_in_force"
    dpd = [f for f in draft.catalogue.drivers if f.column == names["days_past_due"]]
    assert {f.summary for f in dpd} >= {"last", "max", "months_since"}
    assert_explains(raw, draft)


@pytest.mark.parametrize("names", [None, "none"], ids=["named", "unnamed"])
def test_what_is_known_only_after_the_decision_is_left_out(table, names):
    raw = with_traps(table)
    renamed = {} if names is None else {name: f"v{i}" for i, name in enumerate(sorted(TRAPS))}
    draft = draft_catalogue(raw.rename(columns=renamed))
    left_out = set(draft.findings.loc[draft.findings["decided"] == "left out", "what"])
    assert left_out == {renamed.get(name, name) for name in TRAPS}
    assert not left_out & {column.name for column in draft.catalogue.columns}


def test_a_share_of_the_new_limit_is_left_out_where_the_month_is_known(table):
    share = table["balance_amount"] / table["limit_amount"].where(table["limit_amount"] > 0)
    raw = table.drop(columns="balance_amount").assign(line_usage=share)
    assert "line_usage" in draft_catalogue(raw, lag=0).findings.query("decided == 'left out'")["what"].tolist()
    kept = draft_catalogue(raw, lag=1).catalogue
    assert any(feature.column == "line_usage" and feature.effect == "lowers" for feature in kept.drivers)


def test_a_us_export(table, tmp_path):
    path = us_export(table, tmp_path / "us_cards.csv")
    draft = draft_catalogue(path)
    catalogue = draft.catalogue
    assert (catalogue.borrower, catalogue.month, catalogue.limit) == ("AcctNo", "StatementDate", "CreditLine")
    assert (catalogue.currency, catalogue.source.separator, catalogue.decision_lag) == ("USD", ";", 0)
    assert catalogue.source.missing == {"ScoreHistory": (-999.0,), "ExtDPD": (".",)}
    assert catalogue.column("UnempRate").unit == "percent"
    history = check_history(path, catalogue)
    assert str(history.borrower_ids[0]).startswith("0000000")
    same = table.sort_values(["borrower_id", "month"])
    np.testing.assert_array_equal(history.values("CreditLine"), same["limit_amount"])
    np.testing.assert_array_equal(history.values("CurrBal"), same["balance_amount"])
    assert_explains(path, draft)


def test_a_chinese_export(table, tmp_path):
    path = chinese_export(table, tmp_path / "卡.csv")
    draft = draft_catalogue(path)
    catalogue = draft.catalogue
    assert (catalogue.borrower, catalogue.month, catalogue.limit) == ("客户编号", "统计月份", "授信额度(万元)")
    assert (catalogue.currency, catalogue.source.encoding, catalogue.decision_lag) == ("CNY", "gb18030", 0)
    assert catalogue.source.scale["授信额度(万元)"] == 10_000
    history = check_history(path, catalogue)
    same = table.sort_values(["borrower_id", "month"])
    np.testing.assert_allclose(history.values("贷款余额(万元)"), same["balance_amount"], atol=0.51)
    assert all("{before}" in feature.reason.text("zh") for feature in catalogue.drivers)
    assert catalogue.drivers[0].reason.text("zh").startswith("身份特质分由")
    assert_explains(path, draft)


def test_an_id_that_holds_several_products_is_joined(table):
    gold = table.assign(product="GOLD")
    line = table[table["borrower_id"] % 2 == 0].assign(product="LINE")
    raw = shuffled(pd.concat([gold, line]).rename(columns={"borrower_id": "cust_no"}))
    draft = draft_catalogue(raw)
    assert draft.catalogue.borrower_parts == ("cust_no", "product")
    assert len(check_history(raw, draft.catalogue).borrower_ids) == 750


def test_closed_accounts_and_temporary_rises_are_no_cuts(table):
    raw = table.sort_values(["borrower_id", "month"]).reset_index(drop=True)
    last = raw.groupby("borrower_id").cumcount(ascending=False) < 3
    ended = last & (raw["borrower_id"] % 5 == 0)
    raw["account_status"] = np.where(ended, "CLOSED", "ACTIVE")
    raw["limit_amount"] = raw["limit_amount"].where(~ended)
    raw["temp_limit_flag"] = np.where(raw.index % 400 == 7, "Y", "N")
    draft = draft_catalogue(raw)
    assert draft.catalogue.closed.column == "account_status"
    assert draft.catalogue.not_a_cut == ("temp_limit_flag",)
    assert check_history(raw, draft.catalogue).is_closed.sum() == ended.sum()


def test_blanks_that_mean_none_and_text_among_numbers(table):
    raw = table.assign(other_balance_amount=table["other_balance_amount"].where(table["other_balance_amount"] > 0))
    draft = draft_catalogue(raw)
    assert draft.catalogue.source.blank == {"other_balance_amount": 0.0}
    assert "?? a blank seems to mean none" in draft.text
    cells = check_history(raw, draft.catalogue).values("other_balance_amount")
    assert not np.isnan(cells).any()


def test_the_ladder_sees_the_real_cuts(table):
    draft = draft_catalogue(table)
    why = draft.findings.set_index("what").loc["ladder", "why"]
    share = re.search(r"sees ([\d.]+%) of ([\d,]+) falls", why)
    assert float(share[1].rstrip("%")) >= 99
    assert f"These tiers see {share[1]} of the {share[2]} falls" in draft.text


def test_limits_that_never_move_make_a_catalogue_without_states(table):
    still = table.assign(limit_amount=table.groupby("borrower_id")["limit_amount"].transform("first"))
    draft = draft_catalogue(still)
    assert draft.catalogue.state_names == ()
    assert draft.catalogue.quantiles == 8
    LimitPredictor(draft.catalogue, max_iter=10, structure="score").fit(check_history(still, draft.catalogue))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop(columns="month"), "--month"),
        (lambda t: t.drop(columns="limit_amount"), "--limit"),
        (lambda t: pd.concat([t, t.head(3)]), "3 duplicates of borrower_id and month"),
        (lambda t: t.head(0), "no rows"),
        (lambda t: t[["borrower_id", "month", "limit_amount"]], "no column is left"),
    ],
)
def test_what_cannot_be_drafted_is_told_with_the_remedy(table, change, message):
    with pytest.raises(HistoryError, match=message):
        draft_catalogue(change(table))


def test_a_column_that_is_named_and_not_there(table):
    with pytest.raises(HistoryError, match="no column 'line'"):
        draft_catalogue(table, limit="line")


def test_the_draft_of_the_same_table_is_the_same(table):
    assert draft_catalogue(table).text == draft_catalogue(table).text


@pytest.mark.slow
def test_home_credit(real_data):
    raw = convert_home_credit(real_data / "home_credit")
    draft = draft_catalogue(raw)
    assert (draft.catalogue.borrower, draft.catalogue.limit, draft.catalogue.decision_lag) == (
        "card_id",
        "limit_amount",
        1,
    )
    assert set(draft.catalogue.audit_names) == {"age_years", "gender"}
    effects = effects_by_column(draft.catalogue)
    assert effects["days_past_due"] == effects["months_idle"] == {"lowers"}
    assert_explains(raw, draft, least=900)


def test_uci_taiwan(real_data):
    raw = convert_uci_taiwan(real_data / "uci_taiwan")
    draft = draft_catalogue(raw)
    assert (draft.catalogue.borrower, draft.catalogue.reviewed) == ("client_id", "reviewed")
    assert set(draft.catalogue.audit_names) == {"age_years", "gender", "education", "marriage"}
    assert draft.catalogue.state_names == ()  # the limits never move
    LimitPredictor(draft.catalogue, max_iter=10, structure="score").fit(check_history(raw, draft.catalogue))


def test_a_yes_that_nearly_all_share_is_no_figure_of_the_economy():
    n_borrowers, months = 1500, 6
    borrower, number = np.repeat(np.arange(n_borrowers), months), np.tile(np.arange(months), n_borrowers)
    rng = np.random.default_rng(0)
    cells = {
        "in work": (rng.random(len(number)) < 0.95).astype(float),
        "rate": 5.0 + 0.1 * number,
        "rate, some blank": np.where(rng.random(len(number)) < 0.2, np.nan, 5.0 + 0.1 * number),
    }
    profiles = {name: SimpleNamespace(values=values) for name, values in cells.items()}
    limit = np.full(len(number), 1000.0)
    panel = Panel(None, np.arange(len(number)), borrower, number, limit, limit, profiles)
    assert [name for name in cells if panel.is_common(name)] == ["rate", "rate, some blank"]
