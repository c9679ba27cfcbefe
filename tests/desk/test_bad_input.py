"""Whatever is entered wrongly is told in one clear message at its field, and nothing is half-written."""

import sqlite3
from dataclasses import replace
from datetime import timedelta

import pytest

from credit_model.act.appeals.store import Store
from credit_model.desk.engine import Engine
from credit_model.desk.serving import Address
from credit_model.errors import AppealError
from credit_model.portfolio.months import format_month
from tests.desk.clients import HOSTILE, field, mistakes, words


@pytest.fixture
def ann(hall):
    return hall.officer("ann")


@pytest.fixture
def opened(hall, ann):
    """A case about a cut whose income is in dispute: its number."""
    return hall.open(ann, hall.cuts["income"][0])


def month_of(hall, back=0):
    frozen = hall.bench.frozen(hall.cuts["income"][0])
    return format_month(frozen.month - back, frozen.month_type)


def refused(hall, answer, status, told, at=None):
    """That an answer tells a mistake, at a field, and the log is as it was."""
    assert answer.status_code == status, words(answer)
    found = mistakes(answer)
    assert any(told in text for text in found.values()), found
    if at is not None:
        assert told in found[at]
        if at:
            assert f'id="{at}-wrong"' in answer.text
            assert f"{at}-wrong" in "".join(part for part in answer.text.split('aria-describedby="')[1:])
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    ("column", "value", "told"),
    [
        ("income_amount", "abc", "Monthly income, {month}: give a whole number of at least RMB 0."),
        ("income_amount", "-5", "give a whole number of at least RMB 0."),
        ("income_amount", "12.5", "give a whole number"),
        ("income_amount", "12,5", "give a whole number"),
        ("income_amount", "1e999", "give a whole number"),
        ("income_amount", "nan", "give a whole number"),
        ("income_amount", HOSTILE, "give a whole number"),
        ("employed", "perhaps", "give one of yes, no."),
        ("days_past_due", "0", "A Payslip may not correct this; it may correct: Monthly income, In work."),
        ("no_such", "0", "may not correct this"),
    ],
)
def test_a_value_that_breaks_its_rule_is_told_at_its_cell(hall, ann, opened, column, value, told):
    head = hall.office.desk.store.head
    name = field(column, month_of(hall))
    for do in ("enter", "try"):
        answer = ann.submit(f"/case/{opened}/evidence", document="payslip", do=do, **{name: value})
        told = told.format(month=hall.office.engine.book.predictor.catalogue and "May 2022")
        at = name if column in ("income_amount", "employed") else None
        refused(hall, answer, 422, told, at)
    assert hall.office.desk.store.head == head


@pytest.mark.parametrize(
    ("back", "told"), [(-1, "has no influence"), (240, "has no influence"), (None, "is no time of the panel")]
)
def test_a_month_that_the_decision_did_not_know_has_no_influence(hall, ann, opened, back, told):
    month = "yesterday" if back is None else month_of(hall, back)
    other = {"other_column": "income_amount", "other_month": month, "other_value": "9000"}
    answer = ann.submit(f"/case/{opened}/evidence", document="payslip", do="enter", **other)
    refused(hall, answer, 422, told, "other_value")
    assert hall.case(opened).evidence == ()


def test_a_month_outside_the_windows_is_entered_and_said_to_have_no_influence(hall, ann):
    latest = max(hall.cuts["any"], key=lambda i: len(hall.bench.frozen(i).month_number))
    number, frozen = hall.open(ann, latest), hall.bench.frozen(latest)
    first = format_month(int(frozen.month_number[0]), frozen.month_type)
    assert f'<option value="{first}"' in ann.get(f"/case/{number}/evidence?document=payslip").text
    other = {"other_column": "income_amount", "other_month": first, "other_value": "9000"}
    answer = ann.submit(f"/case/{number}/evidence", document="payslip", do="enter", **other)
    assert "has no influence: it lies outside the decision" in words(answer)


