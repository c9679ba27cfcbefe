"""Draw the README's pictures from a simulated portfolio whose true causes are known.

    python docs/pictures/make.py

``misleading.png`` shows why the SHAP values of the current snapshot mislead, ``change.png`` one cut factor by factor,
``page.png`` the page that an officer sees (needs Chromium; left as it is without it), ``plan.png`` a plan.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from credit_model import DecreaseExplanations, LimitPredictor, SimulatedPortfolio, check_history, simulate_portfolio
from credit_model.act.plans import Option, plan_cuts
from credit_model.documents.report import write_report
from credit_model.documents.tracks import score_tracks
from credit_model.explain.pairs import decrease_rows
from credit_model.grade.answers import Decreases, background_rows
from credit_model.grade.methods import attribute
from credit_model.plots import plot_change, plot_plan, save_plot
from credit_model.words.reasons import decrease_reasons

FloatArray = NDArray[np.float64]

FOLDER = Path(__file__).parent
DPI = 110
N_BORROWERS, N_MONTHS = 4000, 48
INK, MUTED, GRID = "#1F2933", "#5B6770", "#E8ECEF"
#: What is drawn of each decrease -> its colour (apart for colour-blind readers, and in grey).
COLOURS = {
    "the truth: the lender's true policy": "#1F2933",
    "compared with the borrower's own earlier snapshot": "#0072B2",
    "SHAP of the current snapshot": "#E69F00",
}


class Graded(NamedTuple):
    """Contributions (n, n_factors) by the true policy, by the borrower's own earlier snapshot, and by SHAP.

    ``own_leader`` (n,) is the factor that the verdict names first, also where it is not called a reason; of the
    others it is the lowest contribution.
    """

    truth: FloatArray
    own: FloatArray
    shap: FloatArray
    own_leader: NDArray[np.int64]


def lowering_shares(contributions: FloatArray) -> FloatArray:
    """Each factor's share of all that lowered the score, in percent: (n, n_factors)."""
    lowered = np.minimum(contributions, 0.0)
    total = lowered.sum(axis=1, keepdims=True)
    return 100 * np.divide(lowered, total, out=np.zeros_like(lowered), where=total < 0)


def leaders(contributions: FloatArray) -> NDArray[np.intp]:
    """The factor that lowered the score most, (n,)."""
    return contributions.argmin(axis=1)


def clearly_led(truth: FloatArray) -> NDArray[np.bool_]:
    """Decreases whose true leading factor is ahead of the next by more than a tenth of the change, (n,)."""
    lowest = np.sort(truth, axis=1)
    return lowest[:, 1] - lowest[:, 0] > 0.1 * np.abs(truth.sum(axis=1))


def draw_misleading(graded: Graded, case: int, labels: list[str], heading: str) -> Figure:
    """One decrease beside all of them."""
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(11.0, 4.9), width_ratios=(1.25, 1), layout="constrained", facecolor="white"
    )
    draw_case(left, Graded(*(part[[case]] for part in graded)), labels)
    left.set_title(heading, loc="left", fontsize=11, color=INK, pad=10)
    draw_portfolio(right, graded)
    right.set_title(
        f"All {len(graded.truth):,} cuts of borrowers\nnot seen in training", loc="left", fontsize=11, pad=10
    )
    handles = [plt.Rectangle((0, 0), 1, 1, color=colour) for colour in COLOURS.values()]
    figure.legend(handles, list(COLOURS), loc="outside lower left", ncols=3, frameon=False, fontsize=9.5)
    return figure


def draw_case(ax: Axes, graded: Graded, labels: list[str]) -> None:
    """Shares of what lowered the score, factor by factor."""
    shares = [lowering_shares(part)[0] for part in (graded.truth, graded.own, graded.shap)]
    order = np.argsort(shares[0] + 1e-3 * shares[2], kind="stable")
    height = 0.26
    for offset, (share, colour) in enumerate(zip(shares, COLOURS.values(), strict=True)):
        place = np.arange(len(order)) + (1 - offset) * height
        ax.barh(place, share[order], height=0.9 * height, color=colour)
        for y, value in zip(place, share[order], strict=True):
            ax.text(value + 1, y, f"{abs(value):.0f}", va="center", fontsize=8, color=MUTED)
    ax.set_yticks(np.arange(len(order)), [labels[i] for i in order], fontsize=10)
    ax.set_xlim(0, 108)
    ax.set_xlabel("share of all that lowered the score, %", fontsize=9.5, color=MUTED)
    clean(ax)


def draw_portfolio(ax: Axes, graded: Graded) -> None:
    """How often each names the true leading factor first."""
    leader, clear = leaders(graded.truth), clearly_led(graded.truth)
    groups = {f"all cuts\n(n = {len(leader):,})": np.ones(len(leader), dtype=bool)}
    groups[f"one factor\nclearly leads\n(n = {clear.sum():,})"] = clear
    colours = list(COLOURS.values())
    for place, rows in enumerate(reversed(groups.values())):
        for offset, part in enumerate((graded.own_leader, leaders(graded.shap))):
            right = 100 * float((part[rows] == leader[rows]).mean())
            y = place + (0.5 - offset) * 0.32
            ax.barh(y, right, height=0.28, color=colours[1 + offset])
            ax.text(right + 1.5, y, f"{right:.0f} %", va="center", fontsize=10.5, color=INK, fontweight="bold")
    ax.set_yticks(range(len(groups)), list(groups)[::-1], fontsize=10)
    ax.set_xlim(0, 115)
    ax.set_xticks(range(0, 101, 25))
    ax.set_xlabel("names the true leading factor first, % of cuts", fontsize=9.5, color=MUTED)
    clean(ax)


