"""Reports a step that hangs while it hangs."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median

from artbench.runtime.progress import Reporter

# A step hangs that takes so many times the median of the latest steps.
_MEDIANS, _LATEST = 10, 1000


class HangWatch:
    """Reports each step that hangs once, with what can be done; a context manager.

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
        self._reported = 0
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
        while not self._left.wait(self._seconds / 10):
            self._check()

    def _check(self) -> None:
        with self._lock:
            if self._current is None or self._current[0] == self._reported:
                return
            number, begun = self._current
            passed = time.monotonic() - begun
            usual = median(self._times) if self._times else None
            if passed <= self._seconds or (usual is not None and passed <= _MEDIANS * usual):
                return
            self._reported = number
        measure = "no step before it was timed" if usual is None else f"the median of the steps is {usual:,.1f} s"
        self._reporter.notice(
            f"Step {number} seems to hang: it has taken {passed:,.1f} s so far, and {measure}. Ctrl-C or SIGTERM waits "
            f"for its end; a second one ends at once, and {self._resuming()}."
        )
