"""Signals that ask a training to save and end: Ctrl-C, `kill`, and what Slurm sends before the time is up."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from artbench.pretrain.second_signal import ending_at_the_second

# Whoever has asked with one of the first two insists with either. Slurm's SIGTERM long after its SIGUSR1 is no second.
_KINDS = {"SIGINT": "by hand", "SIGTERM": "by hand", "SIGUSR1": "ahead of time"}


class Stopped(Exception):  # noqa: N818  it is no error
    """Work was left because a signal asked to stop."""


class StopRequest:
    """Whether one has come.

    Attributes:
        name: Of the signal; empty as long as there is none.
        told: Called with the name at once, between two steps of whatever the main thread is at.
        ended: Called with the name of a second one that ends the process although the main thread, or a thread that it
            waits for, is inside a library; on a thread of its own.
    """

    def __init__(self) -> None:
        self.name = ""
        self.told: Callable[[str], None] = lambda _: None
        self.ended: Callable[[str], None] = lambda _: None

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
    """Note the first signal instead of dying of it; the second one acts as ever, or ends the process within seconds.

    Outside the main thread, where Python allows no handlers, nothing is noted.
    """
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    kinds = {getattr(signal, name): kind for name, kind in _KINDS.items() if hasattr(signal, name)}
    before = {number: signal.getsignal(number) for number in kinds}

    def note(number: int, _: FrameType | None) -> None:
        request.name = signal.Signals(number).name
        for other, kind in kinds.items():
            if kind == kinds[number]:
                signal.signal(other, before[other])
        request.told(request.name)

    with ending_at_the_second(kinds, ended=lambda name: request.ended(name)):
        try:
            for number in kinds:
                signal.signal(number, note)
            yield request
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
