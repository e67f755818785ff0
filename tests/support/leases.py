"""Processes that take leases, to be killed and frozen; a clock that a test advances."""

import errno
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from artbench.runtime.files import write_text
from artbench.runtime.lease import Lease, LeaseLost
from artbench.runtime.lease_holder import Holder

# Of processes that are frozen.
TIME_TO_LIVE, BEAT = 3.0, 0.3


def wait_for(file: Path) -> str:
    while not file.exists():
        time.sleep(0.01)
    return file.read_text()


def count(folder: Path, file: Path, times: int, hard_links: bool) -> None:
    """Count in a file by reading and writing it under a lease."""
    if not hard_links:
        os.link = refuse_links
    lease = Lease(folder, doing="counting")
    for _ in range(times):
        lease.acquire()
        with lease:
            number = int(file.read_text())
            time.sleep(0.001)
            lease.check()
            file.write_text(str(number + 1))


def refuse_links(*_: Any, **__: Any) -> None:
    raise OSError(errno.EPERM, os.strerror(errno.EPERM))


def hold(folder: Path) -> None:
    """Hold a lease; when told, write a file, and say what came of it."""
    with Lease(folder / "lease", doing="writing", time_to_live=TIME_TO_LIVE, beat=BEAT) as lease:
        lease.acquire()
        (folder / "held").write_text("")
        wait_for(folder / "go")
        try:
            write_text(folder / "written", "by the first")
        except LeaseLost as lost:
            (folder / "outcome.new").write_text(str(lost))
        else:
            (folder / "outcome.new").write_text("written")
        (folder / "outcome.new").rename(folder / "outcome")


class ManualClock:
    """The clocks of several machines in one thread: time passes when one of them sleeps.

    Args:
        offset: By how much this machine's clock is ahead of the first one's.
        first: Another of them.
    """

    def __init__(self, offset: float = 0.0, first: "ManualClock | None" = None) -> None:
        self._offset = offset
        self._first = self if first is None else first
        self.time = 0.0
        self._due: list[tuple[float, float, Callable[[], object]]] = []
        self.frozen = False

    def now(self) -> float:
        return self._first.time + self._offset

    def sleep(self, seconds: float, /) -> None:
        self._first._advance(self._first.time + seconds)

    def _advance(self, end: float) -> None:
        while self._due and (first := min(self._due, key=lambda one: one[0]))[0] <= end:
            self._due.remove(first)
            due, seconds, function = first
            self.time = max(self.time, due)
            function()
            self._due.append((due + seconds, seconds, function))
        self.time = max(self.time, end)

    def every(self, seconds: float, function: Callable[[], object], /) -> Callable[[], None]:
        """Call it unless this machine is frozen."""

        def unless_frozen() -> None:
            if not self.frozen:
                function()

        entry = (self._first.time + seconds, seconds, unless_frozen)
        self._first._due.append(entry)

        def end() -> None:
            with suppress(ValueError):
                self._first._due.remove(next(one for one in self._first._due if one[2] is unless_frozen))

        return end


def on_machine(name: str, folder: Path, clock: ManualClock, **more: Any) -> Lease:
    """A lease of a process on a machine of that name."""
    holder = Holder(host=name, pid=7, boot=f"boot of {name}", job="Slurm job 77")
    return Lease(folder, doing="counting", clock=clock, holder=lambda: holder, **more)
