"""Cases from their opening to their end, and every mistake of an officer told in one line with nothing half-written."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pytest

from credit_model.act.appeals.cases import OVERRIDES
from credit_model.act.appeals.desk import Desk
from credit_model.act.appeals.entries import MOST_BYTES, MOST_LETTERS, read_document
from credit_model.act.appeals.reading import corrected_cells
from credit_model.act.appeals.store import Store
from credit_model.act.appeals.summary import cases_table, corrections_table, wrong_by_factor, wrong_by_source
from credit_model.act.appeals.verifying import verify
from credit_model.documents.deadlines import terms_of
from credit_model.documents.lender_file import parse_lender
from credit_model.documents.letter import write_letters
from credit_model.documents.notice import build_notice
from credit_model.errors import AppealError
from credit_model.portfolio.months import format_month
from tests.documents.notice_examples import EXAMPLE

HOSTILE = [
    "<script>alert(1)</script>",
    "'; DROP TABLE event; --",
    "=HYPERLINK(1)",
    "a\x00b\u202ec",
    "\ud800",
    "| ` * _",
]


def income_cell(cuts, bench):
    _, one = cuts["income"]
    return "income_amount", format_month(one.month, bench.history.month_type), f"{one.value:.0f}"


def reinstated(bench, desk, cuts, *, close=True):
    """A wrong income, corrected: a whole case."""
    number = bench.open(desk, cuts["income"][0])
    desk.add_evidence(number, "payslip", [income_cell(cuts, bench)], actor="ann")
    bench.look_again(desk, number)
    desk.propose(number, "reinstate", actor="ann")
    desk.decide(number, actor="bo")
    write_letters(desk, number, actor="bo")
    if close:
        desk.close(number, actor="bo")
    return number


def untouched(desk, told, do):
    """That something is refused in one line, and leaves the desk as it was."""
    before = desk.store.events()
    with pytest.raises(AppealError, match=told) as caught:
        do()
    assert len(caught.value.errors) == 1
    assert desk.store.events() == before
    assert verify(desk.store).is_sound


def test_a_wrong_income_is_corrected_and_the_limit_reinstated(bench, desk, cuts):
    number = reinstated(bench, desk, cuts)
    file = desk.file(number)
    assert file.case.state == "closed"
    assert file.decision.limit == file.frozen.limit_before > file.frozen.limit_after
    assert (file.decision.proposed_by, file.decision.decided_by, file.decision.reason) == ("ann", "bo", "as_evaluated")
    assert file.evaluation.crosses
    assert [event.action for event in file.case.events] == [
        "opened", "evidence", "evaluated", "proposed", "decided", "letter", "closed",
    ]  # fmt: skip
    assert verify(desk.store, [event.head for event in file.case.events]).is_sound


def test_the_log_holds_nothing_about_the_borrower(bench, desk, cuts):
    number = bench.open(desk, cuts["income"][0], claim="I am Zhang San, and earn 4711.")
    desk.add_evidence(number, "payslip", [income_cell(cuts, bench)], actor="ann", note="seen: Zhang San")
    frozen = desk.file(number).frozen
    log = json.dumps([dict(event.facts) for event in desk.store.events()])
    assert "Zhang" not in log
    assert "4711" not in log
    assert f"{frozen.score}" not in log
    assert frozen.month_text not in log
    assert f'"{frozen.borrower_id}"' not in log


def test_a_case_about_a_cut_keeps_its_notice_in_every_language_of_its_letter(bench, desk, cuts):
    i = cuts["any"][0]
    terms = terms_of(parse_lender(EXAMPLE), "dispute")
    given = ("dispute", bench.frozen(i), terms, bench.fitted.catalogue)
    untouched(desk, "keeps its notice, which its letter tells again", lambda: desk.open(*given, actor="ann"))
    english = {"en": build_notice(bench.explanations[i], lang="en").content}
    number = desk.open(*given, actor="ann", notices=english).number
    bench.look_again(desk, number)
    desk.propose(number, "uphold", actor="ann")
    desk.decide(number, actor="bo")
    untouched(desk, "keeps no notice in 'zh'", lambda: write_letters(desk, number, actor="bo"))
    write_letters(desk, number, actor="bo", langs=["en"])


def test_two_open_cases_about_one_cut_are_refused_and_a_second_one_after_the_first_is_not(bench, desk, cuts):
    i = cuts["any"][0]
    number = bench.open(desk, i)
    untouched(desk, f"case {number} about the same decision is still open", lambda: bench.open(desk, i, "review"))
    desk.withdraw(number, actor="ann", note="no longer wanted")
    assert bench.open(desk, i, "review") == number + 1


def test_every_step_out_of_its_turn_is_refused(bench, desk, cuts):
    number = bench.open(desk, cuts["income"][0])
    cell = income_cell(cuts, bench)
    untouched(desk, "must be evaluated with all its evidence", lambda: desk.propose(number, "uphold", actor="ann"))
    untouched(desk, "cannot be decided now", lambda: desk.decide(number, actor="bo"))
    untouched(desk, "is decided by two persons before it is answered", lambda: write_letters(desk, number, actor="bo"))
    untouched(desk, "cannot be closed now", lambda: desk.close(number, actor="bo"))
    untouched(desk, "close it before its personal data", lambda: desk.store.erase(number, "bo"))
    bench.look_again(desk, number)
    desk.add_evidence(number, "payslip", [cell], actor="ann")
    # the evaluation has not seen the payslip
    untouched(desk, "must be evaluated with all its evidence", lambda: desk.propose(number, "uphold", actor="ann"))
    bench.look_again(desk, number)
    desk.propose(number, "reinstate", actor="ann")
    untouched(desk, "who cannot decide it, too", lambda: desk.decide(number, actor="ann"))
    untouched(desk, "who cannot decide it, too", lambda: desk.send_back(number, actor="ann", note="no"))
    untouched(desk, "a note is needed here", lambda: desk.send_back(number, actor="bo", note=" "))
    untouched(desk, "cannot be given evidence now",
              lambda: desk.add_evidence(number, "payslip", [cell], actor="ann"))  # fmt: skip
    # however a name is typed, it is one person
    for name in ("Ann", " ANN ", "\uff41\uff4e\uff4e"):
        untouched(desk, "who cannot decide it, too", lambda name=name: desk.decide(number, actor=name))
    # what a case may not be given now is told before anything is said of what was given
    untouched(desk, "it has been proposed or decided already", lambda: desk.propose(number, "uphold", actor="bo"))
    untouched(desk, "is looked at by the second person", lambda: bench.look_again(desk, number, without=[99]))
    untouched(desk, "the second person may return a proposal", lambda: desk.add_evidence(number, "?", [], actor="ann"))
    desk.send_back(number, actor="bo", note="look at the tax record")
    assert desk.store.case(number).state == "evaluated"
    desk.propose(number, "reinstate", actor="bo")
    desk.decide(number, actor="ann")
    untouched(desk, "cannot be withdrawn now", lambda: desk.withdraw(number, actor="ann"))


def test_an_override_needs_its_reason_and_nothing_else_has_one(bench, desk, cuts):
    number = bench.open(desk, cuts["late"])
    bench.look_again(desk, number)
    assert desk.file(number).evaluation.recommendation == "uphold"
    for reason in (None, "because", "as_evaluated"):
        untouched(desk, "departs from the re-evaluation, which says 'uphold': the reason must be one of our_error",
                  lambda reason=reason: desk.propose(number, "reinstate", actor="ann", reason=reason))  # fmt: skip
    untouched(desk, "a reason is given where the outcome departs",
              lambda: desk.propose(number, "uphold", actor="ann", reason="hardship"))  # fmt: skip
    untouched(desk, "the outcome of a case of kind 'dispute' must be one of uphold, reinstate, partly, got 'explained'",
              lambda: desk.propose(number, "explained", actor="ann"))  # fmt: skip
    frozen = desk.file(number).frozen
    for limit in (None, frozen.limit_after, frozen.limit_before, -1.0, float("nan"), float("inf")):
        untouched(desk, "the limit of 'partly' must lie between",
                  lambda limit=limit: desk.propose(number, "partly", actor="ann", limit=limit))  # fmt: skip
    untouched(desk, "a limit is given with 'partly' alone",
              lambda: desk.propose(number, "uphold", actor="ann", limit=5.0))  # fmt: skip
    middle = (frozen.limit_before + frozen.limit_after) / 2
    desk.propose(number, "partly", actor="ann", limit=middle, reason=OVERRIDES[0])
    desk.decide(number, actor="bo")
    decision = desk.file(number).decision
    assert (decision.limit, decision.is_override, decision.reason) == (middle, True, "our_error")


def test_a_document_that_was_set_aside_does_not_count(bench, desk, cuts):
    number = bench.open(desk, cuts["income"][0])
    desk.add_evidence(number, "payslip", [income_cell(cuts, bench)], actor="ann")
    (document,) = desk.file(number).documents
    untouched(desk, "has no document 99 to set aside; its documents: 2",
              lambda: bench.look_again(desk, number, without=[99]))  # fmt: skip
    found = bench.look_again(desk, number, without=[document.event.seq])
    assert found.score_after == found.score_before
    assert corrected_cells(desk.file(number).documents, [document.event.seq]) == {}


def test_a_case_that_another_officer_changed_meanwhile_is_not_evaluated_blindly(bench, desk, cuts, monkeypatch):
    number = bench.open(desk, cuts["income"][0])
    from credit_model.act.appeals import desk as module

    def slow(*given, **more):
        with Store(desk.store.path) as other:
            Desk(other).add_evidence(number, "payslip", [income_cell(cuts, bench)], actor="chen")
        return bench.evaluate(desk.file(number).frozen, {})

    monkeypatch.setattr(module, "evaluate", slow)
    with pytest.raises(AppealError, match="was changed by another officer meanwhile"):
        bench.look_again(desk, number)
    assert desk.store.case(number).state == "evidence"


# ------------------------------------------------------------------------------------------------------------ deadlines


def test_the_days_are_the_lenders(bench, desk, cuts):
    # The clock stands at 8:01 UTC on 2 April 2024, in Shanghai the same day; a dispute is answered within 20 days.
    number = bench.open(desk, cuts["any"][0], notice_day=date(2024, 3, 1))
    case = desk.store.case(number)
    assert (case.opened.facts["day"], case.due, case.opened.facts["open_until"]) == (
        "2024-04-02", "2024-04-22", "2024-04-30",
    )  # fmt: skip
    # 20:00 UTC is the next morning in Shanghai
    assert desk.day(datetime(2024, 4, 2, 20, tzinfo=UTC)) == date(2024, 4, 3)


def test_working_days_leave_out_weekends_and_holidays_and_count_days_that_make_up(bench, desk, cuts):
    text = (
        EXAMPLE.replace('id = "documents"', 'id = "documents"\ncounted = "working"')
        .replace("holidays = []", "holidays = [2024-04-04, 2024-04-05]")
        .replace("answer_days = 15", "answer_days = 20")
    )
    lender = parse_lender(text.replace("working_days = []", "working_days = [2024-04-07]"))
    # from Tue 2 April on: Wed 3, Sun 7 (worked), Mon 8 .. Fri 12 (7), .. 19 (12), .. 26 (17), 29, 30, Wed 1 May (20)
    number = bench.open(desk, cuts["any"][0], "documents", lender=lender)
    assert desk.store.case(number).due == "2024-05-01"


def test_a_dispute_is_answered_within_the_bureaus_days_where_they_end_first(bench, desk, cuts):
    for days, counted, bureau, due in (
        (30, "calendar", 20, "2024-04-22"),  # the channel's 30 days would end on 2 May
        (20, "working", 20, "2024-04-22"),  # 20 working days on 30 April; the law counts all days
        (10, "calendar", 20, "2024-04-12"),
        (30, "calendar", 5, "2024-04-07"),
    ):
        text = EXAMPLE.replace("dispute_days = 20", f"dispute_days = {bureau}")
        head, dispute = text.split('id = "dispute"')
        dispute = dispute.replace("answer_days = 20", f'answer_days = {days}\ncounted = "{counted}"', 1)
        lender = parse_lender(f'{head}id = "dispute"{dispute}')
        number = bench.open(desk, cuts["any"][0], lender=lender)
        assert desk.store.case(number).due == due
        desk.withdraw(number, actor="ann")
        # of another kind the channel's days alone count
        other = bench.open(desk, cuts["any"][0], "documents", lender=lender)
        assert desk.store.case(other).due == "2024-04-17"
        desk.withdraw(other, actor="ann")


def test_a_closed_channel_opens_a_case_only_with_a_reason_and_the_case_is_marked(bench, desk, cuts):
    i, notice = cuts["any"][0], date(2024, 2, 1)  # 60 days: until 1 April 2024
    untouched(desk, "the channel 'dispute' was open until 2024-04-01, today is 2024-04-02; give --late-because",
              lambda: bench.open(desk, i, notice_day=notice))  # fmt: skip
    number = bench.open(desk, i, notice_day=notice, late_because="was in hospital")
    assert desk.store.case(number).opened.facts["opened_late"]
    assert bench.open(desk, cuts["any"][1], notice_day=date(2024, 2, 2)) == number + 1  # the last day counts


def test_a_late_answer_is_flagged_in_the_log_and_in_the_letter(bench, desk, cuts):
    number = bench.open(desk, cuts["any"][0])
    bench.look_again(desk, number)
    desk.propose(number, "uphold", actor="ann")
    desk.decide(number, actor="bo")
    assert not desk.store.case(number).is_late("2024-04-22")
    assert desk.store.case(number).is_late("2024-04-23")
    desk.store._clock.time += timedelta(days=30)
    letters = write_letters(desk, number, actor="bo")
    assert desk.store.case(number).letters[0].facts["late"]
    assert "We owed you this answer by 22 April 2024. It comes late" in letters["en"].markdown()
    assert "谨致歉意" in letters["zh"].markdown()
    assert desk.store.case(number).is_late("2030-01-01")


# ------------------------------------------------------------------------------------------------------- hostile input


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_kept_as_text_and_breaks_nothing(bench, desk, cuts, text):
    number = bench.open(desk, cuts["income"][0], claim=text)
    desk.add_evidence(
        number, "payslip", [income_cell(cuts, bench)], actor="ann", file=text.encode("utf-8", "replace"),
        file_name=text, note=text,
    )  # fmt: skip
    bench.look_again(desk, number)
    desk.propose(number, "reinstate", actor="ann", note=text)
    desk.decide(number, actor="bo", note=text)
    for letter in write_letters(desk, number, actor="bo").values():
        for name in ("html", "markdown", "json"):
            assert "<script>" not in letter.as_format(name)
    shown = text.encode("utf-8", "replace").decode().replace("\x00", "\ufffd").strip()
    assert desk.file(number).claim == desk.file(number).documents[0].note == shown
    assert verify(desk.store).is_sound


UNSEEN = ("\u034f", "\u115f", "\u180b", "\u2800", "\u3164", "\ufe0f", "\uffa0", "\U000e0101")


@pytest.mark.parametrize(
    "actor",
    ["", "  ", "a\nb", "a\x00b", "\u202eanna", "x" * 81, "\x1b[31mred", *(f"ann{mark}" for mark in UNSEEN)],
)
def test_an_officer_has_a_name_that_can_be_seen(bench, desk, cuts, actor):
    untouched(desk, "an officer's name must be", lambda: bench.open(desk, cuts["any"][0], actor=actor))


@pytest.mark.parametrize("mark", [*UNSEEN, "\u200b", "\u00ad", "\ufeff", " ", "\u3000"])
def test_letters_that_nobody_sees_make_no_other_person(bench, desk, cuts, mark):
    """Also where the name came into the log by another way than the desk's."""
    number = bench.open(desk, cuts["income"][0])
    bench.look_again(desk, number)
    desk.propose(number, desk.store.case(number).evaluated.facts["recommendation"], actor="ann")
    with desk.store.writing() as writing, pytest.raises(AppealError, match="who cannot decide it, too"):
        writing.append(f"{mark}ANN{mark}", number, "decided", {"outcome": "uphold"}, [])


