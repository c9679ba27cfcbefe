"""Where the data of a command are a partition: its blocks, on threads or on the workers of a cluster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from credit_model.cli import options
from credit_model.cli.console import working

if TYPE_CHECKING:
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
