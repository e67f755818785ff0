"""Telling of a step that hangs while it hangs: nothing that waits for its end would."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from types import TracebackType

from artbench.runtime.progress import Reporter

# A step hangs that takes so many times the median of the latest steps.
_MEDIANS, _LATEST = 10, 1000


class HangWatch:
    """Says once of each step that hangs which one it is, and what can be done; a context manager.

    Args:
        seconds: That a step takes at least before it is told of. As long as no step has been timed they alone count.
        compiled: Whether the first step compiles the networks: no other is to be measured by it, nor it by seconds.
        resuming: Says what a resumed run does.
        reporter: Told of the step, on a thread of its own.
    """

    def __init__(self, *, seconds: float, compiled: bool, resuming: Callable[[], str], reporter: Reporter) -> None:
        self._seconds = seconds
        self._compiling = compiled
        self._resuming = resuming
        self._reporter = reporter
        self._lock = threading.Lock()
        self._times: deque[float] = deque(maxlen=_LATEST)
        self._current: tuple[int, float] | None = None
        self._told = 0
        self._left = threading.Event()
        self._thread = threading.Thread(target=self._look_now_and_then, name="artbench-hanging", daemon=True)

    def __enter__(self) -> "HangWatch":
        """Begin to watch."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Watch no longer."""
        self._left.set()
        self._thread.join()

    @contextmanager
    def step(self, number: int) -> Iterator[None]:
        """Make a step in the block; the first one has number 1."""
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

    def _look_now_and_then(self) -> None:
        while not self._left.wait(self._seconds / 10):
            self._look()

    def _look(self) -> None:
        with self._lock:
            if self._current is None or self._current[0] == self._told:
                return
            number, begun = self._current
            passed = time.monotonic() - begun
            if passed <= self._seconds:
                return
            usual = median(self._times) if self._times else None
            if usual is not None and passed <= _MEDIANS * usual:
                return
            self._told = number
        measure = "no step before it was timed" if usual is None else f"the median of the steps is {usual:,.1f} s"
        self._reporter.notice(
            f"Step {number} seems to hang: it has taken {passed:,.1f} s so far, and {measure}. Ctrl-C or SIGTERM waits "
            f"for its end; a second one ends at once, and {self._resuming()}."
        )
