"""How much memory a process took."""

import re
import resource
import sys
from pathlib import Path


def peak_megabytes() -> float:
    """The most memory that this process has held, without what the process that started it held."""
    status = Path("/proc/self/status")
    if status.is_file():
        # Linux keeps in ru_maxrss what the parent held when it forked.
        found = re.search(r"^VmHWM:\s+(\d+) kB$", status.read_text(), flags=re.MULTILINE)
        assert found is not None
        return int(found[1]) / 1000
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)


def megabytes() -> float:
    """The memory that this process holds now; on Linux."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6
