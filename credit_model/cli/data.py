"""Commands of the data: simulate, convert, check."""

from __future__ import annotations

import re
import time

import click
import pandas as pd

from credit_model.cli import by_blocks, options
from credit_model.cli.console import heading, progress, say, show_facts, show_table, working
from credit_model.cli.outputs import INPUT, TABLES, File, Folder
from credit_model.errors import HistoryError
from credit_model.files import write_table
from credit_model.portfolio.catalogue import Catalogue, read_catalogue
from credit_model.portfolio.findings import Findings
from credit_model.portfolio.months import format_month
from credit_model.portfolio.suspicions import ladder_that_sees, lag_doubts_of
from credit_model.readers.public_data import CONVERTERS
from credit_model.readers.source_format import SourceFormat
from credit_model.readers.tables import read_table
from credit_model.simulate.policies.names import DEFAULT, POLICY_NAMES
from credit_model.simulate.scenarios import SCENARIOS
from credit_model.simulate.settings import MOST_BORROWERS, MOST_MONTHS
from credit_model.simulate.writing import FORMAT

#: Shares of all falls beyond which `check` warns.
_MOST_HIDDEN, _MOST_RETURNS = 0.02, 0.1


@options.command()
@click.option(
    "--borrowers", type=click.IntRange(1, MOST_BORROWERS), default=10_000, show_default=True, help="How many borrowers."
)
@click.option("--months", type=click.IntRange(1, MOST_MONTHS), default=48, show_default=True, help="How many months.")
@options.seed("The same seed, the same bytes.")
@click.option(
    "--scenario",
    type=click.Choice(list(SCENARIOS)),
    default="baseline",
    show_default=True,
    help="What the economy and the lender do.",
)
@click.option(
    "--policy",
    default=DEFAULT,
    show_default=True,
    metavar="NAME|MODULE:OBJECT",
    help=f"How the lender scores its borrowers: {', '.join(POLICY_NAMES)}, or a policy of your own.",
)
@click.option(
    "--overrides",
    type=click.FloatRange(0, 1, max_open=True),
    default=0.0,
    show_default=True,
    help="Share of the decisions that somebody takes by hand in place of the policy.",
)
@click.option(
    "--changes-in",
    type=click.IntRange(min=0),
    default=None,
    metavar="MONTH",
    help="Month of the panel (0 is the first) from which the policy has other weights.",
)
@click.option(
    "--hide",
    multiple=True,
    metavar="FEATURE",
    help="Leave a feature's own columns blank in the history (or a factor's); the lender knows them. May be repeated.",
)
@click.option(
    "--proxy",
    multiple=True,
    metavar="FEATURE",
    help="Show only a noisy copy of a feature's own columns (or a factor's). May be repeated.",
)
@click.option(
    "--noise",
    type=click.FloatRange(0, 1, max_open=True),
    default=0.0,
    show_default=True,
    help="Errors in the borrowers' numbers in the history, as a share of the value.",
)
@click.option(
    "--late",
    type=click.IntRange(0, 12),
    default=0,
    show_default=True,
    help="Months by which bureau, partners and public sources report late.",
)
@click.option(
    "--economy",
    default=None,
    type=INPUT,
    metavar="FILE",
    help="Your own economy: unemployment_rate, activity_index a month.",
)
@click.option(
    "--interventions",
    default=None,
    type=INPUT,
    metavar="FILE",
    help="What borrowers do otherwise than drawn: borrower_id, month, column, value, and bound (else exactly).",
)
@click.option(
    "--plant",
    multiple=True,
    metavar="BORROWER:SHOCK:MONTH",
    help="Give a borrower a shock in a month of the panel (0 is the first); may be repeated.",
)
@click.option(
    "--audit-bias", type=float, default=0.0, show_default=True, help="Planted bias in score, for fairness checks."
)
@click.option(
    "--root-causes/--no-root-causes", default=True, show_default=True, help="Re-run every cut for its root causes."
)
@click.option("--realism", is_flag=True, help="Set the portfolio beside published levels.")
@options.out("Folder of the portfolio to write.", Folder(FORMAT))
@options.jobs
def simulate_command(
    borrowers: int,
    months: int,
    seed: int,
    scenario: str,
    policy: str,
    overrides: float,
    changes_in: int | None,
    hide: tuple[str, ...],
    proxy: tuple[str, ...],
    noise: float,
    late: int,
    economy: str | None,
    interventions: str | None,
    plant: tuple[str, ...],
    audit_bias: float,
    root_causes: bool,
    realism: bool,
    out: str,
    jobs: int,
) -> None:
    """Make a portfolio whose true causes are known.

    Writes the histories (history/), the truth that the model never sees (truth/) and the economy. A run that was
    killed goes on where it stopped, when called with the same arguments.

    \b
    Example:  credit-model simulate --borrowers 20000 --months 48 --seed 1 --out portfolio
              credit-model simulate --scenario downturn --seed 2 --realism --out downturn
              credit-model simulate --policy rules --overrides 0.03 --out rules
              credit-model simulate --policy my_policy:POLICY --out mine
    """
    from credit_model.simulate.settings import Settings
    from credit_model.simulate.writing import write_portfolio

    start = time.perf_counter()
    settings = Settings(
        borrowers,
        months,
        seed=seed,
        scenario=scenario,
        policy=policy,
        overrides=overrides,
        changes_in=changes_in,
        hide=hide,
        proxy=proxy,
        noise=noise,
        late=late,
        economy=None if economy is None else read_table(economy, source=SourceFormat(decimal=".")),
        planted=_planted(plant),
        interventions=None if interventions is None else read_table(interventions, source=SourceFormat(decimal=".")),
        audit_bias=audit_bias,
        root_causes=root_causes,
    )
    with progress("simulating") as advance:
        write_portfolio(out, settings, n_jobs=jobs, on_progress=advance)
    seconds = time.perf_counter() - start
    show_facts(
        [
            ("borrower-months", borrowers * months),
            ("scenario", scenario),
            ("policy", policy),
            ("borrower-months a second", round(borrowers * months / seconds)),
            ("written to", out),
        ]
    )
    if realism:
        show_realism(out)
    say(f"Next: credit-model train --data {out} --out model")


