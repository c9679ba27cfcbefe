"""What objects show in a notebook: a foreign catalogue, model or history cannot make a browser do anything."""

from __future__ import annotations

import ast
import json
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import credit_model
from credit_model.act.plans.plan import Plan
from credit_model.documents.notice import build_notice
from credit_model.evaluation import Evaluation
from credit_model.explain.additive import AdditiveScore
from credit_model.explain.decreases import DecreaseExplanations
from credit_model.explain.score_changes import ScoreChanges, explain_changes
from credit_model.grade.measures import CAUSAL, COUNTS, FIDELITY
from credit_model.grade.plans import PlansGrade
from credit_model.grade.result import Grade
from credit_model.model.classifier import LimitTierClassifier
from credit_model.notebook import notebook_html
from credit_model.portfolio.catalogue import parse_catalogue
from credit_model.portfolio.declarations import Catalogue
from credit_model.portfolio.history import check_history
from credit_model.predictor import LimitPredictor
from credit_model.simulate.portfolio import SimulatedPortfolio
from credit_model.words.reasons import decrease_reasons
from credit_model.words.score_changes import change_reasons
from tests.act.warning_examples import example_replay, example_warnings
from tests.plots import plot_examples

EVIL = "</td></script><script>alert(1)</script><img src=x onerror=alert(1)>\"' &lt;b&gt; $x$ $\\href{javascript:a}{b}$"
#: What the frames of the package's own HTML are made of.
TAGS = {"div", "p", "b", "code", "table", "thead", "tbody", "tr", "th", "td", "br"}


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.names: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.names |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


def shown(html: str) -> _Tags:
    parser = _Tags()
    parser.feed(html)
    html.encode()
    return parser


def evil_catalogue() -> Catalogue:
    toml = json.dumps(EVIL)
    column = f'[[column]]\nname = "days"\nkind = "integer"\nunit = "days"\nlabel = {{ en = {toml}, zh = {toml} }}\n'
    category = (
        f'[[column]]\nname = "job"\nkind = "category"\nunit = "category"\ncategories = [{toml}, "b"]\n'
        f"label = {{ en = {toml}, zh = {toml} }}\n"
    )
    return parse_catalogue(
        f'[portfolio]\nname = {toml}\nversion = {toml}\nborrower = {toml}\nmonth = "month"\nlimit = "limit"\n'
        f'warm_up = 0\ndecision_lag = 0\ncurrency = "CNY"\n[ladder]\namounts = [0, 1000, 3000]\n{column}{category}'
        f'[[factor]]\nid = {toml}\nlabel = {{ en = {toml}, zh = {toml} }}\nabout = "borrower"\n'
        f'[[feature]]\nid = "days_6m"\nfactor = {toml}\ncolumn = "days"\nsummary = "max"\nwindow = 6\nunit = "days"\n'
        f'effect = "lowers"\ncode = "R1"\nlabel = {{ en = {toml}, zh = {toml} }}\n'
        'reason = { en = "from {before} to {after}", zh = "{before}{after}" }\n',
        where="evil.toml",
    )


def evil_explanations(**more: Any) -> DecreaseExplanations:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plot_examples, "LONG_EN", json.dumps(EVIL)[1:-1])
        patch.setattr(plot_examples, "LONG_ZH", json.dumps(EVIL)[1:-1])
        catalogue = plot_examples.example_catalogue(7, long_labels="features")
    hostile: dict[str, Any] = {"catalogue": catalogue, "borrower_id": [EVIL], "model_version": EVIL}
    return plot_examples.example(**plot_examples.contributions("clear", 7), **hostile, **more)


def evil_table() -> pd.DataFrame:
    table = pd.DataFrame({EVIL: [EVIL, 1.0], ("a", EVIL): [EVIL, None]}, index=[EVIL, "b"])
    return table.rename_axis(EVIL).rename_axis(columns=EVIL)


def history_of(catalogue: Catalogue) -> Any:
    months = ["2024-01", "2024-02"]
    table = pd.DataFrame(
        {EVIL: [EVIL, EVIL], "month": months, "limit": [1000.0, 1000.0], "days": [1, 2], "job": pd.Series([EVIL, "b"])}
    )
    return check_history(table, catalogue)


def evil_plan(catalogue: Any) -> Plan:
    """A plan without a way, of a borrower with a hostile name."""
    return Plan(
        catalogue=catalogue, model_version=EVIL, borrower_id=EVIL, month=EVIL, cut_month=EVIL, goal="keep", horizon=1,
        limit=1.0, chance=0.5, line=0.0, score=0.0, nothing=None, cheapest=None, fastest=None, fewest=None, levels={},
        ahead=evil_table(), gap=1.0, blocked_by=(EVIL,), steps=1, n_mixtures=1, covers_all=False,
    )  # fmt: skip


