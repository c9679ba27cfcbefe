"""The site builds without a warning, its links lead somewhere, and its pages make no requests."""

import importlib.util
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest

ROOT = Path(__file__).parents[2]
NEEDED = ("sphinx", "myst_parser", "furo", "numpydoc", "sphinx_copybutton")
lacking = [name for name in NEEDED if importlib.util.find_spec(name) is None]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(lacking), reason=f"pip install '.[docs]' for {', '.join(lacking)}"),
]
#: Elements whose target is loaded with the page, and the attribute that names it.
LOADED = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src", "video": "src"}


class Page(HTMLParser):
    """What a page loads, what it links to, and the places in it that can be linked to."""

    def __init__(self, text):
        super().__init__()
        self.loads, self.links, self.places = [], [], set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        named = dict(attrs)
        self.places |= {named[key] for key in ("id", "name") if named.get(key)}
        if tag in LOADED and named.get(LOADED[tag]):
            self.loads.append(named[LOADED[tag]])
        if tag == "a" and named.get("href"):
            self.links.append(named["href"])


def sphinx(builder, out):
    words = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", builder, "docs", str(out)]
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    out = tmp_path_factory.mktemp("site")
    done = sphinx("html", out)
    assert done.returncode == 0, done.stdout + done.stderr
    return out


@pytest.fixture(scope="module")
def pages(site):
    return {path: Page(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}


def test_every_page_is_there(site, pages):
    names = {path.relative_to(site).with_suffix("").as_posix() for path in pages}
    assert {path.stem for path in (ROOT / "docs").glob("*.md")} <= names
    assert {f"api/{path.stem}" for path in (ROOT / "docs" / "api").iterdir()} <= names


def test_nothing_is_loaded_from_elsewhere(site, pages):
    for path, page in pages.items():
        assert [target for target in page.loads if re.match(r"(https?:)?//", target)] == [], path
    for style in site.rglob("*.css"):
        text = style.read_text(encoding="utf-8")
        assert re.findall(r"(?:url\(|@import)\s*[\"\']?(?:https?:)?//", text) == [], style
    for script in site.rglob("*.js"):
        text = script.read_text(encoding="utf-8")
        assert re.findall(r"(?:fetch|import|\.src\s*=|XMLHttpRequest)\W{0,3}[\"\'](?:https?:)?//", text) == [], script


def test_every_link_within_the_site_leads_to_a_place(site, pages):
    broken = []
    for path, page in pages.items():
        for target in [*page.links, *page.loads]:
            if re.match(r"[a-z]+:", target):
                continue
            name, place = urldefrag(unquote(target))
            name = name.split("?")[0]
            aim = (path.parent / name).resolve() if name else path
            if not aim.exists() or (place and aim in pages and unquote(place) not in pages[aim].places):
                broken.append((path.relative_to(site).as_posix(), target))
    assert broken == []


def test_the_examples_of_the_pages_run(tmp_path):
    done = sphinx("doctest", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    told = (tmp_path / "output.txt").read_text(encoding="utf-8")
    assert int(re.search(r"(\d+) tests?\s", told)[1]) > 0
