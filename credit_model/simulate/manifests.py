"""What a written portfolio was simulated with, read back from its manifest, so that its borrowers can live again."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from credit_model.errors import CreditModelError, DataFileError
from credit_model.files import read_manifest
from credit_model.simulate.columns import OWN_SHOCKS
from credit_model.simulate.policies.names import DEFAULT
from credit_model.simulate.settings import BLOCK_SIZE, Settings
from credit_model.simulate.writing import FORMAT, VERSION

_AGAIN = "simulate it again with this version"


def read_settings(folder: str | Path, *, policies: Sequence[str] = ()) -> Settings:
    """The settings of a portfolio that `write_portfolio` wrote.

    Parameters
    ----------
    folder : path
    policies : sequence of str
        Policies of your own, "module:object", among them the portfolio's if it has one.

    Raises
    ------
    DataFileError
        There is no such manifest, it is of another version, or the portfolio had an economy or a policy of its own
        that is not at hand.
    """
    given = read_manifest(folder, FORMAT)
    if given.get("version") != VERSION or given.get("block_size") != BLOCK_SIZE:
        raise DataFileError(f"{folder}: was simulated by another version, so its borrowers cannot live again; {_AGAIN}")
    policy = given.get("policy", DEFAULT)
    if isinstance(policy, dict):
        policy = _own_policy(folder, policy, policies)
    planted = {borrower: (OWN_SHOCKS[shock], month) for borrower, shock, month in given["planted"]}
    others = ("overrides", "changes_in", "hide", "proxy", "noise", "late")
    settings = Settings(
        given["n_borrowers"], given["n_months"], seed=given["seed"], scenario=given["scenario"], planted=planted,
        audit_bias=given["audit_bias"], policy=policy, interventions=_interventions(given.get("interventions")),
        root_causes=given["root_causes"],
        **{name: given[name] for name in others if name in given},
    )  # fmt: skip
    paths = settings.economy_paths.unemployment.tobytes() + settings.economy_paths.activity.tobytes()
    if hashlib.sha256(paths).hexdigest() != given["economy"]:
        raise DataFileError(
            f"{folder}: has an economy of its own, which the manifest does not hold, so its borrowers cannot live "
            "again; simulate without --economy"
        )
    return settings


def _own_policy(folder: str | Path, stated: dict[str, Any], policies: Sequence[str]) -> Any:
    from credit_model.simulate.policies.plugin import plug_in_of

    name = stated["name"]
    if name not in policies:
        raise DataFileError(
            f"{folder}: its lender has the policy {name}, which must be at hand for borrowers to live again; "
            f"give --policy {name}"
        )
    policy = plug_in_of(name)
    if policy.fingerprint != stated["fingerprint"]:
        raise CreditModelError(f"policy {name} scores otherwise than when {folder} was simulated; {_AGAIN}")
    return policy


def _interventions(rows: list[list[Any]] | None) -> pd.DataFrame | None:
    """The table behind what `Interventions.record` states."""
    if not rows:
        return None
    table = []
    for borrower, month, column, low, high in rows:
        bound = "exactly" if low == high else "at_most" if low is None else "at_least"
        table.append((borrower, month, column, high if low is None else low, bound))
    return pd.DataFrame(table, columns=["borrower_id", "month", "column", "value", "bound"])
