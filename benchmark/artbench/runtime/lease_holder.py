"""Who holds a lease: a process on a machine, and whether it is gone."""

import json
import os
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from functools import cache
from pathlib import Path
from typing import Literal

from artbench.runtime.lease_disk import Clock
from artbench.runtime.text import printable


@dataclass(frozen=True, kw_only=True)
class Holder:
    """The process that holds a lease, as it describes itself.

    Attributes:
        host: Name of its machine.
        pid: Its number there.
        started: When the system started it, in the system's own unit; empty where that can't be known.
        boot: What tells this start of the machine from all others; empty where that can't be known.
        namespace: The set of processes that its number counts in, which containers have of their own; or empty.
        job: The job of a scheduler that it belongs to, in words; or empty.
    """

    host: str
    pid: int
    started: str = ""
    boot: str = ""
    namespace: str = ""
    job: str = ""

    def __str__(self) -> str:
        where = f"pid {self.pid} on {printable(self.host)}"
        return f"{where}, {printable(self.job)}" if self.job else where

    def lives(self) -> bool | None:
        """Whether it is alive, which is known on its own machine only; None elsewhere."""
        if not self.boot or (self.boot, self.namespace) != _machine() or self.host != socket.gethostname():
            return None
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except OSError:  # Another user's.
            return True
        state, started = _process(self.pid)
        # A zombie waits to be counted by its parent, and does nothing any more.
        return state not in ("Z", "X") and started == self.started


class Watch:
    """What one process sees of the holders of a lease, one after another.

    Attributes:
        content: The file of the highest generation at the last look; None if there was none.
        living: Whether a sign of life was seen since this was last set to False.
    """

    def __init__(self, clock: Clock, time_to_live: float) -> None:
        self._clock = clock
        self._time_to_live = time_to_live
        self.content: bytes | None = None
        self.living = False
        # None before the first look.
        self._generation: int | None = None
        self._silent = self._looked = 0.0

    def __str__(self) -> str:
        return named(self.content)

    def judge(self, generation: int, content: bytes | None) -> Literal["free", "gone", "silent", "held"]:
        """Judge the highest generation by its content, which is None for no generation at all."""
        now = self._clock.now()
        if (self._generation, self.content) != (generation, content):
            self.living = self._generation is not None
            self._generation, self.content, self._silent = generation, content, 0.0
        else:
            # If all machines stood still with their disk, nobody could beat: no time between two looks counts for more.
            self._silent += min(now - self._looked, self._time_to_live / 2)
        self._looked = now
        if content is None or parsed(content).get("released") is True:
            return "free"
        holder = described(content)
        lives = None if holder is None else holder.lives()
        if lives is False:
            return "gone"
        self.living = self.living or lives is True
        return "silent" if self._silent >= self._time_to_live else "held"


def parsed(content: bytes | None) -> dict[str, object]:
    """Return what the file of a lease says; empty if it is no JSON object, as one that is being written."""
    try:
        found = json.loads(content or b"")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def described(content: bytes | None) -> Holder | None:
    """Return the holder that the file of a lease names; None if it names none."""
    known = parsed(content)
    with suppress(TypeError, ValueError, KeyError):
        words = {field.name: str(known[field.name])[:200] for field in fields(Holder) if field.name != "pid"}
        return Holder(pid=int(str(known["pid"])), **words)
    return None


def named(content: bytes | None) -> str:
    """Name the holder in words."""
    return str(described(content) or "a process that can't be told")


def as_json(holder: Holder, **more: object) -> str:
    """Return a holder, and more, as one line of JSON."""
    return json.dumps(asdict(holder) | more)


def this_process() -> Holder:
    """Describe this process."""
    pid = os.getpid()
    boot, namespace = _machine()
    return Holder(
        host=socket.gethostname(),
        pid=pid,
        started=_process(pid)[1],
        boot=boot,
        namespace=namespace,
        job=_job(os.environ),
    )


@cache
def _machine() -> tuple[str, str]:
    """Return the number of the machine's start, and of the namespace of its processes; empty beyond Linux."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return boot, str(Path("/proc/self/ns/pid").readlink())
    except (OSError, ValueError):
        return "", ""


def _process(pid: int) -> tuple[str, str]:
    """Return the state of a process and when it was started; empty where the system does not tell."""
    try:
        # Its name is in brackets, and may have any letters, brackets too.
        after = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        return after[0].decode(), after[19].decode()
    except (OSError, IndexError, ValueError):
        return "", ""


def _job(environment: Mapping[str, str]) -> str:
    """Name the job that this process belongs to."""
    if job := environment.get("SLURM_ARRAY_JOB_ID"):
        return f"Slurm job {job}_{environment.get('SLURM_ARRAY_TASK_ID', '')}"
    if job := environment.get("SLURM_JOB_ID"):
        return f"Slurm job {job}"
    return environment.get("ARTBENCH_JOB", "")
