"""Leases: one process at a time, of all on all machines that share a disk, without locks of the file system.

A lease is a folder of files 000001, 000002, …, its generations. Whoever creates the next one holds the lease, and while
it lives it changes that file every `BEAT` seconds. Others take the lease over when the holder has released it, when it
is known to be gone, or when they have seen the file unchanged for `TIME_TO_LIVE` seconds of their own clock: clocks are
never compared. What was taken over can be noticed by its former holder, which then writes nothing any more.

Why only one process writes, however long any of them stands still, and at whatever line:

- A holder that may have been taken for dead, which is one whose last beat is half the time to live ago, beats once more
  and then looks for higher generations before it writes; so does each beat.
- Who takes over for silence creates the next generation, waits as long as a beat, and looks at the old file again. If
  the holder has beaten meanwhile, the new generation is removed. So either sees the other, as long as the disk shows
  each machine within half a beat what another has done before.
- Between `check` and the change that follows it lies an instant that nobody can guard on a file system.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from artbench.errors import ArtbenchError
from artbench.runtime.lease_claim import Claim, highest
from artbench.runtime.lease_disk import Clock, Disk, SharedFolder, SystemClock
from artbench.runtime.lease_holder import Holder, Watch, described, this_process
from artbench.runtime.progress import Reporter, Silent

BEAT = 15.0
TIME_TO_LIVE = 90.0
# Generations that stay. If a listing misses more than these, all of its own are gone: so a number that was used and
# removed can be created anew only where the one before it has been removed too, as they go in ascending order. Who
# finds that after creating one withdraws it.
_KEPT = 16
# Seconds between two looks at a lease that another has: a tenth of the time waited so far, within these.
_LEAST_PAUSE, _LONGEST_PAUSE = 0.02, 5.0
# At least so many times what the last look took: a disk answers the slower the more wait for leases on it, and so they
# ask the less. Up to a third of the time to live.
_LOOKS = 50
# Seconds between two calls of what is to be done while it waits, such as to see whether a signal came.
_PROMPT_PAUSE = 0.5


class LeaseLost(ArtbenchError):  # noqa: N818  not the process's error
    """Another process has taken over what this one was doing, since this one stood still for too long."""


class Lease:
    """The right of one process to change something.

    An object is used again and again: it remembers how long it has seen others silent.

    Args:
        folder: Folder of the lease's files; it outlives what is leased, so that generations only grow.
        doing: What its holder does, for messages: `extracting these features`.
        time_to_live: Seconds of silence after which a holder is taken for dead; `TIME_TO_LIVE` by default.
        beat: Seconds between two signs of life; `BEAT` by default.
        disk: The files of the folder.
        clock: The clock, and what runs in the background.
        holder: What describes this process.

    Examples:
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> from artbench.runtime.lease import Lease
        >>> with TemporaryDirectory() as folder:
        ...     lease = Lease(Path(folder), doing="counting")
        ...     lease.acquire(), Lease(Path(folder), doing="counting").acquire(wait=False)
        ...     lease.check()
        ...     lease.release()
        (True, False)
    """

    def __init__(
        self,
        folder: Path,
        *,
        doing: str,
        time_to_live: float | None = None,
        beat: float | None = None,
        disk: Disk | None = None,
        clock: Clock | None = None,
        holder: Callable[[], Holder] = this_process,
    ) -> None:
        self.folder = folder
        self.doing = doing
        self._time_to_live = TIME_TO_LIVE if time_to_live is None else time_to_live
        self._beat_s = BEAT if beat is None else beat
        self._disk = SharedFolder(folder) if disk is None else disk
        self._clock = SystemClock() if clock is None else clock
        self._holder = holder
        self._watch = Watch(self._clock, self._time_to_live)
        # The own generation, and the process that made it: one that is forked from that does not have it.
        self._claim: Claim | None = None
        self._process = 0

    @property
    def generation(self) -> int:
        """Number of the own generation, which fences it from earlier ones; 0 without the lease."""
        return 0 if self._claim is None else self._claim.generation

    def acquire(
        self,
        *,
        reporter: Reporter | None = None,
        wait: bool | float = True,
        refuse_living: bool = False,
        meanwhile: Callable[[], object] | None = None,
    ) -> bool:
        """Take the lease; return False if another process has it, and the time to wait is over.

        Args:
            reporter: Receives one notice that says who has it, and one if a dead process's is taken over.
            wait: Seconds to wait for another holder; True: without end; False: not at all. To take it over from one
                that is silent takes a beat more.
            refuse_living: Return as soon as the holder has shown a sign of life.
            meanwhile: Called twice a second while it waits; what it raises ends that.

        Raises:
            OSError: The folder can't be made, read or written.
        """
        reporter = Silent() if reporter is None else reporter
        self._disk.prepare()
        self._watch.living = False
        begun, told = self._clock.now(), False
        patience = float("inf") if wait is True else float(wait)
        while True:
            looked = self._clock.now()
            if self._taken(reporter):
                return True
            took, waited = self._clock.now() - looked, self._clock.now() - begun
            if waited >= patience or (refuse_living and self._watch.living):
                return False
            if not told:
                reporter.notice(f"Another run is {self.doing} ({self._watch}): waiting for it")
                told = True
            pause = min(max(waited / 10, _LEAST_PAUSE), _LONGEST_PAUSE)
            pause = max(pause, min(_LOOKS * took, self._time_to_live / 3))
            self._pause(min(pause, patience - waited), meanwhile)

    def check(self) -> None:
        """Raise unless this process still has the lease; call it immediately before each change of what is leased.

        It asks the disk only if the last sign of life is half the time to live ago.

        Raises:
            LeaseLost: Another process has taken it over.
            OSError: The disk can't be read or written.
        """
        claim = self._claim
        if claim is None or self._process != os.getpid():
            raise RuntimeError(f"this process has no lease for {self.doing}")
        needed = self._time_to_live / 2
        while not claim.lost and self._clock.now() - claim.confirmed >= needed:
            claim.beat()
            # What a slow disk has just confirmed is true until a whole time to live after the beat.
            needed = self._time_to_live
        if claim.lost:
            raise LeaseLost(
                f"another run is {self.doing} by now ({claim.lost}), since this one stood still for too long",
                mend="What was finished before is kept, and the other run does the rest",
            )

    def is_held(self) -> bool:
        """Whether this process still has the lease; raises OSError as `check` does."""
        try:
            self.check()
        except LeaseLost:
            return False
        return True

    def release(self) -> None:
        """Let others take the lease at once; does nothing without it, and in a process forked from its holder."""
        if self._claim is None or self._process != os.getpid():
            return
        if self in _held:
            _held.remove(self)
        claim, self._claim = self._claim, None
        claim.release()

    def remove_earlier(self, *, kept: int = 1) -> None:
        """Remove the files of earlier holders, of which those of the last `kept` generations stay, the own included."""
        for old in sorted(self._disk.generations()):
            if old <= self.generation - kept:
                self._disk.remove(old)

    @property
    def holder(self) -> Holder | None:
        """The holder seen at the last look of `acquire`; None if there was none that names itself."""
        return described(self._watch.content)

    def last_holder(self) -> Holder | None:
        """The process that took the lease last and has not released it, whether or not it lives; None without one."""
        last = highest(self._disk)
        return described(self._disk.read(last) if last else None)

    def __enter__(self) -> "Lease":
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def _pause(self, seconds: float, meanwhile: Callable[[], object] | None) -> None:
        while seconds > 0:
            if meanwhile is not None:
                meanwhile()
            part = seconds if meanwhile is None else min(seconds, _PROMPT_PAUSE)
            self._clock.sleep(part)
            seconds -= part

    def _taken(self, reporter: Reporter) -> bool:
        """Look once, and take the lease if it is free."""
        last = highest(self._disk)
        content = self._disk.read(last) if last else None
        if last and content is None:  # Removed between the two.
            return False
        state = self._watch.judge(last, content)
        if state == "held":
            return False
        claim = Claim(self._disk, self._clock, last + 1, self._holder())
        taken = False
        try:
            patient = state == "silent"
            taken = claim.create() and claim.follows(last, content, beat=self._beat_s, patient=patient)
        finally:
            if not taken:
                claim.withdraw()
        if not taken:
            return False
        self._claim, self._process = claim, os.getpid()
        _held.append(self)
        if state in ("silent", "gone"):
            reporter.notice(f"Another run was {self.doing} ({self._watch}) and is gone: taken over")
        with suppress(OSError):
            self.remove_earlier(kept=_KEPT)
        return True


# The leases of this process. One that is forked from it has none, since it does not beat.
_held: list[Lease] = []
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_held.clear)


def check_held() -> None:
    """Raise unless this process still has all leases that it took: for what makes changes visible.

    Raises:
        LeaseLost: Another process has taken one over.
        OSError: A disk can't be read or written.
    """
    for lease in tuple(_held):
        lease.check()
