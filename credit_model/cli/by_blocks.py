"""Where the data of a command are a partition: its blocks, on threads or on the workers of a cluster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from credit_model.cli import options
from credit_model.cli.console import progress, working

if TYPE_CHECKING:
    from credit_model.explain.decreases import DecreaseExplanations
    from credit_model.explain.waves import Waves
    from credit_model.portfolio.history import History
    from credit_model.scale.given import Given
    from credit_model.scale.work import Runner


@contextmanager
def runner_of(data: options.DataSource, dask: str | None, jobs: int = -1) -> Iterator[Runner | None]:
    """What takes blocks to where they are worked at; None where the data are no partition.

    Parameters
    ----------
    data : DataSource
    dask : str or None
        Address of a scheduler.
    jobs : int
        Threads, where there is none.
    """
    if not data.is_partition:
        if dask is not None:
            raise click.UsageError("--dask takes a partitioned folder as --data; first: credit-model partition")
        yield None
    elif dask is None:
        from credit_model.scale.work import Threads

        yield Threads(jobs)
    else:
        from credit_model.scale.dask import workers_at

        with workers_at(dask) as runner:
            yield runner


def given_of(source: options.ModelOnData, runner: Runner) -> Given:
    """A model and the partition to use it on."""
    from credit_model.scale.given import Given

    with working(f"opening {source.data}"):
        partition = source.data.partition(source.predictor.catalogue)
        return Given.of(partition, source.model, n_jobs=runner.n_inside)


@dataclass(frozen=True)
class Involved(options.ModelOnData):
    """A model and some borrowers of a partition, in memory, with the waves of the whole of it."""

    some: History
    waves: Waves

    @property
    def history(self) -> History:
        """The panel of these borrowers."""
        return self.some

    def explained(
        self, *, borrower: str | None = None, month: str | None = None, reference: str = "last_set"
    ) -> DecreaseExplanations:
        """Their decreases, or those of one borrower or month."""
        snapshots = self.predictor.snapshots(self.some)
        found = self.predictor.explain_snapshots(snapshots, reference=reference, waves=self.waves)
        if borrower is not None:
            return found.select(self.some.borrower_ids[self.some.position_of(borrower)], month)
        return found if month is None else found.in_month(month)


def involved(
    source: options.ModelOnData, runner: Runner | None, *, borrower: str | None, month: str | None, most: int | None
) -> options.ModelOnData:
    """Of a partition only the borrowers that are asked for; anything else as it is.

    Parameters
    ----------
    source : ModelOnData
    runner : Runner or None
        None: no partition.
    borrower, month : str or None
        Whose limit fell, and when; None: anybody's, at any time.
    most : int or None
        The latest so many decreases; None: all.
    """
    if runner is None:
        return source
    from credit_model.scale.panel import look_at_panel
    from credit_model.scale.selecting import borrower_of, with_decreases

    given = given_of(source, runner)
    with progress("looking at the panel") as advance:
        panel = look_at_panel(given, runner, None, on_progress=advance)
    with progress("looking for decreases") as advance:
        some = (
            borrower_of(given, borrower)
            if borrower is not None
            else with_decreases(given, runner, month=month, most=most, on_progress=advance)
        )
    waves = panel.waves(some, source.predictor.ladder)
    return Involved(source.data, source.model, source.catalogue, source.jobs, some, waves)


def about(source: options.ModelOnData, borrower: str) -> options.ModelOnData:
    """Of a partition one borrower, with what all of it tells of the borrower's cuts; anything else as it is."""
    with runner_of(source.data, None, source.jobs) as runner:
        return involved(source, runner, borrower=borrower, month=None, most=None)


def months_of(source: options.ModelOnData, borrower: str) -> History:
    """Of a partition the panel of one borrower; else that of all."""
    if not source.data.is_partition:
        return source.history
    from credit_model.scale.given import Given
    from credit_model.scale.selecting import borrower_of

    with working(f"opening {source.data}"):
        partition = source.data.partition(source.predictor.catalogue)
        return borrower_of(Given.of(partition, source.model, n_jobs=source.jobs), borrower)
