"""How many cores this process may use."""

import os
from pathlib import Path


def usable_cores() -> int:
    """Cores that the system, a container's quota and the other processes of a `torchrun` leave to this process."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    processes = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    return max(1, min(cores, _quota()) // processes)


def _quota() -> int:
    """What the control group of a container allows, rounded up; very many without one."""
    try:
        allowed, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        return max(1, -(-int(allowed) // int(period)))
    except (OSError, ValueError):
        return 1 << 16
