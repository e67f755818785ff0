"""Progress as lines of a log, where no terminal shows a bar: now and then, and the rarer the longer it takes."""

from collections.abc import Callable

from artbench.runtime.progress import printable

# Seconds until the first line; from one to the next, twice as many as before, but no more than the second.
_FIRST, _LONGEST = 15.0, 600.0


class LogLines:
    """Counts one stretch of work, and says how far it is.

    Args:
        what: Is being done.
        total: Steps.
        unit: Of these.
        say: Prints a line.
        clock: The time in seconds.
    """

    def __init__(
        self, what: str, *, total: int, unit: str, say: Callable[[str], None], clock: Callable[[], float]
    ) -> None:
        self._what, self._total, self._unit = printable(what), total, unit
        self._say, self._clock = say, clock
        self._begun, self._done, self._wait = clock(), 0, _FIRST
        self._next = self._begun + _FIRST
        if total == 1:
            # There is no part of the way to tell of.
            self._say(self._what)

    def advance(self, steps: int = 1, /, *, note: str = "") -> None:
        """Count `steps` more, and say so if it is time."""
        self._done += steps
        now = self._clock()
        if now < self._next or self._done >= self._total:
            return
        self._wait = min(2 * self._wait, _LONGEST)
        self._next = now + self._wait
        parts = [f"{self._done:,} of {self._total:,} {self._unit}", printable(note), self._left(now)]
        self._say(f"{self._what}: {', '.join(part for part in parts if part)}")

    def _left(self, now: float) -> str:
        if not self._done:
            return ""
        return f"{duration((now - self._begun) * (self._total - self._done) / self._done)} left"


def duration(seconds: float) -> str:
    """Hours, minutes and seconds: `1:02:03`, `02:03`."""
    whole = round(seconds)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"
