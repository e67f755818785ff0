"""One command as several processes on this machine, one a device, as `torchrun` would start them."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
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
        The exit status: 0 if that of all is 0, else that of the first that failed; as a shell counts signals.
    """
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    shared = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    shared |= {"WORLD_SIZE": str(count), "LOCAL_WORLD_SIZE": str(count)}
    children = [
        # In sessions of their own, so that Ctrl-C reaches each of them once, through this process.
        subprocess.Popen(  # noqa: S603  this program, with the arguments that it was called with
            [sys.executable, "-m", "artbench", *arguments],
            env=os.environ | shared | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=stdout,
            start_new_session=True,
        )
        for rank in range(count)
    ]
    try:
        with _handing_on(children):
            return _status(_first_failure(children))
    finally:
        for child in children:
            if child.poll() is None:
                child.kill()
            child.wait()


def _first_failure(children: Sequence[subprocess.Popen[bytes]]) -> int:
    """Wait for all, or for `_GRACE` seconds after one has failed; return the status of that one, or 0."""
    failed, until = 0, float("inf")
    while any(child.poll() is None for child in children) and time.monotonic() < until:
        if not failed:
            failed = _failure(children)
            until = time.monotonic() + _GRACE if failed else until
        time.sleep(_LOOK)
    return failed or _failure(children)


def _failure(children: Sequence[subprocess.Popen[bytes]]) -> int:
    return next((status for child in children if (status := child.poll())), 0)


def _status(returned: int) -> int:
    return returned if returned >= 0 else 128 - returned


@contextmanager
def _handing_on(children: Sequence[subprocess.Popen[bytes]]) -> Iterator[None]:
    def hand_on(number: int, _: FrameType | None) -> None:
        for child in children:
            child.send_signal(number)

    before = {number: signal.getsignal(number) for number in _SIGNALS if signal.getsignal(number) != signal.SIG_IGN}
    try:
        for number in before:
            signal.signal(number, hand_on)
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
