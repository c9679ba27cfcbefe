"""The desk at the command line: a case from the officer's first command to the proof, and what is refused."""

from __future__ import annotations

import json
import os
import re
import shutil
from datetime import timedelta

import pandas as pd
import pytest

from credit_model.cli.appeal_log import EXPORT
from credit_model.documents.letter import write_letters
from credit_model.files import read_manifest
from credit_model.model.seal import write_sealed
from credit_model.portfolio.months import format_month
from tests.test_cli import ok, refused, run


@pytest.fixture
def at(saved, cuts, bench, tmp_path):
    """The first words of the commands about case 1, and the cut that it is about."""
    i, one = cuts["income"]
    frozen = bench.frozen(i)
    store = tmp_path / "desk.sqlite"
    where = ("--data", saved / "portfolio", "--model", saved / "model", "--jobs", 1)
    who = ("--borrower", frozen.borrower_id, "--month", frozen.month_text)
    opened = ("appeal", "open", "--store", store, *where, *who, "--officer", "ann")
    cell = f"income_amount@{format_month(one.month, frozen.month_type)}={one.value:.0f}"
    return {"store": store, "open": opened, "cell": cell, "model": saved / "model"}


def about(at, command, *words):
    return ("appeal", command, "--store", at["store"], "--case", 1, *words)


def test_a_case_from_the_first_command_to_the_proof(at, tmp_path):
    assert "answer due" in ok(*at["open"], "--kind", "dispute", "--claim", "My income is wrong.")
    assert "about the same decision is still open" in refused(*at["open"], "--kind", "review")
    scan = tmp_path / "scan.pdf"
    scan.write_bytes(b"%PDF-1.7")
    told = ok(*about(at, "evidence", "--officer", "ann", "--document", "payslip", "--cell", at["cell"], "--file", scan))
    assert re.search(r"to be looked at +0\b", told)
    evaluated = ok(*about(at, "evaluate", "--officer", "ann", "--model", at["model"]))
    assert re.search(r"recommendation +reinstate", evaluated)
    assert "ability to repay" in evaluated
    ok(*about(at, "decide", "--officer", "ann", "--propose", "reinstate"))
    assert "who cannot decide it, too" in refused(*about(at, "decide", "--officer", "ann", "--confirm"))
    ok(*about(at, "decide", "--officer", "bo", "--confirm"))
    assert "# Our answer in your case" in ok(*about(at, "letter", "--officer", "bo"))
    chinese = ok(*about(at, "letter", "--lang", "zh"))
    assert "# 申诉处理结果告知书" in chinese
    for suffix in ("html", "md", "json"):
        ok(*about(at, "letter", "--out", tmp_path / f"letter.{suffix}"))
    head = json.loads((tmp_path / "letter.json").read_text(encoding="utf-8"))["head"]
    ok(*about(at, "decide", "--officer", "bo", "--close"))
    log = ok("appeal", "log", "--store", at["store"], "--lang", "zh")
    assert "对数据提出异议" in log
    assert "已结案" in log
    assert "decided" in ok(*about(at, "log"))
    assert "none; give --model" in ok(*about(at, "export", "--out", tmp_path / "case"))
    (tmp_path / "key").write_bytes(bytes(range(32)))
    signed = ok(*about(at, "export", "--model", at["model"], "--key", tmp_path / "key", "--out", tmp_path / "case"))
    assert re.search(r"pages +page.html, page_corrected.html", signed)
    verified = ok("appeal", "verify", "--store", at["store"], "--head", head, "--export", tmp_path / "case")
    assert re.search(r"sound +yes", verified)
    assert re.search(r"signed +not checked; give --key", verified)
    without_its_end(tmp_path / "case", tmp_path / "forged")
    assert re.search(r"its events +6", ok("appeal", "verify", "--export", tmp_path / "forged"))
    told = refused("appeal", "verify", "--store", at["store"], "--export", tmp_path / "forged")
    assert "event 7: belongs to the case, and the export leaves it out" in told
    alone = ok("appeal", "verify", "--export", tmp_path / "case", "--key", tmp_path / "key")
    assert re.search(r"signed +yes", alone)
    (tmp_path / "key").write_bytes(bytes(32))
    assert "is signed with key" in refused(
        "appeal", "verify", "--export", tmp_path / "case", "--key", tmp_path / "key")  # fmt: skip
    assert "the log was cut" in refused("appeal", "verify", "--store", at["store"], "--head", "77-" + "0" * 32)
    assert "By data source" in ok("appeal", "summary", "--store", at["store"], "--out", tmp_path / "c.csv")
    assert pd.read_csv(tmp_path / "c.csv")["column"].tolist() == ["income_amount"]
    ok("appeal", "backup", "--store", at["store"], "--out", tmp_path / "backup.sqlite")
    assert "items erased" in ok(*about(at, "erase", "--officer", "bo"))
    assert "was erased" in refused(*about(at, "letter", "--officer", "bo"))
    assert re.search(r"sound +yes", ok("appeal", "verify", "--store", tmp_path / "backup.sqlite", "--head", head))


