"""Holds explanation methods against the simulator's truth: two scorecards, methods side by side, hard cases apart."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_model.arrays import BoolArray
from credit_model.errors import HistoryError
from credit_model.explain.pairs import decrease_rows
from credit_model.explain.support import SUPPORT_LEVELS
from credit_model.grade.hard_cases import hard_cases
from credit_model.grade.known import LENDER_KINDS, KnownDecreases, match_truth, together
from credit_model.grade.methods import METHODS, Attribution, Decreases, attribute, background_rows, explained, join
from credit_model.grade.root_causes import ACCEPTABLE_FACTORS, acceptable_factors
from credit_model.grade.scorecard import causal, fidelity, lender_recognition
from credit_model.notebook import notebook_html
from credit_model.portfolio.catalogue import Catalogue
from credit_model.portfolio.history import History
from credit_model.predictor import LimitPredictor
from credit_model.simulate.truth import Truth

FIDELITY = (
    "leading_factor_right",
    "first_reason_right",
    "leading_factor_right_clear",
    "top_two_right",
    "leading_factor_right_all",
    "rank_correlation",
    "share_error",
    "laid_on_borrower",
    "excused",
)
CAUSAL = ("root_cause_first", "root_cause_in_first_two", "lender_kind_recognised", "lender_kind_first")
COUNTS = ("n", "n_told", "n_clear", "n_not_borrowers", "n_borrowers", "n_root_cause", "n_lender_kind")


@dataclass(frozen=True)
class Grade:
    """How well explanation methods find the truth.

    Attributes
    ----------
    overall : DataFrame
        One row a method, ``ours`` first: the measures of both scorecards, their counts, seconds_per_decrease.
    groups : DataFrame
        The same for groups of decreases; columns split (segment, kind, scenario, hard case, reference, support), group
        and method come first.
    left_out : dict
        Decreases that are not graded: reason -> number.
    about : dict
        Method -> what it is, in a few words.
    model_version : str
    """

    overall: pd.DataFrame
    groups: pd.DataFrame
    left_out: dict[str, int]
    about: dict[str, str]
    model_version: str

    @property
    def fidelity(self) -> pd.DataFrame:
        """Scorecard *fidelity to the lender's policy*: one row a method."""
        return self.overall[[*FIDELITY, *COUNTS[:5], "seconds_per_decrease"]]

    @property
    def causal(self) -> pd.DataFrame:
        """Scorecard *causal*: one row a method."""
        return self.overall[[*CAUSAL, "n_root_cause", "n_lender_kind"]]

    def by(self, split: str, method: str = "ours") -> pd.DataFrame:
        """One method's measures for the groups of one split, a row each."""
        rows = (self.groups["split"] == split) & (self.groups["method"] == method)
        return self.groups[rows].drop(columns=["split", "method"]).set_index("group")

    def to_json(self) -> str:
        """One object a method, ``ours`` first: its measures, and the same by groups."""
        content: dict[str, Any] = {}
        for method in self.overall.index:
            mine = self.groups[self.groups["method"] == method]
            content[method] = {
                "about": self.about[method],
                **_plain(self.overall.loc[method]),
                "groups": {
                    split: {str(r["group"]): _plain(r[[*FIDELITY, *CAUSAL, *COUNTS]]) for _, r in rows.iterrows()}
                    for split, rows in mine.groupby("split", sort=False)
                },
                "left_out": self.left_out,
                "model": self.model_version,
            }
        return json.dumps(content, indent=2, ensure_ascii=False) + "\n"

    def _repr_html_(self) -> str:
        return notebook_html(
            "<p><b>{n:,} decreases</b> held against the true policy</p>",
            self.fidelity.round(3),
            self.causal.round(3),
            index=True,
            n=int(self.overall["n"].iloc[0]),
        )


def grade_explanations(
    predictor: LimitPredictor,
    history: pd.DataFrame | History,
    truth: pd.DataFrame | Truth,
    *,
    methods: Sequence[str] = tuple(METHODS),
    rows: str = "all",
    seed: int = 0,
) -> Grade:
    """Grade explanations of limit decreases against the simulator's truth.

    Parameters
    ----------
    predictor : LimitPredictor
        Fitted, best on other portfolios (other seeds) than the one graded.
    history : DataFrame or History
    truth : Truth or DataFrame
        What is true of the same portfolio: `SimulatedPortfolio.truth`, or its table ``decreases``.
    methods : sequence of str
        Of `credit_model.grade.methods.METHODS`.
    rows : {"all", "held_out"}
        "held_out": only borrowers that training never saw, for a portfolio that the model was trained on.
    seed : int
        Draws the population that population methods compare with.

    Returns
    -------
    Grade

    Raises
    ------
    HistoryError
        No decrease can be graded, or ``rows`` is unknown.
    DataFileError
        ``truth`` lacks a column, or belongs to another portfolio.

    Examples
    --------
    >>> from credit_model import LimitPredictor, grade_explanations, simulate_portfolio
    >>> predictor = LimitPredictor(max_iter=300).fit(simulate_portfolio(600, 30, seed=1).history)
    >>> unseen = simulate_portfolio(600, 30, seed=2)
    >>> grade = grade_explanations(predictor, unseen.history, unseen.truth, methods=["ours", "previous_month"])
    >>> right = grade.overall["leading_factor_right"]
    >>> bool(right["ours"] > right["previous_month"])
    True
    """
    return grade_portfolios(predictor, [(history, truth)], methods=methods, rows=rows, seed=seed)


