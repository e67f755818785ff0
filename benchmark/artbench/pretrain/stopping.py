"""Signals that ask a training to save and end: Ctrl-C, `kill`, and what Slurm sends before the time is up."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from artbench.pretrain.second_signal import ending_at_the_second

# After either of the first two, the other counts as a second one. A SIGTERM of Slurm long after its SIGUSR1 does not.
_KINDS = {"SIGINT": "by hand", "SIGTERM": "by hand", "SIGUSR1": "ahead of time"}


class Stopped(Exception):  # noqa: N818  not an error
    """Work ended early because a signal asked for it."""


class StopRequest:
    """Whether a signal has asked the training to stop.

    Attributes:
        name: Name of the signal; empty until one comes.
        on_first: Called with the name at once, on the main thread.
        on_second: Called with the name of a second signal that ends the process while the main thread, or a thread
            that it waits for, is inside a library; on a separate thread.
    """

    def __init__(self) -> None:
        self.name = ""
        self.on_first: Callable[[str], None] = lambda _: None
        self.on_second: Callable[[str], None] = lambda _: None

    def __bool__(self) -> bool:
        return bool(self.name)

    def raise_if_stopped(self) -> None:
        """Raise `Stopped` if a signal has come, to end work that another run can repeat."""
        if self.name:
            raise Stopped


@contextmanager
def stop_request() -> Iterator[StopRequest]:
    """Record the first signal instead of ending; a second one acts as usual, or ends the process within seconds.

    Outside the main thread, where Python allows no handlers, no signal is recorded.
    """
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    kinds = {getattr(signal, name): kind for name, kind in _KINDS.items() if hasattr(signal, name)}
    before = {number: signal.getsignal(number) for number in kinds}

    def record(number: int, _: FrameType | None) -> None:
        request.name = signal.Signals(number).name
        for other, kind in kinds.items():
            if kind == kinds[number]:
                signal.signal(other, before[other])
        request.on_first(request.name)

    with ending_at_the_second(kinds, ended=lambda name: request.on_second(name)):
        try:
            for number in kinds:
                signal.signal(number, record)
            yield request
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