def test_evidence_without_a_cell_or_of_an_unknown_kind_is_refused(hall, ann, opened):
    answer = ann.submit(f"/case/{opened}/evidence", document="payslip", do="enter")
    refused(hall, answer, 422, "Fill in at least one cell.", "cells")
    answer = ann.submit(f"/case/{opened}/evidence", document="horoscope", do="enter")
    assert answer.status_code == 422
    assert "knows no such kind of document" in words(answer)


def test_a_cell_that_is_given_twice_is_refused(hall, ann, opened):
    month = month_of(hall)
    other = {"other_column": "income_amount", "other_month": month, "other_value": "9000"}
    cell = {field("income_amount", month): "8000"}
    answer = ann.submit(f"/case/{opened}/evidence", document="payslip", do="enter", **other, **cell)
    refused(hall, answer, 422, "given twice", "cells")


def test_a_file_that_is_empty_or_too_large_is_refused(hall, ann, opened):
    form = {"document": "payslip", "do": "enter", field("income_amount", month_of(hall)): "9000"}
    answer = ann.submit(f"/case/{opened}/evidence", files={"file": ("empty.pdf", b"")}, **form)
    refused(hall, answer, 422, "The file is empty.", "file")
    answer = ann.submit(f"/case/{opened}/evidence", files={"file": ("large.pdf", b"x" * 20_000_001)}, **form)
    refused(hall, answer, 422, "at most 20 MB", "file")
    assert hall.case(opened).evidence == ()


def test_what_was_entered_stays_in_the_form(hall, ann, opened):
    month = month_of(hall)
    form = {field("income_amount", month): "abc", field("employed", month): "true", "note": "seen <b>in the branch</b>"}
    answer = ann.submit(f"/case/{opened}/evidence", document="payslip", do="enter", **form)
    assert 'value="abc"' in answer.text
    assert '<option value="true" selected>' in answer.text
    assert "seen &lt;b&gt;in the branch&lt;/b&gt;</textarea>" in answer.text


@pytest.mark.parametrize(
    ("form", "told", "at"),
    [
        ({}, "Choose an outcome.", "outcome"),
        ({"outcome": "explained"}, "Choose an outcome.", "outcome"),
        ({"outcome": "partly", "reason": "hardship"}, "Give a limit between", "limit"),
        ({"outcome": "partly", "reason": "hardship", "limit": "1"}, "Give a limit between", "limit"),
        ({"outcome": "partly", "reason": "hardship", "limit": "inf"}, "Give a limit between", "limit"),
        ({"outcome": "partly", "limit": "20,000"}, "departs from what the numbers say (Uphold the decrease)", "reason"),
        ({"outcome": "reinstate"}, "choose the reason", "reason"),
        ({"outcome": "reinstate", "reason": "because"}, "choose the reason", "reason"),
    ],
)
def test_a_proposal_needs_an_outcome_its_limit_and_a_reason_where_it_departs(hall, ann, opened, form, told, at):
    hall.until(opened, ann, "evaluated")
    assert hall.case(opened).evaluated.facts["recommendation"] == "uphold"
    answer = ann.submit(f"/case/{opened}/propose", **form)
    refused(hall, answer, 422, told, at)
    assert hall.case(opened).state == "evaluated"


def test_nothing_is_proposed_before_it_is_looked_at_again(hall, ann, opened):
    answer = ann.submit(f"/case/{opened}/propose", outcome="uphold", reason="our_error")
    refused(hall, answer, 409, "must be evaluated with all its evidence", "")


def test_nobody_decides_what_they_proposed_themselves(hall, opened):
    bo = hall.officer("bo")
    hall.until(opened, bo, "proposed")
    refused(hall, bo.submit(f"/case/{opened}/decide"), 422, "You have proposed this", "")
    answer = bo.submit(f"/case/{opened}/return", why="look again")
    refused(hall, answer, 422, "You have proposed this", "")
    answer = hall.officer("chen").submit(f"/case/{opened}/return")
    refused(hall, answer, 422, "Say what is to be looked at again.", "why")
    assert hall.case(opened).state == "proposed"