def grade_portfolios(
    predictor: LimitPredictor,
    portfolios: Iterable[tuple[pd.DataFrame | History, pd.DataFrame | Truth]],
    *,
    methods: Sequence[str] = tuple(METHODS),
    rows: str = "all",
    seed: int = 0,
) -> Grade:
    """`grade_explanations` for several portfolios (history, truth), such as one a scenario, graded as one."""
    if rows not in ("all", "held_out"):
        raise HistoryError(f"rows must be 'all' or 'held_out', got {rows!r}")
    answers = [_answers(predictor, history, truth, methods, rows, seed) for history, truth in portfolios]
    known = together([a.known for a in answers])
    if not len(known):
        raise HistoryError("there is no decrease to grade; give a longer or larger portfolio")
    named = [join(parts) for parts in zip(*(a.named for a in answers), strict=True)]
    groups = list(_groups(known, np.concatenate([a.support for a in answers]), predictor.catalogue))
    return Grade(
        overall=_overall(named, known, predictor.catalogue),
        groups=_by_group(named, known, groups, predictor.catalogue),
        left_out=known.left_out,
        about={a.method: a.about for a in named},
        model_version=predictor.version,
    )


@dataclass(frozen=True)
class _Answers:
    """One portfolio: the truth, what each method says, and how far the model supports the cuts (n,)."""

    known: KnownDecreases
    named: list[Attribution]
    support: NDArray[np.object_]


def _answers(
    predictor: LimitPredictor,
    history: pd.DataFrame | History,
    truth: pd.DataFrame | Truth,
    methods: Sequence[str],
    rows: str,
    seed: int,
) -> _Answers:
    snapshots = predictor.snapshots(history)
    table = truth if isinstance(truth, pd.DataFrame) else truth.decreases
    known = match_truth(snapshots, decrease_rows(snapshots), table)
    if rows == "held_out":
        seen = snapshots.borrower_row[np.concatenate(predictor.training_rows(snapshots))]
        unseen = ~np.isin(snapshots.borrower_row[known.row], seen)
        known.left_out["the model was trained on the borrower"] = int(np.sum(~unseen))
        known = known[unseen]
    decreases = Decreases(snapshots, known.row, background_rows(snapshots, seed=seed))
    return _Answers(
        known=known,
        named=[attribute(predictor, decreases, method) for method in methods],
        support=explained(predictor, decreases).support,
    )


def measures(
    answer: Attribution,
    known: KnownDecreases,
    catalogue: Catalogue,
    graded: BoolArray,
    rows: BoolArray | slice = slice(None),
) -> dict[str, float | int]:
    """All measures of one method on some rows of ``known``; the leader is graded where ``graded`` (n,)."""
    about = np.array([factor.about for factor in catalogue.factors], dtype=object)
    acceptable = acceptable_factors(known.root_causes[rows], list(ACCEPTABLE_FACTORS), catalogue.factor_ids)
    order = answer.order[rows]
    lender_kind = np.isin(known.kind[rows].astype(str), LENDER_KINDS)
    return (
        fidelity(
            known.truth[rows],
            answer.contributions[rows],
            order,
            about == "borrower",
            told=answer.told[rows],
            graded=graded[rows],
            first_reason=answer.first_reason[rows],
        )
        | causal(order, acceptable)
        | lender_recognition(order, lender_kind, about == "lender")
    )


def _overall(named: list[Attribution], known: KnownDecreases, catalogue: Catalogue) -> pd.DataFrame:
    table = pd.DataFrame(
        [
            {
                "method": a.method,
                **measures(a, known, catalogue, _graded(named)),
                "seconds_per_decrease": a.seconds / len(known),
            }
            for a in named
        ]
    )
    return table.set_index("method")[[*FIDELITY, *CAUSAL, *COUNTS, "seconds_per_decrease"]]


def _by_group(
    named: list[Attribution],
    known: KnownDecreases,
    groups: list[tuple[str, str, BoolArray]],
    catalogue: Catalogue,
) -> pd.DataFrame:
    graded = _graded(named)
    return pd.DataFrame(
        [
            {"split": split, "group": group, "method": a.method, **measures(a, known, catalogue, graded, rows)}
            for a in named
            for split, group, rows in groups
        ],
        columns=["split", "group", "method", *FIDELITY, *CAUSAL, *COUNTS],
    )


def _groups(
    known: KnownDecreases, support: NDArray[np.object_], catalogue: Catalogue
) -> Iterator[tuple[str, str, BoolArray]]:
    """Split, group and rows of every group that has any."""
    for split, labels in (("scenario", known.scenario), ("segment", known.segment), ("kind", known.kind)):
        for group in sorted({str(label) for label in labels} - {""}):
            yield split, group, labels == group
    about = np.array([factor.about for factor in catalogue.factors], dtype=object)
    cases = hard_cases(known.truth, known.root_causes, about)
    cases["none of these"] = ~np.any(list(cases.values()), axis=0)
    splits: dict[str, dict[str, BoolArray]] = {
        "hard case": cases,
        "reference": {"limit set within the panel": ~known.censored, "first month stands in": known.censored},
        "support": {level: np.asarray(support == level) for level in SUPPORT_LEVELS},
    }
    for split, members in splits.items():
        for group, rows in members.items():
            if rows.any():
                yield split, group, rows


def _graded(named: list[Attribution]) -> BoolArray:
    """The cuts of which our method tells a reason; all, where it is not among the methods: (n,)."""
    told = next((a.told for a in named if a.method == "ours"), None)
    return np.ones(len(named[0].told), dtype=bool) if told is None else told


def _plain(measures: pd.Series) -> dict[str, float | int | None]:
    """Numbers as JSON has them: counts whole, unknown ones null."""
    return {
        str(name): None if math.isnan(value) else int(value) if str(name) in COUNTS else float(value)
        for name, value in measures.items()
    }
