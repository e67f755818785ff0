"""Tells of each unit that ends, while an engine runs them."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from artbench.matrix.state import TRIES, MatrixState
from artbench.matrix.units import Unit
from artbench.runtime.progress import Reporter

# Seconds between two looks.
_LOOK = 2.0


@contextmanager
def following(units: Sequence[Unit], state: MatrixState, reporter: Reporter) -> Iterator[None]:
    """Tell of each unit that is done, and of each try that fails, while the block runs: a line each.

    The looks are made by a thread, since signals reach the main one, which waits for an engine.

    Args:
        units: The units that are looked at.
        state: What became of them; what is there when the block begins is not told.
        reporter: Receives the lines.
    """
    news, over = _News(units, state, reporter), threading.Event()

    def look_again() -> None:
        while not over.wait(_LOOK):
            news.tell()

    thread = threading.Thread(target=look_again, name="following", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        news.tell()


class _News:
    def __init__(self, units: Sequence[Unit], state: MatrixState, reporter: Reporter) -> None:
        self._units, self._state, self._reporter = {unit.id: unit for unit in units}, state, reporter
        self._done, self._failures = state.done(), state.failures()

    def tell(self) -> None:
        """Tell what is new since the last look."""
        failures, done = self._state.failures(), self._state.done()
        for one in failures.keys() & self._units.keys():
            for number in range(self._failures.get(one, 0) + 1, failures[one] + 1):
                why = self._state.why(one, number)
                self._reporter.notice(f"{self._units[one]}: failed try {number} of {TRIES}: {why}")
        for one in (done - self._done) & self._units.keys():
            seconds = self._state.seconds(one)
            took = "" if seconds is None else f" in {seconds:.0f} s"
            self._reporter.notice(f"{self._units[one]}: done{took}")
        self._done, self._failures = done, failures
