"""How much memory a device has left."""

import os
from pathlib import Path

import torch

_GROUP = Path("/sys/fs/cgroup")
_SYSTEM = Path("/proc/meminfo")


def free_bytes(device: str) -> int:
    """Memory of a device that is there to be used; of the processor's, no more than the limit of a container leaves."""
    if device == "cuda":
        return int(torch.cuda.mem_get_info()[0])
    return min(_of_system(), _of_container())


def _of_system() -> int:
    try:
        # What the kernel would free if asked, such as pages of files, is there to be used.
        return 1024 * _number(_SYSTEM, "MemAvailable:")
    except (OSError, LookupError):  # not Linux
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2


def _of_container() -> int:
    """What its control group allows beyond what it uses already; very much without a limit."""
    try:
        limit = int((_GROUP / "memory.max").read_text())
        used = int((_GROUP / "memory.current").read_text())
        return max(0, limit - used + _number(_GROUP / "memory.stat", "inactive_file"))
    except (OSError, LookupError, ValueError):  # no container, or "max"
        return 1 << 62


def _number(file: Path, name: str) -> int:
    """The number that stands behind a name.

    Raises:
        OSError: The file can't be read.
        LookupError: It does not hold the name.
    """
    for line in file.read_text().splitlines():
        words = line.split()
        if words[:1] == [name]:
            return int(words[1])
    raise LookupError(name)
