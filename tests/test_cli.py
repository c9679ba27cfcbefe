"""The command line as users meet it: what it writes, what it says, and its exit codes."""

import json
import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from credit_model.cli import _COMMANDS, main
from credit_model.words.language import language
from credit_model.words.reasons import decrease_reasons
from tests.portfolio.examples import CATALOGUE
from tests.portfolio.examples import history as small_history


def run(*words):
    """The result of one command; an exception that is not an exit is a failure here."""
    result = CliRunner().invoke(main, [str(w) for w in words])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code in (0, 1, 2), result.output  # 70 is a fault of the program
    return result


def ok(*words):
    """What a command says that ends well."""
    result = run(*words)
    assert result.exit_code == 0, result.output
    return result.output


def refused(*words, code=1):
    """The one line that a refused command says."""
    result = run(*words)
    assert result.exit_code == code, result.output
    if code == 1:
        assert re.fullmatch(r"Error: [^\n]+\n", result.stderr), result.stderr
    return result.stderr


@pytest.mark.parametrize("command", sorted(_COMMANDS))
def test_every_command_explains_itself_with_an_example(command):
    result = run(command, "--help")
    assert result.exit_code == 0
    assert f"credit-model {command}" in result.output.replace("Usage: main", "credit-model").split("Options:")[0]
    assert "Example:" in result.output
    assert _COMMANDS[command][1].rstrip(".").split()[0] in result.output


def test_help_loads_no_model_and_is_quick_to_say_so():
    code = "import sys\nfrom credit_model.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass\n"
    code += "print([m for m in ('numba', 'sklearn', 'pandas', 'matplotlib', 'shap') if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip().endswith("[]")


def test_the_line_of_work_from_check_to_explanations(saved, tmp_path):
    data, model = saved / "portfolio", saved / "model"
    checked = run("check", "--data", data)
    assert checked.exit_code == 0
    assert "fits catalogue synthetic" in checked.output
    assert run("train", "--data", data, "--out", tmp_path / "m", "--trees", 5, "--fits", 1).exit_code == 0
    evaluated = run("evaluate", "--data", data, "--model", model, "--out", tmp_path / "e")
    assert evaluated.exit_code == 0
    assert "no change" in evaluated.output
    assert pd.read_csv(tmp_path / "e" / "scores.csv")["rps"].between(0, 10).all()
    predicted = run("predict", "--data", data, "--model", model, "--out", tmp_path / "p.csv")
    assert predicted.exit_code == 0
    assert len(pd.read_csv(tmp_path / "p.csv")) == 1500
    explained = run("explain", "--data", data, "--model", model, "--out", tmp_path / "x", "--plots", 1)
    assert explained.exit_code == 0, explained.output
    summary = pd.read_parquet(tmp_path / "x" / "summary.parquet")
    by_factor = pd.read_parquet(tmp_path / "x" / "by_factor.parquet")
    change = summary["keep_score_after"] - summary["keep_score_before"]
    np.testing.assert_allclose(by_factor.sum(axis=1), change, rtol=0, atol=1e-9)
    assert len(list((tmp_path / "x" / "plots").glob("*.png"))) == 1
    assert f"{len(summary):,} limit decreases" in explained.output


