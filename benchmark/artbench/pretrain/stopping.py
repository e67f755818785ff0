"""Signals that ask a training to save and end: Ctrl-C, `kill`, a terminal that closes, and what Slurm sends."""

import os
import signal
import stat
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

from artbench.pretrain.second_signal import ending_at_the_second

_NAMES = ("SIGINT", "SIGTERM", "SIGUSR1", "SIGHUP")
# Those that, after one of either, are meant as a second one. Slurm's SIGTERM after its SIGUSR1 is not.
_INSISTING: Mapping[int, str] = {signal.SIGINT: "by hand", signal.SIGTERM: "by hand"}
# Seconds in which a second one is a repeat: launchers hand on what the whole process group has received already.
REPEATS = 5.0


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

    @property
    def number(self) -> int:
        """Number of the signal; 0 until one comes."""
        return signal.Signals[self.name] if self.name else 0

    def raise_if_stopped(self) -> None:
        """Raise `Stopped` if a signal has come, to end work that another run can repeat."""
        if self.name:
            raise Stopped


@contextmanager
def stop_request() -> Iterator[StopRequest]:
    """Record the first of SIGINT, SIGTERM, SIGUSR1 and SIGHUP instead of ending, and ignore repeats.

    A second SIGINT or SIGTERM, more than `REPEATS` seconds after the first of these, acts as usual, or ends the process
    within seconds. A SIGHUP that is ignored already, as by `nohup`, stays so. Outside the main thread, where Python
    allows no handlers, no signal is recorded.
    """
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    numbers = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in numbers}
    if before.get(getattr(signal, "SIGHUP", None)) is signal.SIG_IGN:
        del before[signal.SIGHUP]
    recorder = _Recorder(request, before)
    with ending_at_the_second(_INSISTING, ended=lambda name: request.on_second(name), repeats=REPEATS):
        try:
            for number in before:
                signal.signal(number, recorder)
            yield request
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


class _Recorder:
    """The handler of the signals; it has the handlers `before` it act on those that insist."""

    def __init__(self, request: StopRequest, before: Mapping[int, Any]) -> None:
        self._request = request
        self._before = before
        self._since: float | None = None

    def __call__(self, number: int, _: FrameType | None) -> None:
        name = signal.Signals(number).name
        if not self._request.name:
            self._request.name = name
            if name == "SIGHUP":
                _leave_terminal()
            self._request.on_first(name)
        if number not in _INSISTING:
            return
        now = time.monotonic()
        if self._since is None:
            self._since = now
        elif now - self._since > REPEATS:
            signal.signal(number, self._before[number])
            signal.raise_signal(number)


def _leave_terminal() -> None:
    """Send what this process prints from now on nowhere, where it went to a terminal: that is gone, and writing fails.

    What goes to a file or a pipe still does.
    """
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        with suppress(OSError):
            if stat.S_ISCHR(os.fstat(stream).st_mode):
                os.dup2(nowhere, stream)
    os.close(nowhere)
