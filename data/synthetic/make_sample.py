"""Makes the sample portfolio and the data dictionary in the README beside it.

Run ``python data/synthetic/make_sample.py`` from the project's folder; nothing changes as long as the simulator does
not.
"""

from __future__ import annotations

from pathlib import Path

from credit_model import read_catalogue
from credit_model.files import write_text
from credit_model.simulate.settings import Settings
from credit_model.simulate.writing import write_portfolio

HERE = Path(__file__).parent
SETTINGS = Settings(500, 36, seed=1)
BEGIN, END = "<!-- columns: begin -->", "<!-- columns: end -->"
KEYS = (
    ("borrower_id", "integer", "", "1, 2, ...", "借款人编号"),
    ("month", "date", "", "first day of the month", "月份"),
    ("limit_amount", "integer", "money", "limit in force after the month's decision", "额度（当月决策后）"),
    ("reviewed", "boolean", "", "a decision was taken at the month's end", "当月是否审查额度"),
)


def column_table() -> str:
    """The history's columns as a Markdown table, from the catalogue."""
    lines = ["| column | kind | unit | meaning | 含义 | source |", "|---|---|---|---|---|---|"]
    lines += [f"| `{name}` | {kind} | {unit} | {en} | {zh} | lender |" for name, kind, unit, en, zh in KEYS]
    for c in read_catalogue("synthetic").columns:
        unit = ", ".join(c.categories) if c.kind == "category" else c.unit
        source = f"{c.source}, audit only" if c.role == "audit" else c.source
        lines.append(f"| `{c.name}` | {c.kind} | {unit} | {c.label.text('en')} | {c.label.text('zh')} | {source} |")
    return "\n".join(lines)


def with_columns(readme: str) -> str:
    """The README with a fresh table between its marks."""
    before, rest = readme.split(BEGIN)
    return before + BEGIN + "\n" + column_table() + "\n" + END + rest.split(END)[1]


if __name__ == "__main__":
    write_portfolio(HERE / "portfolio", SETTINGS)
    write_text(with_columns((HERE / "README.md").read_text(encoding="utf-8")), HERE / "README.md")
