"""Officers' browsers, as far as HTTP goes: they keep cookies, and send the forms that pages hold."""

from __future__ import annotations

import re
from html import unescape

from starlette.testclient import TestClient

PASSWORD = "correct horse battery"
BASE = "http://127.0.0.1:8440"
#: What somebody may enter who wishes the desk ill.
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{ 7*7 }}${7*7}\u202e\x00%00"
USERS = {"ann": "officer", "bo": "checker", "chen": "checker", "cara": "auditor"}


class Officer(TestClient):
    """A browser in which somebody is signed in, or nobody (``name`` "")."""

    def __init__(self, app, name="", password=PASSWORD, lang="en"):
        super().__init__(app, base_url=BASE, headers={"accept-language": lang}, raise_server_exceptions=False)
        self.name = name
        if name:
            self.signed_in = self.sign_in(name, password)

    def sign_in(self, name, password=PASSWORD, **more):
        return self.submit("/sign-in", name=name, password=password, **more)

    def token(self, path="/account"):
        """What a form of this visit holds."""
        found = re.search(r'name="token" value="([^"]+)"', self.get(path).text)
        assert found is not None
        return found[1]

    def submit(self, path, *, files=None, **form):
        """A form, with the token that its page would give."""
        token = self.token("/sign-in" if path == "/sign-in" else "/account")
        data = {"token": token} | {name.replace("__", ":"): value for name, value in form.items()}
        return self.post(path, data=data, files=files)

    def in_lang(self, lang):
        self.submit("/language", lang=lang, here="/")
        return self


def words(answer):
    """What a page says, without its tags."""
    text = re.sub(r"<(style|script|title)\b.*?</\1>", " ", answer.text, flags=re.S)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split())


def mistakes(answer):
    """What is told at the head of a form, and the field that each leads to."""
    part = re.search(r'<div class="mistakes".*?</div>', answer.text, flags=re.S)
    if part is None:
        return {}
    items = re.findall(r"<li>(?:<a href=\"#([^\"]*)\">)?(.*?)(?:</a>)?</li>", part[0], flags=re.S)
    return {field: unescape(text) for field, text in items}


def field(column, month):
    """The name of a cell's field in the form of evidence."""
    return f"cell:{column}:{month}"
