"""The machine the work runs on."""

import os
import platform
from pathlib import Path

import torch

from artbench.errors import UsageError


def choose_device(wanted: str) -> str:
    """The device for `auto`, `cpu`, `cuda` or `mps`.

    Raises:
        UsageError: This machine, or this build of torch, has no such device.
    """
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if wanted == "auto":
        return next(name for name in ("cuda", "mps", "cpu") if there[name])
    if not there.get(wanted, False):
        available = ", ".join(name for name, is_there in there.items() if is_there)
        raise UsageError(f"no device {wanted!r} here", mend=f"There is: {available}")
    return wanted


def hardware_name(device: str) -> str:
    """The model of a device, for people: `AMD EPYC, 2 cores`."""
    if device == "cuda":
        return str(torch.cuda.get_device_name())
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{_cpu_model()}, {cores} cores"


def _cpu_model() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
