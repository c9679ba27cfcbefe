"""Saved explanations are trusted only as they were saved: every cell, row, name and field."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from credit_model.errors import ArtifactError
from credit_model.explain.decreases import DecreaseExplanations
from credit_model.explain.saved import FILES, FORMAT
from credit_model.model.seal import write_sealed


@pytest.fixture
def folder(explanations, tmp_path):
    explanations[:20].save(tmp_path / "saved")
    return tmp_path / "saved"


def change_table(folder, name, change):
    table = pd.read_parquet(folder / f"{name}.parquet")
    change(table).to_parquet(folder / f"{name}.parquet", index=False)


def seal_again(folder):
    """State the digest of what lies there now, as someone with intent would."""
    content = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    content = {k: v for k, v in content.items() if k not in ("digest", "files")}
    write_sealed(folder, content.pop("format"), content, FILES)


def set_cell(table, column, value):
    table.loc[3, column] = value
    return table


CHANGES = {
    "permuted columns": ("by_feature", lambda t: t[[*t.columns[1:], t.columns[0]]]),
    "a changed cell": ("by_feature", lambda t: set_cell(t, t.columns[2], 0.5)),
    "a cell that is no number": ("by_factor", lambda t: set_cell(t, t.columns[0], float("nan"))),
    "a row less": ("what_if", lambda t: t.iloc[:-1]),
    "another order of rows": ("by_feature", lambda t: t.iloc[::-1]),
    "a changed score": ("summary", lambda t: set_cell(t, "keep_score_after", 9.0)),
    "a tier that the ladder lacks": ("summary", lambda t: set_cell(t, "tier_before", 99)),
}


@pytest.mark.parametrize("name", CHANGES)
def test_any_change_of_a_table_is_found_by_the_digest_and_by_what_must_fit_together(folder, name):
    change_table(folder, *CHANGES[name])
    with pytest.raises(ArtifactError, match="does not have the digest"):
        DecreaseExplanations.load(folder)
    seal_again(folder)
    with pytest.raises(ArtifactError, match=r"is damaged, .*(must|NaN)") as error:
        DecreaseExplanations.load(folder)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("field", ["reference", "ladder", "support", "held_out", "catalogue", "model_version"])
def test_an_edited_field_of_the_manifest_is_found(folder, field):
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest[field] = "x" if isinstance(manifest[field], str) else None
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(ArtifactError, match="does not have the digest"):
        DecreaseExplanations.load(folder)


def test_what_was_saved_comes_back_unharmed_also_without_a_row(explanations, folder, tmp_path):
    assert DecreaseExplanations.load(folder).summary.equals(explanations[:20].summary)
    explanations[:0].save(tmp_path / "none")
    assert len(DecreaseExplanations.load(tmp_path / "none")) == 0
    assert json.loads((folder / "manifest.json").read_text())["format"] == FORMAT
