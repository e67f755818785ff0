"""What became of the units of a matrix: files in the results folder, and nothing else."""

import json
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from artbench.matrix.state_files import StateFiles
from artbench.runtime.lease import Lease
from artbench.runtime.lease_holder import Holder

if TYPE_CHECKING:
    # It needs torch, which the processes that only start others do without.
    from artbench.matrix.units import Unit

# A unit is tried at most so often.
TRIES = 3
# Characters of a reason in a table.
_SHORT = 300

Status: TypeAlias = Literal["done", "running", "failed", "to do"]


@dataclass(frozen=True, kw_only=True)
class UnitState:
    """What became of a unit.

    Attributes:
        status: `done`, `running`, `failed` for good, or `to do`.
        tries: Number of tries that failed.
        why: Why the last one failed, in one line; empty if none did.
        holder: Who runs it; None if nobody does.
        seconds: Seconds that it took; None if it is not done.
    """

    status: Status
    tries: int = 0
    why: str = ""
    holder: Holder | None = None
    seconds: float | None = None


class MatrixState:
    """The folder `matrix` in a results folder.

    `done/UNIT.json` says that a unit is done and what it took, `failed/UNIT.1.txt` why its first try failed, and
    `leases/UNIT/` who runs it.

    Args:
        files: The files; a folder stands for those in it.
    """

    def __init__(self, files: StateFiles | Path) -> None:
        self.files = StateFiles(files) if isinstance(files, Path) else files
        # Leases remember for how long they have seen others silent.
        self._leases: dict[str, Lease] = {}
        # What was read: of units that are done, which never changes; and of failures, with the time of the file.
        self._seconds: dict[str, float | None] = {}
        self._whys: dict[str, tuple[tuple[int, int], str]] = {}

    def done(self) -> set[str]:
        """Ids of the units that are done."""
        return {name.removesuffix(".json") for name in self.files.names("done")}

    def is_done(self, unit: str) -> bool:
        """Whether the unit with an id is done."""
        return self.files.read(_done(unit)) is not None

    def finish(self, unit: "Unit", lease: Lease, content: Mapping[str, Any]) -> None:
        """Say that a unit is done.

        Raises:
            LeaseLost: Another process has taken the unit over.
            ArtbenchError: The file can't be written.
        """
        lease.check()
        self.files.create(_done(unit.id), json.dumps(content, indent=1).encode())

    def tries(self, unit: str) -> int:
        """Number of tries of the unit with an id that failed."""
        number = 0
        while self.files.read(failure_name(unit, number + 1)) is not None:
            number += 1
        return number

    def fail(self, unit: str, why: str) -> None:
        """Write down why a try of a unit failed, in text whose last line says most.

        Raises:
            ArtbenchError: The file can't be written.
        """
        number = self.tries(unit) + 1
        while not self.files.create(failure_name(unit, number), why.encode(errors="backslashreplace")):
            number += 1

    def forget_failures(self, units: Collection[str]) -> None:
        """Let units be tried anew, as if none of their tries had failed."""
        failures = self.failures()
        for unit in units:
            for number in range(failures.get(unit, 0), 0, -1):
                self.files.remove(failure_name(unit, number))

    @contextmanager
    def held(self, unit: "Unit", *, patient: bool = False) -> Iterator[Lease | None]:
        """Hold a unit while the block runs; None if another process does.

        Args:
            unit: The unit.
            patient: Whether to wait until another process shows that it lives, or is silent for too long.
        """
        lease = self._leases.setdefault(unit.id, self.files.lease(unit.id))
        if not lease.acquire(wait=patient, refuse_living=True):
            yield None
            return
        try:
            yield lease
        finally:
            lease.release()

    def states(self, units: "Collection[Unit]") -> dict[str, UnitState]:
        """Return the state of each unit, by its id."""
        done, failures, leased = self.done(), self.failures(), set(self.files.names("leases"))
        return {
            unit.id: self._state(
                unit.id, done=unit.id in done, tries=failures.get(unit.id, 0), leased=unit.id in leased
            )
            for unit in units
        }

    def held_by(self, units: "Collection[Unit]", *, host: str, pid: int) -> "list[Unit]":
        """Units whose lease a process had last and has not released, whether or not it lives."""
        leased, found = set(self.files.names("leases")), []
        for unit in units:
            holder = self.files.lease(unit.id).last_holder() if unit.id in leased else None
            if holder is not None and (holder.host, holder.pid) == (host, pid):
                found.append(unit)
        return found

    def failures(self) -> dict[str, int]:
        """Number of failed tries of each unit that has any, by its id."""
        found: dict[str, int] = {}
        for name in self.files.names("failed"):
            unit, _, number = name.removesuffix(".txt").rpartition(".")
            if unit and number.isdecimal():
                found[unit] = max(found.get(unit, 0), int(number))
        return found

    def why(self, unit: str, number: int) -> str:
        """Why a try failed, in one line."""
        name = failure_name(unit, number)
        changed = self.files.changed(name)
        if self._whys.get(name, ((), ""))[0] != changed:
            lines = (self.files.read(name) or b"").decode(errors="replace").strip().splitlines()
            self._whys[name] = (changed, lines[-1][:_SHORT] if lines else "")
        return self._whys[name][1]

    def seconds(self, unit: str) -> float | None:
        """Seconds that a unit took; None if it is not done, or that can't be read."""
        if unit not in self._seconds and (content := self.files.read(_done(unit))) is not None:
            self._seconds[unit] = _seconds(content)
        return self._seconds.get(unit)

    def _state(self, unit: str, *, done: bool, tries: int, leased: bool) -> UnitState:
        why = self.why(unit, tries) if tries else ""
        if done:
            return UnitState(status="done", tries=tries, why=why, seconds=self.seconds(unit))
        holder = self.files.lease(unit).last_holder() if leased else None
        if holder is not None and holder.lives() is not False:
            return UnitState(status="running", tries=tries, why=why, holder=holder)
        return UnitState(status="failed" if tries >= TRIES else "to do", tries=tries, why=why)


def failure_name(unit: str, number: int) -> str:
    """Name, in the folder of the matrix, of the file that says why a try of a unit failed."""
    return f"failed/{unit}.{number}.txt"


def _done(unit: str) -> str:
    return f"done/{unit}.json"


def _seconds(done: bytes) -> float | None:
    """What the file of a unit that is done says that it took."""
    try:
        content = json.loads(done)
    except ValueError:
        return None
    seconds = content.get("seconds") if isinstance(content, dict) else None
    return float(seconds) if isinstance(seconds, int | float) else None


def now() -> str:
    """The time in UTC, as it is written down."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
