"""A catalogue for a model that came with none: its columns as they are called, gathered in groups."""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from credit_model.errors import CatalogueError, EngineError
from credit_model.portfolio.declarations import Catalogue, Column, Factor, Feature, Label
from credit_model.portfolio.levers import PlanRules
from credit_model.readers.source_format import SourceFormat


def catalogue_of_columns(
    names: Sequence[str],
    factor_of: Sequence[str],
    *,
    name: str,
    levels: Mapping[int, Sequence[Any]],
    categorical: Sequence[int],
) -> Catalogue:
    """What a model reads, declared by no more than its columns' names.

    Parameters
    ----------
    names : sequence of str, (n_features,)
    factor_of : sequence of str, (n_features,)
        The group of each.
    name : str
        Of the catalogue.
    levels : mapping of feature to sequence
        The values of categories, by their codes.
    categorical : sequence of int
        Features that are categories.
    """
    factors = tuple(dict.fromkeys(factor_of))
    return Catalogue(
        name=name,
        version="1",
        currency="",
        borrower="key",
        borrower_parts=(),
        month="date",
        limit="",
        reviewed=None,
        unit=1.0,
        closed=None,
        not_a_cut=(),
        calendar=None,
        month_format=None,
        decision_lag=0,
        warm_up=0,
        ladder=None,
        quantiles=None,
        columns=tuple(_column(column, levels.get(j, ())) for j, column in enumerate(names)),
        factors=tuple(Factor(id=factor, label=_label(factor), about="borrower") for factor in factors),
        features=tuple(
            _feature(column, factor, j in categorical or j in levels)
            for j, (column, factor) in enumerate(zip(names, factor_of, strict=True))
        ),
        source=SourceFormat(),
        plan=PlanRules(),
        levers=(),
        documents=(),
        ledgers=(),
        text=json.dumps({"columns": list(names), "factors": list(factor_of)}, ensure_ascii=False),
    )


def catalogue_of_model(catalogue: Catalogue, names: Sequence[str], levels: Mapping[int, Sequence[Any]]) -> Catalogue:
    """A catalogue cut down to the features that a model reads, in the model's order; categories by the model's codes.

    Raises
    ------
    CatalogueError
        It declares no feature of some name.
    """
    unknown = [name for name in names if name not in catalogue.feature_names]
    if unknown:
        raise CatalogueError(
            f"catalogue {catalogue.name!r} must declare a feature for each of the model's columns, {len(unknown)} are "
            f"missing: {', '.join(unknown[:5])}{', ...' if len(unknown) > 5 else ''}; declare them, or give groups"
        )
    features = tuple(catalogue.feature(name) for name in names)
    read = {feature.factor for feature in features if feature.role is None}
    coded = {features[j].column: tuple(map(str, values)) for j, values in levels.items()}
    columns = tuple(replace(c, categories=coded[c.name]) if c.name in coded else c for c in catalogue.columns)
    factors = tuple(factor for factor in catalogue.factors if factor.id in read)
    return replace(catalogue, features=features, factors=factors, columns=columns)


def factors_of(groups: Any, names: Sequence[str]) -> list[str]:
    """The group of each feature by name, from what `explain_changes` takes as groups.

    Raises
    ------
    EngineError
        A feature is unknown or in two groups, there are not as many labels as features, or a group is called like
        another feature.
    """
    if groups is None:
        return list(names)
    if not isinstance(groups, Mapping):
        given: list[Hashable] = list(groups)
        if len(given) != len(names):
            raise EngineError(f"groups must have one label a feature ({len(names)}), got {len(given)}")
        return [str(label) for label in given]
    place = {name: j for j, name in enumerate(names)}
    found: dict[int, str] = {}
    for label, members in groups.items():
        for member in [members] if isinstance(members, str) else members:
            j = place.get(member, member)
            if not isinstance(j, int) or not 0 <= j < len(names):
                raise EngineError(f"groups names the feature {member!r}, which the model does not have")
            if j in found:
                raise EngineError(f"groups must be disjoint, feature {member!r} is in {found[j]!r} and in {label!r}")
            found[j] = str(label)
    alone = [names[j] for j in range(len(names)) if j not in found and names[j] in found.values()]
    if alone:
        raise EngineError(f"a group must not be called like a feature outside it, got {alone[0]!r}; call it otherwise")
    return [found.get(j, name) for j, name in enumerate(names)]


def _label(text: str) -> Label:
    return Label({"": text})


def _column(name: str, categories: Sequence[Any]) -> Column:
    return Column(
        name=name,
        kind="category" if categories else "number",
        unit="category" if categories else "index",
        minimum=None,
        maximum=None,
        max_rise=None,
        required=True,
        role=None,
        label=_label(name),
        source="own_records",
        categories=tuple(map(str, categories)),
    )


def _feature(name: str, factor: str, categorical: bool) -> Feature:
    return Feature(
        id=name,
        factor=factor,
        role=None,
        column=name,
        numerator=None,
        denominator=None,
        summary="last",
        denominator_summary="last",
        window=1,
        above=0.0,
        unit="category" if categorical else "index",
        effect="free",
        code=name,
        label=_label(name),
        reason=None,
        exemption=None,
        source="own_records",
        categorical=categorical,
    )
