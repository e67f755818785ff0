"""Notices and progress of work, for a terminal, a log, or nobody."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

RESUMED = "done before"
"""Note of the first `Counter.advance` of work that is resumed: its steps were done before, and tell no rate."""


class Counter(Protocol):
    """Counts the steps of some work, such as the images of an extraction."""

    def advance(self, steps: int = 1, /, *, note: str = "") -> None:
        """Count `steps` more; `note` replaces the short text next to the bar."""


class Reporter(Protocol):
    """Receives notices and progress."""

    def notice(self, text: str, /) -> None:
        """Tell the user something, in one line."""

    @contextmanager
    def counting(self, what: str, /, *, total: int, unit: str) -> Iterator[Counter]:
        """Show progress on `total` `unit`s of `what` while the block runs."""
        ...


class _SilentCounter:
    def advance(self, steps: int = 1, /, *, note: str = "") -> None:
        pass


class Silent:
    """A reporter that prints nothing."""

    def notice(self, text: str, /) -> None:
        """Print nothing."""

    @contextmanager
    def counting(self, what: str, /, *, total: int, unit: str) -> Iterator[Counter]:
        """Show nothing."""
        yield _SilentCounter()
