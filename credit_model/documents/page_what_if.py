"""What would have kept the limit: every mixture of factors then and now, with its risk and what it means.

Of an expected decrease the line is where the model keeps the limit; of a raised one, where the risk would no longer
count as raised. Of an unexplained one nothing needs to be put back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit

from credit_model.arrays import FloatArray
from credit_model.documents.page_axes import score_axis
from credit_model.documents.page_texts import AllWords, Place
from credit_model.explain.decreases import DecreaseExplanations
from credit_model.words.values import CatalogueWords


@dataclass(frozen=True)
class WhatIfRecord:
    """Makes the what-if record of one decrease.

    Attributes
    ----------
    explained : DecreaseExplanations
    row : int
        The decrease among them.
    words : AllWords
    """

    explained: DecreaseExplanations
    row: int
    words: AllWords

    @property
    def _support(self) -> str:
        return self.explained.verdicts[self.row].support

    @property
    def _line(self) -> float:
        """Where the cut would not be supported, log-odds; NaN where it is not."""
        return float(self.explained.restoring_line[self.row])

    @property
    def _tier(self) -> str:
        return str(int(self.explained.tier_before[self.row]))

    def _compared(self, key: str, **places: Place) -> Any:
        """A text, in the words for a comparison with peers where it is one."""
        return self.words.told(f"{key}_peers" if self.explained.reference == "peers" else key, **places)

    def record(self) -> dict[str, Any]:
        """Scores and risks of all mixtures (``scores`` is indexed by factors' bits), their states, and the texts."""
        explained = self.explained
        scores, kept = explained.coalition_scores[self.row], explained.rule.expected_line
        risks = expit(-scores).tolist()
        states = mixture_states(scores, kept, self._line)
        axis = score_axis([kept, *([self._line] if self._line > kept else []), *scores.tolist()])
        then, after = int(explained.reference_month_number[self.row]), float(explained.limit_after[self.row])
        return {
            "title": self.words.told(f"what_if_title_{self._support}"),
            "lead": self._compared("what_if_lead", month=lambda spoken: spoken.month(then)),
            "risk_label": self.words.told("risk_of_losing", tier=self._tier),
            "mark_then": self._compared("mark_then"),
            "as_then": self._compared("as_then", month=lambda spoken: spoken.month_short(then)),
            "all_put_back": self._compared("all_put_back"),
            "scores": scores.tolist(),
            "score_texts": self.words.figures(lambda spoken: [spoken.language.score(s) for s in scores.tolist()]),
            "risks": risks,
            "risk_texts": self.words.figures(lambda spoken: [spoken.language.risk(r) for r in risks]),
            "state": states,
            "states": {name: self._state(name) for name in sorted(set(states))},
            "given": self.words.told(
                f"given_{self._support}",
                tier=str(int(explained.tier_after[self.row])),
                limit=lambda spoken: spoken.money(after),
            ),
            "axis": axis,
            "regions": self._regions(axis, kept),
            **self._presets(),
        }

    def _state(self, name: str) -> dict[str, Any]:
        """What a mixture in a state means; ``{factors}`` is left for the page, which knows what was put back."""
        before = float(self.explained.limit_before[self.row])
        by_model = name == "kept" and self._support == "unexplained"
        return {
            "tone": "kept" if name == "calm" else name,
            "head": self.words.told("state_kept_by_model" if by_model else f"state_{name}"),
            "words": self._compared(
                f"with_{name}", factors="{factors}", tier=self._tier, limit=lambda spoken: spoken.money(before)
            ),
        }

    def _regions(self, axis: dict[str, float], kept: float) -> list[dict[str, Any]]:
        """The parts of the axis: lost; kept, but at a raised risk; kept."""
        starts = {"lost": axis["low"], "kept": kept}
        if self._line > kept:
            starts = {"lost": axis["low"], "raised": kept, "kept": self._line}
        ends = [*list(starts.values())[1:], axis["high"]]
        return [
            {"tone": tone, "from": start, "to": end, "label": self.words.told(f"region_{tone}")}
            for (tone, start), end in zip(starts.items(), ends, strict=True)
        ]

    def _presets(self) -> dict[str, Any]:
        """The minimal sets of factors that, put back, reach the line."""
        explained, support = self.explained, self._support
        mixtures, sets = explained.coalitions, explained.restoring_sets[self.row]
        lead = (
            self.words.told("presets_unexplained")
            if support == "unexplained"
            else self._compared(f"presets_{support}_{'some' if sets else 'none'}")
        )
        return {
            "presets_title": self.words.told(f"presets_title_{support}"),
            "presets_lead": lead,
            "presets": [
                {"put_back": mixtures.everything & ~mixtures.column(chosen), "label": self._names(chosen)}
                for chosen in sets
            ],
        }

    def _names(self, chosen: tuple[str, ...]) -> Any:
        places = [self.explained.catalogue.factor_ids.index(factor) for factor in chosen]

        def tell(spoken: CatalogueWords) -> str:
            return spoken.language.headed(spoken.language.join([spoken.factor_labels[g] for g in places]))

        return self.words.each(tell)


def mixture_states(scores: FloatArray, kept: float, line: float) -> list[str]:
    """What keep scores (n,) mean: "lost" below ``kept``, else "kept"; with a ``line`` above it "raised" or "calm".

    >>> mixture_states(np.array([-1.0, 1.0, 3.0]), 0.0, 2.0)
    ['lost', 'raised', 'calm']
    """
    above = np.where(scores < line, "raised", "calm") if line > kept else "kept"
    return [str(state) for state in np.where(scores < kept, "lost", above)]
