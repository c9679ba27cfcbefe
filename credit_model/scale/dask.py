"""The blocks of a partition on the workers of a Dask cluster: the same functions, the same bytes.

Workers read the partition and the model from a disk that all machines share, and write their parts there. A worker that
dies loses nothing: the scheduler gives its blocks to the others, and a part is on the disk whole or not at all.
"""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from credit_model.errors import CreditModelError
from credit_model.inputs import one_line
from credit_model.readers.optional import need
from credit_model.scale.partition import Partition
from credit_model.scale.work import Done, Progress, Stage, run_block

#: What must be the same everywhere for the same bytes to come out.
_PACKAGES = ("numpy", "scipy", "pandas", "pyarrow", "numba", "lightgbm")
#: Seconds in which a scheduler has to answer.
_PATIENCE = 10
#: Blocks a worker's thread has waiting.
_AHEAD = 2
#: How often a block is tried again.
_RETRIES = 2


@contextmanager
def workers_at(address: str) -> Iterator[Cluster]:
    """The workers of the scheduler at an address, while the block lasts.

    Parameters
    ----------
    address : str
        Such as "tcp://10.0.0.1:8786".

    Raises
    ------
    CreditModelError
        No scheduler answers there, it has no workers, or they have other versions than this process.
    """
    distributed = need("distributed", "dask", address, "Dask clusters")
    try:
        client = distributed.Client(address, timeout=_PATIENCE, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        reason = one_line(error) or type(error).__name__
        raise CreditModelError(
            f"{address}: no Dask scheduler answers there ({reason}); start one with 'dask scheduler', or correct the "
            "address"
        ) from None
    try:
        _check_versions(client, address)
        yield Cluster(client, address)
    finally:
        with suppress(OSError, TimeoutError):
            client.close()


@dataclass(frozen=True)
class Cluster:
    """Runs blocks on the workers of a cluster."""

    client: Any
    address: str
    n_inside: int = 1

    def run(
        self, stage: Stage, n_blocks: int, parts: Path | None = None, *, on_progress: Progress | None = None
    ) -> Iterator[Done]:
        """The results of all blocks, in their order.

        Raises
        ------
        CreditModelError
            A worker does not see the folders, or workers die again and again.
        """
        folder = None if parts is None else str(parts.resolve())
        if parts is not None:
            parts.mkdir(parents=True, exist_ok=True)
        self._check_folders(stage, folder)
        mark = os.urandom(8).hex()
        most = _AHEAD * max(1, sum(self.client.nthreads().values()))
        waiting: dict[int, Any] = {}
        sent = 0
        try:
            for k in range(n_blocks):
                while sent < min(n_blocks, k + most):
                    waiting[sent] = self.client.submit(
                        run_block, stage, sent, folder, key=f"{stage.name}-{mark}-{sent}", retries=_RETRIES, pure=False
                    )
                    sent += 1
                yield self._result(waiting.pop(k))
                if on_progress is not None:
                    on_progress(k + 1, n_blocks)
        finally:
            if waiting:
                self.client.cancel(list(waiting.values()), force=True)

    def _result(self, future: Any) -> Done:
        distributed = need("distributed", "dask", self.address, "Dask clusters")
        try:
            found: Done = future.result()
        except distributed.KilledWorker:
            raise CreditModelError(
                f"{self.address}: workers died again and again at the same block; give them more memory, or partition "
                "the data into more blocks"
            ) from None
        except (distributed.CancelledError, OSError, TimeoutError) as error:
            raise CreditModelError(
                f"{self.address}: the scheduler went away ({one_line(error) or type(error).__name__}); start it again, "
                "and the same command, which goes on with what is done"
            ) from None
        return found

    def _check_folders(self, stage: Stage, parts: str | None) -> None:
        given = stage.given
        folders = [folder for folder in (given.data, given.model, parts) if folder]
        for worker, missing in self.client.run(_unseen_folders, folders, given.data, given.data_digest).items():
            if missing:
                raise CreditModelError(
                    f"{self.address}: worker {worker} does not see {missing[0]} as it is here; lay the data, the model "
                    "and the output on a disk that all machines share, under the same path"
                )


def _unseen_folders(folders: list[str], data: str, digest: str) -> list[str]:
    """Of folders, those that this machine does not have, or has otherwise."""
    missing = [folder for folder in folders if not os.path.isdir(folder)]
    if missing:
        return missing
    try:
        return [] if Partition.open(data).digest == digest else [data]
    except CreditModelError:
        return [data]


def _check_versions(client: Any, address: str) -> None:
    """That there are workers, and that they run what this process runs."""
    mine = versions()
    try:
        theirs = client.run(versions)
    except CreditModelError:
        raise
    except Exception as error:  # whatever a worker without the package, or with another one, makes of it
        raise CreditModelError(
            f"{address}: its workers cannot run credit-model {mine['credit-model']} ({one_line(error)}); install the "
            "same version on all machines"
        ) from None
    if not theirs:
        raise CreditModelError(f"{address}: the scheduler has no workers; start some with 'dask worker {address}'")
    for worker, found in theirs.items():
        other = next((name for name in mine if found.get(name) != mine[name]), None)
        if other is not None:
            raise CreditModelError(
                f"{address}: workers must have the versions that are here, worker {worker} has {other} "
                f"{found.get(other)}, here is {mine[other]}; install the same on all machines"
            )


@cache
def versions() -> dict[str, str]:
    """What results may depend on: Python, the packages, and this package's own code."""
    found = {"Python": platform.python_version(), "credit-model": version("credit-model")}
    for name in _PACKAGES:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    code = hashlib.sha256()
    root = Path(__file__).parents[1]
    for path in sorted(root.rglob("*.py")):
        code.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return found | {"credit-model's code": code.hexdigest()[:12]}
