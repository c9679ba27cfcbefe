"""Plots as files: PNG, SVG or PDF by the name's suffix, the same bytes for the same plot, never half written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from credit_model.errors import DataFileError
from credit_model.files import fresh_file
from credit_model.plots.settings import own_settings

#: suffix -> metadata without dates and versions
_FORMATS: dict[str, dict[str, Any]] = {
    ".png": {"Software": None},
    ".svg": {"Date": None, "Creator": None},
    ".pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}


def save_plot(plot: Axes | Figure, path: str | Path, *, dpi: float = 160.0) -> None:
    """Write a plot's figure to a file.

    Parameters
    ----------
    plot : Axes or Figure
    path : path
        Its suffix names the format: .png, .svg or .pdf. An existing file is replaced.
    dpi : float
        Dots per inch of a PNG, and of the dots that shap rasterises.

    Raises
    ------
    DataFileError
        The suffix is another one, or the file cannot be written.

    Examples
    --------
    >>> save_plot(plot_change(explanations[0]), "change.svg")  # doctest: +SKIP
    """
    suffix = Path(path).suffix.lower()
    if suffix not in _FORMATS:
        raise DataFileError(f"{path}: a plot is written as {', '.join(_FORMATS)}; give a name that ends with one")
    figure: Any = plot if isinstance(plot, Figure) else plot.get_figure(root=True)
    # A fixed salt: matplotlib else names the parts of an SVG at random.
    style = {
        "svg.hashsalt": "credit_model",
        "svg.fonttype": "path",
        "pdf.fonttype": 3,  # outlines: Chinese fonts are often of a kind that cannot be embedded as TrueType
        "savefig.bbox": None,
        "text.hinting": "none",
    }
    with own_settings(style), fresh_file(path) as partial:
        figure.savefig(partial, format=suffix[1:], dpi=dpi, metadata=_FORMATS[suffix], facecolor=figure.get_facecolor())


def close_plot(plot: Axes | Figure) -> None:
    """Let go of a plot that pyplot still holds, after it was saved."""
    from matplotlib import pyplot

    with own_settings():  # pyplot's list of figures is changed by one thread at a time
        pyplot.close(plot.get_figure(root=True) if isinstance(plot, Axes) else plot)
