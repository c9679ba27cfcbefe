"""Command lines with something wrong: exit code 1 or 2 and a message, no traceback, and never an input lost."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import traceback
from pathlib import Path

import numpy as np

from tests.faults.children import command, judge_all
from tests.faults.counts import LOST, TRACEBACK, Counts, Fault, message_fault
from tests.faults.material import Material, clear, copy, tree

#: In the place of a value; {} is the folder of the inputs.
VALUES = (
    *("", " ", "-", "--", "-1", "0", "nan", "1e999", "x", "'", '"', "\n", "a\nb", "\x1b[31m", "\u202e"),
    *("信用", "%s", "{x}", "$HOME", "*"),
    *("x" * 300, "x/" * 200, "\udcff", "/dev/null", "/dev/full", "/dev/zero", "/proc/self/mem", "/", "."),
    *("..", "~", "http://x/y.csv"),
    *("2024-13", "2024-03-99", "0000-00", "9999-12", "9999-12-31", "0001-01-01", "01/02/2024"),
    *("1,5", "0x10", "true", "None", "[]"),
    *("--help", "--out=", "1" * 400, "1e308", "-1e308", "0.5", "1e-300", "00:0:0", "1:job_loss:3", "os:path", "rules"),
    *("{}", "{}/portfolio", "{}/model", "{}/model/manifest.json", "{}/portfolio/history", "{}/nowhere"),
    *("{}/uci.csv", "{}/lender.toml"),
    *("{}/stranger", "{}/stranger/thesis.txt", "{}/link", "{}/loop", "{}/empty", "{}/model/new"),
    *("{}/portfolio/new.csv", "{}/uci.csv/x"),
    *("{}/explanations", "{}/other_model", "{}/portfolio/economy.parquet", "{}/home_credit"),
    *("{}/portfolio/", "{}/./model", "{}/x/../model"),
)  # fmt: skip
#: Where outputs go; these say what an input is, too.
PLACES = tuple(v for v in VALUES if v.startswith("{}"))


def lines(material: Material) -> dict[str, list[str]]:
    """A sound line of every command, inputs below {}."""
    who, month = material.cut()
    on = ["--data", "{}/portfolio", "--model", "{}/model", "--jobs", "1"]
    cut = ["--borrower", who, "--month", month]
    return {
        "simulate": ["--borrowers", "20", "--months", "14", "--seed", "1", "--jobs", "1", "--out", "{}/out"],
        "convert": ["home-credit", "{}/home_credit", "--out", "{}/out.csv"],
        "simulate of a lender": [
            *(
                "--borrowers",
                "12",
                "--months",
                "14",
                "--scenario",
                "baseline",
                "--plant",
                "1:job_loss:3",
                "--jobs",
                "1",
            ),
            *("--audit-bias", "0.5", "--policy", "rules", "--overrides", "0.03", "--changes-in", "6"),
            *("--hide", "economy", "--proxy", "score_identity", "--noise", "0.1", "--late", "1", "--out", "{}/out"),
        ],
        "convert a table": ["uci-taiwan", "{}/uci.csv", "--out", "{}/out.parquet"],
        "check": ["--data", "{}/portfolio", "--catalogue", "synthetic"],
        "train": [
            "--data",
            "{}/portfolio",
            "--catalogue",
            "synthetic",
            "--trees",
            "2",
            "--jobs",
            "1",
            "--out",
            "{}/out",
        ],
        "evaluate": [*on, "--out", "{}/out"],
        "predict": [*on, "--out", "{}/out.csv", "--rows", "last"],
        "explain": [*on, "--out", "{}/out", "--plots", "0", "--reference", "last_set", "--lang", "en"],
        "why": [*on, *cut, "--lang", "zh"],
        "plot": ["change", *on, *cut, "--out", "{}/out.svg"],
        "notice": [*on, *cut, "--effective-date", "2024-05-01", "--lender", "{}/lender.toml", "--out", "{}/out.md"],
        "notice of a name": [*on, *cut, "--confirmed-by", "A. Officer", "--lang", "zh"],
        "plot a track": ["timeline", *on, "--borrower", who, "--reference", "previous_month", "--out", "{}/out.png"],
        "plot all": [
            "leading",
            *on,
            "--by",
            "segment",
            "--economy",
            "{}/portfolio/economy.parquet",
            "--out",
            "{}/o.pdf",
        ],
        "explain one": [*on, *cut, "--out", "{}/out", "--plots", "0", "--reference", "peers"],
        "grade in time": [
            *("--data", "{}/portfolio", "--earlier", "{}/portfolio", "--cross-fit", "2", "--trees", "2", "--jobs", "1"),
            *("--policy", "os:path", "--seed", "3", "--catalogue", "synthetic", "--json", "{}/out.json"),
        ],
        "report": [*on, "--out", "{}/out", "--most", "1", "--lang", "en"],
        "grade": ["--model", "{}/model", "--data", "{}/portfolio", "--json", "{}/out.json", "--jobs", "1"],
    }


def spoil(words: list[str], rng: np.random.Generator) -> list[str]:
    """Change a line in one to three ways."""
    words = list(words)
    for _ in range(int(rng.integers(1, 4))):
        at = int(rng.integers(1, len(words))) if len(words) > 1 else 0
        way = int(rng.integers(8))
        if way < 4:
            value = VALUES[int(rng.integers(len(VALUES)))]
            heavy = {"--borrowers", "--months", "--trees", "--most", "--plots", "--jobs", "--cross-fit"}
            if words[at].startswith("--") and at + 1 < len(words):
                at += 1
            if words[at - 1] not in heavy or not value.strip("-").isdigit():
                words[at] = value
        elif way == 4:
            del words[at]
        elif way == 5:
            words.insert(at, words[int(rng.integers(len(words)))])
        elif "--out" in words[:-1]:
            words[words.index("--out") + 1] = PLACES[int(rng.integers(len(PLACES)))]
        else:
            words += [str(rng.choice(["--bogus", "--month", "--lang", "--catalogue", "--by", "--open"])), "x"]
    return words


class Case:
    """One line, drawn from its number."""

    def __init__(self, number: int, seed: int, sound: dict[str, list[str]]) -> None:
        rng = np.random.default_rng([seed, number])
        name = list(sound)[number % len(sound)]
        self.words = [name.split()[0], *spoil(sound[name], rng)]

    def __str__(self) -> str:
        return " ".join(
            word if len(word) < 60 and word.isprintable() and word else repr(word)[:60] for word in self.words
        )

    def judge(self, inputs: Path, before: dict[str, str] | None) -> list[Fault]:
        """How the command ends, and what it did to the inputs."""
        words = [word.replace("{}", str(inputs)) for word in self.words]
        out, err = io.StringIO(), io.StringIO()
        code: object = 0
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                command(*words)()
            except SystemExit as end:
                code = end.code
            except BaseException:
                code = traceback.format_exc()
        faults, said = [], err.getvalue()
        if code not in (0, 1, 2, None):
            told = said if isinstance(code, int) else str(code)
            faults.append(Fault(TRACEBACK, "", f"exit {str(code)[:9]!r}: {_first_and_last(told)}"))
        elif "Traceback" in said:
            faults.append(Fault(TRACEBACK, "", said[-300:]))
        elif code == 2 and "Error: " not in said:
            faults.append(Fault(TRACEBACK, "", f"exit 2 without an error: {said[:200]}"))
        elif code == 1 and (wrong := message_fault(said)):
            faults.append(Fault(TRACEBACK, "", wrong))
        after, own = tree(inputs) or {}, self._may_be_replaced(inputs)
        changed = [name for name, digest in (before or {}).items() if after.get(name) != digest]
        lost = [name for name in changed if own is None or name.split("/")[0] != own]
        if lost:
            faults.append(Fault(LOST, "", f"exit {code}, inputs lost or changed: {lost[:5]}"))
        return faults

    def _may_be_replaced(self, inputs: Path) -> str | None:
        """An earlier output of the same kind, which the line writes to and does not read."""
        if "--out" not in self.words[:-1]:
            return None
        at = self.words.index("--out")
        target = Path(os.path.normpath(self.words[at + 1]))
        if target.parent != Path("{}") or _MAKES.get(self.words[0]) != target.name.removeprefix("other_"):
            return None
        read = {
            Path(os.path.normpath(word)).parts[1:2] for i, word in enumerate(self.words) if i != at + 1 and "{}" in word
        }
        return target.name if (target.name,) not in read else None


def _first_and_last(told: str) -> str:
    lines = told.strip().splitlines() or [""]
    return f"{lines[0][:250]} ... {lines[-1][:200]}" if len(lines) > 1 else lines[0][:400]


#: What the outputs of a command are called among the inputs.
_MAKES = {"train": "model", "simulate": "portfolio", "explain": "explanations"}


def _inputs(material: Material, place: Path) -> None:
    clear(place)
    place.mkdir()
    for name in ("portfolio", "model", "other_model", "explanations", "home_credit", "uci.csv"):
        copy(material.folder / name, place / name)
    from tests.faults.material import CATALOGUES

    copy(CATALOGUES.parents[1] / "documents" / "lenders" / "example.toml", place / "lender.toml")
    (place / "stranger").mkdir()
    (place / "stranger" / "thesis.txt").write_text("mine")
    (place / "empty").mkdir()
    (place / "link").symlink_to("portfolio")
    (place / "loop").symlink_to("loop")


def run(n: int, seed: int, material: Material, folder: Path) -> Counts:
    """Judge ``n`` lines."""
    counts, sound = Counts("command_lines"), lines(material)
    inputs = folder / "inputs"
    _inputs(material, inputs)
    (folder / "here").mkdir()
    os.chdir(folder / "here")
    for name, words in sound.items():  # undisturbed, all end well; and everything is compiled
        if faults := _sound(name, words, inputs):
            counts.add(faults)

    def judge(i: int) -> list[Fault]:
        before = tree(inputs)
        faults = Case(i, seed, sound).judge(inputs, before)
        if tree(inputs) != before:
            _inputs(material, inputs)
        return faults

    judge_all(counts, n, judge, lambda i: f"line {i}: {Case(i, seed, sound)}", prepare=lambda: None)
    return counts


def _sound(name: str, words: list[str], inputs: Path) -> list[Fault]:
    case = Case.__new__(Case)
    case.words = [name, *words]
    faults = case.judge(inputs, None)
    for file in inputs.glob("out*"):
        clear(file)
    return faults


if sys.platform == "win32":  # pragma: no cover
    raise ImportError("the bench forks")
