"""A reporter that records what it receives."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from artbench.runtime.progress import Counter


class RecordingReporter:
    """Records notices and progress.

    Attributes:
        notices: Every notice.
        works: What was counted: one text for each bar.
        notes: The note of each advance.
        steps: Sum of all steps.
    """

    def __init__(self, each: Callable[[], None] = lambda: None) -> None:
        """`each` is called after every advance."""
        self.notices: list[str] = []
        self.works: list[str] = []
        self.notes: list[str] = []
        self.steps = 0
        self._each = each

    def notice(self, text: str, /) -> None:
        self.notices.append(text)

    @contextmanager
    def counting(self, what: str, /, *, total: int, unit: str) -> Iterator[Counter]:
        self.works.append(what)
        yield self

    def advance(self, steps: int = 1, /, *, note: str = "") -> None:
        self.notes.append(note)
        self.steps += steps
        self._each()
