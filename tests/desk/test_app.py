"""The web around the desk: roles, forms, headers, limits, and how mistakes and faults are told."""

import re
from html.parser import HTMLParser

import pytest

from credit_model.desk import app as desk_app
from credit_model.desk.app import SCREENS
from credit_model.desk.asking import POLICY, STYLE_PATH, local_path
from credit_model.desk.sessions import MOST_BY_NAME
from credit_model.errors import StoreError
from tests.desk.clients import BASE, PASSWORD, Officer, mistakes, words

PAGES = [screen.path for screen in SCREENS if screen.get is not None]
FORMS = [screen.path for screen in SCREENS if screen.post is not None]
#: Documents that stand by themselves, in a sandbox, and files to be saved.
APART = ("page", "notice", "preview", "file", "letter/{event:int}", ".zip", ".csv")


def filled(path, number=1, event=2):
    return path.replace("{number:int}", str(number)).replace("{event:int}", str(event))


@pytest.fixture
def answered(hall):
    """A case with everything that screens can show: a document with a file, a letter."""
    ann = hall.officer("ann")
    number = hall.open(ann, hall.cuts["income"][0], claim="My income was never so low.")
    _, month = hall.cut(hall.cuts["income"][0])
    form = {"document": "payslip", "do": "enter", f"cell:income_amount:{month}": "9000"}
    ann.submit(f"/case/{number}/evidence", files={"file": ("scan.pdf", b"%PDF-1.7")}, **form)
    hall.until(number, ann, "answered")
    return hall


