"""What `LimitPredictor` offers to take away: its scorecard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_model.fitted_model import FittedModel

if TYPE_CHECKING:
    from credit_model.export.scorecard import Scorecard


class Exporting:
    """The scorecard of a fitted model; the predictor has the rest."""

    @property
    def fitted(self) -> FittedModel:
        """The fitted model."""
        raise NotImplementedError

    def scorecard(
        self, *, points_to_double: float = 20.0, base_points: float = 600.0, base_odds: float = 50.0
    ) -> Scorecard:
        """The model as a scorecard: what each value of each column gives, and the line of each tier.

        It is the mean of all fits, which is what `predict` says of borrowers that the model was not fitted on; those of
        the training panel are scored there by the fits that did not see them.

        Parameters
        ----------
        points_to_double : float, > 0
            Points to double the odds of keeping a tier.
        base_points : float
            Points at the base odds.
        base_odds : float, > 0
            Odds of keeping a tier, to one.

        Raises
        ------
        CreditModelError
            The model is not additive (train it with ``structure="score"``), or a constant breaks its rule.
        """
        from credit_model.export.additive import scorecard_of
        from credit_model.export.scaling import Scaling

        return scorecard_of(self.fitted, Scaling(points_to_double, base_points, base_odds))
