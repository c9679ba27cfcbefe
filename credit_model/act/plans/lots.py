"""Some borrowers' months to come: their features, scores and costs under all mixtures of settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from credit_model.act.plans.blocks import Grid
from credit_model.act.plans.paths import Ahead
from credit_model.act.plans.questions import Question
from credit_model.act.plans.search import MARGIN
from credit_model.act.plans.tables import Futures, mixture_scores
from credit_model.arrays import BoolArray, FloatArray, IntArray
from credit_model.fitted_model import FittedModel
from credit_model.portfolio.snapshots import Snapshots, build_snapshots
from credit_model.trees.directions import goes_one_way


@dataclass(frozen=True)
class States:
    """Features whose states are still open: (..., n_features), and numerators of ratios to the limit in force."""

    X: FloatArray
    numerators: FloatArray


@dataclass(frozen=True)
class Lot:
    """Borrowers that are planned for together.

    Attributes
    ----------
    fitted : FittedModel
    snapshots : Snapshots
    row : int64 array, (n,)
    ahead : Ahead
        Of these rows.
    grid : Grid
    n_jobs : int
    """

    fitted: FittedModel
    snapshots: Snapshots
    row: IntArray
    ahead: Ahead
    grid: Grid
    n_jobs: int

    def one(self, i: int) -> Lot:
        """One of the borrowers, still with n = 1."""
        cells = {name: cells[[i]] for name, cells in self.ahead.cells.items()}
        ahead = Ahead(self.ahead.history, self.ahead.row[[i]], cells)
        return Lot(self.fitted, self.snapshots, self.row[[i]], ahead, self.grid, self.n_jobs)

    @cached_property
    def weight(self) -> FloatArray | None:
        """Of each fit in each borrower's mean: (n, n_fits); None: all alike."""
        return self.fitted.weights(self.snapshots, self.row)

    @property
    def covers_all(self) -> bool:
        """Whether all of all levers bounds every other setting: the catalogue says so, and the trees keep to it.

        Those that this package fits do; a model that a lender brings need not.
        """
        place = self.fitted.catalogue.feature_names.index
        return self.grid.is_monotone and all(
            goes_one_way(fit.trees, place(feature.id), feature.sign)
            for fit in self.fitted.bag.fits
            for feature in self.grid.moved
        )

    @cached_property
    def moved(self) -> dict[str, FloatArray]:
        """How far each lever moves in each of its settings: lever id -> (n, steps + 1, horizon)."""
        share = np.arange(self.grid.steps + 1)[:, None] / self.grid.steps
        return self.ahead.moved(self.grid.levers, np.tile(share, (1, len(self.grid.levers))))

    @cached_property
    def base(self) -> States:
        """If nothing is done: (n, horizon, ...)."""
        states = self._states_under({}, 1)
        return States(states.X[:, 0], states.numerators[:, 0])

    @cached_property
    def variants(self) -> tuple[States, ...]:
        """Of each block under its variants: (n, n_variants, horizon, ...)."""
        found = []
        for block in self.grid.blocks:
            levers = tuple(self.grid.levers[j] for j in block.levers)
            changed = self.ahead.under(levers, self.ahead.moved(levers, block.settings))
            found.append(self._states_under(changed, len(block.settings)))
        return tuple(found)

    def under(self, mixture: int) -> States:
        """Of all levers together in one mixture, as the history of it gives them: (n, horizon, ...)."""
        moved = self.ahead.moved(self.grid.levers, self.grid.settings[[mixture]])
        states = self._states_under(self.ahead.under(self.grid.levers, moved), 1)
        return States(states.X[:, 0], states.numerators[:, 0])

    def _states_under(self, changed: Mapping[str, FloatArray], n_settings: int) -> States:
        panel, rows = self.ahead.histories(changed, n_settings)
        found = build_snapshots(panel, self.fitted.ladder, n_jobs=self.n_jobs)
        return States(found.X[rows], found.numerators[rows])

    def asked(self, states: States, question: Question) -> FloatArray:
        """Features (n, ..., n_features) with the state and the limit of a question."""
        X, catalogue = states.X.copy(), self.fitted.catalogue
        ones = (len(question.tier), *[1] * (X.ndim - 2))
        values = {"tier_in_force": question.state, "limit_in_force": question.limit}
        for name in catalogue.state_names:
            X[..., catalogue.feature_names.index(name)] = values[name].reshape(ones)
        limit = np.where(question.limit > 0, question.limit, np.nan).reshape(*ones, 1)
        X[..., self.snapshots.state_ratio_index] = states.numerators / limit
        return X

    def all_mixtures(self, question: Question) -> FloatArray:
        """Features of one borrower's months to come under all mixtures: (n_mixtures, horizon, n_features)."""
        base = self.asked(self.base, question)[0]
        X = np.repeat(base[None], self.grid.n_mixtures, axis=0)
        places = np.unravel_index(np.arange(self.grid.n_mixtures), self.grid.shape)
        for block, states, place in zip(self.grid.blocks, self.variants, places, strict=True):
            X[:, :, block.features] = self.asked(states, question)[0][place][:, :, block.features]
        return X

    def scores(self, question: Question) -> FloatArray:
        """Scores of all mixtures: (n, n_mixtures, horizon), log-odds."""
        variants = [
            self.asked(states, question)[..., block.features]
            for block, states in zip(self.grid.blocks, self.variants, strict=True)
        ]
        futures = Futures(self.asked(self.base, question), tuple(variants))
        return mixture_scores(self.fitted.bag, self.grid, futures, question.tier, self.weight, n_jobs=self.n_jobs)

    def exact_scores(self, X: FloatArray, question: Question) -> FloatArray:
        """The deployed model's own scores of one borrower's rows X (n_rows, n_features): (n_rows,)."""
        weight = None if self.weight is None else np.repeat(self.weight, len(X), axis=0)
        tier = np.repeat(question.tier, len(X))
        found: FloatArray = self.fitted.bag.keep_score(X, tier, weight, n_jobs=self.n_jobs)
        return found

    def costs(self) -> tuple[FloatArray, BoolArray]:
        """What every mixture costs up to each month, and whether it is affordable: (n, n_mixtures, horizon) twice."""
        shape = (len(self.row), self.grid.n_mixtures, self.ahead.horizon)
        cost, paid = np.zeros(shape), np.zeros(shape)
        for j, lever in enumerate(self.grid.levers):
            d = self.moved[lever.id]
            own = lever.cost * np.maximum.accumulate(d, axis=2) + lever.cost_a_month * np.cumsum(d, axis=2)
            cost += own[:, self.grid.level[:, j]]
            if lever.paid:
                paid += np.diff(d, axis=2, prepend=0.0)[:, self.grid.level[:, j]]
        rules = self.fitted.catalogue.plan
        if rules.affordable_column is None:
            return cost, np.ones(shape, dtype=np.bool_)
        most = rules.affordable_share * np.nan_to_num(self.ahead.cells[rules.affordable_column])
        within = (paid <= most[:, None, :] + MARGIN) | (paid <= 0)
        return cost, np.asarray(np.logical_and.accumulate(within, axis=2), dtype=np.bool_)
