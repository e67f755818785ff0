"""What a step takes of the machine: seconds of the device, peak memory, energy."""

import os
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter, process_time
from types import TracebackType
from typing import Any, Literal, Self

import torch

from artbench.runtime.energy import POWERCAP, energy_meter

PROCESS = Path("/proc/self")
# Often enough for counters that are full after a minute, and for peaks of memory.
_ENERGY_S, _MEMORY_S = 10.0, 0.02
# By how much the peak may exceed what is in use directly after it was reset.
_SLACK = 16 << 20


@dataclass(frozen=True, kw_only=True)
class Resources:
    """What a step took.

    Attributes:
        device_s: Seconds of the device, summed over processes: for which a GPU was held, or for which the cores of a
            processor computed (user and system time of all threads).
        memory_bytes: Peak memory of the process that took most: allocated by torch on a GPU, resident on the CPU; None
            if the system does not tell.
        memory_by: How it was measured: `cuda`, `VmHWM` (the kernel's own peak), or `sampled`.
        reserved_bytes: Peak of what torch reserved on a GPU, with its cache; None on the CPU.
        joules: Energy by meter, since processes may share one; empty if nothing tells.
        energy_by: Who counted it: `nvml` or `rapl`.
    """

    device_s: float
    memory_bytes: int | None = None
    memory_by: Literal["cuda", "VmHWM", "sampled"] | None = None
    reserved_bytes: int | None = None
    joules: Mapping[str, float] = field(default_factory=dict)
    energy_by: Literal["nvml", "rapl"] | None = None

    @property
    def energy_j(self) -> float | None:
        """Energy in joules, of each meter once; None if nothing tells."""
        return sum(self.joules.values()) if self.joules else None


def combined(parts: Sequence[Mapping[str, Any]]) -> Resources:
    """What several processes took together, each as `dataclasses.asdict` gives it."""
    each = [Resources(**part) for part in parts]
    most = max(each, key=lambda one: one.memory_bytes or 0)
    reserved = [one.reserved_bytes for one in each if one.reserved_bytes is not None]
    joules: dict[str, float] = {}
    for one in each:
        for name, energy in one.joules.items():
            joules[name] = max(energy, joules.get(name, 0.0))
    return Resources(
        device_s=sum(one.device_s for one in each),
        memory_bytes=most.memory_bytes,
        memory_by=most.memory_by,
        reserved_bytes=max(reserved, default=None),
        joules=joules,
        energy_by=next((one.energy_by for one in each if one.energy_by), None),
    )


class Measuring:
    """Measures what a block takes; `resources` holds it afterwards.

    On Linux it resets the process's own record of its peak memory (VmHWM).

    Args:
        device: Device that computes: `cpu`, `cuda` or `mps`.
        powercap: Folder of RAPL's counters.
        process: Folder of what Linux says of this process.
    """

    resources: Resources

    def __init__(self, device: str, *, powercap: Path = POWERCAP, process: Path = PROCESS) -> None:
        self._device = device
        self._powercap = powercap
        self._memory = _ResidentMemory(process) if device == "cpu" else None

    def __enter__(self) -> Self:
        if self._device == "cuda":
            torch.cuda.reset_peak_memory_stats()
        self._watchers: list[_Watcher] = []
        if self._memory is not None and not self._memory.reset():
            self._watchers.append(_Watcher(self._memory.sample, _MEMORY_S))
        self._meter = energy_meter(self._device, powercap=self._powercap)
        if self._meter is not None:
            self._watchers.append(_Watcher(self._meter.read, _ENERGY_S))
        self._start = self._clock()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        seconds = self._clock() - self._start
        for watcher in self._watchers:
            watcher.stop()
        energy = None if self._meter is None else self._meter.read()
        counted = self._meter is not None and energy is not None
        self.resources = Resources(
            device_s=seconds,
            **self._peak(),
            joules={self._meter.name: energy} if self._meter is not None and energy is not None else {},
            energy_by=self._meter.by if self._meter is not None and counted else None,
        )

    def _clock(self) -> float:
        return process_time() if self._device == "cpu" else perf_counter()

    def _peak(self) -> dict[str, Any]:
        if self._device == "cuda":
            allocated, reserved = torch.cuda.max_memory_allocated(), torch.cuda.max_memory_reserved()
            return {"memory_bytes": allocated, "memory_by": "cuda", "reserved_bytes": reserved}
        peak = None if self._memory is None else self._memory.peak()
        if self._memory is None or peak is None:
            return {}
        return {"memory_bytes": peak, "memory_by": "VmHWM" if self._memory.kept else "sampled"}


class _ResidentMemory:
    """Peak resident memory of this process on Linux, as its kernel keeps it or, where that can't be reset, sampled.

    Attributes:
        kept: Whether the kernel keeps it.
    """

    def __init__(self, process: Path) -> None:
        self._process = process
        self._sampled = 0
        self.kept = False

    def reset(self) -> bool:
        """Begin anew; False if the kernel does not keep the peak, which is then to be sampled."""
        self.sample()
        with suppress(OSError):
            (self._process / "clear_refs").write_text("5")
            peak, used = self._status("VmHWM"), self._status("VmRSS")
            # Some sandboxes take the write and do nothing.
            self.kept = peak is not None and used is not None and peak <= used + _SLACK
        return self.kept

    def sample(self) -> None:
        """Look at what is in use now."""
        with suppress(OSError, ValueError, IndexError):
            pages = int((self._process / "statm").read_text().split()[1])
            self._sampled = max(self._sampled, pages * os.sysconf("SC_PAGE_SIZE"))

    def peak(self) -> int | None:
        """Bytes; None if this system does not tell."""
        if self.kept:
            return self._status("VmHWM")
        self.sample()
        return self._sampled or None

    def _status(self, name: str) -> int | None:
        """Return a number of bytes from the kernel's list; None if it lacks it."""
        try:
            found = re.search(rf"^{name}:\s+(\d+) kB$", (self._process / "status").read_text(), re.MULTILINE)
        except OSError:
            return None
        return None if found is None else int(found[1]) * 1024


class _Watcher:
    """Calls something again and again in a thread until it is stopped."""

    def __init__(self, call: Callable[[], object], seconds: float) -> None:
        self._call, self._seconds, self._stopped = call, seconds, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True, name="artbench-resources")
        self._thread.start()

    def _watch(self) -> None:
        while not self._stopped.wait(self._seconds):
            self._call()

    def stop(self) -> None:
        """Return after its last call."""
        self._stopped.set()
        self._thread.join()
