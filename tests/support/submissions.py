"""Records as somebody would submit them, and what the check says of them."""

import shutil
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from artbench.data.folders import DatasetPaths
from artbench.evaluation.sizes import sizes_known_to
from artbench.leaderboard.validation.findings import Report
from artbench.leaderboard.validation.workflow import check_records
from artbench.plugins.registry import Registry
from artbench.records.folder import read_record
from artbench.records.record import SUFFIXES
from artbench.runtime.progress import Silent
from tests.support.mutants import Submission


def submitted(results: Path, task: str, protocol: str, folder: Path) -> Submission:
    """Put the record of a task under a protocol into a folder of its own."""
    records = folder / "records" / task
    records.mkdir(parents=True)
    (found,) = [file for file in (results / "records" / task).glob("*.json") if read_record(file).protocol == protocol]
    for file in (found, *(found.with_suffix(suffix) for suffix in SUFFIXES)):
        if file.exists():
            shutil.copyfile(file, records / file.name)
    return Submission(folder, records / found.name, [], Random(0))


def check(folder: Path, registry: Registry) -> Report:
    return check_records(
        folder, registry=registry, paths=DatasetPaths(), sizes=partial(map, sizes_known_to(registry)), reporter=Silent()
    )


def faults(report: Report) -> list[str]:
    return [finding.message for finding in report.findings if finding.status == "FAIL"]


def blamed(report: Report) -> set[str]:
    return {finding.name for finding in report.findings if finding.status == "FAIL"}


def changed(it: Submission, **changes: Any) -> None:
    content = it.content
    for path, value in changes.items():
        *parts, last = path.split("__")
        part = content
        for name in parts:
            part = part[name]
        part[last] = value
    it.write(content)
    it.settle()


def copied(it: Submission) -> Submission:
    """A second record beside the first, equal to the byte."""
    for suffix in (".json", *SUFFIXES):
        if it.beside(suffix).exists():
            shutil.copyfile(it.beside(suffix), it.file.with_name(f"copy{suffix}"))
    return Submission(it.folder, it.file.with_name("copy.json"), [it.file], Random(0))
