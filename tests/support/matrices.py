"""What a matrix has left in its results folder."""

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from artbench.matrix.workflow import folder_of


def records(results: Path) -> dict[str, Any]:
    """Records by task and encoder, without what differs from run to run."""
    found = {}
    for file in (results / "records").rglob("*.json"):
        content = json.loads(file.read_text())
        for changing in ("timing", "provenance"):
            del content[changing]
        found[f"{content['task']}/{content['backbone']}"] = content
    return found


def times_begun(results: Path) -> dict[str, int]:
    """How often each unit was begun, by its id: a lease has a generation for each time."""
    return {
        lease.name: max(int(file.name) for file in lease.iterdir() if file.name.isdecimal())
        for lease in (folder_of(results) / "leases").iterdir()
    }


def workers(results: Path) -> list[int]:
    """Processes that work on the units of a matrix."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = process.joinpath("cmdline").read_bytes().split(b"\0")
            if b"work" in words and os.fsencode(folder_of(results)) in words:
                found.append(int(process.name))
    return found
