"""Levers in blocks: levers of different blocks share no feature, so that a feature depends on one block alone."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from credit_model.arrays import FloatArray, IntArray
from credit_model.errors import CatalogueError
from credit_model.portfolio.declarations import Catalogue, Feature
from credit_model.portfolio.lever_declarations import response_of
from credit_model.portfolio.levers import Lever

#: Mixtures of settings that are looked at for one borrower; with more levers there are fewer settings of each.
MOST_MIXTURES = 70_000


@dataclass(frozen=True)
class Block:
    """Levers that share features, and all mixtures of their settings.

    Attributes
    ----------
    levers : int64 array, (n_levers,)
        Places in the catalogue's levers.
    features : int64 array, (n_features,)
        Places of the features that they move, among all.
    settings : float64 array, (n_variants, n_levers)
        Shares of each lever's most, 0 .. 1; the first row is nothing.
    """

    levers: IntArray
    features: IntArray
    settings: FloatArray


@dataclass(frozen=True)
class Grid:
    """All settings of a catalogue's levers.

    Attributes
    ----------
    catalogue : Catalogue
    levers : tuple of Lever
    steps : int
        Settings of each lever between nothing and its most.
    """

    catalogue: Catalogue
    levers: tuple[Lever, ...]
    steps: int

    @classmethod
    def of(cls, catalogue: Catalogue, names: tuple[str, ...] | None = None) -> Grid:
        """The grid of all levers, or of some by their ids; as many steps as declared, or as can be looked at.

        Raises
        ------
        CatalogueError
            There is no such lever, or none is declared.
        """
        if not catalogue.levers:
            raise CatalogueError(
                f"catalogue {catalogue.name!r} declares no [[lever]], so nothing can be planned; declare what a "
                "borrower can move"
            )
        known = {lever.id: lever for lever in catalogue.levers}
        for name in names or ():
            if name not in known:
                raise CatalogueError(f"levers must be some of {', '.join(known)}, got {name!r}")
        chosen = catalogue.levers if names is None else tuple(known[name] for name in dict.fromkeys(names))
        steps = catalogue.plan.steps
        while steps > 1 and (steps + 1) ** len(chosen) > MOST_MIXTURES:
            steps -= 1
        return cls(catalogue, chosen, steps)

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """The levers in as many blocks as can be."""
        members: list[tuple[set[int], set[int]]] = []
        for i, lever in enumerate(self.levers):
            levers, features = {i}, set(self._features(lever))
            apart = []
            for block in members:
                if block[1] & features:
                    levers, features = levers | block[0], features | block[1]
                else:
                    apart.append(block)
            members = [*apart, (levers, features)]
        share = np.arange(self.steps + 1) / self.steps
        return tuple(
            Block(
                np.array(sorted(levers), dtype=np.int64),
                np.array(sorted(features), dtype=np.int64),
                np.array(list(itertools.product(share, repeat=len(levers))), dtype=np.float64),
            )
            for levers, features in sorted(members, key=lambda block: min(block[0]))
        )

    @cached_property
    def settings(self) -> FloatArray:
        """Of every mixture of the blocks' variants the setting of every lever: (n_mixtures, n_levers)."""
        found = np.zeros((self.n_mixtures, len(self.levers)))
        places = np.unravel_index(np.arange(self.n_mixtures), self.shape)
        for block, place in zip(self.blocks, places, strict=True):
            found[:, block.levers] = block.settings[place]
        return found

    @cached_property
    def level(self) -> IntArray:
        """Of every mixture each lever's place among its settings: (n_mixtures, n_levers)."""
        return np.rint(self.settings * self.steps).astype(np.int64)

    @cached_property
    def mixture_of(self) -> dict[tuple[int, ...], int]:
        """The mixture of each row of `level`."""
        return {tuple(levels): mixture for mixture, levels in enumerate(self.level.tolist())}

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of variants of each block."""
        return tuple(len(block.settings) for block in self.blocks)

    @property
    def n_mixtures(self) -> int:
        """Number of mixtures of settings."""
        return int(np.prod(self.shape))

    @cached_property
    def is_monotone(self) -> bool:
        """Whether by the catalogue more of any lever can only raise the score, so that all of all bounds every setting.

        So it is where each feature that a lever moves has a declared direction, answers it in one sense, and that
        sense is the good one.
        """
        return all(
            feature.sign != 0 and response is not None
            for lever in self.levers
            for feature, response in self._responses(lever)
        )

    @cached_property
    def moved(self) -> tuple[Feature, ...]:
        """The features that some lever moves."""
        places = {i for lever in self.levers for i in self._features(lever)}
        return tuple(self.catalogue.features[i] for i in sorted(places))

    def _features(self, lever: Lever) -> list[int]:
        """Places of the features that read what a lever moves."""
        columns = set(lever.columns)
        return [i for i, f in enumerate(self.catalogue.features) if columns & {f.column, f.numerator, f.denominator}]

    def _responses(self, lever: Lever) -> list[tuple[Feature, int | None]]:
        features = [self.catalogue.features[i] for i in self._features(lever)]
        return [
            (feature, response_of(feature, column))
            for feature in features
            for column in lever.columns
            if column in (feature.column, feature.numerator, feature.denominator)
        ]