def test_one_borrower_is_explained_drawn_and_noticed(saved, tmp_path, explanations):
    who = explanations.borrower_id[0]
    month = explanations.summary["month"].iloc[0].strftime("%Y-%m")
    where = ("--data", saved / "portfolio", "--model", saved / "model", "--borrower", who)
    printed = run("explain", *where, "--out", tmp_path / "x", "--plots", 0)
    assert printed.exit_code == 0
    assert decrease_reasons(explanations.select(who, month))[0].risk.split(",")[0] in " ".join(printed.output.split())
    assert (pd.read_parquet(tmp_path / "x" / "summary.parquet")["borrower_id"] == who).all()
    for kind in ("change", "timeline", "what-if"):
        assert run("plot", kind, *where, "--out", tmp_path / f"{kind}.svg").exit_code == 0
        assert (tmp_path / f"{kind}.svg").read_text().lstrip().startswith("<?xml")
    for name in ("n.html", "n.md", "n.json"):
        assert run("notice", *where, "--month", month, "--out", tmp_path / name, "--lang", "zh").exit_code == 0
    json.loads((tmp_path / "n.json").read_text(encoding="utf-8"))
    printed = run("notice", *where, "--month", month)
    assert printed.exit_code == 0
    assert str(who) in printed.output
    assert run("report", *where, "--out", tmp_path / "r").exit_code == 0
    assert (tmp_path / "r" / "index.html").exists()


def test_plots_of_a_portfolio_have_their_own_options(saved, tmp_path):
    where = ("--data", saved / "portfolio", "--model", saved / "model")
    assert run("plot", "leading", *where, "--by", "segment", "--out", tmp_path / "l.svg").exit_code == 0
    assert run("plot", "population", *where, "--style", "bar", "--out", tmp_path / "p.svg").exit_code == 0
    refused("plot", "population", *where, "--by", "segment", "--out", tmp_path / "x.svg", code=2)
    refused("plot", "change", *where, "--borrower", "1", "--economy", "e.csv", "--out", tmp_path / "x.svg", code=2)


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("support", ["expected", "raised", "unexplained"])
def test_why_gives_the_whole_answer_about_one_cut(saved, explanations, support, lang):
    i = next(i for i, v in enumerate(explanations.verdicts) if v.support == support and v.factors)
    verdict, one = explanations.verdicts[i], explanations[i]
    month = one.summary["month"].iloc[0].strftime("%Y-%m")
    where = ("--data", saved / "portfolio", "--model", saved / "model", "--borrower", one.borrower_id[0])
    told = run("why", *where, "--month", month, "--lang", lang)
    assert told.exit_code == 0, told.output
    words = language(lang)
    assert words.say(f"support.{support}") in told.output
    assert words.risk(verdict.risk_after) in told.output
    assert f"{verdict.frequency.n:,}" in told.output
    labels = [factor.label.text(lang) for factor in one.catalogue.factors]
    places = [told.output.index(f"  {labels[g]}") for g in verdict.factors]
    assert places == sorted(places)  # factors in the order in which they are told
    texts = [reason.text for reason in decrease_reasons(one, lang=lang)[0].reasons]
    assert len(texts) == len(verdict.reasons)
    assert all(words.headed(text) in told.output for text in texts)


def test_why_of_somebody_whose_limit_did_not_fall_is_one_line(saved, explanations, portfolio):
    others = sorted(set(portfolio.history["borrower_id"]) - set(explanations.borrower_id.tolist()))
    said = refused("why", "--data", saved / "portfolio", "--model", saved / "model", "--borrower", others[0])
    assert "has no limit decrease" in said


def test_evaluate_prints_cuts_and_kept_decisions_by_support(saved, tmp_path):
    where = ("--data", saved / "portfolio", "--model", saved / "model", "--out", tmp_path / "e")
    printed = run("evaluate", *where)
    assert printed.exit_code == 0, printed.output
    table = pd.read_csv(tmp_path / "e" / "support.csv").set_index("support")
    for level in ("expected", "raised", "supported", "unexplained"):
        assert level in printed.output
        assert f"{table.loc[level, 'share_of_kept']:.1%}" in printed.output


def test_the_notice_of_a_raised_cut_is_a_draft_until_a_person_confirms_it(saved, explanations):
    i = next(i for i, v in enumerate(explanations.verdicts) if v.support == "raised" and v.reasons)
    month = explanations.summary["month"].iloc[i].strftime("%Y-%m")
    where = ("--data", saved / "portfolio", "--model", saved / "model", "--borrower", explanations.borrower_id[i])
    draft, confirmed = (
        run("notice", *where, "--month", month),
        run("notice", *where, "--month", month, "--confirmed-by", "A. Officer"),
    )
    assert language("en").say("notice.head.draft") in draft.output
    assert language("en").say("notice.head.draft") not in confirmed.output
    assert "A. Officer" in confirmed.output


