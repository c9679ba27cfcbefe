"""A lender's own policy: any object that scores snapshots, put on the simulator's scale."""

from __future__ import annotations

import hashlib
import importlib
import os
import sys
from threading import Lock
from typing import Any

import numpy as np

from credit_model.arrays import BoolArray, FloatArray
from credit_model.errors import CreditModelError
from credit_model.portfolio.catalogue import read_catalogue
from credit_model.portfolio.months import format_month
from credit_model.simulate.economy import BURN_IN, FIRST_MONTH
from credit_model.simulate.lines import STRENGTH
from credit_model.simulate.pilot import pilot
from credit_model.simulate.policies.tables import KNOCK_OUT, RULES_BESIDE

#: Quantiles of the pilot's scores by which a policy's own scale is laid on the simulator's.
QUANTILES = (0.02, 0.10, 0.25, 0.50, 0.75, 0.90, 0.98)
#: What a knock-out of the policy's own takes off its score: as much as 90 days past due under the scorecard.
KNOCK_OUT_POINTS = STRENGTH * RULES_BESIDE[KNOCK_OUT]
#: Rows of the pilot on which each is asked for alone.
_ALONE = 40


class PlugIn:
    """A lender's own policy on the simulator's scale.

    Its score is put there by a monotone, piecewise linear map: quantiles of its scores of a pilot's snapshots come to
    be the quantiles of the scorecard's. So it may be in any unit, as long as more means better.

    Parameters
    ----------
    policy : object
        Has ``score(X, names)``, which gives one finite number a row of X (n, n_features), each row on its own; higher
        is better. NaN in X is unknown (a ratio to a limit of 0, say). Optionally ``knock_out(X, names)``, bool (n,).
    name : str
        Named in errors and in the manifest.

    Attributes
    ----------
    name : str
    knots : float64 array, (n_knots, 2)
        The policy's own score, and the simulator's log-odds; linear between, and beyond as between the last two.
    fingerprint : str
        Digest of the policy's scores of the pilot: another policy, or another version of it, has another.

    Raises
    ------
    CreditModelError
        It has no score, or gives what is no score.
    """

    def __init__(self, policy: Any, name: str) -> None:
        self.policy, self.name = policy, name
        self.names: tuple[str, ...] = tuple(read_catalogue("synthetic").driver_names)
        self._lock = Lock()  # several blocks may ask at once, and who writes a policy need not think of it
        if not callable(getattr(policy, "score", None)):
            raise CreditModelError(f"policy {name} must have a method score(X, names); it has none")
        X, score = pilot()
        where = "the pilot run"
        own = self._ask("score", X, where)
        self._check_rows_alone(X, own)
        self.knots = knots_of(own, score, name)
        knocked = self._knock_out(X, where)
        # Not of the last bits, which other processors round in other ways.
        self.fingerprint = hashlib.sha256(own.astype(np.float32).tobytes() + knocked.tobytes()).hexdigest()[:16]

    def score(self, X: FloatArray, t: int) -> FloatArray:
        """Log-odds of standing on the simulator's scale: (n,); ``t``: the month, burn-in included."""
        return self._scores(X, f"month {_month(t)}")

    def value(self, X: FloatArray) -> FloatArray:
        """As `score`, of mixtures of two snapshots."""
        return self._scores(X, "a mixture of two snapshots, for the true shares")

    def knocked_out(self, X: FloatArray, t: int) -> BoolArray:
        """Snapshots that the policy's own rule knocks out: (n,)."""
        return self._knock_out(X, f"month {_month(t)}")

    @property
    def arguments(self) -> dict[str, Any]:
        """What a manifest states of it."""
        return {"name": self.name, "fingerprint": self.fingerprint, "map": self.knots.tolist()}

    def _scores(self, X: FloatArray, where: str) -> FloatArray:
        scores: FloatArray = on_scale(self._ask("score", X, where), self.knots)
        return scores - KNOCK_OUT_POINTS * self._knock_out(X, where)

    def _knock_out(self, X: FloatArray, where: str) -> BoolArray:
        if getattr(self.policy, "knock_out", None) is None:
            return np.zeros(len(X), dtype=np.bool_)
        knocked: BoolArray = self._ask("knock_out", X, where) != 0
        return knocked

    def _ask(self, method: str, X: FloatArray, where: str) -> FloatArray:
        """What the policy says of the snapshots, checked: (n,)."""
        if not len(X):
            return np.empty(0)
        call = f"policy {self.name}: {method}(X, names)"
        try:
            with self._lock:
                given = getattr(self.policy, method)(X.copy(), self.names)
        except Exception as error:
            text = " ".join(str(error).split())
            raise CreditModelError(f"{call} raised {type(error).__name__} in {where}: {text}") from error
        try:
            answer = np.array(given, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise CreditModelError(f"{call} must give numbers, got {type(given).__name__} in {where}") from error
        if answer.shape != (len(X),):
            raise CreditModelError(
                f"{call} must give one number a row, shape ({len(X)},), got shape {answer.shape} in {where}"
            )
        wrong = np.flatnonzero(~np.isfinite(answer))
        if len(wrong):
            unknown = [self.names[f] for f in np.flatnonzero(np.isnan(X[wrong[0]]))]
            hint = f"; unknown there: {', '.join(unknown)}" if unknown else ""
            raise CreditModelError(
                f"{call} must give finite numbers, got {answer[wrong[0]]} in {len(wrong)} of {len(X)} rows in {where}"
                f"{hint}"
            )
        return answer

    def _check_rows_alone(self, X: FloatArray, together: FloatArray) -> None:
        """Each row's score may depend on that row alone, or mixtures of snapshots would have no score."""
        rows = np.linspace(0, len(X) - 1, _ALONE).astype(np.int64)
        alone = np.concatenate([self._ask("score", X[row : row + 1], "the pilot run") for row in rows])
        if not np.allclose(alone, together[rows], rtol=1e-7, atol=1e-9):
            raise CreditModelError(
                f"policy {self.name}: score(X, names) must score each row on its own, but gives a row another score "
                "when it is asked for alone"
            )


def knots_of(own: FloatArray, score: FloatArray, name: str) -> FloatArray:
    """The monotone map between two scores of the same snapshots: knots (n_knots, 2), both columns ascending.

    Raises
    ------
    CreditModelError
        The policy does not tell the snapshots apart.
    """
    at, to = np.quantile(own, QUANTILES), np.quantile(score, QUANTILES)
    distinct, group = np.unique(at, return_inverse=True)  # a coarse score has the same value at several quantiles
    if len(distinct) < 2 or not np.ptp(own) > 0:
        raise CreditModelError(
            f"policy {name}: score(X, names) must tell borrowers apart, got {own[0]:g} for nearly all of the pilot's "
            "snapshots"
        )
    return np.stack([distinct, np.bincount(group, to) / np.bincount(group)], axis=1)


def on_scale(own: FloatArray, knots: FloatArray) -> FloatArray:
    """A policy's own scores on the simulator's scale; beyond the knots, as between the last two."""
    piece = np.clip(np.searchsorted(knots[:, 0], own, side="right") - 1, 0, len(knots) - 2)
    slope = np.diff(knots[:, 1]) / np.diff(knots[:, 0])
    scores: FloatArray = knots[piece, 1] + (own - knots[piece, 0]) * slope[piece]
    return scores


def _month(t: int) -> str:
    before = " (before the panel)" if t < BURN_IN else ""
    return format_month(FIRST_MONTH + t - BURN_IN, "date") + before


def plug_in_of(policy: Any) -> PlugIn:
    """A lender's own policy: the object itself, or "module:object", which is imported (also from the working folder).

    Raises
    ------
    CreditModelError
        It cannot be imported, or is no policy.
    """
    if isinstance(policy, PlugIn):
        return policy
    if isinstance(policy, str):
        return PlugIn(_imported(policy), policy)
    kind = type(policy) if not isinstance(policy, type) else policy
    return PlugIn(policy, f"{kind.__module__}:{kind.__qualname__}")


def _imported(name: str) -> Any:
    module, _, path = name.partition(":")
    here = os.getcwd()
    added = here not in sys.path
    if added:
        sys.path.append(here)
    try:
        found = importlib.import_module(module)
        for part in path.split("."):
            found = getattr(found, part)
    except Exception as error:  # whatever the module does when it is run
        text = " ".join(str(error).split())
        raise CreditModelError(
            f"policy {name} cannot be imported ({type(error).__name__}: {text}); give MODULE:OBJECT, such as "
            "my_policy:POLICY, of a module that Python finds or that lies in this folder"
        ) from error
    finally:
        if added:
            sys.path.remove(here)
    return found
