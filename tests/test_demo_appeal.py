"""The demo's appeal: chosen by its rule, taken to its end, proved, the same bytes again; or left out, and why."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from credit_model.act.appeals import Desk, Store, evaluate, verify
from credit_model.act.appeals.frozen import freeze_cut, model_digest
from credit_model.cli.demo_appeal import find_appealed, show_appeal
from credit_model.documents.case_folder import check_export
from credit_model.documents.letter import replayed


@pytest.fixture(scope="module")
def panel(predictor, portfolio):
    return predictor.fitted.panel(portfolio.history)


def test_the_first_cut_is_chosen_that_one_cell_of_its_leading_factor_reinstates(predictor, explanations, panel):
    chosen = find_appealed(predictor, explanations, panel)
    fitted, catalogue, rule = predictor.fitted, predictor.catalogue, predictor.support
    digest = model_digest(fitted, rule)

    def restoring(i):
        features = catalogue.by_factor[explanations.leading_factor_index[i]]
        read = {name for f in features for name in (f.column, f.numerator, f.denominator)}
        may = read & {name for kind in catalogue.documents for name in kind.columns}
        further = evaluate(fitted, rule, freeze_cut(fitted, explanations[i], panel), {}, digest=digest).further
        return [(c.column, c.month) for c in further if c.column in may and c.month is not None and c.crosses]

    led = (explanations.support != "unexplained") & (explanations.leading_factor_index >= 0)
    assert not any(restoring(int(i)) for i in np.flatnonzero(led[: chosen.place]))
    assert (chosen.cell.column, chosen.cell.month) in restoring(chosen.place)
    (kind,) = [kind for kind in catalogue.documents if kind.id == chosen.document]
    assert chosen.cell.column in kind.columns


def digests(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_whole_case_is_shown_verified_and_the_same_bytes_again(predictor, explanations, panel, tmp_path, capsys):
    made = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        (tmp_path / name).mkdir()
        facts = dict(show_appeal(predictor, explanations, panel, tmp_path / name, Path("demo"), seed=seed))
        assert facts["answers to an appeal"] == "demo/appeal/letter_en.html, demo/appeal/letter_zh.html"
        assert re.fullmatch(r"sound, head 7-[0-9a-f]{32}", facts["its log"])
        made.append(digests(tmp_path / name))
    assert made[0] == made[1]
    assert made[0]["appeal/desk.sqlite"] != made[2]["appeal/desk.sqlite"]  # other salts
    assert {"appeal/letter_en.html", "appeal/letter_zh.html", "appeal/case/manifest.json"} <= set(made[0])
    told = capsys.readouterr().out
    with Store(tmp_path / "a" / "appeal" / "desk.sqlite") as store:
        case = store.case(1)
        assert case.state == "closed"
        assert case.decided.facts["outcome"] == "reinstate"
        assert case.proposed.actor != case.decided.actor
        found = verify(store, [case.letters[0].head])
        assert found.is_sound
        assert f"head {found.head}" in told
        assert replayed(Desk(store), case.letters[0])["zh"].html().encode() == made[0]["appeal/letter_zh.html"]
    assert check_export(tmp_path / "a" / "appeal" / "case")["head"] == found.head
    assert "sound         yes" in told


def test_where_no_case_can_be_shown_it_is_said_why(predictor, explanations, panel, tmp_path, capsys):
    keep = explanations[explanations.support == "unexplained"]
    assert show_appeal(predictor, keep, panel, tmp_path, tmp_path, seed=1) == []
    assert "No appeal is shown: no cut is led by a factor whose cells a document may correct" in capsys.readouterr().out
    bare = dataclasses.replace(predictor.catalogue, documents=())
    silent = SimpleNamespace(fitted=dataclasses.replace(predictor.fitted, catalogue=bare), support=predictor.support)
    assert show_appeal(silent, explanations, panel, tmp_path, tmp_path, seed=1) == []
    assert "No appeal is shown: the catalogue declares no [[document]]" in " ".join(capsys.readouterr().out.split())
    assert list(tmp_path.iterdir()) == []
