"""Each kind of case from its opening to its end, as officers and a checker take it, in both languages."""

import io
import json
import re
import zipfile
from datetime import timedelta

import pytest

from credit_model.act.appeals.verifying import verify
from credit_model.documents.case_folder import check_export
from credit_model.documents.letter import letter_of, replayed
from credit_model.documents.notice import style_and_policy
from tests.desk.clients import field, words

both = pytest.mark.parametrize("lang", ["en", "zh"])


def text_of(answer):
    assert answer.status_code == 200, answer.text
    return words(answer)


@both
def test_a_wrong_income_is_corrected_and_the_limit_reinstated(hall, lang):
    ann, bo = hall.officer("ann", lang=lang), hall.officer("bo", lang=lang)
    i, restoring = hall.cuts["income"]
    number = hall.open(ann, i, "documents", claim="My income was higher.", notice_date="2024-04-01")
    month = hall.bench.frozen(i).month_text
    cell = {field("income_amount", month): f"{restoring.value:,.0f}"}  # with commas, as people write it
    live = {"en": "live, not entered", "zh": "实时，未记入"}[lang]
    reinstate = {"en": "Reinstate the limit", "zh": "恢复额度"}[lang]

    tried = ann.submit(f"/case/{number}/evidence", document="payslip", do="try", **cell)
    assert {live, reinstate} <= {part for part in (live, reinstate) if part in text_of(tried)}
    assert hall.case(number).state == "open"

    scan = {"file": ("工资单.pdf", b"%PDF-1.7 scan")}
    entered = ann.submit(f"/case/{number}/evidence", document="payslip", do="enter", files=scan, **cell)
    assert "工资单.pdf" in text_of(entered)
    file = ann.get(f"/case/{number}/evidence/{hall.case(number).evidence[0].seq}/file")
    assert (file.content, file.headers["content-type"]) == (b"%PDF-1.7 scan", "application/octet-stream")
    assert file.headers["content-disposition"].startswith("attachment;")

    assert live in text_of(ann.get(f"/case/{number}"))
    again = ann.submit(f"/case/{number}/evaluate", do="enter")
    assert again.url.query == b"done=evaluated"
    assert live not in text_of(again)
    assert reinstate in text_of(again)
    assert ann.submit(f"/case/{number}/propose", outcome="reinstate", note="payslip is sound").status_code == 200

    preview = bo.get(f"/case/{number}/letter/preview")
    assert {"en": "not written yet (preview)", "zh": "尚未生成（预览）"}[lang] in text_of(preview)
    assert "payslip is sound" in text_of(bo.get(f"/case/{number}"))
    assert bo.submit(f"/case/{number}/decide").status_code == 200
    assert bo.submit(f"/case/{number}/letter").url.query == b"done=letter"
    event = hall.case(number).letters[0]
    for code in ("en", "zh"):
        shown = bo.get(f"/case/{number}/letter/{event.seq}", params={"lang": code})
        assert (
            shown.text
            == letter_of(hall.office.desk, event, code).html()
            == replayed(hall.office.desk, event)[code].html()
        )
        assert shown.headers["content-security-policy"].startswith(style_and_policy()[1])
        assert event.head in shown.text
    assert bo.submit(f"/case/{number}/close").status_code == 200
    assert [one.actor for one in hall.case(number).events] == ["ann"] * 4 + ["bo"] * 3
    assert verify(hall.office.desk.store, [event.head]).is_sound


@both
def test_a_late_payment_is_disputed_and_upheld(hall, lang):
    ann, bo = hall.officer("ann", lang=lang), hall.officer("bo", lang=lang)
    number = hall.open(ann, hall.cuts["late"], "dispute", claim="我按时还款了。")
    hall.until(number, ann, "evaluated")
    page = text_of(ann.get(f"/case/{number}"))
    assert {"en": "Uphold the decrease", "zh": "维持下调"}[lang] in page
    hall.until(number, ann, "answered", outcome="uphold")
    letter = text_of(bo.get(f"/case/{number}/letter/{hall.case(number).letters[0].seq}", params={"lang": lang}))
    assert {"en": "The reduction stands", "zh": "维持原决定"}[lang] in letter
    figures = text_of(bo.get("/figures"))
    assert {"en": "dispute of a datum 1 1", "zh": "对数据提出异议 1 1"}[lang] in figures


