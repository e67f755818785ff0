"""Energy that a machine says it has used: RAPL of processors, NVML of NVIDIA's GPUs."""

import socket
from contextlib import suppress
from math import isnan, nan
from pathlib import Path
from typing import Literal, Protocol

import torch

POWERCAP = Path("/sys/class/powercap")


class EnergyMeter(Protocol):
    """Counts joules from its first reading on.

    Attributes:
        name: Of what it counts, the same in all processes that would count the same: machine and device.
        by: Who counts: `rapl` or `nvml`.
    """

    name: str
    by: Literal["rapl", "nvml"]

    def read(self) -> float | None:
        """Joules since the first reading; None if the device no longer tells."""


class Rapl:
    """The packages of a processor and their memory, as Linux counts them in /sys/class/powercap.

    A counter begins again at 0 when it is full, after some minutes under load, so it has to be read more often.

    Args:
        folder: Folder of the counters.
    """

    by: Literal["rapl", "nvml"] = "rapl"

    def __init__(self, folder: Path = POWERCAP) -> None:
        self.name = f"{socket.gethostname()} {folder}"
        # Parts of a package, and the whole machine (psys), would count twice. Memory stands beside the package.
        self._zones = [
            zone for zone in sorted(folder.glob("intel-rapl:*")) if _text(zone / "name").startswith(("package", "dram"))
        ]
        self._last: list[int] | None = None
        self._joules = 0.0

    @classmethod
    def opened(cls, folder: Path = POWERCAP) -> "Rapl | None":
        """The counters; None if there are none, or only root may read them."""
        meter = cls(folder)
        return None if not meter._zones or meter.read() is None else meter

    def read(self) -> float | None:
        """Joules since the first reading, of all packages together; None if a counter can't be read."""
        try:
            now = [int(_text(zone / "energy_uj")) for zone in self._zones]
            for zone, before, after in zip(self._zones, self._last or now, now, strict=True):
                full = int(_text(zone / "max_energy_range_uj")) if after < before else 0
                self._joules += (after - before + full) / 1e6
        except ValueError:
            # What was used until it can be read again would be missing.
            self._joules = nan
        else:
            self._last = now
        return None if isnan(self._joules) else self._joules


class Nvml:
    """The GPU that torch computes on, as its driver counts since it was loaded (Volta and later).

    Args:
        library: The module `pynvml`.
        uuid: The GPU's UUID, without the `GPU-` before it.
    """

    by: Literal["rapl", "nvml"] = "nvml"

    def __init__(self, library: object, uuid: str) -> None:
        self.name = f"{socket.gethostname()} GPU-{uuid}"
        self._nvml = library
        library.nvmlInit()  # type: ignore[attr-defined]
        self._handle = library.nvmlDeviceGetHandleByUUID(f"GPU-{uuid}")  # type: ignore[attr-defined]
        self._first = self._counted()

    @classmethod
    def opened(cls, uuid: str) -> "Nvml | None":
        """The counter; None without `pynvml` (the extra `energy`), or if the GPU has none."""
        try:
            import pynvml
        except ImportError:
            return None
        with suppress(pynvml.NVMLError):
            return cls(pynvml, uuid)
        return None

    def read(self) -> float | None:
        """Joules since it was opened; None if the driver no longer answers."""
        with suppress(self._nvml.NVMLError):  # type: ignore[attr-defined]
            return (self._counted() - self._first) / 1e3
        return None

    def _counted(self) -> int:
        return int(self._nvml.nvmlDeviceGetTotalEnergyConsumption(self._handle))  # type: ignore[attr-defined]


def energy_meter(device: str, *, powercap: Path = POWERCAP) -> EnergyMeter | None:
    """The meter of the device that computes, read once; None if nothing here tells.

    Args:
        device: `cpu`, `cuda` or `mps`.
        powercap: Folder of RAPL's counters.
    """
    if device == "cpu":
        return Rapl.opened(powercap)
    if device == "cuda":
        return Nvml.opened(str(torch.cuda.get_device_properties(torch.cuda.current_device()).uuid))
    return None


def _text(file: Path) -> str:
    """The content of a counter; empty if it is not there, or may not be read."""
    try:
        return file.read_text().strip()
    except OSError:
        return ""
