"""Reporting a step that hangs, while it hangs."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median

from artbench.runtime.progress import Reporter

# A step hangs if it takes this many times the median of the latest steps.
_MEDIANS, _LATEST = 10, 1000


class HangWatch:
    """A context manager that reports each step that hangs once, with what can be done.

    Args:
        seconds: Least time of a step that is reported; the only limit until a step has been timed.
        compiled: Whether the first step compiles the networks: it is neither timed nor reported.
        resuming: Returns what a resumed run would do, in words.
        reporter: Receives the notice, on a separate thread.
    """

    def __init__(self, *, seconds: float, compiled: bool, resuming: Callable[[], str], reporter: Reporter) -> None:
        self._seconds = seconds
        self._compiling = compiled
        self._resuming = resuming
        self._reporter = reporter
        self._lock = threading.Lock()
        self._times: deque[float] = deque(maxlen=_LATEST)
        self._current: tuple[int, float] | None = None
        self._left = threading.Event()
        self._thread = threading.Thread(target=self._poll, name="artbench-hanging", daemon=True)

    def __enter__(self) -> "HangWatch":
        """Start watching."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop watching."""
        self._left.set()
        self._thread.join()

    @contextmanager
    def step(self, number: int) -> Iterator[None]:
        """Watch the step made in the block; the first one has number 1."""
        begun = time.monotonic()
        with self._lock:
            self._current = None if self._compiling else (number, begun)
        try:
            yield
        finally:
            with self._lock:
                self._current = None
                if not self._compiling:
                    self._times.append(time.monotonic() - begun)
                self._compiling = False

    def _poll(self) -> None:
        reported = 0
        while not self._left.wait(self._seconds / 10):
            with self._lock:
                usual = median(self._times) if self._times else 0.0
                number, begun = self._current or (reported, 0.0)
            passed = time.monotonic() - begun
            if number == reported or passed <= max(self._seconds, _MEDIANS * usual):
                continue
            reported = number
            measure = f"the median of the steps is {usual:,.1f} s" if usual else "no step before it was timed"
            self._reporter.notice(
                f"Step {number} seems to hang: it has taken {passed:,.1f} s so far, and {measure}. Ctrl-C or SIGTERM "
                f"waits for its end; a second one ends at once, and {self._resuming()}."
            )
