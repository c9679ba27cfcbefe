"""The result of explaining limit decreases: tables with names, one verdict a cut, and what follows from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from credit_model.arrays import FloatArray, IntArray
from credit_model.errors import CreditModelError
from credit_model.explain.changes import ChangeExplanations
from credit_model.explain.principal import MAX_REASONS
from credit_model.explain.saved import FILES, FORMAT, WAVE_FIELDS, saved_fields
from credit_model.explain.support import SUPPORT_LEVELS, HeldOutRisk, SupportRule
from credit_model.explain.verdict import Verdict, find_support, find_verdicts, restoring_lines
from credit_model.files import fresh_folder, write_table
from credit_model.model.seal import write_sealed
from credit_model.notebook import notebook_html
from credit_model.portfolio.ladder import LimitLadder
from credit_model.portfolio.months import format_month, months_as_values


@dataclass(frozen=True, kw_only=True)
class DecreaseExplanations(ChangeExplanations):
    """Why limits fell: one row a decrease, in log-odds of keeping the tier in force.

    Attributes
    ----------
    ladder : LimitLadder
    limit_after : float64 array (n,), in the catalogue's currency
    tier_after : int64 array (n,)
    rule : SupportRule
        The thresholds of support.
    held_out : HeldOutRisk or None
        What became of held-out decisions; without it no risk counts as raised.
    waves : array of Wave or None (n,)
        Where many others were cut in the same month.
    month_effect : float64 array (n,), log-odds
        By how much more lines fell in that month than at the reference, beyond what their records account for.

    Notes
    -----
    The further attributes are those of `ChangeExplanations`.
    """

    ladder: LimitLadder
    limit_after: FloatArray
    tier_after: IntArray
    rule: SupportRule = field(default_factory=SupportRule)
    held_out: HeldOutRisk | None = None
    waves: NDArray[np.object_] = field(default_factory=lambda: np.empty(0, dtype=object))
    month_effect: FloatArray = field(default_factory=lambda: np.empty(0))

    _SHARED: ClassVar[frozenset[str]] = ChangeExplanations._SHARED | {"ladder", "rule", "held_out"}

    def __post_init__(self) -> None:
        super().__post_init__()
        if not len(self.waves) and len(self.month_number):
            object.__setattr__(self, "waves", np.full(len(self.month_number), None, dtype=object))
        if not len(self.month_effect) and len(self.month_number):
            object.__setattr__(self, "month_effect", np.zeros(len(self.month_number)))

    @property
    def usual_risk(self) -> float:
        """Share of decisions that end in a cut; NaN if unknown."""
        return float("nan") if self.held_out is None else self.held_out.usual

    @cached_property
    def verdicts(self) -> tuple[Verdict, ...]:
        """The verdict on each cut: everything that is told of it."""
        return self.told()

    def told(self, max_reasons: int = MAX_REASONS) -> tuple[Verdict, ...]:
        """`verdicts` with at most ``max_reasons`` (1 to 4) reasons each."""
        given: dict[str, Any] = {name: getattr(self, name) for name in ("rule", "held_out", "waves", "month_effect")}
        return find_verdicts(self, **given, max_reasons=max_reasons)

    @cached_property
    def support(self) -> NDArray[np.object_]:
        """How far the model supports each cut: (n,) of "expected", "raised", "unexplained"."""
        return find_support(self, self.rule, self.usual_risk, self.waves, self.month_effect)

    @cached_property
    def leading_factor_index(self) -> IntArray:
        """The factor that led each cut, as a place in ``catalogue.factors``: (n,); -1 where no reason is told."""
        return np.array([verdict.leading_factor for verdict in self.verdicts], dtype=np.int64)

    def factor_order(self, row: int = 0) -> tuple[int, ...]:
        """All factors of one cut in the order in which they are shown, as places in ``catalogue.factors``.

        First those that the verdict tells, in its order; then those that raised the score; last those that did not
        move it.
        """
        told, values = self.verdicts[row].factors, self.factor_contributions[row]
        rest = [g for g in range(len(values)) if g not in told]
        return (*told, *sorted(rest, key=lambda g: (values[g] == 0, values[g], g)))

    @cached_property
    def restoring_line(self) -> FloatArray:
        """The keep score from which on a cut would not be supported: (n,), log-odds; NaN where it is not."""
        return restoring_lines(self, self.support, self.rule, self.usual_risk)

    @cached_property
    def restoring_sets(self) -> list[tuple[tuple[str, ...], ...]]:
        """For each decrease the minimal sets of factors that, put back, bring its score to `restoring_line`.

        Empty where the model does not support the cut, and where not even all factors together restore it.
        """
        return self.coalitions.restoring_sets(self.restoring_line)

    def restoring_table(self, row: int = 0) -> pd.DataFrame:
        """The restoring sets of one decrease with the scores and risks that they reach (`Coalitions`)."""
        return self.coalitions.restoring_table(row, float(self.restoring_line[row]))

    @cached_property
    def summary(self) -> pd.DataFrame:
        """One row a decrease.

        Columns: borrower_id, month, reference_month, reference_censored, has_reference, limit_before, limit_after,
        tier_before, tier_after; keep_score_before, keep_score_after (log-odds), probability_before,
        probability_after (of keeping the tier in force), model_agrees (its loss is likelier than not); support,
        risk_before, risk_after (of losing the tier in force; before is NaN without a reference), frequency_at_risk
        (share of cuts among held-out decisions of about this risk); leading_factor, first_reason_factor (the same;
        "" where no reason is told), withheld (why not), near_tie, moved_most (the factor that lowered the score most,
        whether or not it is a reason; "" for none), leader_fits and n_fits (in how many of how many fits the factor
        named first lowers the score most), unseen (a feature with a value that the model never saw; "" for
        none), wave (how many times the usual were cut; NaN: no wave) and month_effect (log-odds by which more lines
        fell in that month than at the reference, beyond what their records account for).
        """
        verdicts, factors = self.verdicts, np.array([*self.catalogue.factor_ids, ""], dtype=object)

        def ids(places: list[int]) -> Any:
            return pd.array(factors[np.array(places, dtype=np.int64)], dtype="str")

        return pd.DataFrame(
            {
                "borrower_id": self.borrower_id,
                "month": months_as_values(self.month_number, self.month_type),
                "reference_month": months_as_values(self.reference_month_number, self.month_type),
                "reference_censored": self.reference_censored,
                "has_reference": self.has_reference,
                "limit_before": self.limit_before,
                "limit_after": self.limit_after,
                "tier_before": self.tier_before,
                "tier_after": self.tier_after,
                "keep_score_before": self.keep_score_before,
                "keep_score_after": self.keep_score_after,
                "probability_before": expit(self.keep_score_before),
                "probability_after": expit(self.keep_score_after),
                "model_agrees": self.keep_score_after < 0,
                "support": pd.array([v.support for v in verdicts], dtype="str"),
                "risk_before": np.array([v.risk_before for v in verdicts], dtype=np.float64),
                "risk_after": np.array([v.risk_after for v in verdicts], dtype=np.float64),
                "frequency_at_risk": np.array(
                    [np.nan if v.frequency is None else v.frequency.share for v in verdicts], dtype=np.float64
                ),
                "leading_factor": ids([v.leading_factor for v in verdicts]),
                "first_reason_factor": ids([v.reasons[0].factor if v.reasons else -1 for v in verdicts]),
                "withheld": pd.array([v.withheld for v in verdicts], dtype="str"),
                "near_tie": np.array([v.near_tie for v in verdicts], dtype=bool),
                "moved_most": ids([v.factors[0] if v.factors else -1 for v in verdicts]),
                "leader_fits": self.fits_led[
                    np.arange(len(self)), [v.factors[0] if v.factors else 0 for v in verdicts]
                ],
                "n_fits": self.n_fits,
                "unseen": pd.array(
                    np.array([*self.catalogue.driver_names, ""], dtype=object)[self.unseen], dtype="str"
                ),
                "wave": np.array([np.nan if v.wave is None else v.wave.times_usual for v in verdicts]),
                "month_effect": self.month_effect,
            }
        )

    def save(self, folder: str | Path) -> None:
        """Write tables (Parquet) and ``manifest.json`` into a folder, whole or not at all."""
        with fresh_folder(folder, format=FORMAT) as partial:
            self.write_into(Path(partial))

    def write_into(self, folder: Path) -> None:
        """Write the tables into an existing folder (for callers that add more to it)."""
        for name, table in self.tables().items():
            write_table(table, folder / f"{name}.parquet")
        write_table(wave_table(self.wave_rows()), folder / "waves.parquet")
        self.seal(folder)

    def tables(self) -> dict[str, pd.DataFrame]:
        """The tables that are written, by their files' names, without that of the waves; each has a row a decrease."""
        names, factors = list(self.catalogue.driver_names), list(self.catalogue.factor_ids)
        return {
            "summary": self.summary,
            "by_factor": self.by_factor,
            "by_feature": self.by_feature,
            "values_before": self.values_before,
            "values_after": self.values_after,
            "fits": pd.DataFrame(self.fits_led, columns=factors).assign(n_fits=self.n_fits),
            "share_spread": pd.DataFrame(self.share_spread, columns=factors),
            "fits_headed": pd.DataFrame(self.fits_headed, columns=names),
            "fits_lowered": pd.DataFrame(self.fits_lowered, columns=names),
            "what_if": self.what_if.set_axis([str(c) for c in self.what_if], axis=1),
        }

    def wave_rows(self) -> list[tuple[Any, ...]]:
        """The decreases that are told a wave: their place, and what the wave is."""
        return [
            (i, *(getattr(wave, name) for name in WAVE_FIELDS)) for i, wave in enumerate(self.waves) if wave is not None
        ]

    def seal(self, folder: Path) -> None:
        """Write the manifest over tables that lie in a folder, of these decreases or of more by the same model."""
        held_out = self.held_out
        content = {
            "reference": self.reference,
            "model_version": self.model_version,
            "month_type": self.month_type,
            "ladder": list(self.ladder.amounts),
            "support": asdict(self.rule),
            "held_out": None if held_out is None else held_out.as_record(),
            "catalogue": self.catalogue.text,
        }
        write_sealed(folder, FORMAT, content, FILES)

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Read what `save` wrote.

        Raises
        ------
        ArtifactError
            The folder holds no saved explanations, or damaged ones.
        """
        return cls(**saved_fields(folder))

    def _repr_html_(self) -> str:
        counts = ", ".join(f"{int((self.support == level).sum()):,} {level}" for level in SUPPORT_LEVELS)
        head = (
            "<p><b>{n:,} limit decreases</b> ({counts}), compared by <code>{reference}</code>. "
            "The first ten, factors in log-odds:</p>"
        )
        first = self[:10]
        limits, scores = (first.limit_before, first.limit_after), (first.keep_score_before, first.keep_score_after)
        shown = pd.DataFrame(
            {
                "borrower": first.borrower_id,
                "month": [format_month(m, self.month_type) for m in first.month_number],
                "since": [format_month(m, self.month_type) for m in first.reference_month_number],
                "limit": [f"{a:,.0f} → {b:,.0f}" for a, b in zip(*limits, strict=True)],
                "risk of losing it": [f"{a:.1%} → {b:.1%}" for a, b in zip(*(expit(-s) for s in scores), strict=True)],
                "support": first.support,
                "led by": first.summary["leading_factor"].to_numpy(),
            }
        )
        factors = first.by_factor.map(lambda value: f"{value:+.2f}" if value else "0")
        table = pd.concat([shown, factors], axis=1)
        return notebook_html(head, table, n=len(self), counts=counts, reference=self.reference)


def wave_table(rows: Sequence[tuple[Any, ...]]) -> pd.DataFrame:
    """The table of waves that is written, from `DecreaseExplanations.wave_rows`."""
    return pd.DataFrame(rows, columns=["row", *WAVE_FIELDS])


def one_decrease(explanations: DecreaseExplanations, what: str) -> None:
    """Refuse anything but a single decrease; ``what`` names what is of one.

    Raises
    ------
    CreditModelError
        ``explanations`` holds none or several.
    """
    if len(explanations) != 1:
        raise CreditModelError(
            f"{what} is of a single decrease, got {len(explanations)}; pick one, such as explanations[0] or "
            "explanations.select(borrower_id, month)"
        )