def test_steps_out_of_turn_are_refused(hall, ann, opened):
    bo = hall.officer("bo")
    for officer, path, form in (
        (bo, "decide", {}),
        (bo, "return", {"why": "x"}),
        (ann, "letter", {}),
        (ann, "close", {}),
        (bo, "erase", {"sure": "yes"}),
    ):
        answer = officer.submit(f"/case/{opened}/{path}", **form)
        assert answer.status_code == 409, path
        assert mistakes(answer)
    hall.until(opened, ann, "closed")
    for path, form in (
        ("evaluate", {"do": "enter"}),
        ("propose", {"outcome": "uphold"}),
        ("withdraw", {}),
        ("evidence", {"document": "payslip", "do": "enter", field("income_amount", month_of(hall)): "9000"}),
    ):
        assert ann.submit(f"/case/{opened}/{path}", **form).status_code == 409, path
    refused(hall, bo.submit(f"/case/{opened}/erase"), 422, "Confirm that they are to be erased.", "sure")


def test_a_form_that_another_officer_was_quicker_than_is_refused(hall, ann, opened):
    seen = str(hall.case(opened).events[-1].seq)
    chen = hall.officer("chen")
    cell = {field("income_amount", month_of(hall)): "9000"}
    chen.submit(f"/case/{opened}/evidence", document="payslip", do="enter", **cell)
    for path, form in (
        ("evaluate", {"do": "enter"}),
        ("withdraw", {}),
        ("evidence", {"document": "payslip", "do": "enter", **cell}),
    ):
        answer = ann.submit(f"/case/{opened}/{path}", seen=seen, **form)
        refused(hall, answer, 409, "chen has done something in this case meanwhile", "")
    assert len(hall.case(opened).events) == 2


# ---- opening


def test_a_second_open_case_about_a_cut_is_refused_and_the_first_named(hall, ann, opened):
    borrower, month = hall.cut(hall.cuts["income"][0])
    answer = ann.submit("/new", borrower=borrower, month=month, kind="review")
    refused(hall, answer, 409, f"Case A{opened:06d} about the same decision is still open.")
    assert f'href="/case/{opened}"' in answer.text
    assert hall.office.desk.store.cases() == [opened]


def test_after_the_channel_closed_a_case_is_opened_with_a_reason_alone(hall, ann):
    borrower, month = hall.cut(hall.cuts["late"])
    form = {"borrower": borrower, "month": month, "kind": "dispute", "notice_date": "2023-01-05"}
    answer = ann.submit("/new", **form)
    refused(hall, answer, 422, "The channel was open until", "late_because")
    assert hall.office.desk.store.cases() == []
    answer = ann.submit("/new", late_because="was in hospital", **form)
    assert "after the channel had closed" in words(answer)


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"borrower": "nobody"}, "The panel has no borrower nobody."),
        ({"kind": ""}, "Choose what the borrower asks for."),
        ({"kind": "revenge"}, "Choose what the borrower asks for."),
        ({"month": ""}, "Choose the decrease that it is about."),
        ({"month": "1999-01"}, "had no decrease in 1999-01"),
        ({"month": "x"}, "had no decrease in x"),
        ({"notice_date": "tomorrow"}, "Give a day such as 2024-03-31."),
        ({"claim": "x" * 20_001}, "At most 20000 letters."),
    ],
)
def test_a_case_that_cannot_be_opened_says_why(hall, ann, form, told):
    borrower, month = hall.cut(hall.cuts["late"])
    answer = ann.submit("/new", **({"borrower": borrower, "month": month, "kind": "dispute"} | form))
    assert answer.status_code == 422
    assert told in " ".join(mistakes(answer).values())
    assert hall.office.desk.store.cases() == []


def test_without_a_panel_no_case_is_opened(hall, predictor):
    hall.office.engine = Engine([predictor])
    ann = hall.officer("ann")
    assert "started without a panel" in words(ann.get("/new"))
    assert ann.submit("/new", borrower="1", kind="rise").status_code == 422


# ---- models, files