def test_the_same_arguments_give_the_same_bytes(saved, tmp_path):
    table = pd.read_parquet(saved / "portfolio" / "history.parquet")
    table[table["borrower_id"] <= 400].to_parquet(tmp_path / "few.parquet", index=False)
    for name, jobs in (("a", 1), ("b", 2)):
        given = ("--trees", 5, "--fits", 2, "--jobs", jobs)
        run("train", "--data", tmp_path / "few.parquet", "--out", tmp_path / name, *given)
    for file in ("manifest.json", "arrays.npz"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def history_file(saved, tmp_path, change):
    table = pd.read_parquet(saved / "portfolio" / "history.parquet").head(400)
    change(table)
    table.to_csv(tmp_path / "bad.csv", index=False)
    return tmp_path / "bad.csv"


def set_cell(column, value):
    def change(table):
        table[column] = table[column].astype(object if isinstance(value, str) else float)
        table.loc[table.index[5], column] = value

    return change


BAD_HISTORIES = [
    (lambda t: t.pop("limit_amount"), "lacks column 'limit_amount'"),
    (lambda t: t.insert(0, "dayspastdue", t.pop("days_past_due")), "'dayspastdue'"),
    (set_cell("limit_amount", -1.0), "limit_amount must be >= 0, found -1"),
    (set_cell("limit_amount", np.inf), "limit_amount must be finite"),
    (set_cell("limit_amount", "lots"), "limit_amount must be a number, found 'lots'"),
    (set_cell("days_past_due", 400.0), "days_past_due must"),
    (lambda t: t.__setitem__("month", "soon"), "must be a month such as 2024-03, found 'soon'"),
    (lambda t: t.__setitem__("month", t["month"].iloc[0]), "duplicate borrower-months"),
]


@pytest.mark.parametrize(("change", "message"), BAD_HISTORIES)
@pytest.mark.parametrize("command", ["check", "explain"])
def test_a_bad_history_is_one_line_and_nothing_is_written(saved, tmp_path, command, change, message):
    path = history_file(saved, tmp_path, change)
    words = ("check",) if command == "check" else ("explain", "--model", saved / "model", "--out", tmp_path / "x")
    said = refused(*words, "--data", path)
    assert message in said
    assert str(path) in said
    assert not (tmp_path / "x").exists()


def test_bad_files_are_one_line(saved, tmp_path):
    (tmp_path / "cut.parquet").write_bytes((saved / "portfolio" / "history.parquet").read_bytes()[:5000])
    (tmp_path / "gbk.csv").write_bytes("borrower_id,额度\n1,2\n".encode("gbk"))
    (tmp_path / "empty.csv").write_bytes(b"")
    assert "cut short" in refused("check", "--data", tmp_path / "cut.parquet")
    assert "not UTF-8" in refused("check", "--data", tmp_path / "gbk.csv")
    assert "is empty" in refused("check", "--data", tmp_path / "empty.csv")
    pd.read_parquet(saved / "portfolio" / "history.parquet").head(0).to_parquet(tmp_path / "none.parquet")
    assert "has no rows" in refused("check", "--data", tmp_path / "none.parquet")
    assert "no such file" in refused("check", "--data", tmp_path / "nowhere.csv")
    assert "no such file" in refused("check", "--data", saved / "portfolio", "--catalogue", tmp_path / "no.toml")


def test_a_borrower_or_month_that_is_not_there_is_one_line(saved, tmp_path, explanations):
    where = ("explain", "--data", saved / "portfolio", "--model", saved / "model", "--out", tmp_path / "x")
    assert "borrower '99999' is not in the history" in refused(*where, "--borrower", "99999")
    who = explanations.borrower_id[0]
    assert "has no limit decrease in" in refused(*where, "--borrower", who, "--month", "1999-01")
    assert "must be a month such as 2024-03" in refused(*where, "--month", "soon")


def test_another_catalogue_or_a_damaged_model_is_one_line(saved, tmp_path):
    where = ("--data", saved / "portfolio", "--out", tmp_path / "p.csv")
    said = refused("predict", "--model", saved / "model", "--catalogue", "home_credit", *where)
    assert "was trained with catalogue 'synthetic'" in said
    assert "manifest.json is missing" in refused("predict", "--model", tmp_path, *where)
    broken = tmp_path / "broken"
    broken.mkdir()
    for file in (saved / "model").iterdir():
        (broken / file.name).write_bytes(file.read_bytes())
    with (broken / "arrays.npz").open("r+b") as arrays:
        arrays.seek(200)
        arrays.write(b"\x00\x01\x02")
    assert "damaged" in refused("predict", "--model", broken, *where)
    assert not (tmp_path / "p.csv").exists()


def test_an_output_that_cannot_be_written_is_one_line(saved, tmp_path):
    (tmp_path / "file").write_text("x")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("x")
    where = ("--data", saved / "portfolio", "--trees", 2)
    assert "cannot be written" in refused("train", *where, "--out", tmp_path / "file" / "m")
    assert "holds other files" in refused("train", *where, "--out", tmp_path / "mine")
    model = ("--data", saved / "portfolio", "--model", saved / "model")
    assert "must end in .parquet or .csv" in refused("predict", *model, "--out", tmp_path / "p.xlsx")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "mine"]


