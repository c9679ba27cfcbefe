"""What a stage is given on every machine that works at it: a partition, and a model, by the folders they lie in."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from credit_model.errors import ArtifactError, DataFileError
from credit_model.files import MANIFEST
from credit_model.portfolio.history import History
from credit_model.scale.partition import Partition

if TYPE_CHECKING:
    from credit_model.predictor import LimitPredictor

#: Changes where the same inputs give other parts.
_VERSION = "1"


@dataclass(frozen=True)
class Given:
    """A partition, and the model that works on it; the folders are opened once in each process.

    Attributes
    ----------
    data, data_digest : str
        The partition's folder, and its digest.
    model, model_digest : str
        The model's folder, and the digest of its manifest; "": none.
    n_jobs : int
        Threads within a block; no result depends on it.
    """

    data: str
    data_digest: str
    model: str = ""
    model_digest: str = ""
    n_jobs: int = 1

    @classmethod
    def of(cls, partition: Partition, model: str | Path | None = None, *, n_jobs: int = 1) -> Given:
        """Of a partition that is open, and a model's folder."""
        folder = "" if model is None else str(Path(model).resolve())
        digest = "" if model is None else _digest_of(folder)
        return cls(str(partition.folder.resolve()), partition.digest, folder, digest, n_jobs)

    @property
    def partition(self) -> Partition:
        """The partition.

        Raises
        ------
        DataFileError
            It is another one than at the start of the work.
        """
        found = _partition(self.data, self.data_digest)
        if found.digest != self.data_digest:
            raise DataFileError(f"{self.data}: was written again while it was worked on; start again")
        return found

    @property
    def predictor(self) -> LimitPredictor:
        """The model."""
        return _predictor(self.model, self.model_digest, self.n_jobs)

    def block(self, number: int) -> History:
        """The panel of a block's borrowers, as the model's catalogue declares it."""
        return self.partition.block(number)

    def work(self, stage: str, **options: Any) -> str:
        """Names a piece of work, by 16 hexadecimal digits of all that its result depends on."""
        told = {
            "version": [_VERSION, version("credit-model")],
            "data": self.data_digest,
            "model": self.model_digest,
            "stage": stage,
            "options": options,
        }
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]


def _digest_of(folder: str) -> str:
    try:
        return hashlib.sha256((Path(folder) / MANIFEST).read_bytes()).hexdigest()
    except OSError as error:
        raise ArtifactError(
            f"{folder}: {MANIFEST} cannot be read ({error.strerror}); give the folder that 'train' wrote"
        ) from None


@lru_cache(maxsize=4)
def _partition(folder: str, digest: str) -> Partition:
    return Partition.open(folder)


@lru_cache(maxsize=4)
def _predictor(folder: str, digest: str, n_jobs: int) -> LimitPredictor:
    from credit_model.predictor import LimitPredictor

    if _digest_of(folder) != digest:
        raise ArtifactError(f"{folder}: the model was written again while it was worked with; start again")
    return LimitPredictor.load(folder, n_jobs=n_jobs)