def test_bounds_of_notes_and_files_are_told(bench, desk, cuts, tmp_path):
    number = bench.open(desk, cuts["income"][0])
    cell = [income_cell(cuts, bench)]
    untouched(desk, f"the note may have {MOST_LETTERS:,} letters",
              lambda: desk.add_evidence(number, "payslip", cell, actor="ann", note="x" * 20_001))  # fmt: skip
    untouched(desk, "a document's file must hold 1 to",
              lambda: desk.add_evidence(number, "payslip", cell, actor="ann", file=b""))  # fmt: skip
    untouched(desk, "there is no case 77", lambda: desk.add_evidence(77, "payslip", cell, actor="ann"))
    with (tmp_path / "large").open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    with pytest.raises(AppealError, match="has more than 20,000,000 bytes"):
        read_document(tmp_path / "large")
    with pytest.raises(AppealError, match="cannot be read"):
        read_document(tmp_path / "none")


def test_a_rise_is_no_cut_and_a_cut_no_rise(bench, desk, cuts):
    untouched(desk, "a rise is applied for without a cut", lambda: bench.open(desk, cuts["any"][0], "rise"))
    borrower = bench.history.borrower_ids[3]
    number = bench.open_rise(desk, borrower)
    assert desk.store.case(number).kind == "rise"
    untouched(desk, "about the same decision is still open", lambda: bench.open_rise(desk, borrower))