def test_a_model_that_has_changed_since_is_told_and_nothing_is_evaluated(hall, ann, opened, predictor):
    other = Engine([])
    other.book, hall.office.engine = hall.office.engine.book, other
    page = words(ann.get(f"/case/{opened}"))
    assert "is not loaded at this desk, or has changed since" in page
    answer = ann.submit(f"/case/{opened}/evaluate", do="enter")
    refused(hall, answer, 409, "is not loaded at this desk", "")
    assert "is not loaded at this desk" in words(ann.get(f"/case/{opened}/cut"))
    assert ann.get(f"/case/{opened}/cut/page").status_code == 422
    frozen = hall.office.desk.file(opened).frozen
    with pytest.raises(AppealError, match="--model may be repeated"):
        other.model_of(replace(frozen, model_digest="0" * 64))


def test_a_locked_store_is_told_and_nothing_is_written(hall, ann, opened):
    store = hall.office.desk.store
    ann.get("/")
    store.close()
    hall.office.desk.store.__init__(store.path, clock=hall.clock, patience=0.01)
    other = sqlite3.connect(store.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    answer = ann.submit(f"/case/{opened}/withdraw")
    other.execute("ROLLBACK")
    other.close()
    refused(hall, answer, 503, "locked by another program")
    assert hall.case(opened).state == "open"
    assert ann.submit(f"/case/{opened}/withdraw").status_code == 200


def test_a_full_disk_is_told_and_nothing_is_half_written(hall, ann, opened, monkeypatch):
    head = hall.office.desk.store.head

    def full(*given, **more):
        raise sqlite3.OperationalError("database or disk is full")

    from credit_model.act.appeals.store import Writing

    monkeypatch.setattr(Writing, "append", full)
    form = {"document": "payslip", "do": "enter", field("income_amount", month_of(hall)): "9000"}
    answer = ann.submit(f"/case/{opened}/evidence", files={"file": ("scan.pdf", b"x" * 1000)}, **form)
    refused(hall, answer, 503, "the disk is full")
    monkeypatch.undo()
    assert hall.office.desk.store.head == head
    with sqlite3.connect(hall.office.desk.store.path) as connection:
        assert connection.execute("SELECT count(*) FROM sealed").fetchone() == (1,)
    connection.close()


def test_a_store_of_a_newer_version_is_refused_at_the_start(tmp_path):
    with Store(tmp_path / "desk.sqlite", create=True) as store:
        store.connection.execute("PRAGMA user_version = 99")
    with pytest.raises(AppealError, match="newer version"):
        Store(tmp_path / "desk.sqlite")


# ---- where it is served


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"certificate": "a.pem"}, "go together"),
        ({"origin": "http://desk.example"}, "https://desk.bank.example"),
        ({"origin": "https://desk.example/path"}, "https://desk.bank.example"),
    ],
)
def test_an_address_that_is_none_is_refused(given, told):
    with pytest.raises(AppealError, match=told):
        Address(**given)


def test_an_address_knows_its_names_and_whether_it_is_safe():
    assert Address().is_loopback
    assert not Address().is_secure
    assert Address().shown(8440) == "http://127.0.0.1:8440/"
    assert Address("::1").shown(1) == "http://[::1]:1/"
    behind = Address(origin="https://desk.bank.example")
    assert behind.is_secure
    assert behind.hosts[-1] == "desk.bank.example"
    assert behind.shown(8440) == "https://desk.bank.example"
    assert Address("10.0.0.5").hosts[-1] == "10.0.0.5"
    assert Address("0.0.0.0").hosts == ("*",)


def test_a_deadline_that_has_passed_is_told_and_the_case_still_answered(hall, ann, opened):
    hall.until(opened, ann, "decided")
    hall.clock.time += timedelta(days=40)
    page = words(ann.get(f"/case/{opened}"))
    assert "20 days late" in page
    assert ann.submit(f"/case/{opened}/letter").status_code == 200
    assert "answered late" in words(ann.get(f"/case/{opened}"))
    assert "Letter written, late" in words(ann.get("/log"))
