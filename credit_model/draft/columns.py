"""What each column of a panel becomes in the catalogue: its kind, unit, factor, name in words, and shape."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from credit_model.draft.lag import has_its_ceiling
from credit_model.draft.leaks import LeftOut
from credit_model.draft.panel import Panel, correlation, ranks
from credit_model.draft.profiles import Profile
from credit_model.draft.roles import Roles
from credit_model.draft.vocabulary import Concept, concept_of
from credit_model.portfolio.forbidden_phrases import forbidden_phrase

#: Factors: id -> (about, English, Chinese, letter of its codes), in the order of the file.
FACTORS: Mapping[str, tuple[str, str, str, str]] = {
    "credit_score": ("borrower", "credit standing", "信用评分", "S"),
    "consumption": ("borrower", "use and spending", "消费行为", "C"),
    "repayment": ("borrower", "repayment", "还款历史", "R"),
    "debt": ("borrower", "debt", "负债状况", "D"),
    "capacity": ("borrower", "ability to repay", "还款能力", "A"),
    "other": ("borrower", "other records", "其他记录", "O"),
    "dormancy": ("lender", "line not used", "额度闲置", "N"),
    "economy": ("economy", "economy", "经济环境", "E"),
    "policy": ("lender", "the lender's own conditions", "平台自身因素", "P"),
}
#: Shapes of counts of days, months or times; and those that only amounts of money have, some over the limit.
_ARREARS = frozenset({"arrears", "arrears_days", "other_arrears"})
_SHAPES_OF_MONEY = frozenset({"balance", "other_debt", "other_borrowed", "unknown_money", "bad_part", "paid", "due"})
#: A name that fits less well than this is a guess; a correlation of ranks that says the factor of an unnamed column.
_FITS, _GOES_WITH = 0.75, 0.35
_COMMON = "the same for all borrowers of a month: the economy, or the lender's own doing (factor policy)?"
_CJK = re.compile(r"[\u3400-\u9fff]")


@dataclass(frozen=True)
class ColumnPlan:
    """A column of the catalogue.

    Attributes
    ----------
    profile : Profile
    concept : Concept or None
        What it is taken for; None: nothing tells.
    kind, unit, source : str
        As a catalogue has them.
    role : str
        "audit", "" for a driver, "state" for one that is only declared.
    shape, factor : str
        "" where no features are made of it.
    label : str
        Its name in words.
    minimum : float or None
    doubt : str
        What a person should look at; "" if nothing.
    why : str
        Why it is taken for what it is.
    """

    profile: Profile
    concept: Concept | None
    kind: str
    unit: str
    source: str
    role: str
    shape: str
    factor: str
    label: str
    minimum: float | None
    doubt: str = ""
    why: str = ""

    @property
    def name(self) -> str:
        """As it stands in the header."""
        return self.profile.name


def language_of(panel: Panel) -> str:
    """The language of the words: Chinese if most headers are."""
    headers = [*panel.profiles, *panel.keys.borrower, panel.keys.month, panel.keys.limit]
    return "zh" if sum(bool(_CJK.search(name)) for name in headers) > len(headers) / 2 else "en"


def plan_columns(panel: Panel, left_out: Mapping[str, LeftOut], roles: Roles, lang: str) -> list[ColumnPlan]:
    """What each column that is not left out becomes, in the order of the file."""
    own = {*roles.not_a_cut, *([roles.reviewed] if roles.reviewed else [])}
    plans = [
        _plan(panel, profile, roles, lang)
        for name, profile in panel.profiles.items()
        if name not in left_out and name not in own
    ]
    plans = _with_factors(panel, plans)
    labels = _labels(plans, lang)
    return [replace(plan, label=label) for plan, label in zip(plans, labels, strict=True)]


def _plan(panel: Panel, profile: Profile, roles: Roles, lang: str) -> ColumnPlan:
    concept, why, doubt = profile.meaning.driver, "its name says so", ""
    fit = next((score for c, score in profile.meaning.ranked if c is concept), 0.0)
    if concept is not None and concept.role in ("reviewed", "not_a_cut", "after", "old_limit", "left_out"):
        concept = None
    if concept is not None and concept.role == "available":
        concept, doubt = None, ""
    if concept is not None and fit < _FITS:
        doubt = f"taken for {concept.label[lang]}; its name says more than that"
    if concept is None and profile.is_number:
        concept, why = _by_cells(panel, profile)
        doubt = f"nothing in its name tells what it is; taken for {concept.label[lang]}" if concept else ""
    if concept is not None and concept.doubt:
        by_cells = _by_cells(panel, profile)[0] if profile.is_number else None
        concept, doubt = by_cells or concept, concept.doubt
    named, concept = concept, _fitting(profile, concept)
    if named is not None and concept is not named and (said := _misfit(profile, named)):
        doubt = said
    role = "audit" if concept is not None and concept.role == "audit" else ""
    if roles.closed is not None and roles.closed[0] == profile.name:
        role = "state"
    shape = "" if role else concept.shape if concept is not None else _unknown_shape(panel, profile)
    if concept is not None and concept.role == "closed" and not role:
        shape = "category" if profile.kind == "category" else "flag"
    if profile.meaning.is_summary and shape not in ("", "category", "economy", "lender"):
        shape = "level"
    if concept is not None and concept.id == "income" and panel.is_constant_within(profile.name, 0.99):
        shape = "level"
    unit = _unit(panel, profile, concept)
    if shape in _SHAPES_OF_MONEY and profile.is_number and unit != "money":
        shape = "level"
    if concept is not None and concept.proxy:
        doubt = "may stand in for a protected attribute; carried for fairness checks only"
    known = profile.values[~np.isnan(profile.values)]
    return ColumnPlan(
        profile=profile,
        concept=concept,
        kind=profile.kind,
        unit=unit,
        source=concept.source if concept is not None else "own_records",
        role=role,
        shape=shape,
        factor="" if role else concept.factor if concept is not None else "",
        label="",
        minimum=0.0 if profile.kind in ("number", "integer") and len(known) and known.min() >= 0 else None,
        doubt="; ".join(one for one in (profile.doubt, doubt) if one),
        why=why if concept is not None else "nothing in its name tells what it is",
    )


def _misfit(profile: Profile, named: Concept) -> str:
    """Why the cells are not what the name says, for a person; "" where they are that in another way."""
    if _is_no_arrears(profile, named):
        return f"its name says {named.label['en']}, but those are whole numbers"
    if named.role == "closed":
        return "its name says a status, but its cells are numbers"
    if named.id.endswith("_drop"):
        return "its name says a fall, but some are below 0, so that a higher value may be more or less of one"
    if _is_late_days(profile, named):
        return "taken for days past due, of which it has the cells; its name says a probability, too"
    return ""


def _is_no_arrears(profile: Profile, concept: Concept) -> bool:
    """Whether what counts days, months or times has cells that are not whole."""
    if concept.shape not in _ARREARS or profile.kind != "number" or {"average", "balance"} & {*profile.meaning.words}:
        return False
    known = profile.values[~np.isnan(profile.values)]
    return concept.unit in ("days", "months", "count") and bool((known != np.floor(known)).any())


def _is_late_days(profile: Profile, concept: Concept) -> bool:
    """Whether a "pd" is no probability, but days past due: whole, and mostly 0."""
    known = profile.values[~np.isnan(profile.values)]
    is_pd = concept.id == "risk_score" and set(profile.meaning.words) <= {"pd_risk", "?m", "maximum"}
    return is_pd and profile.kind == "integer" and float((known == 0).mean()) > 0.6


def _fitting(profile: Profile, concept: Concept | None) -> Concept | None:
    """The concept, if the cells can be that; else what else they can be."""
    if concept is None:
        return None
    if profile.kind in ("number", "integer") and (concept.role == "closed" or _is_no_arrears(profile, concept)):
        return None
    if concept.role:
        return concept
    if _is_late_days(profile, concept):
        return concept_of("days_past_due")
    if concept.id.endswith("_drop") and profile.is_number and np.nanmin(profile.values) < 0:
        return replace(concept, effect="free")
    if profile.kind == "category":
        return replace(concept, shape="category", unit="category", effect="free")
    if profile.kind == "boolean" and concept.unit != "boolean":
        shape = {"raises": "good_flag", "lowers": "bad_flag"}.get(concept.effect, "flag")
        return replace(
            concept, unit="boolean", shape=shape if concept.shape not in ("arrears", "other_arrears") else concept.shape
        )
    if profile.kind in ("number", "integer") and concept.unit == "boolean":
        return replace(concept, unit="index", shape="level")
    return concept


def _by_cells(panel: Panel, profile: Profile) -> tuple[Concept | None, str]:
    """What the cells alone say: a balance under the limit, days past due, something that all borrowers share."""
    if profile.kind == "boolean":
        return None, ""
    if has_its_ceiling(panel, profile.name):
        still = (panel.move == 0) & (panel.limit > 0)
        if panel.values(profile.name)[still].mean() > 0.1 * panel.limit[still].mean():
            return concept_of("balance"), "it comes near the limit often and hardly ever goes beyond it"
    values = panel.values(profile.name)
    rises = values - panel.earlier(values)
    growing = rises[(rises > 0) & (values > 0)]
    zeros = float((values == 0).mean())
    if profile.kind == "integer" and zeros > 0.6 and len(growing) > 20 and np.nanmin(values) >= 0:
        monthly = float(np.isin(growing, (28.0, 29.0, 30.0, 31.0)).mean())
        if monthly > 0.3 and growing.max() <= 31:
            return concept_of("days_past_due"), "it is mostly 0 and otherwise grows by the days of a month"
    return None, ""


def _unknown_shape(panel: Panel, profile: Profile) -> str:
    if profile.kind == "category":
        return "category"
    if profile.kind == "boolean":
        return "flag"
    if panel.is_common(profile.name) or panel.is_common_in_groups(profile.name):
        return "unknown_level"
    values = panel.values(profile.name)
    known = values[~np.isnan(values)]
    if (known == 0).mean() > 0.7:
        return "unknown_rare"
    return "unknown_money" if _is_money(panel, profile) else "unknown_level"


def _is_money(panel: Panel, profile: Profile) -> bool:
    known = profile.values[profile.values > 0]
    if len(known) < 10 or profile.n_distinct < 50 or np.nanmin(profile.values) < 0:
        return False
    spread = float(np.quantile(known, 0.9) / max(np.quantile(known, 0.1), 1e-9))
    return float(np.median(known)) >= 20 and spread >= 4


def _unit(panel: Panel, profile: Profile, concept: Concept | None) -> str:
    if profile.kind in ("category", "boolean"):
        return profile.kind
    unit = concept.unit if concept is not None else ""
    if concept is not None and concept.id in ("risk_score", "fraud_score") and np.nanmax(profile.values) <= 1:
        unit = "share"
    words = profile.meaning.words
    if profile.is_percent or profile.currencies:
        return "percent" if profile.is_percent else "money"
    if unit == "months" and "years" in words:
        return "years"
    if unit in ("months", "years") and "days" in words:
        return "days"
    if unit in ("share", "percent", "ratio"):
        known = profile.values[~np.isnan(profile.values)]
        high = float(np.quantile(known, 0.99)) if len(known) else 0.0
        return "percent" if high > 3 and unit != "ratio" else "share" if unit != "ratio" and high <= 3 else unit
    if unit:
        return "index" if unit == "boolean" else unit
    return "money" if profile.currencies or profile.scale > 1 or _is_money(panel, profile) else "index"


def _with_factors(panel: Panel, plans: list[ColumnPlan]) -> list[ColumnPlan]:
    """A factor for every driver: from its name, from who shares its values, or from what it goes with."""
    row = panel.sample if len(panel.sample) else np.arange(len(panel))
    row = row[:: max(1, len(row) // 20_000)]
    named = {
        p.name: ranks(panel.values(p.name)[row])
        for p in plans
        if p.shape and p.factor and p.concept and p.profile.is_number
    }
    factor_of = {p.name: p.factor for p in plans}
    found = []
    for plan in plans:
        if not plan.shape or plan.factor:
            found.append(_checked_common(panel, plan))
            continue
        if panel.is_common(plan.name) or panel.is_common_in_groups(plan.name):
            changes: dict[str, Any] = {"factor": "economy", "source": "public"}
            doubt = _COMMON
            if not panel.is_common(plan.name):
                changes = {"factor": "policy", "source": "lender"}
                doubt = "few values a month, each shared by many borrowers: the lender's own doing, or the economy?"
            found.append(replace(plan, **changes, doubt=doubt))
            continue
        own = ranks(panel.values(plan.name)[row]) if plan.profile.is_number else np.zeros(len(row))
        rivals = [
            (abs(correlation(own, cells)), name)
            for name, cells in named.items()
            if factor_of[name] not in ("economy", "policy")
        ]
        best = max(rivals, default=(0.0, ""))
        factor = factor_of[best[1]] if best[0] >= _GOES_WITH else "other"
        doubt = (
            f"goes with {best[1]}, so its factor is taken"
            if factor != "other"
            else "no name and no other column tells its factor"
        )
        found.append(replace(plan, factor=factor, doubt=plan.doubt or doubt))
    return found


def _checked_common(panel: Panel, plan: ColumnPlan) -> ColumnPlan:
    """A column that one month's borrowers share is nobody's own record, whatever its name says."""
    if plan.shape and plan.factor not in ("economy", "policy", "dormancy") and panel.is_common(plan.name):
        return replace(plan, factor="economy", source="public", shape="economy", doubt=_COMMON)
    return plan


def _labels(plans: list[ColumnPlan], lang: str) -> list[str]:
    """A name in words for each column, each its own, that can be told to a borrower."""
    taken: dict[str, int] = {}
    for plan in plans:
        if plan.concept is not None:
            taken[plan.concept.id] = taken.get(plan.concept.id, 0) + 1
    found: list[str] = []
    for plan in plans:
        header = in_words(plan.name)
        if plan.concept is not None and lang in plan.concept.label:
            said = plan.concept.label[lang]
            label = header if lang == "zh" and _CJK.search(header) else said
            if taken[plan.concept.id] > 1 and label == said:
                plain = "?" not in "".join(plan.profile.meaning.words) and len(header.split()) > 1
                label = header if plain else f"{said} ({header})" if lang == "en" else f"{said}（{header}）"
        else:
            label = header
        label = label.replace("{", "(").replace("}", ")")
        if plan.role != "audit" and any(forbidden_phrase(label, each) for each in ("en", "zh")):
            label = f"record {len(found) + 1}" if lang == "en" else f"记录{len(found) + 1}"
        found.append(label if label not in found else f"{label} [{len(found) + 1}]")
    return found


def in_words(header: str) -> str:
    """A header as people read it: without units in parentheses, marks as spaces.

    >>> in_words("other_debt"), in_words("月末余额(万元)")
    ('other debt', '月末余额')
    """
    plain = unicodedata.normalize("NFKC", header)
    plain = re.sub(r"\([^)]*\)|\[[^\]]*\]", "", plain)
    plain = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", plain)
    plain = re.sub(r"[_\-./\s]+", " ", plain).strip()
    return (plain if _CJK.search(plain) else plain.lower() if len(plain) > 4 else plain) or header.strip() or "?"
