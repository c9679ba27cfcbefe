"""Requests at odd times, of odd sizes and with odd numbers do nothing that others may not."""

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import pytest

from credit_model.act.appeals import reading
from credit_model.act.appeals.store import Writing
from credit_model.desk.engine import Kept
from credit_model.desk.sessions import MOST_BY_NAME, Sessions
from credit_model.desk.users import Users
from credit_model.errors import StoreError
from tests.desk.clients import PASSWORD, field, mistakes, words


async def slow_form(app, cookie, path, form, meanwhile):
    """The status that is given to a form whose last part comes after ``meanwhile``."""
    body = urlencode(form).encode()
    headers = {
        "host": "127.0.0.1:8440",
        "cookie": cookie,
        "content-type": "application/x-www-form-urlencoded",
        "content-length": str(len(body)),
    }
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8440),
    }
    parts, sent = [body[:5], body[5:]], []

    async def receive():
        if len(parts) == 1:
            meanwhile()
        part = parts.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(parts)}

    async def send(message):
        sent.append(message)

    await app(scope, receive, send)
    return sent[0]["status"]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ("UPDATE user SET active = 0 WHERE name = 'bo'", 303),
        ("DELETE FROM session WHERE name = 'bo'", 303),
        ("UPDATE user SET role = 'officer' WHERE name = 'bo'", 403),
    ],
)
def test_who_may_decide_is_asked_when_the_form_is_there(hall, change, status):
    """A form that is sent slowly enough outlives the right to send it."""
    number = hall.open(hall.officer("ann"), hall.cuts["late"])
    hall.until(number, hall.officer("ann"), "proposed")
    bo, users = hall.officer("bo"), hall.office.sessions.users
    form, cookie = {"token": bo.token()}, "; ".join(f"{name}={value}" for name, value in bo.cookies.items())

    def meanwhile():
        with users.using() as connection:
            connection.execute(change)

    given = asyncio.run(slow_form(hall.app, cookie, f"/case/{number}/decide", form, meanwhile))
    assert given == status
    assert hall.case(number).state == "proposed"


def test_of_many_who_try_at_once_no_more_are_let_in(hall, monkeypatch):
    """Each attempt counts before its password is looked at, which takes long."""
    tried = []
    users, real = hall.office.sessions.users, hall.office.sessions.users.with_password
    monkeypatch.setattr(users, "with_password", lambda *given: tried.append(given) or real(*given))

    def guess(i):
        return hall.officer().sign_in("ann", f"a wrong guess {i}").status_code

    with ThreadPoolExecutor(10) as pool:
        statuses = list(pool.map(guess, range(10)))
    assert sorted(statuses) == [422] * MOST_BY_NAME + [429] * (10 - MOST_BY_NAME)
    assert len(tried) == MOST_BY_NAME


def test_the_wait_for_another_password_is_told_as_such(hall):
    ann = hall.officer("ann")
    for _ in range(MOST_BY_NAME):
        answer = ann.submit("/account", old="wrong password 1", new="short", again="short")
        assert answer.status_code == 422
    answer = ann.submit("/account", old=PASSWORD, new="another fine phrase", again="another fine phrase")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "900")
    assert "Try again in 15 minutes" in mistakes(answer)["old"]
    assert 'id="old-wrong"' in answer.text


@pytest.mark.parametrize("digits", [21, 5000, 60_000])
def test_numbers_that_no_case_can_have_are_no_page(hall, digits):
    ann = hall.officer("ann")
    many = "9" * digits
    for path in (f"/case/{many}", f"/case/{many}/letter", f"/case/1/letter/{many}", f"/case/1/evidence/{many}/file"):
        assert ann.get(path).status_code == 404
    assert ann.submit(f"/case/{many}/close").status_code == 404
    assert ann.get(f"/?page={many}").status_code == 200


