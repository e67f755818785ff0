"""Ctrl-C and SIGTERM end a command with one line and status 128 + number, whatever it is at."""

import atexit
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import NoReturn

from artbench.errors import Interrupted

INTERRUPTED = "artbench: interrupted; the same command continues from what is stored."
# Seconds in which another one is a repeat: launchers hand on what all their processes have received already.
REPEATS = 1.0


def end_at_once() -> None:
    """Have signals end the process at once: nothing is under way that must be left in order."""
    _handle(_end)


def raise_first() -> None:
    """Have the first signal raise `Interrupted`, and one that comes more than `REPEATS` seconds later end the process.

    So code that catches the first, such as the bare `except:` of a plugin, holds nobody up. What is stored stays whole,
    as after `kill -9`.
    """
    since: list[float] = []

    def handler(number: int, frame: FrameType | None) -> None:
        if not since:
            since.append(time.monotonic())
            raise Interrupted(number)
        if time.monotonic() - since[0] > REPEATS:
            _end(number, frame)

    _handle(handler)


def leave(status: int, *, waiting: bool) -> NoReturn:
    """End the process as Python does, but without taking modules apart.

    While it does so, which takes torch a second, Python leaves Ctrl-C to the system, which then ends a command that is
    done with the status of one that was interrupted; and objects of libraries whose work was cut off may abort.

    Args:
        status: Exit status.
        waiting: Whether threads that are still at work are waited for.
    """
    end_at_once()
    with suppress(Exception):
        if waiting:
            threading._shutdown()  # type: ignore[attr-defined]  # noqa: SLF001
        atexit._run_exitfuncs()  # noqa: SLF001
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):
            stream.flush()
    os._exit(status)


def _handle(handler: Callable[[int, FrameType | None], None]) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        # A shell has a script's commands in the background ignore Ctrl-C.
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, handler)


def _end(number: int, _: FrameType | None) -> None:
    with suppress(OSError):
        os.write(2, f"\n{INTERRUPTED}\n".encode())
    os._exit(128 + number)