def show_realism(folder: str) -> None:
    """Print how a portfolio's levels stand beside published ones."""
    from credit_model.simulate.realism import realism_of_folder

    heading("Beside published levels")
    show_table(realism_of_folder(folder))


def _planted(plants: tuple[str, ...]) -> dict[int, tuple[str, int]]:
    """{borrower: (shock, panel month)} from texts such as "42:job_loss:20"."""
    planted = {}
    for text in plants:
        parts = text.split(":")
        if len(parts) != 3 or not all(re.fullmatch("[0-9]{1,18}", part) for part in parts[::2]):
            raise click.UsageError(f"--plant must be BORROWER:SHOCK:MONTH, such as 42:job_loss:20, got {text!r}.")
        planted[int(parts[0])] = (parts[1], int(parts[2]))
    return planted


@options.command()
@click.argument("dataset", type=click.Choice(sorted(CONVERTERS)))
@click.argument("source", metavar="SRC", type=TABLES)
@options.out("History table to write (.parquet or .csv).", File(".parquet", ".csv"))
def convert_command(dataset: str, source: str, out: str) -> None:
    """Turn a public data set that lies on your disk (folder or file SRC) into a history table.

    \b
    home-credit  Home Credit Default Risk: the folder with credit_card_balance, application, bureau
    uci-taiwan   Default of Credit Card Clients (UCI): the file or its folder
    Example:  credit-model convert home-credit downloads/home-credit --out history.parquet
    """
    with working(f"converting {source}"):
        table = CONVERTERS[dataset](source)
        write_table(table, out)
    name = dataset.replace("-", "_")
    show_facts([("borrower-months", len(table)), ("columns", table.shape[1]), ("written to", out)])
    say(f"Next: credit-model check --data {out} --catalogue {name}")


