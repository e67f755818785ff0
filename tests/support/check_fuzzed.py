"""Check folders with one mutant each: `python -m tests.support.check_fuzzed FOLDER...`, one line of JSON for each.

A process of its own, so that its memory is that of the check alone.
"""

import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from artbench.errors import UsageError
from artbench.leaderboard.validation.check import KnownTask, check_folder
from artbench.plugins.loading import load_plugins
from artbench.records.record import Record
from artbench.runtime.progress import Silent
from tests.support.memory import peak_megabytes
from tests.support.opened_files import opened_files, outside

_REGISTRY = load_plugins(only="")


def _known(record: Record) -> KnownTask:
    try:
        return KnownTask(spec=_REGISTRY.tasks.named_in_file(record.task))
    except UsageError:
        return KnownTask()


def main() -> None:
    """Check each folder."""
    for name in sys.argv[1:]:
        begun = time.monotonic()
        with opened_files() as opened:
            report = check_folder(
                Path(name),
                tasks=_known,
                plugins=frozenset({"artbench"}),
                now=datetime(2027, 1, 1, tzinfo=UTC),
                reporter=Silent(),
            )
        found = {
            "folder": name,
            "faults": [str(finding) for finding in report.findings if finding.status == "FAIL"],
            "unchecked": list(report.unchecked),
            "outside": outside(opened, Path(name)),
            "seconds": time.monotonic() - begun,
            "megabytes": peak_megabytes(),
        }
        print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
