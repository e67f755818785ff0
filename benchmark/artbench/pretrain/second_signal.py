"""A second signal ends the process even while its main thread is inside a library and handles no signal."""

import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress

# Seconds for the last message: a terminal that blocks must not delay the end.
_MESSAGE_SECONDS = 1.0

# File descriptors that the signals of this process are written to.
_inboxes: set[int] = set()


@contextmanager
def ending_at_the_second(
    kinds: Mapping[int, str], *, ended: Callable[[str], None], grace: float = 3.0, repeats: float = 0.0
) -> Iterator[None]:
    """End the process at the second signal of a kind, unless it leaves the block within seconds.

    Python calls signal handlers on the main thread, once that returns from a library. Here the interpreter's own
    handler notifies another thread, whatever the main thread does; it fails only if a library hangs while it holds the
    interpreter's lock. Call it on the main thread; the signals need handlers, which are not changed.

    Args:
        kinds: Kind of each signal to handle, by its number.
        ended: Called with the name of the signal, on a thread of its own, before the process ends with status
            128 + number.
        grace: Seconds for the main thread to leave the block by itself, as it does unless a library holds it or what
            it waits for.
        repeats: Seconds after the first signal of a kind in which others of it do not count.
    """
    inbox, outbox = socket.socketpair()
    left = threading.Event()

    def read() -> None:
        first: dict[str, float] = {}
        while not left.is_set():
            for number in inbox.recv(64):
                kind = kinds.get(number)
                if kind is None:
                    continue
                passed = time.monotonic() - first.setdefault(kind, time.monotonic())
                if passed > repeats and not left.wait(grace):
                    _end(number, ended)

    thread = threading.Thread(target=read, name="artbench-signals", daemon=True)
    with inbox, outbox:
        outbox.setblocking(False)
        _inboxes.add(outbox.fileno())
        thread.start()
        before = signal.set_wakeup_fd(outbox.fileno(), warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(-1)
            # The owner may have closed the descriptor.
            with suppress(OSError, ValueError):
                signal.set_wakeup_fd(before)
            left.set()
            # Wake the thread: no signal has this number. If the pipe is full, it is awake.
            with suppress(BlockingIOError):
                outbox.send(b"\0")
            _inboxes.discard(outbox.fileno())
            thread.join()


def _end(number: int, ended: Callable[[str], None]) -> None:
    words = threading.Thread(target=ended, args=(signal.Signals(number).name,), daemon=True)
    words.start()
    words.join(_MESSAGE_SECONDS)
    os._exit(128 + number)


def _leave_to_the_parent() -> None:
    """Stop a forked child from writing its signals to its parent's descriptor, where they would count."""
    inbox = signal.set_wakeup_fd(-1)
    if inbox != -1 and inbox not in _inboxes:
        signal.set_wakeup_fd(inbox)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_to_the_parent)