@options.command()
@options.data
@options.catalogue
@options.dask
def check_command(data: options.DataSource, catalogue: str, dask: str | None) -> None:
    """Check histories against their catalogue, and say what is in them.

    All mistakes of the catalogue and of the data are told at once, a line each.

    \b
    Example:  credit-model check --data cards.csv --catalogue cards.toml
              credit-model check --data cards.xlsx --sheet Accounts --catalogue cards.toml
              credit-model check --data sqlite:///book.db --query "select * from cards" --catalogue cards.toml
    """
    declared, found = _looked_at(data, catalogue, dask)
    ladder = found.ladder
    heading(f"{data}: fits catalogue {declared.name} {declared.version}")
    show_facts(
        [
            ("borrowers", found.n_borrowers),
            ("borrower-months", found.n_rows),
            ("months", " to ".join(format_month(month, found.month_type) for month in (found.first, found.last))),
            ("decisions after warm-up", found.n_decisions),
            ("decreases of the tier", len(found.falls) - found.n_within_tier),
            ("smaller limits within a tier (would not be explained)", found.n_within_tier),
            ("falls of a limit that was set before the records begin", found.n_set_before),
            ("increases of the tier", found.n_increases),
            ("months in which the limit is unknown (no decision)", found.n_unknown),
            ("months in which the account is closed", found.n_closed),
            ("tiers from", ", ".join(f"{a:,.0f}" for a in ladder.amounts)),
        ]
    )
    missing = {name: n / found.n_rows for name, n in found.missing.items()}
    gaps = pd.DataFrame([(k, f"{v:.1%}") for k, v in missing.items() if v > 0], columns=["column", "missing cells"])
    if len(gaps):
        show_table(gaps)
    if not found.n_decisions:
        raise HistoryError(
            f"{data}: holds no decision after the first {declared.warm_up} months of a borrower, nothing to train on; "
            "give longer histories, or a smaller warm_up"
        )
    for doubt in doubts(found):
        say(f"Warning: {doubt}")
    if len(found.decided_tiers) < 2:
        raise HistoryError(
            f"{data}: all decisions are on limits from {ladder.amounts[min(found.decided_tiers)]:,.15g} on, in one "
            "tier, and there is nothing to tell apart; give longer histories or more borrowers, or a finer [ladder] in "
            "the catalogue"
        )
    say(f"Next: credit-model train {data.words} --catalogue {catalogue} --out model")


def _looked_at(data: options.DataSource, catalogue: str, dask: str | None) -> tuple[Catalogue, Findings]:
    """The catalogue, and what the histories say, which lie in memory or go by in blocks."""
    with by_blocks.runner_of(data, dask) as runner:
        if runner is None:
            declared, history = data.checked(catalogue)
            with working("looking at the histories"):
                return declared, Findings.of(history)
        from credit_model.scale.checking import check_partition

        declared = read_catalogue(catalogue)
        with progress("looking at the histories") as advance:
            return declared, check_partition(data.partition(declared), runner, on_progress=advance)


def doubts(found: Findings) -> list[str]:
    """What a person should look at before training, one line each."""
    told, falls, within = [], found.falls, found.n_within_tier
    if within > _MOST_HIDDEN * len(falls):
        better = ladder_that_sees(falls)
        amounts = ", ".join(f"{amount:.15g}" for amount in better.amounts)
        told.append(
            f"the ladder does not see {within / len(falls):.1%} of all falls of the limit; in [ladder], "
            f"amounts = [{amounts}] would see {falls.seen_by(better).mean():.1%} of them"
        )
    told += [
        f"in {doubt.n_follow:,} of {doubt.n:,} falls below it, {doubt.column} keeps to the new limit in the same "
        "month: its figures seem to come after the decision; declare decision_lag = 1 in [portfolio]"
        for doubt in lag_doubts_of(found.lags)
    ]
    returns = found.n_returns
    if returns > _MOST_RETURNS * len(falls):
        told.append(
            f"{returns:,} of {len(falls):,} falls bring back the limit from before a rise a few months earlier: if the "
            "rises were temporary, declare the column that tells their end in not_a_cut"
        )
    return told
