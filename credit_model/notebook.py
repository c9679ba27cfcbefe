"""What a notebook shows of an object: HTML in which whatever came from data is text and nothing else."""

from __future__ import annotations

import html
import string
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


def escaped(text: object) -> str:
    """A text as HTML shows it, between tags and in quoted attributes; half a surrogate pair becomes a mark."""
    return html.escape(str(text).encode("utf-8", "replace").decode())


def notebook_html(head: str, *tables: pd.DataFrame | Mapping[str, Any], index: bool = False, **values: Any) -> str:
    """HTML of a line of markup and tables below it.

    Parameters
    ----------
    head : str
        Markup with places such as ``{n:,}`` or ``{catalogue.name}``, filled with ``values``, escaped; itself no data.
    *tables : DataFrame, or mapping of names to columns
        Names, index and cells are escaped and shown whole.
    index : bool, default False
        Show the tables' indexes.
    **values
        What the places of ``head`` hold.

    Examples
    --------
    >>> print(notebook_html("<p><b>Catalogue {name}</b></p>", name="<script>"))
    <div class="tex2jax_ignore mathjax_ignore"><p><b>Catalogue &lt;script&gt;</b></p></div>
    """
    parts = [_Escaping().vformat(head, (), values)]
    if tables:
        import pandas as pd

        with pd.option_context("display.max_colwidth", None):
            parts += [str(pd.DataFrame(one).to_html(index=index, escape=True, na_rep="–")) for one in tables]
    # Amounts with dollar signs are no formulas, and a formula can hold an address.
    content = "".join(parts).encode("utf-8", "replace").decode()
    return f'<div class="tex2jax_ignore mathjax_ignore">{content}</div>'


class _Escaping(string.Formatter):
    def format_field(self, value: Any, format_spec: str) -> str:
        return escaped(format(value, format_spec))
