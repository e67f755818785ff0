"""How the work tells what it is doing, without knowing whether a terminal, a log or nobody listens."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Counter(Protocol):
    """One stretch of counted work, such as the pictures of one extraction."""

    def advance(self, steps: int = 1, /, *, note: str = "") -> None:
        """Count `steps` more; `note` replaces the short text beside the bar."""


class Reporter(Protocol):
    """Where notices and progress go."""

    def notice(self, text: str, /) -> None:
        """Say one thing the user should know, in one line."""

    @contextmanager
    def counting(self, what: str, /, *, total: int, unit: str) -> Iterator[Counter]:
        """Show progress on `total` `unit`s of `what` while the block runs."""
        ...


class _SilentCounter:
    def advance(self, steps: int = 1, /, *, note: str = "") -> None:
        pass


class Silent:
    """A reporter for library use: keeps quiet."""

    def notice(self, text: str, /) -> None:
        """Say nothing."""

    @contextmanager
    def counting(self, what: str, /, *, total: int, unit: str) -> Iterator[Counter]:
        """Show nothing."""
        yield _SilentCounter()