def without_its_end(folder, forged):
    """A copy of an export without the case's last event, sealed anew by somebody."""
    shutil.copytree(folder, forged)
    (forged / "signature.json").unlink()
    shown = json.loads((forged / "case.json").read_text(encoding="utf-8"))
    manifest = read_manifest(forged, EXPORT)
    manifest.pop("digest")
    assert shown["events"].pop()["action"] == "closed"
    (forged / "case.json").write_text(json.dumps(shown | {"state": "answered"}), encoding="utf-8")
    write_sealed(forged, EXPORT, manifest, manifest["files_sealed"])


def test_an_explanation_and_a_rise_at_the_command_line(at, bench, saved):
    ok(*at["open"], "--kind", "explanation")
    ok(*about(at, "decide", "--officer", "ann", "--propose", "explained"))
    ok(*about(at, "decide", "--officer", "bo", "--send-back", "--note", "name the month"))
    ok(*about(at, "decide", "--officer", "ann", "--withdraw"))
    rise = [word for word in at["open"] if word != "--month"]
    rise.remove(at["open"][at["open"].index("--month") + 1])
    assert re.search(r"case +2", ok(*rise, "--kind", "rise"))
    assert re.search(r"support +- -> -", ok("appeal", "evaluate", "--store", at["store"], "--case", 2,
                                            "--officer", "ann", "--model", saved / "model"))  # fmt: skip


def test_wrong_usage_and_wrong_words_are_told(at, tmp_path):
    assert "there is no such appeal desk" in refused("appeal", "log", "--store", at["store"])
    ok(*at["open"], "--kind", "dispute")
    for cell in ("income_amount", "income_amount=3", "@2024-03=3", "income_amount@=3"):
        told = refused(*about(at, "evidence", "--officer", "ann", "--document", "payslip", "--cell", cell))
        assert "a cell must be written COLUMN@MONTH=VALUE" in told
    assert "must be a date such as 2024-03-31" in refused(*at["open"], "--kind", "review", "--notice-date", "31.3.2024")
    for day in ("2999-01-01", "9999-12-31"):
        told = refused(*at["open"], "--kind", "review", "--notice-date", day)
        assert f"the borrower cannot have had the notice on {day}" in told
    assert "a rise is asked for at any time" in run(*at["open"], "--kind", "rise", "--notice-date", "2024-01-01").output
    before = at["open"][: at["open"].index("--month")]
    no_cut = refused(*before, "--month", "2001-01", "--officer", "ann", "--kind", "review")
    assert re.search(r"borrower \d+ has no limit decrease in 2001-01; decreases were in", no_cut)
    for words in ((), ("--confirm", "--close"), ("--confirm", "--limit", 5)):
        assert run(*about(at, "decide", "--officer", "bo", *words)).exit_code == 2
    no_month = [*at["open"][: at["open"].index("--month")], "--officer", "ann", "--kind", "dispute"]
    assert "--month is needed" in run(*no_month).output
    assert "the case is answered by a person" in run(*about(at, "letter")).output
    for words in ((), ("--head", "7-" + "0" * 32), ("--export", tmp_path, "--head", "7-" + "0" * 32)):
        assert "give --store FILE, or --export DIR alone" in run("appeal", "verify", *words).output
    assert "give --export, too" in run("appeal", "verify", "--store", at["store"], "--key", at["store"]).output
    assert "manifest.json is missing" in refused("appeal", "verify", "--export", tmp_path)
    assert "a head must be" in refused("appeal", "verify", "--store", at["store"], "--head", "x")
    assert "is what --store reads" in refused("appeal", "backup", "--store", at["store"], "--out", at["store"])
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "mine.txt").write_text("mine", encoding="utf-8")
    assert "holds other files" in refused(*about(at, "export", "--out", tmp_path / "other"))


def test_late_are_cases_that_are_still_to_be_answered(bench, desk, cuts):
    """As at the web desk; whether an answer came late, the log of the cases tells."""
    number = bench.open(desk, cuts["income"][0])
    bench.look_again(desk, number)
    desk.propose(number, desk.store.case(number).evaluated.facts["recommendation"], actor="ann")
    desk.decide(number, actor="bo")
    assert re.search(r"late +1\b", ok("appeal", "summary", "--store", desk.store.path))
    desk.store._clock.time += timedelta(days=60)
    write_letters(desk, number, actor="bo")
    assert desk.store.case(number).is_late("2024-04-02")
    assert re.search(r"late +0\b", ok("appeal", "summary", "--store", desk.store.path))


def test_a_late_case_needs_a_reason_at_the_command_line(at):
    told = refused(*at["open"], "--kind", "dispute", "--notice-date", "2020-01-01")
    assert "give --late-because REASON" in told
    ok(*at["open"], "--kind", "dispute", "--notice-date", "2020-01-01", "--late-because", "was abroad")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_told(at, tmp_path):
    (tmp_path / "locked").mkdir(mode=0o500)
    words = [tmp_path / "locked" / "desk.sqlite" if word == at["store"] else word for word in at["open"]]
    assert "cannot be written" in refused(*words, "--kind", "dispute")