def clean(ax: Axes) -> None:
    """Only what carries meaning."""
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.spines["bottom"].set_color(GRID)
    ax.tick_params(axis="both", length=0, labelcolor=INK)
    ax.tick_params(axis="x", labelsize=9, labelcolor=MUTED)
    ax.grid(axis="x", color=GRID)
    ax.set_axisbelow(True)


def grade_methods(predictor: LimitPredictor, unseen: SimulatedPortfolio) -> tuple[Graded, DecreaseExplanations]:
    """The decreases of a portfolio that the model never saw, by the truth and by the two methods, row by row."""
    explanations = predictor.explain_decreases(unseen.history)
    place = pd.DataFrame({"borrower_id": explanations.borrower_id, "month": explanations.summary["month"]})
    place["row"] = np.arange(len(place))
    truth = unseen.truth.decreases
    known = truth[["borrower_id", "month"]].merge(place, on=["borrower_id", "month"], how="left")
    rows = known["row"].to_numpy()
    by_factor = unseen.truth.by_factor[list(predictor.catalogue.factor_ids)].to_numpy()
    led = (by_factor < 0).any(axis=1)
    explanations = explanations[rows[led].astype(np.int64)]
    snapshots = predictor.snapshots(unseen.history)
    row = decrease_rows(snapshots)[rows[led].astype(np.int64)]
    population = background_rows(snapshots, seed=0)
    shap = attribute(predictor, Decreases(snapshots, row, population), "population_shap").contributions
    leader = np.array([verdict.factors[0] if verdict.factors else -1 for verdict in explanations.verdicts])
    return Graded(by_factor[led], explanations.factor_contributions, shap, leader), explanations


def typical_case(graded: Graded, explanations: DecreaseExplanations) -> int:
    """The decrease, among those that the model expects, where SHAP most plainly names a factor that hardly moved.

    One with a clear true leader that the own snapshot finds, and the most that SHAP lays on factors of which neither
    the true policy nor the own snapshot says anything.
    """
    own, shap, truth = (lowering_shares(part) for part in (graded.own, graded.shap, graded.truth))
    plain = (
        (explanations.support == "expected") & ~explanations.reference_censored & (explanations.keep_score_before > 1)
    )
    plain &= (graded.own_leader == leaders(graded.truth)) & (leaders(graded.shap) != leaders(graded.truth))
    plain &= clearly_led(graded.truth)
    elsewhere = np.where(np.maximum(own, truth) < 5, shap, 0).max(axis=1) - np.abs(own - truth).max(axis=1)
    return int(np.where(plain, elsewhere, -np.inf).argmax())


def draw_page(explanations: DecreaseExplanations, predictor: LimitPredictor, unseen: SimulatedPortfolio) -> None:
    """A picture of one page of the report, taken by a headless Chromium."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        print("page.png is left as it is: Chromium is not installed")
        return
    history = check_history(unseen.history, predictor.catalogue).select(list(explanations.borrower_id))
    tracks = score_tracks(predictor.fitted, predictor.snapshots(history))
    with tempfile.TemporaryDirectory() as folder:
        (page,) = write_report(explanations, tracks, Path(folder) / "report").pages
        flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=1100,1000"]
        shot = Path(folder) / "page.png"
        subprocess.run([browser, *flags, f"--screenshot={shot}", page.as_uri()], check=True, capture_output=True)
        with Image.open(shot) as picture:
            # 256 colours: a third of the size, and no difference to be seen.
            picture.convert("RGB").quantize(256).save(FOLDER / "page.png", optimize=True)


def draw_plan(explanations: DecreaseExplanations, predictor: LimitPredictor, unseen: SimulatedPortfolio) -> None:
    """Of the first hundred expected cuts the plan of several levers on which most fits agree."""
    some = explanations[np.flatnonzero(explanations.support == "expected")[:100]]
    plans = plan_cuts(predictor.fitted, predictor.snapshots(unseen.history), some)
    found = [plan for plan in plans if plan.outcome == "by_plan" and plan.cheapest is not None]
    chosen = max(found, key=lambda plan: (_firmness(plan.cheapest), len(plan.cheapest.settings)))
    save_plot(plot_plan(chosen), FOLDER / "plan.png", dpi=DPI)


def _firmness(option: Option | None) -> float:
    return 0.0 if option is None else option.fits / option.n_fits


def main() -> None:
    """Simulate, train, explain, draw."""
    trained_on = simulate_portfolio(N_BORROWERS, N_MONTHS, seed=1, root_causes=False)
    unseen = simulate_portfolio(N_BORROWERS, N_MONTHS, seed=2, root_causes=False)
    predictor = LimitPredictor().fit(trained_on.history)
    graded, explanations = grade_methods(predictor, unseen)
    case = typical_case(graded, explanations)
    one = explanations[case]
    labels = [factor.label.text("en") for factor in predictor.catalogue.factors]
    heading = f"One cut, RMB {one.limit_before[0]:,.0f} to RMB {one.limit_after[0]:,.0f}:\nwhat lowered the score?"
    draw_misleading(graded, case, labels, heading).savefig(FOLDER / "misleading.png", dpi=DPI)
    save_plot(plot_change(one), FOLDER / "change.png", dpi=DPI)
    draw_page(one, predictor, unseen)
    draw_plan(explanations, predictor, unseen)
    print(f"borrower {one.borrower_id[0]}, {one.summary['month'].iloc[0]:%Y-%m}; {len(graded.truth)} cuts in all")
    print(decrease_reasons(one, lang="en")[0])


if __name__ == "__main__":
    main()