@pytest.mark.parametrize("value", ["1e9999999", "1e999999", "-1e9999999", "9" * 5000, "1e-9999999", "sNaN", "Infinity"])
def test_numbers_beyond_all_bounds_break_a_rule_and_nothing_else(hall, value):
    """Also those of which a share is made."""
    ann = hall.officer("ann")
    number = hall.open(ann, hall.cuts["late"])
    catalogue = hall.office.desk.file(number).declaration
    _, month = hall.cut(hall.cuts["late"])
    for kind in catalogue.documents:
        for name in kind.columns:
            if catalogue.column(name).kind in ("number", "integer"):
                form = {"document": kind.id, "do": "enter", field(name, month): value}
                answer = ann.submit(f"/case/{number}/evidence", **form)
                assert answer.status_code in (200, 422), (name, words(answer))
                if answer.status_code == 200:
                    assert value == "1e-9999999"  # is nothing, which may be


def test_a_file_has_a_name_that_a_file_may_have(hall):
    ann = hall.officer("ann")
    number = hall.open(ann, hall.cuts["income"][0])
    _, month = hall.cut(hall.cuts["income"][0])
    form = {"document": "payslip", "do": "enter", field("income_amount", month): "9000"}
    answer = ann.submit(f"/case/{number}/evidence", files={"file": ("票" * 256, b"%PDF")}, **form)
    assert "at most 255 letters" in mistakes(answer)["file"]
    assert ann.submit(f"/case/{number}/evidence", files={"file": ("票" * 255, b"%PDF")}, **form).status_code == 200
    given = ann.get(f"/case/{number}/evidence/2/file")
    assert given.headers["content-disposition"].endswith("%E7%A5%A8" * 255)


def test_a_scan_that_a_page_cannot_hold_on_to_is_asked_for_again(hall):
    """A corrected form would else be entered without it."""
    ann = hall.officer("ann")
    number = hall.open(ann, hall.cuts["income"][0])
    _, month = hall.cut(hall.cuts["income"][0])
    form = {"document": "payslip", "do": "enter"}
    for files, told in (
        ({"file": ("scan.pdf", b"%PDF")}, {"file": "Choose the scan again; it was not kept."}),
        ({}, {}),
    ):
        name = field("income_amount", month)
        answer = ann.submit(f"/case/{number}/evidence", files=files, **form, **{name: "abc"})
        assert {key: text for key, text in mistakes(answer).items() if key != name} == told
    assert hall.case(number).evidence == ()


def test_two_desks_on_one_machine_keep_their_sessions_apart(hall, tmp_path):
    """Browsers give all ports of a machine the same cookies."""
    with Users(tmp_path / "other.sqlite", create=True) as users:
        other = Sessions(users)
        assert other.mark != hall.office.sessions.mark
        assert other.mark == Sessions(users).mark
        assert other.mark not in users.secret
    ann = hall.officer("ann")
    ann.cookies.set("desk-00000000", "of another desk", domain="127.0.0.1")
    assert ann.get("/").url.path == "/"
    assert ann.cookies["desk-00000000"] == "of another desk"


@pytest.mark.parametrize("day", ["2024-04-03", "2999-01-01", "9999-12-31"])
@pytest.mark.parametrize("kind", ["dispute", "rise"])
def test_a_notice_that_is_still_to_come_is_refused(hall, day, kind):
    ann = hall.officer("ann")
    borrower, month = hall.cut(hall.cuts["late"])
    answer = ann.submit("/new", borrower=borrower, month=month, kind=kind, notice_date=day)
    assert answer.status_code == 422
    assert "cannot have had the notice yet: today is 2 April 2024" in mistakes(answer)["notice_date"]


def test_a_withdrawn_case_was_not_answered_in_time(hall):
    ann = hall.officer("ann")
    number = hall.open(ann, hall.cuts["late"])
    ann.submit(f"/case/{number}/withdraw")
    for page in (ann.get("/?view=all"), ann.get(f"/case/{number}")):
        assert "in time" not in words(page)
    hall.until(hall.open(ann, hall.cuts["late"]), ann, "answered")
    assert "in time" in words(ann.get("/?view=all"))