@both
@pytest.mark.parametrize("rule", ["knock_out", "class_wide"])
def test_a_class_wide_cut_is_explained_and_a_knock_out_disclosed(hall, lang, rule):
    ann = hall.officer("ann", lang=lang)
    number = hall.open(ann, hall.ruled(rule), "explanation")
    hall.until(number, ann, "answered")
    assert hall.case(number).decided.facts["outcome"] == "explained"
    letter = text_of(ann.get(f"/case/{number}/letter/{hall.case(number).letters[0].seq}", params={"lang": lang}))
    notice = hall.office.desk.file(number).notices[lang]
    assert notice["rules"]
    assert all(" ".join(text.split()) in letter for text in notice["rules"])
    page = ann.get(f"/case/{number}/cut/page")
    assert "default-src 'none'; script-src 'sha256-" in page.headers["content-security-policy"]
    assert "sandbox allow-scripts" in page.headers["content-security-policy"]
    assert all(" ".join(text.split()) in text_of(ann.get(f"/case/{number}/cut/notice")) for text in notice["rules"])


def test_a_rise_is_applied_for_and_refused(hall):
    ann, bo = hall.officer("ann"), hall.officer("bo")
    borrower, _ = hall.cut(hall.cuts["any"][0])
    answer = ann.submit("/new", borrower=borrower, kind="rise")
    number = int(answer.url.path.split("/")[2])
    page = text_of(ann.get(f"/case/{number}"))
    assert "Rise applied for" in page
    assert "Chance of the higher limit" in page
    assert "Page and notice" not in page
    assert ann.get(f"/case/{number}/cut/page").status_code == 404
    hall.until(number, ann, "proposed", outcome="uphold")
    assert "Refuse the rise" in text_of(bo.get(f"/case/{number}"))
    bo.submit(f"/case/{number}/decide")
    assert bo.submit(f"/case/{number}/letter").status_code == 200


def test_a_review_is_sent_back_looked_at_again_and_reinstated_in_part_by_an_override(hall):
    ann, bo, chen = (hall.officer(name) for name in ("ann", "bo", "chen"))
    number = hall.open(ann, hall.cuts["any"][1], "review")
    frozen = hall.bench.frozen(hall.cuts["any"][1])
    hall.until(number, bo, "evaluated")
    middle = f"{(frozen.limit_before + frozen.limit_after) / 2:,.0f}"
    given = {"outcome": "partly", "limit": middle, "reason": "hardship"}
    assert bo.submit(f"/case/{number}/propose", **given).status_code == 200
    own = bo.get(f"/case/{number}")
    assert "You have proposed this. Another person decides it." in text_of(own)
    assert "Decide as proposed" not in own.text
    assert chen.submit(f"/case/{number}/return", why="Is the address right?").status_code == 200
    assert "Is the address right?" in text_of(ann.get(f"/case/{number}/history"))
    assert bo.submit(f"/case/{number}/propose", **given).status_code == 200
    assert chen.submit(f"/case/{number}/decide", note="agreed").status_code == 200
    decided = hall.case(number).decided.facts
    assert (decided["outcome"], decided["reason"], decided["override"]) == ("partly", "hardship", True)
    page = text_of(ann.get(f"/case/{number}"))
    assert "departs hardship" in page
    assert "hardship 1" in text_of(ann.get("/figures"))


