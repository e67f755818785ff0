"""One generation of a lease, made and kept alive by this process."""

import json
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from artbench.runtime.lease_disk import Clock, Disk
from artbench.runtime.lease_holder import Holder, as_json, named, parsed

# Of a file, so that it has one length whatever it says.
_LEAST_BYTES = 1023
# Seconds between two looks whether another thread of this process is done with the file.
_PAUSE = 0.02


class Claim:
    """The file of one generation, which nobody else changes.

    Args:
        disk: The files of the lease.
        clock: The clock, and what runs in the background.
        generation: Number of the generation.
        holder: This process.

    Attributes:
        confirmed: When the last beat began after which there was no higher generation.
        lost: Who has taken the lease over, in words; empty as long as nobody is known to have.
    """

    def __init__(self, disk: Disk, clock: Clock, generation: int, holder: Holder) -> None:
        self.generation = generation
        self.confirmed = clock.now()
        self.lost = ""
        self._disk = disk
        self._clock = clock
        self._holder = holder
        self._token = secrets.token_hex(8)
        self._beats = 0
        self._ended = False
        self._end_beats: Callable[[], None] = lambda: None
        self._busy = threading.Lock()

    def create(self) -> bool:
        """Create the file; False if there is one already."""
        content = self._content()
        # A server may have done what it answers it has not, when its first answer was lost.
        return self._disk.create(self.generation, content) or self._disk.read(self.generation) == content

    def follows(self, last: int, content: bytes | None, *, beat: float, patient: bool) -> bool:
        """Begin to beat, then look again whether the generation is the one after what was judged.

        Args:
            last: Number of the generation that was judged; 0 for none.
            content: Its content.
            beat: Seconds between two beats.
            patient: Whether to give the other the time of a beat to show that it lives.
        """
        self._end_beats = self._clock.every(beat, self._beat_if_possible)
        if patient:
            self._clock.sleep(beat)
        # The other may have beaten meanwhile; and after an old listing the number may have been used and removed.
        return (not last or self._disk.read(last) == content) and highest(self._disk) == self.generation

    def beat(self) -> None:
        """Show that this process lives, then look whether it still has the lease."""
        with self._alone():
            if self._ended or self.lost:
                return
            began = self._clock.now()
            self._beats += 1
            there = self._is_own() and self._disk.replace_own(self.generation, self._content())
            last = highest(self._disk)
            if there and last == self.generation:
                self.confirmed = began
            else:
                self.lost = named(self._disk.read(last) if last else None)

    def withdraw(self) -> None:
        """Remove the file, unless it was not created or another has taken it over."""
        self._end_beats()
        with self._alone():
            self._ended = True
            with suppress(OSError):
                if self._is_own() and highest(self._disk) == self.generation:
                    self._disk.remove(self.generation)

    def release(self) -> None:
        """Say that the next one may follow at once."""
        self._end_beats()
        with self._alone():
            self._ended = True
            if not self.lost:
                with suppress(OSError):
                    if self._is_own():
                        self._disk.replace_own(self.generation, self._content(released=True))

    def _beat_if_possible(self) -> None:
        # `Lease.check` tries again, and tells why it can't.
        with suppress(OSError):
            self.beat()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep the beats and the other threads of this process apart."""
        while not self._busy.acquire(blocking=False):
            self._clock.sleep(_PAUSE)
        try:
            yield
        finally:
            self._busy.release()

    def _is_own(self) -> bool:
        return parsed(self._disk.read(self.generation)).get("token") == self._token

    def _content(self, *, released: bool = False) -> bytes:
        """Return what the file says, always with the same length.

        One that is released says nothing else, so that folders that people hand on don't name machines.
        """
        whole = as_json(self._holder, token=self._token, beats=f"{self._beats:012}", released=False)
        line = json.dumps({"released": True}) if released else whole
        return (line.ljust(max(_LEAST_BYTES, len(whole))) + "\n").encode()


def highest(disk: Disk) -> int:
    """Return the highest generation; 0 if there is none."""
    return max(disk.generations(), default=0)