def test_why_a_case_was_opened_late_is_read_beside_what_the_borrower_says(hall):
    ann = hall.officer("ann")
    form = {"notice_date": "2023-01-05", "late_because": "was in hospital", "claim": "My income is wrong."}
    number = hall.open(ann, hall.cuts["late"], **form)
    history = words(hall.officer("cara").get(f"/case/{number}/history"))
    assert "My income is wrong. was in hospital" in history


# ---- in the reader's language


def only_chinese(answer):
    """What is told of mistakes, in which there is no English but names and numbers."""
    found = mistakes(answer)
    assert found, words(answer)
    for text in found.values():
        assert not [word for word in text.replace("-", " ").split() if word.isascii() and word.isalpha()], text
    return found


def test_whoever_proposed_under_another_spelling_is_told_in_chinese_that_another_decides(hall):
    """A proposal from the command line, where names are typed."""
    number = hall.open(hall.officer("ann"), hall.cuts["late"])
    hall.until(number, hall.officer("ann"), "evaluated")
    advice = hall.case(number).evaluated.facts["recommendation"]
    hall.office.desk.propose(number, advice, actor="BO")
    bo = hall.officer("bo").in_lang("zh")
    page = bo.get(f"/case/{number}")
    assert f'action="/case/{number}/decide"' not in page.text
    assert "该意见由您提出" in words(page)
    assert "待他人决定" in words(bo.get("/"))
    for path, form in (("decide", {}), ("return", {"why": "请再看一次"})):
        assert "该意见由您提出" in only_chinese(bo.submit(f"/case/{number}/{path}", **form))[""]
    assert hall.case(number).state == "proposed"


def test_texts_that_are_too_long_are_told_at_their_field_in_chinese(hall):
    ann, bo = hall.officer("ann").in_lang("zh"), hall.officer("bo").in_lang("zh")
    long, number = "长" * 20_001, hall.open(ann, hall.cuts["late"])
    borrower, month = hall.cut(hall.cuts["income"][0])
    hall.until(number, ann, "evaluated")
    advice = hall.case(number).evaluated.facts["recommendation"]

    def told(officer, path, at, **form):
        answer = officer.submit(path, **form)
        assert only_chinese(answer) == {at: "最多20000个字符。"}
        assert f'id="{at}-wrong"' in answer.text

    told(ann, f"/case/{number}/withdraw", "withdraw-note", note=long)
    told(ann, f"/case/{number}/propose", "note", note=long, outcome=advice)
    late = {"borrower": borrower, "month": month, "kind": "dispute", "notice_date": "2023-01-05"}
    told(ann, "/new", "late_because", late_because=long, **late)
    ann.submit(f"/case/{number}/propose", outcome=advice)
    told(bo, f"/case/{number}/decide", "note", note=long)
    told(bo, f"/case/{number}/return", "why", why=long)


def test_a_rise_beyond_the_highest_limit_and_a_head_that_is_none_are_told_in_chinese(hall):
    ann = hall.officer("ann").in_lang("zh")
    history, ladder = hall.bench.history, hall.bench.fitted.ladder
    last = history.starts[1:] - 1
    top = [i for i, limit in zip(history.borrower_ids, history.values("limit_amount")[last - 1], strict=True)
           if limit >= ladder.amounts[-1]]  # fmt: skip
    answer = ann.submit("/new", borrower=str(top[0]), kind="rise")
    assert "最高额度" in only_chinese(answer)["kind"]
    assert "照抄" in only_chinese(ann.submit("/log", heads="7-xyz"))["heads"]


