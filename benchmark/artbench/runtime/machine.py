"""The machine: device, number type, memory, threads of torch."""

import ctypes
import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from artbench.errors import UsageError

# Products per sum below which bfloat16 is too coarse.
_FEW = 32
# Parameters of glibc's mallopt(3), and the values that its own adjustment ends at.
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3
_USUAL = {_MMAP_THRESHOLD: 32 << 20, _TRIM_THRESHOLD: 64 << 20, _TOP_PAD: 128 << 10}
_KEEPING = {_MMAP_THRESHOLD: 1 << 30, _TRIM_THRESHOLD: 1 << 30, _TOP_PAD: 64 << 20}
_GROUP = Path("/sys/fs/cgroup")
_SYSTEM = Path("/proc/meminfo")


def choose_device(wanted: str) -> str:
    """The device for `auto`, `cpu`, `cuda` or `mps`.

    Raises:
        UsageError: This machine or this build of torch has no such device.
    """
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if wanted == "auto":
        return next(name for name in ("cuda", "mps", "cpu") if there[name])
    if not there.get(wanted, False):
        available = ", ".join(name for name, is_there in there.items() if is_there)
        raise UsageError(f"no device {wanted!r} here", mend=f"There is: {available}")
    return wanted


def check_devices(wanted: str, count: int) -> None:
    """Check that this machine has so many devices of the kind for `auto`, `cpu`, `cuda` or `mps`.

    Raises:
        UsageError: It has fewer, or none.
    """
    device = choose_device(wanted)
    there = {"cpu": count, "cuda": torch.cuda.device_count(), "mps": 1}[device]
    if count > there:
        raise UsageError(f"--devices {count}, and there is {there} of {device} here", mend=f"Give --devices {there}")


def hardware_name(device: str) -> str:
    """The model of a device, such as `AMD EPYC, 2 cores`."""
    if device == "cuda":
        return str(torch.cuda.get_device_name())
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{_cpuinfo('model name') or platform.processor() or platform.machine()}, {cores} cores"


def _cpuinfo(key: str) -> str:
    """Return what Linux says about the first core; empty on other systems."""
    try:
        lines = Path("/proc/cpuinfo").read_text(errors="replace").splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(key)), "")


def choose_dtype(device: str) -> torch.dtype:
    """bfloat16 if the hardware computes in it, else float32.

    On a processor without the instructions (AMX, AVX-512 BF16), or if `ATEN_CPU_CAPABILITY` limits torch to older
    ones, bfloat16 is emulated, many times slower than float32.
    """
    if device == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float32
    if device == "cpu" and _cpu_capability() == "AVX512" and {"amx_bf16", "avx512_bf16"} & _cpu_flags():
        return torch.bfloat16
    return torch.float32


def choose_feature_dtype(module: torch.nn.Module, *, device: str) -> torch.dtype:
    """bfloat16 if the hardware computes in it and it is precise enough for the network, else float32."""
    return choose_dtype(device) if tolerates_bfloat16(module) else torch.float32


def tolerates_bfloat16(module: torch.nn.Module) -> bool:
    """Whether features in bfloat16 are close enough to those in float32.

    bfloat16 has 8 bits of precision. In a sum of hundreds of products, the rounding errors of the weights cancel out;
    in the 9 or 25 of a depthwise convolution, whose inputs are nearly equal neighbours, they add up. So EfficientNets
    and MobileNets are computed in float32; they would gain the least, too (`docs/performance.md`).
    """
    convolutions = (part for part in module.modules() if isinstance(part, torch.nn.Conv2d))
    return not any(part.groups > 1 and part.weight[0].numel() < _FEW for part in convolutions)


@contextmanager
def without_tf32() -> Iterator[None]:
    """Convolve in float32 on recent GPUs, not in TF32, which has 10 bits of precision instead of 23."""
    before = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = False
    try:
        yield
    finally:
        torch.backends.cudnn.allow_tf32 = before


def _cpu_capability() -> str:
    """The instructions that torch's own kernels use, such as `AVX2` or `AVX512`."""
    return str(torch.backends.cpu.get_cpu_capability())


def _cpu_flags() -> set[str]:
    return set(_cpuinfo("flags").split())


@contextmanager
def keeping_memory() -> Iterator[None]:
    """Keep freed memory while the block runs, and return it to the system at the end. Does nothing without glibc.

    A forward pass allocates and frees tens of megabytes per layer. The system fills every page with zeros before it
    hands it out, which was a third of the time of a small network.
    """
    library = ctypes.CDLL(None) if sys.platform == "linux" else None
    if library is None or not hasattr(library, "mallopt") or not hasattr(library, "malloc_trim"):
        yield
        return
    for parameter, value in _KEEPING.items():
        library.mallopt(parameter, value)
    try:
        yield
    finally:
        for parameter, value in _USUAL.items():
            library.mallopt(parameter, value)
        library.malloc_trim(0)


def free_bytes(device: str) -> int:
    """Free memory of a device in bytes; for `cpu`, at most what the limit of a container leaves."""
    if device == "cuda":
        return int(torch.cuda.mem_get_info()[0])
    return min(_system_bytes(), _container_bytes())


def _system_bytes() -> int:
    try:
        # Counts what the kernel frees on demand, such as cached files.
        return 1024 * _number(_SYSTEM, "MemAvailable:")
    except (OSError, LookupError):  # not Linux
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2


def _container_bytes() -> int:
    """Return what the control group allows beyond its present use; a very large number without a limit."""
    try:
        limit = int((_GROUP / "memory.max").read_text())
        used = int((_GROUP / "memory.current").read_text())
        return max(0, limit - used + _number(_GROUP / "memory.stat", "inactive_file"))
    except (OSError, LookupError, ValueError):  # no container, or "max"
        return 1 << 62


def _number(file: Path, name: str) -> int:
    """Return the number behind a name; raises LookupError if the name is absent."""
    numbers = {words[0]: words[1] for line in file.read_text().splitlines() if len(words := line.split()) > 1}
    return int(numbers[name])


@contextmanager
def own_core_each(device: str) -> Iterator[None]:
    """On the CPU, compute each batch on one core, that of the calling thread.

    This is faster than many cores on one batch, which wait for each other after every layer, and makes sums independent
    of the number of cores.
    """
    if device != "cpu":
        yield
        return
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with keeping_memory():
            yield
    finally:
        torch.set_num_threads(before)