class Tags(HTMLParser):
    """The tags of a page with their attributes."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


# ---- who may do what


@pytest.mark.parametrize("path", [path for path in PAGES if path != "/sign-in"])
def test_nobody_sees_anything_before_signing_in(hall, path):
    answer = hall.officer().get(filled(path), follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in")


@pytest.mark.parametrize("path", [screen.path for screen in SCREENS if screen.post and screen.who_posts != "all"])
def test_nobody_does_anything_before_signing_in(hall, path):
    visitor = hall.officer()
    token = visitor.token("/sign-in")
    answer = visitor.post(filled(path), data={"token": token}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert hall.office.desk.store.cases() == []


@pytest.mark.parametrize(
    "path", [screen.path for screen in SCREENS if screen.who_posts in ("workers", "deciders") and screen.post]
)
def test_an_auditor_changes_nothing(hall, path):
    hall.open(hall.officer("ann"), hall.cuts["late"])
    head = hall.office.desk.store.head
    answer = hall.officer("cara").submit(filled(path))
    assert answer.status_code == 403
    assert "Your role does not allow this." in words(answer)
    assert hall.office.desk.store.head == head


@pytest.mark.parametrize("path", [screen.path for screen in SCREENS if screen.who_posts == "deciders"])
def test_an_officer_decides_nothing(hall, path):
    hall.open(hall.officer("ann"), hall.cuts["late"])
    assert hall.officer("ann").submit(filled(path)).status_code == 403


def test_an_auditor_reads_everything(answered):
    cara = answered.officer("cara")
    event = answered.case(1).letters[0].seq
    for path in PAGES:
        if path in ("/new", "/sign-in"):
            continue
        at = filled(path, event=event if "letter" in path else 2)
        assert cara.get(at).status_code == 200, at
    answered.open(answered.officer("ann"), answered.cuts["late"])
    forms = [attrs["action"] for tag, attrs in Tags(cara.get("/case/2").text).found if tag == "form"]
    assert forms == ["/language", "/sign-out"]
    assert cara.get("/new").status_code == 403


# ---- forms


@pytest.mark.parametrize("path", FORMS)
def test_a_form_without_its_token_does_nothing(hall, path):
    """What another site makes a browser send: the cookie, but no token of this visit."""
    bo = hall.officer("bo")
    hall.open(bo, hall.cuts["late"])
    head, stranger = hall.office.desk.store.head, hall.officer().token("/sign-in")
    for token in ({}, {"token": ""}, {"token": "x"}, {"token": stranger}):
        answer = bo.post(filled(path), data={"sure": "yes", "outcome": "uphold", "lang": "zh", **token})
        assert answer.status_code == 403
    assert hall.office.desk.store.head == head
    assert bo.get("/").url.path == "/"


def test_signing_out_ends_the_session_on_the_desks_side_too(hall):
    ann = hall.officer("ann")
    cookie = ann.cookies[hall.office.cookie_name]
    assert ann.submit("/sign-out").url.path == "/sign-in"
    thief = hall.officer()
    thief.cookies.set(hall.office.cookie_name, cookie, domain="127.0.0.1")
    assert thief.get("/").url.path == "/sign-in"


def test_signing_in_gives_a_token_that_nobody_had_before(hall):
    visitor = hall.officer()
    visitor.get("/sign-in")
    before = visitor.cookies[hall.office.cookie_name]
    visitor.sign_in("ann")
    assert visitor.cookies[hall.office.cookie_name] != before
    other = hall.officer()
    other.cookies.set(hall.office.cookie_name, before, domain="127.0.0.1")
    assert other.get("/").url.path == "/sign-in"


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(hall):
    answer = hall.officer().get("/sign-in")
    flags = {part.strip().lower() for part in answer.headers["set-cookie"].split(";")[1:]}
    assert {"httponly", "samesite=lax", "path=/"} <= flags
    assert any(flag.startswith("max-age=") for flag in flags)
    assert "secure" not in flags  # over plain http to this machine a browser would not send it


def test_behind_https_the_cookie_is_secure_and_browsers_are_told_to_stay_with_it(hall):
    hall.office.is_secure = True
    app = desk_app.make_app(hall.office, hosts=("desk.bank.example",))
    with Officer(app) as client:
        answer = client.get("https://desk.bank.example/sign-in")
    assert answer.headers["set-cookie"].startswith(f"__Host-desk-{hall.office.sessions.mark}=")
    assert "; Secure" in answer.headers["set-cookie"]
    assert "max-age" in answer.headers["strict-transport-security"]


def test_too_many_failed_sign_ins_have_to_wait(hall):
    visitor = hall.officer()
    for _ in range(MOST_BY_NAME):
        answer = visitor.sign_in("ann", "wrong password 1")
        assert answer.status_code == 422
        assert mistakes(answer) == {"name": "Name or password is wrong, or the account is closed."}
    answer = visitor.sign_in("ann")
    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= 900
    assert "Try again in 15 minutes" in words(answer)
    assert visitor.sign_in("bo").url.path == "/"
    hall.seconds[0] += 901
    assert hall.officer().sign_in("ann").url.path == "/"


def test_an_unknown_name_is_told_like_a_wrong_password(hall):
    known, unknown = (hall.officer().sign_in(name, "wrong password 1") for name in ("ann", "nobody"))
    assert known.status_code == unknown.status_code
    assert mistakes(known) == mistakes(unknown)


@pytest.mark.parametrize(
    "back", ["//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:1", "/a\nb"]
)
def test_nobody_is_sent_elsewhere_after_signing_in(hall, back):
    assert local_path(back) == "/"
    visitor = hall.officer()
    assert visitor.sign_in("ann", back=back).url == f"{BASE}/"
    assert visitor.get("/sign-in", params={"back": back}).url == f"{BASE}/"
    assert visitor.submit("/language", lang="zh", here=back).url == f"{BASE}/"


def test_after_signing_in_one_is_where_one_wanted_to_go(hall):
    visitor = hall.officer()
    answer = visitor.get("/figures?x=1")
    back = re.search(r'name="back" value="([^"]+)"', answer.text)[1]
    assert visitor.sign_in("ann", back=back).url == f"{BASE}/figures?x=1"


def test_a_password_is_changed_by_who_knows_the_old_one(hall):
    ann, elsewhere = hall.officer("ann"), hall.officer("ann")
    new = "another fine phrase"
    answer = ann.submit("/account", old="wrong password 1", new="short", again="other")
    assert answer.status_code == 422
    assert set(mistakes(answer)) == {"old", "new", "again"}
    assert ann.submit("/account", old=PASSWORD, new=new, again=new).url.query == b"done=password"
    assert ann.get("/").url.path == "/"
    assert elsewhere.get("/").url.path == "/sign-in"
    assert hall.officer().sign_in("ann", new).url.path == "/"


# ---- headers and pages


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_page_forbids_what_is_not_its_own(answered, lang):
    bo = answered.officer("bo", lang=lang)
    event = answered.case(1).letters[0].seq
    for path in [*PAGES, "/nowhere", "/case/99"]:
        answer = bo.get(filled(path, event=event if "letter" in path else 2))
        headers = answer.headers
        assert headers["x-content-type-options"] == "nosniff", path
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"
        if any(part in path for part in APART):
            assert "default-src 'none'" in headers["content-security-policy"], path
            assert "sandbox" in headers["content-security-policy"], path
            assert "allow-same-origin" not in headers["content-security-policy"]
            continue
        assert headers["content-security-policy"] == POLICY, path
        assert headers["x-frame-options"] == "DENY"
        for tag, attrs in Tags(answer.text).found:
            assert tag not in ("script", "style", "object", "embed", "base"), path
            assert not any(name == "style" or name.startswith("on") for name in attrs), (path, tag, attrs)
            for name in ("src", "href", "action"):
                assert attrs.get(name, "/").startswith(("/", "#")), (path, attrs)
            if tag == "iframe":
                assert "sandbox" in attrs
                assert "allow-same-origin" not in (attrs["sandbox"] or "")


def test_what_every_page_loads_is_the_desks_own(hall):
    visitor = hall.officer()
    style = visitor.get(STYLE_PATH)
    assert style.headers["content-type"].startswith("text/css")
    assert "immutable" in style.headers["cache-control"]
    assert "url(" not in style.text
    assert "@import" not in style.text
    assert visitor.get("/icon.svg").headers["content-type"].startswith("image/svg+xml")
    assert visitor.get("/desk-000000000000.css").status_code == 404


def test_every_field_has_a_label_and_every_table_its_heads(answered):
    bo = answered.officer("bo")
    answered.open(bo, answered.cuts["late"])
    for path in (
        "/",
        "/case/1",
        "/case/2",
        "/case/2/evidence?document=account_review",
        "/new?borrower=" + answered.cut(0)[0],
        "/log",
        "/figures",
        "/account",
        "/case/2/history",
    ):
        tags = Tags(bo.get(path).text).found
        ids = [attrs["id"] for _, attrs in tags if "id" in attrs]
        assert len(ids) == len(set(ids)), path
        labelled = {attrs.get("for") for tag, attrs in tags if tag == "label"}
        for tag, attrs in tags:
            for name in ("aria-labelledby", "aria-describedby"):
                assert set((attrs.get(name) or "").split()) <= set(ids), (path, attrs)
            is_field = tag in ("input", "select", "textarea") and attrs.get("type") not in (
                "hidden",
                "radio",
                "checkbox",
            )
            if is_field:
                assert attrs.get("id") in labelled or "aria-labelledby" in attrs, (path, attrs)
            if tag == "th":
                assert attrs.get("scope") in ("col", "row"), (path, attrs)
        assert sum(tag == "h1" for tag, _ in tags) == 1
        assert [tag for tag, _ in tags if tag == "main"] == ["main"]


def test_a_foreign_name_of_this_machine_is_refused(hall):
    """A page of another site may let its name point to 127.0.0.1: it is not served."""
    answer = hall.officer().get("/sign-in", headers={"host": "evil.example"})
    assert answer.status_code == 400
    assert hall.officer().get("/sign-in", headers={"host": "localhost:8440"}).status_code == 200


def test_what_is_too_large_is_refused_before_it_is_read(hall):
    ann = hall.officer("ann")
    number = hall.open(ann, hall.cuts["late"])
    head = hall.office.desk.store.head
    data = {"token": ann.token(), "document": "payslip", "do": "enter"}
    answer = ann.post(f"/case/{number}/evidence", data=data, files={"file": ("scan.pdf", b"x" * 22_000_000)})
    assert answer.status_code == 413
    answer = ann.post(f"/case/{number}/propose", data=data | {"note": "x" * 1_100_000})
    assert answer.status_code == 413
    answer = hall.officer().post("/sign-in", data={"name": "x" * 30_000})
    assert answer.status_code == 413
    assert hall.office.desk.store.head == head


def test_an_address_that_is_none_is_told_in_the_readers_language(hall):
    ann = hall.officer("ann", lang="zh-CN,zh;q=0.9,en;q=0.5")
    assert ann.get("/nowhere").status_code == 404
    assert "没有这个页面" in words(ann.get("/nowhere"))
    assert "没有这个案件" in words(ann.get("/case/7"))
    assert ann.get("/case/99999999999999999999").status_code == 404
    assert ann.get("/sign-out").status_code == 405
    assert ann.post("/log/1").status_code == 404


def test_the_language_is_kept_with_the_visit(hall):
    ann = hall.officer("ann")
    assert "Inbox" in words(ann.get("/"))
    assert ann.submit("/language", lang="zh", here="/figures").url.path == "/figures"
    assert "统计" in words(ann.get("/figures"))
    ann.submit("/sign-out")
    assert "登录" in words(ann.get("/sign-in"))
    ann.sign_in("ann")
    assert "收件箱" in words(ann.get("/"))
    ann.submit("/language", lang="xx", here="/")
    assert "Inbox" in words(ann.get("/"))


def test_a_fault_of_the_program_shows_nothing_of_it(hall, monkeypatch, caplog):
    def fail(*given):
        raise RuntimeError("secret of the program")

    ann = hall.officer("ann")
    monkeypatch.setattr(hall.office.register, "cases", fail)
    answer = ann.get("/")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    assert answer.headers["content-security-policy"] == POLICY
    assert "RuntimeError: secret of the program" in caplog.text


def test_a_store_that_cannot_be_read_is_told_as_such(hall, monkeypatch):
    def fail(*given):
        raise StoreError("desk.sqlite: is locked by another program for too long")

    ann = hall.officer("ann")
    monkeypatch.setattr(hall.office.register, "cases", fail)
    answer = ann.get("/")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
    assert "locked by another program" in words(answer)
    monkeypatch.setattr(hall.office.sessions, "user_of", fail)
    assert ann.get("/").status_code == 503


def test_a_form_that_is_no_form_is_refused(hall):
    ann = hall.officer("ann")
    for content, kind in (
        (b"\xff\xfe", "application/x-www-form-urlencoded"),
        (b"--x", "multipart/form-data; boundary=x"),
        (b"{}", "application/json"),
        (b"x", "multipart/form-data"),
    ):
        answer = ann.post("/new", content=content, headers={"content-type": kind})
        assert answer.status_code in (400, 403), (kind, answer.status_code)
        assert "Traceback" not in answer.text
