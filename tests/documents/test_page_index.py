"""What the index embeds: columns as places in lists of texts, flags, tiles and the economy."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from credit_model import palette
from credit_model.documents.page_verdict import TONES
from credit_model.documents.report import (
    index_html,
    page_names,
    page_records,
)
from credit_model.errors import HistoryError
from credit_model.words.language import language
from tests.documents.report_examples import (
    CASES,
    DECISION,
    TOLD,
    embedded,
    example_explanations,
    example_tracks,
)


def test_flags_are_given_to_the_index_with_bit_tone_and_words(cases, records):
    flags = embedded(index_html(records, ["x.html"] * len(cases)))["flags"]
    assert [(f["name"], f["bit"]) for f in flags] == [(name, 2**k) for k, name in enumerate(palette.FLAGS)]
    assert {f["tone"] for f in flags} == {"note", *TONES.values()}
    assert next(f["label"] for f in flags if f["name"] == "wave") == {
        "en": "Wave of cuts by the lender",
        "zh": "机构批量下调",
    }


def _column(data, name, lang="en"):
    column = data["columns"][name]
    texts = column["texts"] if isinstance(column["texts"], list) else column["texts"][lang]
    return [None if place < 0 else texts[place] for place in column["place"]]


def test_an_index_row_says_what_the_explanations_say(cases, records):
    files = [f"decreases/{name}" for name in page_names(cases)]
    data = embedded(index_html(records, files))
    assert _column(data, "borrower") == list(CASES)
    assert data["files"] == files
    names = {flag["name"]: flag["bit"] for flag in data["flags"]}
    marked = {
        case: {name for name, bit in names.items() if flags & bit}
        for case, flags in zip(CASES, data["row_flags"], strict=True)
    }
    assert marked == {
        "clear": set(),
        "tie": {"near_tie"},
        "raised": {"raised"},
        "unexplained": {"unexplained"},
        "wave": {"unexplained", "wave"},
        "knock_out": {"knock_out"},
        "lender": set(),
        "nothing": set(),
    }
    ids = (*cases.catalogue.factor_ids, "")
    assert [ids[place] for place in data["columns"]["factor"]["place"]] == [leading for _, leading in TOLD.values()]
    supports = [data["supports"][place]["name"] for place in data["support"]]
    assert supports == [support for support, _ in TOLD.values()]
    spoken = language("en")
    assert _column(data, "risk") == [spoken.risk(v.risk_after) for v in cases.verdicts]
    assert _column(data, "risk_before") == [spoken.risk(v.risk_before) for v in cases.verdicts]
    assert set(_column(data, "cut")) == {"−75%"}
    assert set(_column(data, "before")) == {"20,000"}
    assert set(_column(data, "after")) == {"5,000"}


def test_places_of_an_index_column_are_in_the_order_of_what_they_stand_for():
    before = [0.5, 3.0, 1.0, 3.0]
    ids = ["B10", "b2", "B2", "B1"]
    explained = example_explanations([CASES["clear"][0]] * 4, before, borrower_id=ids)
    known = np.array([True, True, True, False])
    object.__setattr__(explained, "has_reference", known)
    columns = embedded(index_html(page_records(explained, example_tracks(explained)), ["x"] * 4))["columns"]
    # B2 and b2 are alike but for case: the capital comes first; the number in B10 is a ten.
    assert columns["borrower"] == {"place": [3, 2, 1, 0], "texts": ["B1", "B2", "b2", "B10"]}
    # The higher the score then, the lower the risk; the last has no reference.
    assert columns["risk_before"]["place"] == [2, 0, 1, -1]
    assert columns["risk_before"]["texts"] == ["4.7%", "27%", "38%"]


def test_tiles_count_each_support(cases, records):
    tiles = {tile["id"]: tile for tile in embedded(index_html(records, ["x"] * len(cases)))["tiles"]}
    assert list(tiles) == ["decreases", "expected", "raised", "unexplained", "median_cut"]
    # Of eight cases five are expected, one is raised and two are unexplained.
    assert [tiles[name]["value"] for name in ("decreases", "expected", "raised", "unexplained")] == ["8", "5", "1", "2"]
    # One of eight is 12.5 %.
    assert tiles["raised"]["note"]["en"].startswith("12%")


def test_the_economy_is_put_beside_the_months(cases, records):
    explained = example_explanations([CASES["clear"][0]] * 2, [2.2] * 2, month=[DECISION - 2, DECISION])
    records = page_records(explained, example_tracks(explained))
    economy = pd.DataFrame(
        {"month": ["2024-11", "2024-09", "2030-01"], "unemployment": [5.5, 5.1, 9.0], "regime": ["a", "b", "c"]}
    )
    data = embedded(index_html(records, ["a", "b"], economy=economy))
    # September is known, October is not, November is; text columns are left out.
    assert data["economy"] == [
        {
            "label": {"en": "Unemployment", "zh": "失业率"},
            "values": [5.1, None, 5.5],
            "low": {"value": 5.1, "text": "5.1"},
            "high": {"value": 5.5, "text": "5.5"},
        }
    ]
    with pytest.raises(HistoryError, match="one row a month"):
        index_html(records, ["a", "b"], economy=pd.concat([economy, economy]))
    with pytest.raises(HistoryError, match="must have a column 'month'"):
        index_html(records, ["a", "b"], economy=economy.rename(columns={"month": "when"}))
