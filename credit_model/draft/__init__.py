"""From a table to a commented catalogue that loads and trains as it is.

===================  ============================================================================================
``drafting``         `draft_catalogue` and its `Draft`: the line of work through the files below
``table_source``     the table, from a file or from memory, and how it is written
``vocabulary``       what the name of a column says (``words.toml``, ``concepts.toml``: English and Chinese)
``profiles``         what its cells are: numbers, categories, sentinels, blanks
``keys  months``     the borrower, the month and the limit
``panel``            the rows in order, the moves of the limit
``leaks  roles``     columns that are left out, and why; reviewed, closed, no cut
``lag``              which decision lag the data speak for
``columns``          kinds, units, factors and names in words
``features``         the features of each column (``shapes.toml``); ``directions`` holds their signs against the data
``ladder``           tiers that see the real cuts
``write_toml``       the file
===================  ============================================================================================
"""

from __future__ import annotations

from credit_model.draft.drafting import Draft, draft_catalogue

__all__ = ["Draft", "draft_catalogue"]