# --------------------------------------------------------------------------------------------------------- what remains


def test_summaries_count_what_was_wrong_and_outlive_erasure(bench, desk, cuts):
    number = reinstated(bench, desk, cuts)
    other = bench.open(desk, cuts["late"])
    bench.look_again(desk, other)
    desk.propose(other, "uphold", actor="ann")
    desk.decide(other, actor="bo")
    file = desk.file(number)
    corrections = corrections_table(desk.store)
    column, month, value = income_cell(cuts, bench)
    (row,) = corrections.to_dict("records")
    assert (row["borrower_id"], row["column"], row["month"], row["after"]) == (
        str(file.frozen.borrower_id), column, month, value,
    )  # fmt: skip
    assert (row["source"], row["granted"]) == ("partner", True)
    for _ in range(2):
        assert wrong_by_factor(desk.store).to_dict("records") == [
            {"factor": "capacity", "n": 1, "n_granted": 1, "share_granted": 1.0}
        ]
        assert wrong_by_source(desk.store)["column"].tolist() == ["income_amount"]
        table = cases_table(desk.store, today="2024-06-01").set_index("case")
        assert table["outcome"].to_dict() == {number: "reinstate", other: "uphold"}
        assert table["late"].to_dict() == {number: False, other: True}  # the second one was never answered
        if not desk.store.case(number).is_erased:
            desk.store.erase(number, "bo")
    untouched(desk, "case 1 is erased already", lambda: desk.store.erase(number, "bo"))
    assert corrections_table(desk.store).empty
    assert list(cases_table(desk.store, today="2024-06-01")["erased"]) == [True, False]
    with pytest.raises(AppealError, match="the borrower's data of case 1 were erased"):
        desk.file(number)


def test_a_document_that_was_set_aside_puts_no_source_in_the_wrong(bench, desk, cuts):
    number = bench.open(desk, cuts["income"][0])
    desk.add_evidence(number, "payslip", [income_cell(cuts, bench)], actor="ann")
    (document,) = desk.store.case(number).evidence
    bench.look_again(desk, number, without=[document.seq])
    desk.propose(number, "reinstate", actor="ann", reason="hardship")
    desk.decide(number, actor="bo")
    (row,) = wrong_by_source(desk.store).to_dict("records")
    assert (row["column"], row["n"], row["n_granted"]) == ("income_amount", 1, 0)
    assert corrections_table(desk.store).empty


def test_summaries_of_an_empty_desk_are_empty_tables(desk):
    for table in (cases_table(desk.store, today="2024-01-01"), corrections_table(desk.store),
                  wrong_by_factor(desk.store), wrong_by_source(desk.store)):  # fmt: skip
        assert table.empty
        assert len(table.columns) > 3
