"""`Grade`: how well methods find the truth, as tables and as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from credit_model.errors import HistoryError
from credit_model.grade.measures import CAUSAL, COUNTS, FIDELITY, Lot, group_table, one_lot, overall_table
from credit_model.notebook import notebook_html
from credit_model.portfolio.catalogue import Catalogue

#: The group of rows of all policies.
ALL = "all"
#: Protocol -> what it means, in a few words.
PROTOCOLS = {
    "stale": "the model was fitted before, on other data",
    "in_time": "fitted on earlier data and on other borrowers of the same months; no explained borrower in training",
}


@dataclass(frozen=True)
class Grade:
    """How well explanation methods find the truth.

    Attributes
    ----------
    overall : DataFrame
        One row a method, ``ours`` first, all policies together: the measures of both scorecards, their counts,
        leading_factor_right_interval (half the width of the 95 % interval, by borrower), share_interval_holds (of the
        90 % intervals of our shares, those that hold the true one; NaN with fewer than four fits),
        seconds_per_decrease.
    groups : DataFrame
        The same for groups of decreases; columns policy ("all": of all of them), split (scenario, segment, kind, hard
        case, reference, leader, values, leading feature, support, single cause), group and method come first. Values:
        whether the model had seen all of them; leading feature: whether the data show the one that led.
    left_out : dict
        Decreases that are not graded: reason -> number.
    about : dict
        Method -> what it is, in a few words.
    model_version : str
        The graded model; "4 fits" and the like where there are several.
    policies : DataFrame
        `overall` of each policy apart: indexed by policy and method.
    protocol : {"stale", "in_time"}
        See `PROTOCOLS`.
    notes : tuple of str
        Methods that are left out, and why.
    models : tuple of str
        The versions of all fits.
    """

    overall: pd.DataFrame
    groups: pd.DataFrame
    left_out: dict[str, int]
    about: dict[str, str]
    model_version: str
    policies: pd.DataFrame = field(default_factory=pd.DataFrame)
    protocol: str = "stale"
    notes: tuple[str, ...] = ()
    models: tuple[str, ...] = ()

    @property
    def fidelity(self) -> pd.DataFrame:
        """Scorecard *fidelity to the lender's policy*: one row a method."""
        return self.overall[[*FIDELITY, *COUNTS[:5], "seconds_per_decrease"]]

    @property
    def causal(self) -> pd.DataFrame:
        """Scorecard *causal*: one row a method."""
        return self.overall[[*CAUSAL, "n_root_cause", "n_lender_kind"]]

    @property
    def policy_names(self) -> list[str]:
        """The policies of the graded portfolios, in their order."""
        return list(dict.fromkeys(self.policies.index.get_level_values("policy")))

    def of_policy(self, policy: str) -> pd.DataFrame:
        """`overall` of one policy: one row a method."""
        mine = self.policies[self.policies.index.get_level_values("policy") == policy]
        return mine.droplevel("policy")

    def by(self, split: str, method: str = "ours", policy: str = ALL) -> pd.DataFrame:
        """One method's measures for the groups of one split, a row each."""
        groups = self.groups
        rows = (groups["split"] == split) & (groups["method"] == method) & (groups["policy"] == policy)
        return groups[rows].drop(columns=["policy", "split", "method"]).set_index("group")

    @property
    def record(self) -> dict[str, Any]:
        """What JSON has: one object a policy and method, ``ours`` first: its measures, and the same by groups."""
        policies: dict[str, dict[str, Any]] = {}
        for policy in self.policy_names:
            table = self.of_policy(policy)
            mine = self.groups[self.groups["policy"] == policy]
            policies[policy] = {
                str(method): {
                    "about": self.about[str(method)],
                    **_plain(table.loc[method]),
                    "groups": _groups_of(mine[mine["method"] == method]),
                }
                for method in table.index
            }
        return {
            "policies": policies,
            "protocol": self.protocol,
            "model": self.model_version,
            "models": list(self.models),
            "left_out": self.left_out,
            "notes": list(self.notes),
        }

    def to_json(self, **parts: Mapping[str, Any]) -> str:
        """`record` as JSON, and beside it what was graded further, such as ``plans``."""
        return json.dumps(self.record | _known(parts), indent=2, ensure_ascii=False) + "\n"

    def _repr_html_(self) -> str:
        return notebook_html(
            "<p><b>{n:,} decreases</b> held against the true policy</p>",
            self.fidelity.round(3),
            self.causal.round(3),
            index=True,
            n=int(self.overall["n"].iloc[0]),
        )


def grade_of(
    lots: Sequence[Lot], catalogue: Catalogue, *, protocol: str, models: Sequence[str], notes: Sequence[str], seed: int
) -> Grade:
    """Put lots of cuts (of a portfolio or a fold each) together: all, and by policy.

    Raises
    ------
    HistoryError
        A policy has no cut to grade, or no method is left.
    """
    policies = dict.fromkeys(lot.policy for lot in lots)
    apart = {policy: one_lot([lot for lot in lots if lot.policy == policy], policy) for policy in policies}
    for policy, lot in apart.items():
        if not len(lot.known):
            raise HistoryError(
                f"there is no decrease to grade in a portfolio of {policy!r}; give a longer or larger portfolio"
            )
    whole = one_lot(lots)
    if not whole.named:
        raise HistoryError(f"no method is left to grade: {'; '.join(dict.fromkeys(notes))}")
    tables = {policy: overall_table(lot, catalogue, seed=seed) for policy, lot in apart.items()}
    groups = {policy: group_table(lot, catalogue) for policy, lot in apart.items()}
    several = len(apart) > 1
    everything = group_table(whole, catalogue) if several else next(iter(groups.values()))
    return Grade(
        overall=overall_table(whole, catalogue, seed=seed) if several else next(iter(tables.values())),
        groups=pd.concat(
            [table.assign(policy=policy) for policy, table in {ALL: everything, **groups}.items()], ignore_index=True
        )[["policy", *everything.columns]],
        left_out=whole.known.left_out,
        about={method: answer.about for lot in apart.values() for method, answer in lot.named.items()},
        model_version=models[0] if len(models) == 1 else f"{len(models)} fits",
        policies=pd.concat(tables, names=["policy"]),
        protocol=protocol,
        notes=tuple(dict.fromkeys(notes)),
        models=tuple(models),
    )


def _groups_of(table: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Split -> group -> measures."""
    return {
        str(split): {str(r["group"]): _plain(r[[*FIDELITY, *CAUSAL, *COUNTS]]) for _, r in rows.iterrows()}
        for split, rows in table.groupby("split", sort=False)
    }


def _known(value: Any) -> Any:
    """The same, unknown numbers null."""
    if isinstance(value, Mapping):
        return {str(name): _known(inner) for name, inner in value.items()}
    return None if isinstance(value, float) and math.isnan(value) else value


def _plain(measures: pd.Series) -> dict[str, float | int | None]:
    """Numbers as JSON has them: counts whole, unknown ones null."""
    return {
        str(name): None if math.isnan(value) else int(value) if str(name) in COUNTS else float(value)
        for name, value in measures.items()
    }
