"""Slurm's own commands: what they print, and what they refuse in their own words."""

import os
import re
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from artbench.errors import ArtbenchError
from artbench.matrix.engines.room import Size, check_room

if TYPE_CHECKING:
    # It needs torch, which the process that only starts another one does without.
    from artbench.matrix.options import MatrixOptions

_MEND = "Our own files say what is done; `artbench matrix retry` goes on"
# Jobs of an array unless the administrator sets another number (MaxArraySize).
_ARRAY = 1000


def queue(jobs: Iterable[str]) -> Iterator[tuple[str, str, str, str]]:
    """Id, state, reason and nodes of those of some jobs that Slurm still has; each task of an array for itself.

    Raises:
        ArtbenchError: Slurm does not answer.
    """
    told = ask(["squeue", "-h", "-r", "-o", "%i|%T|%r|%N", "-j", ",".join(jobs)], gone="Invalid job id")
    for line in told.splitlines():
        job, state, reason, nodes = line.split("|", 3)
        yield job, state, "" if reason == "None" else reason, nodes


def scancel(jobs: Iterable[str]) -> None:
    """Cancel jobs; those that have ended are no fault.

    Raises:
        ArtbenchError: Slurm does not answer, or refuses.
    """
    wanted = list(jobs)
    if wanted:
        ask(["scancel", *wanted], gone="Invalid job id")


def array_size() -> int:
    """The most jobs that this cluster takes as one array."""
    found = re.search(r"MaxArraySize\s*=\s*(\d+)", ask(["scontrol", "show", "config"]))
    # The setting is one more than the highest index.
    return max(1, min(_ARRAY, int(found[1]) - 1)) if found else _ARRAY


def longest(partition: str | None) -> float:
    """Minutes that a job may take at most in a partition, or in the default one; infinite without a limit."""
    for line in ask(["scontrol", "show", "partition", "-o"]).splitlines():
        said = dict(word.partition("=")[::2] for word in line.split())
        if said.get("PartitionName") == partition or (partition is None and said.get("Default") == "YES"):
            days, _, clock = said.get("MaxTime", "").rpartition("-")
            parts = clock.split(":")
            if len(parts) == 3 and all(part.isdecimal() for part in parts):
                return int(days or 0) * 24 * 60 + int(parts[0]) * 60 + int(parts[1]) + int(parts[2]) / 60
    return float("inf")


def check_size(options: "MatrixOptions") -> None:
    """Raise UsageError if no node has what a job needs: Slurm takes some such jobs, and never begins them.

    Raises:
        ArtbenchError: Slurm does not answer.
    """
    needed, own = Size.of(options.resources), options.slurm
    if needed != Size() and not own.extra.keys() & {"partition", "clusters"}:
        where = f"partition {own.partition}" if own.partition else "the default partition"
        check_room(needed, node_sizes(own.partition), where=where)


def node_sizes(partition: str | None) -> list[Size]:
    """What the nodes of a partition have, or of the default one; none if there is no such partition."""
    found = []
    for line in ask(["sinfo", "-h", "-e", "-o", "%P|%c|%m|%G"]).splitlines():
        name, cores, memory, others = line.split("|", 3)
        # The default one is marked; several may be given, of which Slurm takes one.
        if name.rstrip("*") in partition.split(",") if partition else name.endswith("*"):
            gpus = sum(map(int, re.findall(r"\bgpu:(?:[^:,()]+:)?(\d+)", others)))
            found.append(Size(cores=int(cores), gpus=gpus, memory=int(memory) / 1024))
    return found


@contextmanager
def outside_a_job() -> Iterator[None]:
    """Hide from `sbatch` that this process may be in a job itself, whose share of a node it would ask for."""
    inside = {name: value for name, value in os.environ.items() if name.startswith("SLURM_") and name != "SLURM_CONF"}
    for name in inside:
        del os.environ[name]
    try:
        yield
    finally:
        os.environ.update(inside)


def ask(command: list[str], *, gone: str = "") -> str:
    """Run a command of Slurm's and return what it prints; nothing if it says of jobs that they are `gone`.

    Raises:
        ArtbenchError: There is no such command, Slurm does not answer, or it refuses.
    """
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ArtbenchError(f"Slurm does not answer ({error})", mend=_MEND) from error
    if done.returncode and not (gone and gone in done.stderr):
        raise ArtbenchError(f"Slurm refuses: {own_words(done.stderr)}", mend=_MEND)
    return done.stdout


def own_words(error: object) -> str:
    """What Slurm itself says, in one line, without what was around it."""
    said: list[Any] = re.findall(r"(?:sbatch|squeue|scancel|scontrol|slurm\w*): (?:error: )?(.*)", str(error))
    return "; ".join(dict.fromkeys(line.strip() for line in said)) or " ".join(str(error).split())[:300]
