"""Plots drawn in many threads: the same bytes from each, and matplotlib's settings never changed for anybody."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from credit_model.plots import close_plot, save_plot
from credit_model.plots.settings import own_settings
from tests.plots.plot_examples import PLOTS

N = 8


class Watcher:
    """Reads the settings and draws figures of its own, over and over, while others draw plots."""

    def __init__(self) -> None:
        self.before, self.seen = dict(mpl.rcParams), 0
        self.faults: list[str] = []
        self.random = np.random.get_state()[1].copy()  # type: ignore[index]  # noqa: NPY002
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def _watch(self) -> None:
        while not self._end.wait(0.002):
            self.seen += 1
            now = dict(mpl.rcParams)
            if now != self.before:
                self.faults += [key for key in now if now[key] != self.before[key]]
            text = Figure().add_subplot().text(0, 0, "a")
            if text.get_color() != self.before["text.color"] or text.get_size() != self.before["font.size"]:
                self.faults.append("a figure of its own")
            if (np.random.get_state()[1] != self.random).any():  # type: ignore[index]  # noqa: NPY002
                self.faults.append("numpy's random numbers")

    def __enter__(self) -> Watcher:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()


def at_once(work: Callable[[int], Any]) -> list[Any]:
    start = threading.Barrier(N)

    def run(i: int) -> Any:
        start.wait()
        return work(i)

    with ThreadPoolExecutor(N) as pool:
        return list(pool.map(run, range(N)))


@pytest.mark.parametrize("name", ["change", "timeline", "leading", "beeswarm"])
def test_eight_threads_give_the_same_bytes_and_change_no_settings(name: str, tmp_path: Path) -> None:
    def draw(i: int) -> tuple[bytes, ...]:
        plot = PLOTS[name]()
        files = [tmp_path / f"{i}.png", tmp_path / f"{i}.svg"]
        for path in files:
            save_plot(plot, path, dpi=50)
        close_plot(plot)
        return tuple(path.read_bytes() for path in files)

    alone = draw(N)
    odd = {
        "font.size": 21.0,
        "text.color": "red",
        "svg.hashsalt": "theirs",
        "savefig.bbox": "tight",
        "path.snap": False,
    }
    with mpl.rc_context(odd), Watcher() as watcher:
        found = at_once(draw)
    assert set(found) == {alone}
    assert watcher.seen > 0
    assert watcher.faults == []
    assert plt.get_fignums() == []


@pytest.mark.parametrize("suffix", [".png", ".svg"])
@pytest.mark.parametrize("name", ["calibration", "segments"])
def test_eight_threads_may_save_one_plot(name: str, suffix: str, tmp_path: Path) -> None:
    plot = PLOTS[name]()
    at_once(lambda i: save_plot(plot, tmp_path / f"{i}{suffix}", dpi=60))
    assert len({path.read_bytes() for path in tmp_path.iterdir()}) == 1
    assert len(list(tmp_path.iterdir())) == N


def test_settings_are_answered_to_the_drawing_thread_alone_and_put_back_after_an_error() -> None:
    kind, before = type(mpl.rcParams), dict(mpl.rcParams)
    with mpl.rc_context({"font.size": 21.0}), ThreadPoolExecutor(1) as other:
        with pytest.raises(RuntimeError), own_settings({"svg.hashsalt": "a"}):
            with own_settings():
                assert (mpl.rcParams["font.size"], mpl.rcParams["svg.hashsalt"]) == (10.0, None)
            assert (mpl.rcParams["font.size"], mpl.rcParams["svg.hashsalt"]) == (10.0, "a")
            assert other.submit(lambda: mpl.rcParams["font.size"]).result() == 21.0
            raise RuntimeError
        assert mpl.rcParams["font.size"] == 21.0
    assert type(mpl.rcParams) is kind
    assert dict(mpl.rcParams) == before


def test_what_somebody_sets_meanwhile_stays_set() -> None:
    with mpl.rc_context():
        with own_settings():
            mpl.rcParams["font.size"] = 17.0
        assert mpl.rcParams["font.size"] == 17.0