@pytest.mark.parametrize(
    "words",
    [
        ("train",),
        ("explain", "--data", "x"),
        ("predict", "--bogus"),
        ("plot", "pie", "--data", "x", "--model", "m", "--out", "o.png"),
        ("plot", "change", "--data", "x", "--model", "m", "--out", "o.png"),
        ("train", "--data", "x", "--out", "y", "--jobs", "0"),
        ("notice", "--data", "x", "--model", "m", "--borrower", "1", "--month", "2024-01", "--out", "n.docx"),
    ],
)
def test_wrong_usage_exits_with_2(words):
    said = refused(*words, code=2)
    assert "Usage:" in said


def test_a_file_is_kept_when_a_later_run_fails(saved, tmp_path):
    out = tmp_path / "p.csv"
    run("predict", "--data", saved / "portfolio", "--model", saved / "model", "--out", out)
    before = out.read_bytes()
    refused("predict", "--data", tmp_path / "none", "--model", saved / "model", "--out", out)
    assert out.read_bytes() == before


def cards(tmp_path, limits, **portfolio):
    """A folder with a catalogue of two quantile tiers and a table of borrowers' limits: (catalogue, table)."""
    keys = "".join(f"{key} = {value}\n" for key, value in portfolio.items())
    text = CATALOGUE.replace("amounts = [0, 1000, 5000]", "quantiles = 2")
    (tmp_path / "c.toml").write_text(text.replace('month = "month"\n', f'month = "month"\n{keys}'))
    rows = [
        {"borrower_id": f"B{b}", "month": m, "limit_amount": limit, "days_past_due": 0, "employment": "gig"}
        for b, own in enumerate(limits)
        for m, limit in enumerate(own)
    ]
    pd.DataFrame(rows).to_csv(tmp_path / "t.csv", index=False)
    return tmp_path / "c.toml", tmp_path / "t.csv"


