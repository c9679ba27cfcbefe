"""A fitted model on disk: written part by part, and read only if every part fits the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from credit_model.arrays import FloatArray
from credit_model.errors import ArtifactError, CreditModelError
from credit_model.explain.peers import Peers
from credit_model.explain.seen import Seen
from credit_model.explain.support import HeldOutRisk, SupportRule
from credit_model.fitted_model import FittedModel
from credit_model.model.artifact import (
    SAVED,
    bag_arrays,
    bag_from_arrays,
    forest_arrays,
    forest_from_arrays,
    load_artifact,
    prefixed,
    save_artifact,
    unprefixed,
    warning_arrays,
    warning_from,
    warning_record,
)
from credit_model.model.bag import MOST_FITS, Members
from credit_model.model.destinations import Destinations
from credit_model.model.drift import Drift
from credit_model.model.seal import plain, reading
from credit_model.model.split import SplitRule
from credit_model.portfolio.catalogue import Catalogue, parse_catalogue
from credit_model.portfolio.ladder import LimitLadder
from credit_model.portfolio.months import MonthType

#: How the arrays of the trial's forest start.
_TRIAL = "trial_"


def save_fitted(fitted: FittedModel, folder: str | Path, settings: Mapping[str, Any], rule: SupportRule) -> None:
    """Write the model into a folder (manifest.json and arrays, no pickle).

    Parameters
    ----------
    folder : path
    settings : mapping
        The predictor's parameters; those that are None are left out.
    rule : SupportRule

    Raises
    ------
    CreditModelError
        A parameter cannot be kept as JSON.
    """
    catalogue, kept = fitted.catalogue, {}
    for name, value in settings.items():
        try:
            kept[name] = plain(value)
        except (TypeError, ValueError) as error:
            raise CreditModelError(
                f"parameter {name!r} cannot be saved with the model, {error}; set it to plain numbers or texts, "
                "and fit again"
            ) from None
    manifest = {
        "version": fitted.version,
        "catalogue": catalogue.text,
        "catalogue_name": catalogue.name,
        "catalogue_digest": catalogue.digest,
        "features": list(catalogue.feature_names),
        "ladder": list(fitted.ladder.amounts),
        "split": asdict(fitted.split),
        "settings": {name: value for name, value in kept.items() if value is not None},
        "support": asdict(rule),
        "held_out": None if fitted.held_out is None else fitted.held_out.as_record(),
        "n_trees": fitted.bag.n_trees,
        "n_fits": len(fitted.bag),
        "bag_seed": fitted.members.seed,
        "n_training_rows": fitted.n_training_rows,
        "month_type": fitted.month_type,
    }
    manifest |= {} if fitted.n_decisions is None else {"n_decisions": fitted.n_decisions}
    manifest |= {} if fitted.warning is None else {"warning": warning_record(fitted.warning)}
    moved = fitted.destinations
    arrays = (
        bag_arrays(fitted.bag)
        | prefixed(_TRIAL, forest_arrays(fitted.trial))
        | ({} if fitted.warning is None else warning_arrays(fitted.warning))
        | {
            **({} if moved is None else {"destinations_share": moved.share}),
            **({} if moved is None else {"destinations_weight": np.array([moved.weight])}),
            **({} if fitted.drift is None else {"drift": fitted.drift.errors}),
            "seen_low": fitted.seen.low,
            "seen_high": fitted.seen.high,
            "members_key": fitted.members.key,
            "members_month": fitted.members.month,
            "members_limit": fitted.members.limit,
            "peers_X": fitted.peers.X,
            "peers_tier": fitted.peers.tier,
            "tier_shares": fitted.tier_shares,
        }
    )
    save_artifact(folder, manifest, arrays)


def load_fitted(folder: str | Path) -> tuple[FittedModel, dict[str, Any], SupportRule]:
    """A saved model, its predictor's settings and its thresholds of support.

    Raises
    ------
    ArtifactError
        No model lies there, or it is damaged, or its parts do not fit together.
    """
    manifest, arrays = load_artifact(folder)
    with reading(folder, SAVED):
        catalogue = parse_catalogue(manifest["catalogue"], where=f"{folder}/manifest.json")
        held_out = manifest["held_out"]
        fitted = FittedModel(
            catalogue=catalogue,
            bag=bag_from_arrays(arrays, _n_fits(manifest), folder),
            members=Members(
                manifest["bag_seed"],
                _n_fits(manifest),
                *(arrays[f"members_{name}"] for name in ("key", "month", "limit")),
            ),
            destinations=_destinations(arrays),
            seen=Seen(arrays["seen_low"], arrays["seen_high"]),
            trial=forest_from_arrays(unprefixed(_TRIAL, arrays), folder),
            ladder=LimitLadder(tuple(manifest["ladder"])),
            split=SplitRule(**manifest["split"]),
            peers=Peers(arrays["peers_X"], arrays["peers_tier"]),
            held_out=None if held_out is None else HeldOutRisk.from_record(held_out),
            tier_shares=arrays["tier_shares"],
            n_training_rows=manifest["n_training_rows"],
            month_type=manifest["month_type"],
            n_decisions=manifest.get("n_decisions"),
            drift=Drift(arrays["drift"]) if "drift" in arrays else None,
            warning=None if "warning" not in manifest else warning_from(manifest["warning"], arrays),
        )
        settings, rule = dict(manifest["settings"]), SupportRule(**manifest["support"])
        if fault := _manifest_fault(fitted, manifest) or _fault(fitted):
            raise ValueError(fault)
        return fitted, settings, rule


def check_trained_with(own: Catalogue, wanted: Catalogue, folder: str | Path) -> None:
    """That a model in ``folder``, of catalogue ``own``, was trained with the catalogue that the data follows.

    Raises
    ------
    ArtifactError
        It was not.
    """
    if wanted.digest != own.digest:
        raise ArtifactError(
            f"{folder}: the model was trained with catalogue {own.name!r} version {own.version} "
            f"(digest {own.digest[:12]}), not with {wanted.name!r} version {wanted.version} "
            f"(digest {wanted.digest[:12]}); give that catalogue, or train again with this one"
        )


def _manifest_fault(fitted: FittedModel, manifest: Mapping[str, Any]) -> str:
    """What a manifest states otherwise than its model has it, in a few words; empty if nothing."""
    catalogue, settings = fitted.catalogue, manifest["settings"]
    stated = {
        "catalogue_digest": catalogue.digest,
        "catalogue_name": catalogue.name,
        "features": list(catalogue.feature_names),
        "n_trees": fitted.bag.n_trees,
        "version": fitted.version,
    }
    for name, value in stated.items():
        if manifest[name] != value:
            return f"manifest.json states another {name} than its catalogue and trees have"
    if settings.keys() & {"catalogue", "n_jobs", "support"} or not _is_count(settings.get("seed")):
        return "the settings must hold the seed, a whole number, and parameters of the booster"
    return ""


def _fault(fitted: FittedModel) -> str:
    """What does not fit together in a model, in a few words; empty if nothing."""
    catalogue, bag, ladder = fitted.catalogue, fitted.bag, fitted.ladder
    names = catalogue.feature_names
    categorical = {names.index(name) for name in catalogue.categorical_names}
    tier_column = names.index("tier_in_force") if "tier_in_force" in names else -1
    peers, shares = fitted.peers, fitted.tier_shares
    forests = (*bag.fits, fitted.trial)
    faults = {
        f"the trees are of other features than the catalogue's {len(names)}": any(
            forest.width != len(names) for forest in forests
        ),
        "the trees and the catalogue name the tier in force differently": any(
            forest.tier_column != tier_column for forest in forests
        ),
        f"the trees are of other tiers than the ladder's {ladder.n_tiers}": any(
            forest.n_tiers != ladder.n_tiers for forest in forests
        ),
        "the ranges seen do not fit the features": not all(
            side.shape == (len(names),) and side.dtype == np.float64 and not np.isinf(side).any()
            for side in (fitted.seen.low, fitted.seen.high)
        ),
        "the destinations do not fit the ladder": not _destinations_fit(
            fitted.destinations, tier_column, ladder.n_tiers
        ),
        "the members do not fit the bag": not _members_fit(fitted.members, len(bag)),
        "the ladder is not the catalogue's": catalogue.ladder is not None and ladder != catalogue.ladder,
        "the ladder has more tiers than the catalogue's quantiles": ladder.n_tiers > (catalogue.quantiles or np.inf),
        "the categories are not those of the catalogue": any(
            forest.categories.keys() != categorical
            or any(_categories_fault(values, catalogue, names[j]) for j, values in forest.categories.items())
            for forest in forests
        ),
        "the peers do not fit the trees": not _peers_fit(peers, len(names), ladder.n_tiers),
        "the shares of tiers do not fit the ladder": shares.shape != (ladder.n_tiers,)
        or shares.dtype != np.float64
        or not ((shares >= 0).all() and abs(shares.sum() - 1) < 1e-9),
        "the number of training rows is none": not _is_count(fitted.n_training_rows) or fitted.n_training_rows < 1,
        "the decisions are fewer than those drawn from them": fitted.n_decisions is not None
        and (not _is_count(fitted.n_decisions) or fitted.n_decisions < fitted.n_training_rows),
        f"the type of months must be one of {', '.join(get_args(MonthType))}": fitted.month_type
        not in get_args(MonthType),
        "the drift of scores is none": fitted.drift is not None and not _is_drift(fitted.drift.errors),
        "held-out risks are of a model without a tier in force": fitted.held_out is not None and tier_column < 0,
        "the early warning does not fit the features": fitted.warning is not None
        and (fitted.warning.width != len(names) or fitted.warning.categories.keys() != categorical or tier_column < 0),
    }
    return next((fault for fault, found in faults.items() if found), "")


def _categories_fault(values: FloatArray, catalogue: Catalogue, feature_id: str) -> bool:
    """Known values of a categorical feature must be rising codes of its column."""
    codes = len(catalogue.column(catalogue.feature(feature_id).column or "").categories)
    if values.ndim != 1 or values.dtype != np.float64 or not (np.diff(values) > 0).all():
        return True
    return not np.isin(values, np.arange(codes)).all()


def _peers_fit(peers: Peers, width: int, n_tiers: int) -> bool:
    X, tier = peers.X, peers.tier
    shapes = X.dtype == np.float64 and X.ndim == 2 and X.shape[1] == width and tier.shape == (len(X),)
    if not shapes or tier.dtype != np.int64 or np.isinf(X).any():
        return False
    return bool(((tier >= 1) & (tier < n_tiers)).all())


def _destinations(arrays: Mapping[str, NDArray[Any]]) -> Destinations | None:
    if "destinations_share" not in arrays:
        return None
    return Destinations(arrays["destinations_share"], float(arrays["destinations_weight"][0]))


def _destinations_fit(moved: Destinations | None, tier_column: int, n_tiers: int) -> bool:
    if moved is None or tier_column < 0:
        return moved is None and tier_column < 0
    share = moved.share
    if share.shape != (n_tiers, n_tiers) or share.dtype != np.float64 or not 0 <= moved.weight <= 1:
        return False
    sums = np.stack([np.tril(share, -1).sum(axis=1)[1:], np.triu(share, 1).sum(axis=1)[:-1]])
    return bool((share >= 0).all() and (np.diag(share) == 0).all() and (np.abs(sums - 1) < 1e-9).all())


def _is_drift(errors: NDArray[Any]) -> bool:
    shaped = errors.dtype == np.float64 and errors.ndim == 2 and 0 not in errors.shape
    return shaped and bool(np.isfinite(errors).all() and (np.diff(errors, axis=1) >= 0).all())


def _members_fit(members: Members, n_fits: int) -> bool:
    key, month, limit = members.key, members.month, members.limit
    if key.dtype != np.uint64 or month.dtype != np.int64 or limit.dtype != np.float64 or key.ndim != 1:
        return False
    alike = month.shape == key.shape == limit.shape and bool((key[1:] >= key[:-1]).all())
    return alike and members.n_fits == n_fits and _is_count(members.seed)


def _n_fits(manifest: Mapping[str, Any]) -> int:
    n = manifest["n_fits"]
    if not _is_count(n) or not 1 <= n <= MOST_FITS:
        raise ValueError(f"the number of fits must be a whole number in 1 .. {MOST_FITS}, found {n!r}")
    return int(n)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
