"""``credit-model export``: what it writes, what it says, what it refuses."""

import json

import duckdb
import numpy as np
import pandas as pd
import pytest

from tests.test_cli import refused, run


@pytest.fixture
def model(additive_files):
    return ["--model", additive_files / "model", "--jobs", "1"]


@pytest.mark.parametrize(
    ("form", "name"),
    [("points", "p.csv"), ("points", "p.parquet"), ("sql", "q.sql"), ("json", "s.json"), ("pmml", "s.xml")],
)
def test_every_form_is_written_as_the_model_has_it(additive, model, form, name, tmp_path):
    out = tmp_path / name
    result = run("export", *model, "--as", form, "--out", out)
    assert result.exit_code == 0, result.output
    assert "tiers that differ" in result.output
    card = additive.scorecard()
    if form == "points":
        found = pd.read_csv(out) if out.suffix == ".csv" else pd.read_parquet(out)
        wanted = card.to_frame()
        assert list(found) == list(wanted)
        np.testing.assert_array_equal(found["log_odds"], wanted["log_odds"])
    else:
        assert (
            out.read_text(encoding="utf-8") == {"sql": card.to_sql, "json": card.to_json, "pmml": card.to_pmml}[form]()
        )
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_the_query_over_the_written_snapshots_gives_what_predict_gives(
    additive, small_panel, additive_files, model, tmp_path
):
    rows, query = tmp_path / "snapshots.parquet", tmp_path / "scorecard.sql"
    data = ["--data", additive_files / "history.parquet", "--snapshots", rows]
    result = run("export", *model, "--as", "sql", "--out", query, *data)
    assert result.exit_code == 0, result.output
    assert "tiers that whole points change" in result.output
    connection = duckdb.connect()
    connection.execute(f"CREATE VIEW snapshots AS FROM '{rows}'")
    found = connection.execute(query.read_text(encoding="utf-8")).df()
    snapshots = additive.snapshots(small_panel.history)
    scores = additive.bag.survival_scores(snapshots.X)  # all fits, whoever saw the borrower
    np.testing.assert_array_equal(found["predicted_tier"], (scores >= 0).sum(axis=1))
    np.testing.assert_allclose(found["log_odds_tier_1"], scores[:, 0], rtol=0, atol=1e-9)
    assert found["borrower_id"].tolist() == snapshots.history.borrower_ids[snapshots.borrower_row].tolist()


def test_constants_and_whole_points_are_taken(model):
    result = run(
        "export", *model, "--as", "json", "--rounded", "--points-to-double", 40, "--base-points", 500, "--base-odds", 10
    )
    content = json.loads(result.stdout)  # printed, and nothing else
    assert content["is_rounded"]
    assert content["scaling"]["points_to_double"] == 40
    assert content["scaling"]["offset"] == round(500 - 40 / np.log(2) * np.log(10))


def test_a_printed_table_is_the_written_one(model, tmp_path):
    run("export", *model, "--as", "points", "--out", tmp_path / "p.csv")
    assert run("export", *model, "--as", "points").stdout == (tmp_path / "p.csv").read_text(encoding="utf-8")


def test_what_cannot_be_is_refused_before_anything_is_written(model, additive_files, tmp_path):
    assert "must end in .csv or .parquet" in refused(
        "export", *model, "--as", "points", "--out", tmp_path / "p.sql", code=2
    )
    assert "needs --data" in refused("export", *model, "--as", "sql", "--snapshots", tmp_path / "s.csv", code=2)
    twice = ["--as", "points", "--data", additive_files / "history.parquet", "--out", tmp_path / "p.csv"]
    assert "two files" in refused("export", *model, *twice, "--snapshots", tmp_path / "p.csv", code=2)
    assert "--query" in refused("export", *model, "--as", "sql", "--query", "SELECT 1", code=2)
    assert "base_odds" in refused("export", *model, "--as", "sql", "--base-odds", 0, "--out", tmp_path / "q.sql")
    assert "table's name" in refused("export", *model, "--as", "sql", "--table", "", "--out", tmp_path / "q.sql")
    inside = additive_files / "model" / "q.sql"
    assert "lies in" in refused("export", *model, "--as", "sql", "--out", inside)
    assert list(tmp_path.iterdir()) == []


def test_a_scorecard_that_is_not_its_model_is_not_written(model, tmp_path, monkeypatch):
    from credit_model.export import parity

    monkeypatch.setattr(parity, "largest_possible_difference", lambda card, bag: -1.0)
    assert "it was not written" in refused("export", *model, "--as", "sql", "--out", tmp_path / "q.sql")
    assert list(tmp_path.iterdir()) == []


def test_a_model_that_is_not_additive_is_refused_with_what_to_do(additive_files, tmp_path):
    data, model = additive_files / "history.parquet", tmp_path / "free"
    given = ["--structure", "free", "--trees", 3, "--fits", 1, "--no-warning", "--jobs", 1]
    assert run("train", "--data", data, "--out", model, *given).exit_code == 0
    said = refused("export", "--model", model, "--as", "sql", "--out", tmp_path / "q.sql")
    assert "not additive" in said
    assert "--structure score" in said
    assert not (tmp_path / "q.sql").exists()
