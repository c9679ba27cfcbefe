"""Plots of explained decreases and plans: tables go in, an Axes comes out; nothing is computed and nothing shown here.

======================  ==============================================================================
`plot_change`           from the keep score when the limit was set to now, factor by factor
`plot_what_if`          the smallest sets of factors that would have kept the limit, and their risks
`plot_plan`             what brings a limit back: its score under each way, and the levers month by month
`plot_warning`          the lines most at risk of a cut, from when their limit was set to now
`plot_score_change`     from the score before to the score after of a lender's own model, factor by factor
`plot_timeline`         a borrower's limit, keep score and what moved it, month by month
`plot_leading_factors`  a portfolio's cuts by leading factor, month by month or by segment
`plot_population`       shap's own beeswarm and bar
`plot_calibration`      forecast against observed shares above each tier threshold
`save_plot`             writes PNG, SVG or PDF
`close_plot`            lets go of a plot that was saved
======================  ==============================================================================

What a plot says of a cut is its verdict (`explain.verdict`), in the words of the language's file. Every plot takes
``ax=`` (None: a figure of its own) and ``lang=``, stays within the cell that it is given, and leaves rcParams as they
are. A language whose letters no installed font has is replaced by English.
"""

from credit_model.plots.calibration import plot_calibration
from credit_model.plots.change import plot_change
from credit_model.plots.files import close_plot, save_plot
from credit_model.plots.leading_factors import plot_leading_factors
from credit_model.plots.plan import plot_plan
from credit_model.plots.population import plot_population
from credit_model.plots.score_change import plot_score_change
from credit_model.plots.timeline import plot_timeline
from credit_model.plots.warning import plot_warning
from credit_model.plots.what_if import plot_what_if

__all__ = [
    "close_plot",
    "plot_calibration",
    "plot_change",
    "plot_leading_factors",
    "plot_plan",
    "plot_population",
    "plot_score_change",
    "plot_timeline",
    "plot_warning",
    "plot_what_if",
    "save_plot",
]