def test_a_score_that_the_model_does_not_give_is_told_in_chinese(hall, monkeypatch):
    ann = hall.officer("ann").in_lang("zh")
    number = hall.open(ann, hall.cuts["late"])
    real = reading.Frozen.from_record
    monkeypatch.setattr(reading.Frozen, "from_record", lambda record: real(record | {"score": record["score"] + 1e-9}))
    hall.office.engine._evaluations = Kept(1)
    assert "模型未能得出作出决定时的分数" in words(ann.get(f"/case/{number}"))


def test_whoever_was_slower_by_a_moment_is_told_in_chinese(hall, monkeypatch):
    """Between the look at what was seen and the step itself."""
    ann = hall.officer("ann").in_lang("zh")
    desk, store = hall.office.desk, hall.office.desk.store
    real = store.writing

    def slower(*given):
        monkeypatch.setattr(store, "writing", real)
        desk.withdraw(number, actor="chen")
        return real()

    for path, form in (
        ("evaluate", {"do": "enter"}),
        ("letter", {}),
        ("withdraw", {}),
    ):
        number = hall.open(ann, hall.cuts["late"])
        monkeypatch.setattr(store, "writing", slower)
        assert "chen刚刚在本案中进行了操作" in only_chinese(ann.submit(f"/case/{number}/{path}", **form))[""]
        monkeypatch.setattr(store, "writing", real)


def test_whoever_was_slower_to_open_a_case_is_shown_the_first_one(hall, monkeypatch):
    ann, bo = hall.officer("ann").in_lang("zh"), hall.officer("bo")
    borrower, month = hall.cut(hall.cuts["late"])
    register, first = hall.office.register, []
    real = register.open_about

    def slower(frozen):
        if not first:
            first.append(0)
            first[0] = hall.open(bo, hall.cuts["late"])
            return None
        return real(frozen)

    monkeypatch.setattr(register, "open_about", slower)
    answer = ann.submit("/new", borrower=borrower, month=month, kind="review")
    assert only_chinese(answer)["month"].startswith(f"针对同一决定的案件A{first[0]:06d}尚未结案")
    assert f'href="/case/{first[0]}"' in answer.text


def test_what_is_found_in_the_log_is_told_in_chinese(hall):
    """As where one letter of a printed head was misread."""
    number = hall.open(hall.officer("ann"), hall.cuts["late"])
    cara, head = hall.officer("cara").in_lang("zh"), hall.case(number).events[-1].head
    wrong = head[:-1] + ("1" if head[-1] == "0" else "0")
    page = cara.submit("/log", heads=f"{wrong} 77-{'0' * 32}")
    findings = re.search(r'<ul class="findings">(.*?)</ul>', page.text)[1]
    assert "事件1的哈希与打印的不同" in findings
    assert "打印日志头时事件77尚在：日志在事件1之后被截断" in findings
    assert not re.search("[A-Za-z]", re.sub("<[^>]+>", "", findings))
    english = hall.officer("cara").get("/log").text
    assert "Event 1: has another hash than was printed" in english


@pytest.mark.parametrize("path", ["evidence", "evaluate", "propose", "withdraw", "letter"])
def test_a_file_that_cannot_be_written_is_told_alike_at_every_step(hall, monkeypatch, path):
    ann = hall.officer("ann").in_lang("zh")
    number = hall.open(ann, hall.cuts["income"][0])
    _, month = hall.cut(hall.cuts["income"][0])
    hall.until(number, ann, "decided" if path == "letter" else "evaluated")

    def full(*given, **more):
        raise StoreError("desk.sqlite: cannot be written, the disk is full")

    evaluated = hall.case(number).evaluated.facts["recommendation"]
    form = {"document": "payslip", "do": "enter", "outcome": evaluated, field("income_amount", month): "9000"}
    monkeypatch.setattr(Writing, "append", full)
    answer = ann.submit(f"/case/{number}/{path}", **form)
    assert answer.status_code == 503
    assert "工作台文件暂时无法使用，没有录入任何内容" in words(answer)
