"""Run the notebooks from top to bottom and write their outputs into them.

    python notebooks/execute.py            every notebook
    python notebooks/execute.py 1 5        those of these numbers

Outputs depend on the cells alone: no timings, no paths of the machine, the same ids and metadata whoever ran them.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

FOLDER = Path(__file__).parent
TIMEOUT_SECONDS = 300
_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
_ADDRESS = re.compile(r" at 0x[0-9a-f]+")


def notebooks() -> list[Path]:
    """The notebooks, in reading order."""
    return sorted(FOLDER.glob("*.ipynb"), key=number)


def number(path: Path) -> int:
    """Its place, with which its name begins."""
    return int(path.name.split("_")[0])


def read(path: Path) -> NotebookNode:
    """A notebook as it lies on disk."""
    return nbformat.read(path, as_version=4)


def executed(notebook: NotebookNode) -> NotebookNode:
    """The notebook after a fresh run; raises at the first cell that fails."""
    client = NotebookClient(
        notebook, timeout=TIMEOUT_SECONDS, kernel_name="python3", resources={"metadata": {"path": str(FOLDER)}}
    )
    return client.execute()


def tidied(notebook: NotebookNode) -> NotebookNode:
    """The notebook without what differs from run to run."""
    notebook.metadata = nbformat.from_dict(_METADATA)
    for number, cell in enumerate(notebook.cells, start=1):
        cell["id"] = f"cell-{number:02d}"
        cell["metadata"] = nbformat.from_dict({})
        for output in cell.get("outputs", []):
            output.pop("metadata", None)
            if output.output_type != "stream":
                output["metadata"] = nbformat.from_dict({})
            if "data" in output and "text/plain" in output.data:
                output.data["text/plain"] = _ADDRESS.sub("", output.data["text/plain"])
    return notebook


def main(numbers: list[str]) -> None:
    """Run and rewrite the notebooks of these numbers (none: all of them)."""
    for path in notebooks():
        if not numbers or str(number(path)) in numbers:
            nbformat.write(tidied(executed(read(path))), path)
            print(path.name)


if __name__ == "__main__":
    main(sys.argv[1:])