def evil_lives() -> PlansGrade:
    """One plan lived, of a hostile kind."""
    answers = dict.fromkeys(("success", "success_within_two", "success_as_drawn", "true_yes"), True)
    numbers = {"true_chance": 0.9, "months_off": 0.0, "cost_ratio": 1.0, "impossible_true": 0.0}
    texts = dict.fromkeys(("borrower_id", "month", "goal", "outcome", "leading_factor"), EVIL)
    row = {**texts, **answers, **numbers, "impossible_history": False, "months_needed": 1}
    return PlansGrade(pd.DataFrame([row]), 0.9, 12, EVIL)


def evil_changes() -> ScoreChanges:
    """One change of a score whose columns, group, key and dates are hostile."""
    score = AdditiveScore.linear([EVIL, "b"], [1.0, 2.0])
    before = pd.DataFrame({EVIL: [1.0], "b": [1.0]})
    given: dict[str, Any] = {"groups": {EVIL + "g": [EVIL]}, "keys": [EVIL], "dates": (EVIL, EVIL)}
    return explain_changes(score, before, before + 1.0, worse="higher", **given)


def objects() -> dict[str, Any]:
    """One of every class that shows itself in notebooks, made of nothing but hostile text."""
    catalogue = evil_catalogue()
    explanations = evil_explanations()
    truth: Any = SimpleNamespace(decisions=[1], decreases=[1])
    fitted = LimitPredictor(catalogue)
    ladder = SimpleNamespace(n_tiers=3)
    bag = SimpleNamespace(n_trees=1)
    known = {"version": EVIL, "n_training_rows": 7, "catalogue": catalogue, "ladder": ladder, "bag": bag}
    fitted._fitted = SimpleNamespace(**known)  # type: ignore[assignment]
    scores = pd.DataFrame({EVIL: [1.0]}, index=[EVIL])
    measures = [*FIDELITY, *CAUSAL, *COUNTS, "seconds_per_decrease"]
    overall = pd.DataFrame([[1] * len(measures)], index=[EVIL], columns=measures)
    made: list[Any] = [
        catalogue,
        history_of(catalogue),
        LimitPredictor(catalogue),
        fitted,
        LimitTierClassifier(random_state=EVIL),
        evil_explanations(reference=EVIL),
        decrease_reasons(explanations),
        build_notice(explanations),
        Evaluation(scores, scores, scores, None, 1, 1),
        SimulatedPortfolio(pd.DataFrame({"borrower_id": [EVIL]}), truth, evil_table()),
        Grade(overall, overall, {}, {}, EVIL),
        evil_plan(catalogue),
        evil_lives(),
        example_warnings(catalogue, borrowers=(EVIL, EVIL, EVIL), model_version=EVIL),
        example_replay(borrowers=(EVIL, EVIL), version=EVIL),
        evil_changes(),
        change_reasons(evil_changes()),
    ]
    return {f"{type(one).__name__}-{i}": one for i, one in enumerate(made)}


SHOWN = objects()


def classes_with_html() -> set[str]:
    found = set()
    for path in Path(credit_model.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and any(getattr(one, "name", "") == "_repr_html_" for one in node.body):
                found.add(node.name)
    return found


def test_every_class_that_shows_itself_is_tried_here() -> None:
    assert classes_with_html() <= {name.split("-")[0] for name in SHOWN}


@pytest.mark.parametrize("name", SHOWN)
def test_no_text_becomes_markup_in_a_notebook(name: str) -> None:
    html = SHOWN[name]._repr_html_()
    assert "<script>alert" not in html
    assert "<img" not in html
    if "Classifier" in name:  # scikit-learn's own page, with scripts of its own
        return
    found = shown(html)
    if name.startswith("Notice"):
        assert found.tags == ["iframe"]
        assert found.names == {"title", "sandbox", "srcdoc", "style"}
        return
    assert set(found.tags) <= TAGS, set(found.tags) - TAGS
    assert found.names <= {"class", "border", "style", "colspan", "halign", "valign", "rowspan"}
    assert "mathjax_ignore" in html


@pytest.mark.parametrize(
    "name", [name for name in SHOWN if name.split("-")[0] in ("Catalogue", "History", "Evaluation")]
)
def test_hostile_text_is_shown_whole(name: str) -> None:
    assert " ".join(EVIL.split()) in " ".join(shown(SHOWN[name]._repr_html_()).text.split())


def test_half_a_surrogate_pair_is_a_mark() -> None:
    html = notebook_html("<p>{x}</p>", {"n": np.array(["b"], dtype=object)}, x="\ud800")
    assert "<p>?</p>" in html


def test_every_module_makes_its_html_in_one_place() -> None:
    """No markup is put together anywhere else: tables of pandas go through `notebook_html`."""
    root = Path(credit_model.__file__).parent
    makers = {path.name for path in root.rglob("*.py") if ".to_html(" in path.read_text(encoding="utf-8")}
    assert makers == {"notebook.py"}
