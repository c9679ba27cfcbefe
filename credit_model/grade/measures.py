"""The measures of several methods on one lot of cuts: all together, and by group."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_model.arrays import BoolArray, FloatArray
from credit_model.explain.support import SUPPORT_LEVELS
from credit_model.grade.answers import Attribution, join
from credit_model.grade.hard_cases import hard_cases
from credit_model.grade.known import LENDER_KINDS, KnownDecreases, together
from credit_model.grade.root_causes import ACCEPTABLE_FACTORS, acceptable_factors
from credit_model.grade.scorecard import (
    causal,
    fidelity,
    half_width,
    lender_recognition,
    lowering_order,
    mean_of_known,
    random_naming,
    truth_naming,
)
from credit_model.portfolio.catalogue import Catalogue

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
CAUSAL = (
    "root_cause_first",
    "root_cause_in_first_two",
    "random_first",
    "random_in_first_two",
    "truth_first",
    "truth_in_first_two",
    "lender_kind_recognised",
    "lender_kind_first",
)
COUNTS = ("n", "n_told", "n_clear", "n_not_borrowers", "n_borrowers", "n_root_cause", "n_lender_kind")
#: Of a method on all cuts of a lot alone: half the width of the 95 % interval of leading_factor_right, how many of the
#: intervals around our shares hold the true ones, and time.
OF_ALL = ("leading_factor_right_interval", "share_interval_holds", "seconds_per_decrease")


@dataclass(frozen=True)
class Lot:
    """Cuts of one lender, or of several, with what is true of them and what methods say.

    Attributes
    ----------
    policy : str
        The lender's; "" of several.
    known : KnownDecreases
        n cuts.
    named : dict of str to Attribution
        Method -> what it says of them, ``ours`` first.
    support : str array, (n,)
        How far our model supports each cut.
    near_tie : bool array, (n,)
        Our model tells no firm leader of it.
    unseen : bool array, (n,)
        Our model says that it has never seen a value of it.
    held : float64 array, (n, n_factors)
        Whether the interval around our share of a factor holds the true one; NaN where there is none.
    """

    policy: str
    known: KnownDecreases
    named: dict[str, Attribution]
    support: NDArray[np.object_]
    near_tie: BoolArray
    unseen: BoolArray
    held: FloatArray

    @property
    def graded(self) -> BoolArray:
        """The cuts of which our method tells a reason; all, where it is not among the methods: (n,)."""
        ours = self.named.get("ours")
        return np.ones(len(self.known), dtype=bool) if ours is None else ours.told


def one_lot(parts: Sequence[Lot], policy: str = "") -> Lot:
    """Several lots as one, with the methods that all of them have."""
    methods = [method for method in parts[0].named if all(method in part.named for part in parts)]
    return Lot(
        policy=policy,
        known=together([part.known for part in parts]),
        named={method: join([part.named[method] for part in parts]) for method in methods},
        support=np.concatenate([part.support for part in parts]),
        near_tie=np.concatenate([part.near_tie for part in parts]),
        unseen=np.concatenate([part.unseen for part in parts]),
        held=np.concatenate([part.held for part in parts]),
    )


def measures(
    lot: Lot, method: str, catalogue: Catalogue, rows: BoolArray | slice = slice(None)
) -> dict[str, float | int]:
    """All measures of one method on some of the cuts."""
    known, answer = lot.known, lot.named[method]
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
            graded=lot.graded[rows],
            first_reason=answer.first_reason[rows],
        )
        | causal(order, acceptable)
        | random_naming(acceptable)
        | truth_naming(known.truth[rows], acceptable)
        | lender_recognition(order, lender_kind, about == "lender")
    )


def overall_table(lot: Lot, catalogue: Catalogue, *, seed: int = 0) -> pd.DataFrame:
    """One row a method: its measures on all cuts, its intervals, and its time."""
    rows = []
    leader = lowering_order(lot.known.truth, 1)[:, 0]
    for method, answer in lot.named.items():
        right = np.asarray(answer.order[:, 0] == leader)
        rows.append(
            {
                "method": method,
                **measures(lot, method, catalogue),
                OF_ALL[0]: half_width(right, lot.graded, lot.known.borrower, seed=seed),
                OF_ALL[1]: mean_of_known(lot.held[lot.graded]) if method == "ours" else float("nan"),
                OF_ALL[2]: answer.seconds / len(lot.known),
            }
        )
    return pd.DataFrame(rows).set_index("method")[[*FIDELITY, *CAUSAL, *COUNTS, *OF_ALL]]


def group_table(lot: Lot, catalogue: Catalogue) -> pd.DataFrame:
    """The same by group: columns split, group, method and the measures."""
    groups = list(_groups(lot, catalogue))
    return pd.DataFrame(
        [
            {"split": split, "group": group, "method": method, **measures(lot, method, catalogue, rows)}
            for method in lot.named
            for split, group, rows in groups
        ],
        columns=["split", "group", "method", *FIDELITY, *CAUSAL, *COUNTS],
    )


def _groups(lot: Lot, catalogue: Catalogue) -> Iterator[tuple[str, str, BoolArray]]:
    """Split, group and rows of every group that has any."""
    known = lot.known
    for split, labels in (("scenario", known.scenario), ("segment", known.segment), ("kind", known.kind)):
        for group in sorted({str(label) for label in labels} - {""}):
            yield split, group, labels == group
    about = np.array([factor.about for factor in catalogue.factors], dtype=object)
    cases = hard_cases(known.truth, known.root_causes, about)
    cases["none of these"] = ~np.any(list(cases.values()), axis=0)
    single = known.root_causes.sum(axis=1) == 1
    splits: dict[str, dict[str, BoolArray]] = {
        "hard case": cases,
        "reference": {"limit set within the panel": ~known.censored, "first month stands in": known.censored},
        "leader": {"firm": ~lot.near_tie, "near tie": lot.near_tie},
        "values": {"all seen": ~lot.unseen, "never seen": lot.unseen},
        "leading feature": {"in the data": ~known.hidden, "hidden": known.hidden},
        "support": {level: np.asarray(lot.support == level) for level in SUPPORT_LEVELS},
        "single cause": {cause: single & known.root_causes[:, j] for j, cause in enumerate(ACCEPTABLE_FACTORS)},
    }
    for split, members in splits.items():
        for group, rows in members.items():
            if rows.any():
                yield split, group, rows
