"""Signals that ask a training to save and end: Ctrl-C, `kill`, and what Slurm sends before the time is up."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_NAMES = ("SIGINT", "SIGTERM", "SIGUSR1")


class Stopped(Exception):  # noqa: N818  it is no error
    """Work was left because a signal asked to stop."""


class StopRequest:
    """Whether one has come.

    Attributes:
        name: Of the signal; empty as long as there is none.
        told: Called with the name at once, between two steps of whatever the main thread is at.
    """

    def __init__(self) -> None:
        self.name = ""
        self.told: Callable[[str], None] = lambda _: None

    def __bool__(self) -> bool:
        return bool(self.name)

    def heed(self) -> None:
        """Leave work that another run can do anew.

        Raises:
            Stopped: A signal has come.
        """
        if self.name:
            raise Stopped


@contextmanager
def stop_request() -> Iterator[StopRequest]:
    """Note the first signal instead of dying of it; the second one acts as ever.

    Outside the main thread, where Python allows no handlers, nothing is noted.
    """
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    numbers = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in numbers}

    def note(number: int, _: FrameType | None) -> None:
        request.name = signal.Signals(number).name
        signal.signal(number, before[number])
        request.told(request.name)

    try:
        for number in numbers:
            signal.signal(number, note)
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
