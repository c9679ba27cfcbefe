"""What a simulated portfolio depends on: said once, checked once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from credit_model.arrays import IntArray
from credit_model.errors import CreditModelError
from credit_model.simulate.columns import OWN_SHOCKS
from credit_model.simulate.economy import Economy, economy_from_table, simulate_economy
from credit_model.simulate.lender import LenderMoves, simulate_lender
from credit_model.simulate.policies.names import DEFAULT, POLICY_NAMES
from credit_model.simulate.records import Records
from credit_model.simulate.scenarios import Scenario, scenario_of
from credit_model.simulate.settings_rules import share, whole_number
from credit_model.simulate.streams import ECONOMY_TABLE, LENDER_TABLE, stream
from credit_model.simulate.wishes import Interventions, Wishes, interventions_of

if TYPE_CHECKING:
    from credit_model.simulate.policies.plugin import PlugIn
    from credit_model.simulate.scoring import PolicyTable

#: Borrowers that are simulated at once.
BLOCK_SIZE = 4096
#: More than any lender has, and a century of months.
MOST_BORROWERS, MOST_MONTHS = 10**9, 1200
_MOST_SEED = 2**64 - 1


@dataclass(frozen=True, eq=False)
class Settings:
    """All that a simulated portfolio depends on.

    Parameters
    ----------
    n_borrowers, n_months : int
        1 to 10^9, and 1 to 1200. Borrowers have ids 1 .. n_borrowers; more of them leave the earlier ones as they are.
    seed : int
        0 to 2^64 - 1.
    scenario : {"baseline", "downturn", "tightening", "credit_boom", "cycle"}
    economy : DataFrame, optional
        Columns unemployment_rate (percent) and activity_index (about 100), one row a month, in place of a drawn path.
    planted : mapping of borrower id to (shock, month), optional
        Gives a borrower one shock of `columns.OWN_SHOCKS` in one month of the panel (0 .. n_months - 1), and no other.
    audit_bias : float, default 0
        Log-odds that the lender wrongly takes off the score of women: a planted bias, for testing fairness checks.
    policy : {"scorecard", "matrix", "rules", "subscores", "weakest", "forest"}, "module:object", or object
        How the lender scores a borrower: `simulate.policies`, or a policy of your own with a method
        ``score(X, names)``, as `simulate.policies.plugin.PlugIn` asks for it.
    overrides : float, default 0
        Share of the decisions that somebody takes by hand in place of the policy, one or two tiers up or down;
        marked ``overridden`` in the truth.
    changes_in : int, optional
        From this month of the panel on (0 .. n_months - 1) the policy has other weights and thresholds. The true
        shares of a cut are those of the policy by which it was decided.
    hide, proxy : sequences of str, optional
        Features, or factors for all of theirs, whose own columns are blank in the history, or hold a noisy copy.
    noise : float, default 0
        Spread of the errors in the borrowers' numbers in the history, as a share of the value.
    late : int, default 0
        Months by which the history learns what bureau, partners and public sources know.
    interventions : DataFrame, optional
        What borrowers do in some months in place of what was drawn: borrower_id, month, column, value and optionally
        bound, as `simulate.wishes.interventions_of` takes them. All else is drawn as without, and the lender decides
        by what then is.
    root_causes : bool, default True
        Whether root causes are sought, by living each decrease again with one shock off. Without, the truth's
        ``cause_`` columns are all false.

    Raises
    ------
    CreditModelError
        A setting breaks its rule.

    Examples
    --------
    >>> Settings(9000, 36, seed=1, scenario="downturn").n_blocks
    3
    """

    n_borrowers: int
    n_months: int
    _: KW_ONLY
    seed: int
    scenario: str = "baseline"
    economy: pd.DataFrame | None = field(default=None, repr=False)
    planted: Mapping[int, tuple[str, int]] = field(default_factory=dict, repr=False)
    audit_bias: float = 0.0
    policy: Any = DEFAULT
    overrides: float = 0.0
    changes_in: int | None = None
    hide: Sequence[str] = ()
    proxy: Sequence[str] = ()
    noise: float = 0.0
    late: int = 0
    interventions: pd.DataFrame | None = field(default=None, repr=False)
    root_causes: bool = True

    def __post_init__(self) -> None:
        bounds = {"n_borrowers": (1, MOST_BORROWERS), "n_months": (1, MOST_MONTHS), "seed": (0, _MOST_SEED)}
        for name, (least, most) in bounds.items():
            object.__setattr__(self, name, whole_number(name, getattr(self, name), least, most))
        if self.changes_in is not None:
            object.__setattr__(self, "changes_in", whole_number("changes_in", self.changes_in, 0, self.n_months - 1))
        if not np.isfinite(self.audit_bias):
            raise CreditModelError(f"audit_bias must be a finite number of log-odds, got {self.audit_bias!r}")
        object.__setattr__(self, "overrides", share("overrides", self.overrides))
        self._check_policy()
        # Made here, so that what is wrong with them is told at once, and no two threads make them.
        _ = self.economy_paths, self.lender_moves, self.planted_shocks, self.records, self._interventions

    def _check_policy(self) -> None:
        if isinstance(self.policy, str) and ":" not in self.policy:
            if self.policy not in POLICY_NAMES:
                raise CreditModelError(
                    f"policy must be one of {', '.join(POLICY_NAMES)}, MODULE:OBJECT or an object with a method "
                    f"score(X, names), got {self.policy!r}"
                )
            return
        from credit_model.simulate.policies.plugin import plug_in_of  # loads a compiler

        object.__setattr__(self, "policy", plug_in_of(self.policy))
        if self.changes_in is not None:
            raise CreditModelError("changes_in must not be given with a policy of your own; it cannot know of a change")

    @cached_property
    def world(self) -> Scenario:
        """How the scenario's world differs from a calm one."""
        return scenario_of(self.scenario)

    @cached_property
    def economy_paths(self) -> Economy:
        """The economy over the burn-in and the panel's months: drawn, or the user's."""
        if self.economy is not None:
            return economy_from_table(self.economy, self.n_months)
        return simulate_economy(self.n_months, self.world, stream(self.seed, ECONOMY_TABLE))

    @cached_property
    def lender_moves(self) -> LenderMoves:
        """The lender's own moves over the burn-in and the panel's months."""
        return simulate_lender(self.n_months, self.world, stream(self.seed, LENDER_TABLE))

    @property
    def plug_in(self) -> PlugIn | None:
        """The lender's own policy, on the simulator's scale; None where the policy is one of the simulation's."""
        return None if isinstance(self.policy, str) else self.policy

    @cached_property
    def policy_table(self) -> PolicyTable:
        """The lender's policy, as the kernels take it."""
        from credit_model.simulate.policies.family import table_of  # loads a compiler

        return table_of(str(self.policy))

    @cached_property
    def revised_table(self) -> PolicyTable:
        """The policy from `changes_in` on."""
        from credit_model.simulate.policies.family import table_of

        return table_of(str(self.policy), revised=True)

    @cached_property
    def records(self) -> Records:
        """What the history shows of what happened."""
        return Records(self.hide, self.proxy, self.noise, self.late)  # type: ignore[arg-type]  # it takes any sequence

    @property
    def lender_arguments(self) -> dict[str, Any]:
        """What a manifest states of the lender: only what is not the default, so that the default stays as it was."""
        policy = self.policy if self.plug_in is None else self.plug_in.arguments
        stated = {"policy": policy, "overrides": self.overrides, "changes_in": self.changes_in}
        usual = {"policy": DEFAULT, "overrides": 0.0, "changes_in": None}
        done = self._interventions.record()
        stated = {name: value for name, value in stated.items() if value != usual[name]} | self.records.arguments
        return stated | ({"interventions": done} if done else {})

    @cached_property
    def planted_shocks(self) -> IntArray:
        """Borrower id (ascending), shock (position in `columns.OWN_SHOCKS`), panel month: (n_planted, 3)."""
        rows = []
        for borrower, (shock, month) in self.planted.items():
            if not 1 <= int(borrower) <= self.n_borrowers:
                raise CreditModelError(f"a planted borrower must be one of 1 .. {self.n_borrowers}, got {borrower!r}")
            if shock not in OWN_SHOCKS:
                raise CreditModelError(f"a planted shock must be one of {', '.join(OWN_SHOCKS)}, got {shock!r}")
            if not 0 <= int(month) < self.n_months:
                raise CreditModelError(f"a planted month must be one of 0 .. {self.n_months - 1}, got {month!r}")
            rows.append((int(borrower), OWN_SHOCKS.index(shock), int(month)))
        return np.array(sorted(rows), dtype=np.int64).reshape(-1, 3)

    @cached_property
    def _interventions(self) -> Interventions:
        return interventions_of(self.interventions, self.n_borrowers, self.n_months)

    def wishes_of(self, first_id: int, n: int) -> Wishes:
        """What borrowers first_id .. first_id + n - 1 do in place of what was drawn."""
        return self._interventions.wishes(first_id, n, self.n_months)

    @property
    def n_blocks(self) -> int:
        """Number of blocks of `BLOCK_SIZE` borrowers; the last may be smaller."""
        return -(-self.n_borrowers // BLOCK_SIZE)

    def size_of(self, block: int) -> int:
        """Number of borrowers in a block."""
        return min(BLOCK_SIZE, self.n_borrowers - block * BLOCK_SIZE)
