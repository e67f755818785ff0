"""One command as several processes on this machine, one a device, as `torchrun` would start them."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType

# Seconds for the others to end by themselves after one has failed, and between two looks at them.
_GRACE, _LOOK = 10.0, 0.05
_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1") if hasattr(signal, name)]


def in_group() -> bool:
    """Whether this process is one of several that share a command."""
    return int(os.environ.get("WORLD_SIZE", "1")) > 1


def run_several(arguments: Sequence[str], *, count: int, stdout: int | None = None) -> int:
    """Run `artbench ARGUMENTS` as `count` processes, which form the group that `process_group` joins.

    Signals are handed on to all of them, unless this process ignores them, as SIGHUP under `nohup`. When one fails, the
    others have ten seconds to end by themselves.

    Args:
        arguments: Arguments of the command.
        count: Number of processes.
        stdout: File descriptor of their stdout; None: this process's.

    Returns:
        The exit status: 0 if that of all is 0, else that of the first that failed; as a shell counts signals. After a
        signal was handed on, 128 + its number, also if a process ended by another one, such as by SIGABRT where a
        library was cut off.
    """
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    shared = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    shared |= {"WORLD_SIZE": str(count), "LOCAL_WORLD_SIZE": str(count)}
    children = _Children()
    try:
        with children.handing_on():
            for rank in range(count):
                environment = os.environ | shared | {"RANK": str(rank), "LOCAL_RANK": str(rank)}
                children.start([sys.executable, "-m", "artbench", *arguments], environment, stdout)
            return children.status()
    finally:
        children.kill()


class _Children:
    def __init__(self) -> None:
        self._running: list[subprocess.Popen[bytes]] = []
        self._handed_on = 0

    def start(self, command: Sequence[str], environment: Mapping[str, str], stdout: int | None) -> None:
        # In sessions of their own, so that Ctrl-C reaches each of them once, through this process.
        child = subprocess.Popen(command, env=environment, stdout=stdout, start_new_session=True)  # noqa: S603  ours
        self._running.append(child)
        if self._handed_on:
            # It came while this one was started.
            child.send_signal(self._handed_on)

    def status(self) -> int:
        """Wait for all, or for `_GRACE` seconds after one has failed."""
        failed, until = 0, float("inf")
        while any(child.poll() is None for child in self._running) and time.monotonic() < until:
            if not failed:
                failed = self._failure()
                until = time.monotonic() + _GRACE if failed else until
            time.sleep(_LOOK)
        failed = failed or self._failure()
        interrupted = 128 + self._handed_on
        if self._handed_on and (failed < 0 or any(child.poll() == interrupted for child in self._running)):
            return interrupted
        return failed if failed >= 0 else 128 - failed

    def kill(self) -> None:
        for child in self._running:
            if child.poll() is None:
                child.kill()
            child.wait()

    def _failure(self) -> int:
        return next((status for child in self._running if (status := child.poll())), 0)

    @contextmanager
    def handing_on(self) -> Iterator[None]:
        def hand_on(number: int, _: FrameType | None) -> None:
            self._handed_on = self._handed_on or number
            for child in self._running:
                child.send_signal(number)

        before = {number: signal.getsignal(number) for number in _SIGNALS if signal.getsignal(number) != signal.SIG_IGN}
        try:
            for number in before:
                signal.signal(number, hand_on)
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
