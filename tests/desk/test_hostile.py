"""Hostile text is text wherever it comes to stand: in notes, names of files and of officers, borrowers, addresses."""

from dataclasses import replace

from credit_model.documents.deadlines import terms_of
from credit_model.documents.letter import notice_contents
from tests.desk.clients import HOSTILE, PASSWORD, field


def test_hostile_text_is_text_wherever_it_comes_to_stand(hall):
    i = hall.cuts["income"][0]
    opened, month = hall.open(hall.officer("ann"), i), hall.cut(i)[1]
    name = "<i>eve</i> & \"co\" 'x'"
    hall.office.sessions.users.add(name, "checker", PASSWORD)
    eve = hall.officer(name)
    form = {"document": "payslip", "do": "enter", "note": HOSTILE, field("income_amount", month): "9000"}
    eve.submit(f"/case/{opened}/evidence", files={"file": (f"{HOSTILE}\r\nX-Evil: 1.pdf", b"%PDF")}, **form)
    hall.until(opened, eve, "evaluated")
    eve.submit(f"/case/{opened}/propose", outcome="uphold", reason="our_error", note=HOSTILE)
    late = hall.open(eve, hall.cuts["late"], claim=HOSTILE, late_because=HOSTILE)
    event = hall.case(opened).evidence[0].seq
    for path in (
        "/",
        "/?q=" + "%3Cscript%3E",
        "/?view=%22%3E%3Cscript%3E",
        f"/case/{opened}",
        f"/case/{late}",
        f"/case/{opened}/evidence",
        f"/case/{opened}/history",
        f"/case/{opened}/letter/preview",
        "/log",
        "/account",
        "/new?borrower=%3Cscript%3E",
        f"/case/{opened}?done=%3Cscript%3E",
    ):
        answer = eve.get(path)
        assert answer.status_code in (200, 422), path
        for part in ("<script", "<img", "<i>eve", "onerror=alert(2)>", "49$"):
            assert part not in answer.text, (path, part)
    file = eve.get(f"/case/{opened}/evidence/{event}/file")
    assert "x-evil" not in file.headers
    assert "\n" not in file.headers["content-disposition"]


def test_a_borrower_with_a_hostile_id_is_text_everywhere(hall):
    ann = hall.officer("ann")
    frozen = replace(hall.bench.frozen(hall.cuts["late"]), borrower_id=HOSTILE.replace("\x00", ""))
    one = hall.bench.explanations[hall.cuts["late"]]
    number = hall.office.desk.open(
        "dispute",
        frozen,
        terms_of(hall.office.lender, "dispute"),
        hall.bench.fitted.catalogue,
        actor="ann",
        notices=notice_contents(hall.office.lender)(one),
    ).number
    for path in (
        "/",
        f"/case/{number}",
        f"/case/{number}/cut/page",
        f"/case/{number}/history",
        f"/case/{number}/evidence",
    ):
        answer = ann.get(path)
        assert answer.status_code == 200, path
        assert "<script>alert(1)" not in answer.text
        assert "<img" not in answer.text
