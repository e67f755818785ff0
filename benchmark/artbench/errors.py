"""Errors that say what is wrong, where, and what to do about it."""

from collections.abc import Iterator
from contextlib import contextmanager


class ArtbenchError(Exception):
    """The work failed for a reason that the user can do something about.

    Shown as one line, `message. mend`, with exit status 1 and no traceback.

    Args:
        message: What is wrong and where, without a full stop.
        mend: What to do about it, as a sentence without a full stop; a question keeps its question mark.
    """

    exit_status = 1

    def __init__(self, message: str, *, mend: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.mend = mend

    def __str__(self) -> str:
        end = "" if self.mend.endswith("?") else "."
        return f"{self.message}. {self.mend}{end}" if self.mend else f"{self.message}."


class UsageError(ArtbenchError):
    """The command or the call is wrong, and nothing was started. Exit status 2."""

    exit_status = 2


class Interrupted(KeyboardInterrupt):
    """A signal ended the work, and what is done is stored. Exit status 128 + its number.

    Args:
        number: Number of the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(f"interrupted by signal {number}")
        self.exit_status = 128 + number


@contextmanager
def plugin_errors(culprit: str) -> Iterator[None]:
    """Turn whatever a plugin's code raises into an error of one line that names the plugin.

    Raises:
        ArtbenchError: The block raised an exception of another kind.

    Examples:
        >>> from artbench.errors import ArtbenchError, plugin_errors
        >>> try:
        ...     with plugin_errors("the backbone hog"):
        ...         raise ValueError("no such size")
        ... except ArtbenchError as error:
        ...     print(error)
        the backbone hog failed (ValueError: no such size). --debug shows where.
    """
    try:
        yield
    except ArtbenchError:
        raise
    # A plugin that exits would end the run without a word.
    except (Exception, SystemExit) as error:
        reason = f"{type(error).__name__}: {error}".replace("\n", " ")
        raise ArtbenchError(f"{culprit} failed ({reason})", mend="--debug shows where") from error
