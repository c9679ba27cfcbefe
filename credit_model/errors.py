"""The mistakes a user can make, a line each: what, where, the rule, the value found, the remedy."""

from __future__ import annotations

#: Messages repeat what a file says, which may be long; what lies between their start and their end is left out.
_MOST_LETTERS, _END = 580, 180
#: Of more mistakes than this the rest is counted.
MOST_TOLD = 20


class CreditModelError(ValueError):
    """Base of every error that a user can put right; the command line shows its text and exits with 1.

    Parameters
    ----------
    *messages : object
        One for each mistake, of which each becomes a line of bounded length.

    Attributes
    ----------
    errors : tuple of str
        The lines. As text, an error is its lines, one below the other; of more than `MOST_TOLD` the rest is counted.

    Examples
    --------
    >>> error = CreditModelError("limit must be >= 0, found -1", "month must be given in every row")
    >>> print(error)
    limit must be >= 0, found -1
    month must be given in every row
    """

    def __init__(self, *messages: object) -> None:
        self.errors: tuple[str, ...] = tuple(_one_short_line(message) for message in messages) or ("",)
        super().__init__(*self.errors)

    def __str__(self) -> str:
        return "\n".join(self.told())

    def told(self) -> list[str]:
        """The lines that are shown: the first of many, and how many more there are."""
        more = len(self.errors) - MOST_TOLD
        return [*self.errors[:MOST_TOLD], *([f"... and {more:,} more"] if more > 0 else [])]

    def in_file(self, path: object) -> list[str]:
        """The lines, each with the name of the file or folder that it is about."""
        return [f"{path}: {line}" for line in self.errors]


def _one_short_line(message: object) -> str:
    text = " ".join(str(message).split())
    if len(text) > _MOST_LETTERS:
        text = f"{text[: _MOST_LETTERS - _END - 5]} ... {text[-_END:]}"
    return text


class Gathering:
    """Gathers mistakes that do not depend on each other, so that a user hears of all of them at once.

    Examples
    --------
    >>> mistakes = Gathering()
    >>> for name in ("limit", "balance"):
    ...     with mistakes:
    ...         raise CreditModelError(f"{name} is unknown")
    >>> mistakes.found
    ['limit is unknown', 'balance is unknown']
    """

    def __init__(self) -> None:
        self.found: list[str] = []

    def __enter__(self) -> Gathering:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> bool:
        if isinstance(error, CreditModelError):
            self.found.extend(error.errors)
            return True
        return False

    def tell(self, kind: type[CreditModelError]) -> None:
        """Raise one error of this kind for all that was found; nothing was found, nothing happens."""
        if self.found:
            raise kind(*dict.fromkeys(self.found))


class CatalogueError(CreditModelError):
    """A catalogue (TOML) breaks its rules; the message starts with ``file:line``."""


class HistoryError(CreditModelError):
    """A history table breaks the catalogue's rules, or lacks what was asked of it."""


class DataFileError(CreditModelError):
    """A file or folder cannot be read as what it should be, or cannot be written."""


class ArtifactError(CreditModelError):
    """A saved model is damaged, or was made for another catalogue or version."""


class EngineError(CreditModelError, TypeError):
    """A model of another library cannot be read exactly, or a table does not fit it; no number is given then."""


class AppealError(CreditModelError):
    """An appeal desk's file cannot be used, or a case does not allow what was asked of it."""


class StoreError(AppealError):
    """An appeal desk's file cannot be read or written now: locked, the disk full, the folder closed to us."""


class CreditModelWarning(UserWarning):
    """Something was left out or is in doubt, and a person should know; the command line shows it as a note."""
