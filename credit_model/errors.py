"""The mistakes a user can make, each told in one line: what, where, the rule, the value found, the remedy."""

#: Messages repeat what a file says, which may be long; what lies between their start and their end is left out.
_MOST_LETTERS, _END = 580, 180


class CreditModelError(ValueError):
    """Base of every error that a user can put right; the command line shows its text and exits with 1.

    The text is one line of bounded length.
    """

    def __init__(self, message: object = "") -> None:
        text = " ".join(str(message).split())
        if len(text) > _MOST_LETTERS:
            text = f"{text[: _MOST_LETTERS - _END - 5]} ... {text[-_END:]}"
        super().__init__(text)


class CatalogueError(CreditModelError):
    """A catalogue (TOML) breaks its rules; the message starts with ``file:line``."""


class HistoryError(CreditModelError):
    """A history table breaks the catalogue's rules, or lacks what was asked of it."""


class DataFileError(CreditModelError):
    """A file or folder cannot be read as what it should be, or cannot be written."""


class ArtifactError(CreditModelError):
    """A saved model is damaged, or was made for another catalogue or version."""


class CreditModelWarning(UserWarning):
    """Something was left out or is in doubt, and a person should know; the command line shows it as a note."""
