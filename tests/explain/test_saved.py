"""Saved explanations are trusted only as they were saved: every cell, row, name and field."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from credit_model.errors import ArtifactError
from credit_model.explain.decreases import DecreaseExplanations
from credit_model.explain.saved import FILES, FORMAT
from credit_model.model.seal import write_sealed

NAN = float("nan")


@pytest.fixture
def folder(explanations, tmp_path):
    explanations[:20].save(tmp_path / "saved")
    MONTH_OF_ROW_3[0] = int(explanations.month_number[3])
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


def wave(table, **changes):
    """The table with one wave of the decrease in row 3; the fixture's own waves, if any, are left out."""
    fields = {"row": 3, "scope": "month", "group": 0, "month_number": MONTH_OF_ROW_3[0], "n": 100, "n_cut": 30}
    return pd.DataFrame([{**fields, "usual": 0.02, **changes}])[list(table.columns)]


MONTH_OF_ROW_3 = [0]
CHANGES = {
    "permuted columns": ("by_feature", lambda t: t[[*t.columns[1:], t.columns[0]]]),
    "a changed cell": ("by_feature", lambda t: set_cell(t, t.columns[2], 0.5)),
    "a cell that is no number": ("by_factor", lambda t: set_cell(t, t.columns[0], float("nan"))),
    "a row less": ("what_if", lambda t: t.iloc[:-1]),
    "another order of rows": ("by_feature", lambda t: t.iloc[::-1]),
    "a changed score": ("summary", lambda t: set_cell(t, "keep_score_after", 9.0)),
    "a tier that the ladder lacks": ("summary", lambda t: set_cell(t, "tier_before", 99)),
    "a tier that is not its limit's": ("summary", lambda t: set_cell(t, "tier_after", t["tier_after"][3] - 1)),
    "a tier that did not fall": (
        "summary",
        lambda t: t.assign(tier_after=t["tier_before"], limit_after=t["limit_before"]),
    ),
    "tiers that are no whole numbers": ("summary", lambda t: t.assign(tier_after=t["tier_after"] + 0.0)),
    "an unknown limit": ("summary", lambda t: set_cell(t, "limit_after", NAN)),
    "an infinite limit": ("summary", lambda t: set_cell(t, "limit_before", np.inf)),
    "scores that are no numbers": ("summary", lambda t: t.assign(keep_score_before=NAN, keep_score_after=NAN)),
    "a flag in words": ("summary", lambda t: t.assign(has_reference=t["has_reference"].astype(str))),
    "a reference after the decision": (
        "summary",
        lambda t: set_cell(t, "reference_month", t["month"][3] + pd.DateOffset(months=1)),
    ),
    "no reference in another month": (
        "summary",
        lambda t: t.assign(has_reference=False, reference_month=t["month"] - pd.DateOffset(months=1)),
    ),
    "no month": ("summary", lambda t: set_cell(t, "month", pd.NaT)),
    "no borrower": ("summary", lambda t: t.assign(borrower_id=t["borrower_id"].astype("Int64").where(t.index != 3))),
    "a decrease twice": (
        "summary",
        lambda t: t.assign(borrower_id=t["borrower_id"][0], month=t["month"].max()),
    ),
    "an infinite value": ("values_after", lambda t: set_cell(t, t.columns[0], -np.inf)),
    "a mixture that is no number": ("what_if", lambda t: set_cell(t, "5", NAN)),
    "a mixture that is infinite": ("what_if", lambda t: set_cell(t, "5", np.inf)),
    "mixtures that start elsewhere": ("what_if", lambda t: set_cell(t, "0", t["0"][3] + 0.1)),
    "mixtures that end elsewhere": ("what_if", lambda t: set_cell(t, t.columns[-1], t[t.columns[-1]][3] + 0.1)),
    "a mixture that is another game's": ("what_if", lambda t: set_cell(t, "5", t["5"][3] + 0.1)),
    "a wave of a row that is none": ("waves", lambda t: wave(t, row=20)),
    "a wave of a row from the end": ("waves", lambda t: wave(t, row=-1)),
    "a wave of two kinds": ("waves", lambda t: pd.concat([wave(t), wave(t)])),
    "a wave of an unknown scope": ("waves", lambda t: wave(t, scope="town")),
    "a wave of another tier": ("waves", lambda t: wave(t, scope="tier_in_force", group=99)),
    "a wave of another group of all": ("waves", lambda t: wave(t, group=1)),
    "a wave of another month": ("waves", lambda t: wave(t, month_number=7)),
    "a wave of more cuts than lines": ("waves", lambda t: wave(t, n_cut=200)),
    "a wave without a cut": ("waves", lambda t: wave(t, n_cut=0)),
    "a wave beside no usual share": ("waves", lambda t: wave(t, usual=0.0)),
    "a wave beside a usual share that is no number": ("waves", lambda t: wave(t, usual=NAN)),
    "a spread where one fit counts": ("share_spread", lambda t: set_cell(t, t.columns[0], 0.1)),
    "a spread by other factors": ("share_spread", lambda t: t[t.columns[::-1]]),
    "waves with other columns": ("waves", lambda t: wave(t)[["row", "group", "scope", *t.columns[3:]]]),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_any_change_of_a_table_is_found_by_the_digest_and_by_what_must_fit_together(folder, name):
    change_table(folder, *CHANGES[name])
    with pytest.raises(ArtifactError, match="does not have the digest"):
        DecreaseExplanations.load(folder)
    seal_again(folder)
    with pytest.raises(ArtifactError, match=r"is damaged, .*(must|NaN|NaT)") as error:
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


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("reference", "yesterday", "reference must be one of last_set, .*, peers, found 'yesterday'"),
        ("reference", None, "reference must be one of"),
        ("month_type", "moon", "month_type must be one of date, .*, found 'moon'"),
        ("model_version", 3, "model_version must be a text"),
        ("ladder", [0.0], "ladder amounts must be at least 2"),
        ("support", {"expected_risk": 2.0}, "expected_risk must fulfil"),
        ("held_out", {"usual": 0.1, "edges": [0, 1], "n": [1], "n_cut": [2]}, "0 <= n_cut <= n"),
    ],
)
def test_a_field_that_cannot_be_is_found_also_under_a_right_digest(folder, field, value, message):
    content = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    content = {k: v for k, v in content.items() if k not in ("digest", "files", "format")}
    write_sealed(folder, FORMAT, {**content, field: value}, FILES)
    with pytest.raises(ArtifactError, match=message):
        DecreaseExplanations.load(folder)


@pytest.mark.parametrize("reference", ["last_set", "last_review", "previous_month", "peers"])
def test_explanations_against_every_reference_come_back(predictor, portfolio, tmp_path, reference):
    explanations = predictor.explain_decreases(portfolio.history, reference=reference)
    explanations.save(tmp_path / "x")
    back = DecreaseExplanations.load(tmp_path / "x")
    assert back.reference == reference
    assert back.summary.equals(explanations.summary)


def test_a_wave_comes_back(folder):
    change_table(folder, "waves", wave)
    seal_again(folder)
    found = DecreaseExplanations.load(folder).waves
    assert [(i, one.n_cut, one.usual) for i, one in enumerate(found) if one is not None] == [(3, 30, 0.02)]