def test_check_tells_which_falls_would_be_lost_and_the_ladder_that_sees_them(tmp_path):
    catalogue, table = cards(tmp_path, [[9000, 9000, 8000], [500, 500, 400], [9000, 9000, 400]] * 10)
    told = run("check", "--data", table, "--catalogue", catalogue)
    assert told.exit_code == 0
    assert (
        "Warning: the ladder does not see 66.7% of all falls of the limit; in [ladder], amounts = [0, 500, 9000]"
        in (" ".join(told.output.split()))
    )
    assert "would see 100.0% of them" in " ".join(told.output.split())


def test_check_tells_of_temporary_rises_and_of_limits_set_before_the_records(tmp_path):
    catalogue, table = cards(tmp_path, [[500, 500, 9000, 500]] * 10)
    told = " ".join(run("check", "--data", table, "--catalogue", catalogue).output.split())
    assert "10 of 10 falls bring back the limit from before a rise a few months earlier" in told
    catalogue, table = cards(tmp_path, [[9000, 9000, 9000, 500]] * 10)
    told = " ".join(run("check", "--data", table, "--catalogue", catalogue).output.split())
    assert "falls of a limit that was set before the records begin 10" in told


def test_check_without_any_decision_fails_and_does_not_send_on(tmp_path):
    catalogue, table = cards(tmp_path, [[9000, 500]] * 10, warm_up=12)
    said = refused("check", "--data", table, "--catalogue", catalogue)
    assert "holds no decision after the first 12 months" in said


def test_check_of_decisions_in_one_tier_tells_the_ladder_that_would_help_and_does_not_send_on(tmp_path):
    catalogue, table = cards(tmp_path, [[9000, 9000, 8000]] * 10)
    catalogue.write_text(catalogue.read_text().replace("quantiles = 2", "amounts = [0, 500]"))
    told = run("check", "--data", table, "--catalogue", catalogue)
    assert told.exit_code == 1
    assert "amounts = [0, 9000] would see 100.0% of them" in " ".join(told.stdout.split())
    assert "all decisions are on limits from 500 on, in one tier" in told.stderr
    assert "Next:" not in told.output


def test_train_warns_of_a_model_that_is_no_better_than_no_change(tmp_path):
    rng = np.random.default_rng(0)
    early = rng.choice([500, 9000], (150, 16))  # any limit may come; later, none changes
    limits = np.hstack([early, np.repeat(early[:, -1:], 8, axis=1)]).tolist()
    catalogue, table = cards(tmp_path, limits)
    told = run("train", "--data", table, "--catalogue", catalogue, "--out", tmp_path / "m", "--trees", 5)
    assert told.exit_code == 0, told.output
    assert "the model is no better than 'no change' (ranked probability score" in " ".join(told.output.split())


def test_check_tells_all_mistakes_of_the_catalogue_and_of_the_data(tmp_path):
    text = CATALOGUE.replace('kind = "number"', 'kind = "numbers"').replace("window = 3", "window = 0")
    (tmp_path / "cards.toml").write_text(text, encoding="utf-8")
    table = small_history(limit_amount=[1, -5, 2], employment=["gig", "retired", "gig"], month=["2024-02", "soon", "2"])
    table.to_csv(tmp_path / "cards.csv", index=False)
    result = run("check", "--data", tmp_path / "cards.csv", "--catalogue", tmp_path / "cards.toml")
    assert result.exit_code == 1
    lines = [line for line in result.stderr.splitlines() if not line.startswith("Note: ")]
    assert lines[0] == "Error: 5 mistakes"
    assert [re.match(r"  (\d)\. ", line)[1] for line in lines[1:]] == ["1", "2", "3", "4", "5"]
    for line, words in zip(
        lines[1:],
        ["kind must be one of", "window must be between", "found 'soon'", "must be >= 0, found -5", "'retired'"],
        strict=True,
    ):
        assert words in line
    assert all(str(tmp_path) in line for line in lines[1:])
    # any other command tells them all, too
    assert run("train", "--data", tmp_path / "cards.csv", "--catalogue", tmp_path / "cards.toml", "--out",
               tmp_path / "m").stderr.count("\n") == 3  # fmt: skip