def test_a_document_is_set_aside_and_what_contradicts_is_in_plain_sight(hall):
    ann = hall.officer("ann")
    i, restoring = hall.cuts["income"]
    number, month = hall.open(ann, i), hall.bench.frozen(i).month_text
    for document, value in (("payslip", restoring.value), ("bank_statement", restoring.value // 2)):
        cell = {field("income_amount", month): f"{value:.0f}"}
        page = ann.submit(f"/case/{number}/evidence", document=document, do="enter", **cell)
    assert "“payslip” states another value" in text_of(page).replace("“Payslip”", "“payslip”")
    assert "1 contradiction" in text_of(page)
    second = hall.case(number).evidence[1].seq
    shown = ann.submit(f"/case/{number}/evaluate", do="show", without=str(second))
    assert "Reinstate the limit" in text_of(shown)
    assert hall.case(number).evaluated is None
    assert ann.submit(f"/case/{number}/evaluate", do="enter", without=str(second)).status_code == 200
    assert hall.case(number).evaluated.facts["without"] == [second]
    assert "set aside" in text_of(ann.get(f"/case/{number}/evidence"))


def test_a_withdrawn_case_may_be_erased_and_its_log_stays(hall):
    ann, bo = hall.officer("ann"), hall.officer("bo")
    number = hall.open(ann, hall.cuts["any"][0], claim="a claim to be forgotten")
    borrower, _ = hall.cut(hall.cuts["any"][0])
    assert ann.submit(f"/case/{number}/withdraw", note="by telephone").status_code == 200
    assert "forgotten" in text_of(bo.get(f"/case/{number}"))
    assert bo.submit(f"/case/{number}/erase", sure="yes").status_code == 200
    for part in ("", "/evidence", "/cut", "/letter", "/history"):
        page = text_of(bo.get(f"/case/{number}{part}"))
        assert "forgotten" not in page
        assert f"Borrower {borrower}" not in page
    assert "Borrower's data erased" in text_of(bo.get(f"/case/{number}/history"))
    assert "the borrower's data were erased" in text_of(bo.get("/?view=all"))
    assert "No case answers to that." in text_of(bo.get(f"/?view=all&q={borrower}"))
    assert bo.get(f"/case/{number}/cut/page").status_code == 410
    assert verify(hall.office.desk.store).is_sound


def test_the_inbox_tells_what_is_late_and_finds_cases(hall):
    ann = hall.officer("ann")
    other = next(i for i in hall.cuts["any"] if i != hall.cuts["late"])
    first, second = hall.open(ann, hall.cuts["late"]), hall.open(ann, other, "review")
    borrower, month = hall.cut(hall.cuts["late"])
    page = text_of(ann.get("/"))
    assert "2 open 0 late 0 due soon" in page
    assert month in page
    assert "20 days left" in page  # a dispute is answered within 20 days
    hall.clock.time += timedelta(days=16)
    assert "4 days left" in text_of(ann.get("/"))
    hall.clock.time += timedelta(days=5)
    page = text_of(ann.get("/?view=late"))
    assert "1 day late" in page
    for query, found in (
        (f"q=A00000{first}", [first]),
        (f"q={borrower}", [first]),
        ("kind=review", [second]),
        ("state=open", [first, second]),
        ("state=decided", []),
        ("q=nobody", []),
        ("view=all&page=99999999999999999999", [first, second]),
        ("view=nonsense&page=-1", [first, second]),
    ):
        answer = ann.get(f"/?{query}")
        listed = sorted({int(n) for n in re.findall(r'<th scope="row"><a href="/case/(\d+)"', answer.text)})
        assert set(found) <= set(listed) if query.startswith(f"q={borrower}") else listed == found, query


def test_the_log_is_looked_through_when_the_desk_is_opened(hall):
    hall.open(hall.officer("ann"), hall.cuts["any"][0])
    with hall.officer() as visitor:  # runs what the server runs at its start
        visitor.get("/sign-in")
    assert hall.office.verified.found.is_sound
    assert "Sound" in text_of(hall.officer("cara").get("/log"))


def test_the_log_is_looked_through_and_held_against_heads(hall):
    ann, cara = hall.officer("ann"), hall.officer("cara")
    number = hall.open(ann, hall.cuts["any"][0])
    head = hall.office.desk.store.head
    assert head in text_of(cara.get("/log"))
    assert "not looked through" in text_of(cara.get("/log"))
    page = text_of(cara.submit("/log", heads=head))
    assert "Sound" in page
    assert "The given head is held." in page
    ann.submit(f"/case/{number}/withdraw")
    assert "1 event was entered since." in text_of(cara.get("/log"))
    page = text_of(cara.submit("/log", heads=f"{head}\n9-{'0' * 32}"))
    assert "Not sound" in page
    assert "Event 9: was there when its head was printed" in page
    answer = cara.submit("/log", heads="no head")
    assert answer.status_code == 422
    assert "That is no head" in words(answer)


def test_a_case_is_taken_along_as_a_sealed_folder(hall, tmp_path):
    ann = hall.officer("ann")
    number = hall.open(ann, hall.cuts["any"][0])
    hall.until(number, ann, "answered")
    answer = hall.officer("cara").get(f"/case/{number}/export.zip")
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        archive.extractall(tmp_path / "out")
    checked = check_export(tmp_path / "out" / f"A{number:06d}")
    assert checked["head"] == hall.office.desk.store.head
    assert json.loads((tmp_path / "out" / f"A{number:06d}" / "case.json").read_text())["state"] == "answered"


def test_the_corrections_are_a_table_for_retraining(hall):
    ann = hall.officer("ann")
    i, restoring = hall.cuts["income"]
    number, month = hall.open(ann, i), hall.bench.frozen(i).month_text
    cell = {field("income_amount", month): f"{restoring.value:.0f}"}
    ann.submit(f"/case/{number}/evidence", document="payslip", do="enter", **cell)
    hall.until(number, ann, "decided")
    answer = ann.get("/figures/corrections.csv")
    rows = answer.text.strip().splitlines()
    assert len(rows) == 2
    assert (
        f"income_amount,{hall.bench.frozen(i).cells['income_amount'][-1]:.0f},{restoring.value:.0f},payslip" in rows[1]
    )
    assert "Ability to repay 1 1 100%" in text_of(ann.get("/figures"))
