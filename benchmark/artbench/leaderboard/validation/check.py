"""Checks a folder of submitted records, each alone and then all together."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from artbench.errors import ArtbenchError
from artbench.leaderboard.paired_scores import digest_of_test
from artbench.leaderboard.validation.checked import Checked
from artbench.leaderboard.validation.copies import signature
from artbench.leaderboard.validation.fields import check_fields
from artbench.leaderboard.validation.files import Files, survey
from artbench.leaderboard.validation.findings import RERUN, FileFindings, Report
from artbench.leaderboard.validation.limits import report_limits
from artbench.leaderboard.validation.protocols import check_protocol
from artbench.leaderboard.validation.recomputing import check_tables, check_values, open_predictions
from artbench.leaderboard.validation.sizes import Sizes, check_sizes
from artbench.leaderboard.validation.together import check_together, digest_of_rows
from artbench.leaderboard.validation.variants import check_variant
from artbench.records.folder import ResultsFolder, read_record
from artbench.records.predictions import StoredPredictions
from artbench.records.record import SUFFIXES, Record
from artbench.runtime.findings import Finding
from artbench.runtime.progress import Reporter
from artbench.runtime.text import size
from artbench.runtime.untrusted import memory_limit
from artbench.specs import TargetKind, TaskSpec
from artbench.stats.metrics import METRICS

# Bytes: with the interpreter and its libraries, the whole process stays within 1 GB.
MEMORY = 650 * 10**6


@dataclass(frozen=True, kw_only=True)
class KnownTask:
    """A task as it is known on this machine.

    Attributes:
        spec: The task; None if no plugin here has it.
        compare: Compares a record, its predictions and the names of its classes with the data; None if the data is
            not on this machine.
    """

    spec: TaskSpec | None = None
    compare: Callable[[Record, StoredPredictions, tuple[str, ...], FileFindings], None] | None = None


def check_folder(
    folder: Path,
    *,
    tasks: Callable[[Record], KnownTask],
    plugins: frozenset[str],
    sizes: Sizes | None = None,
    memory: int = MEMORY,
    now: datetime,
    reporter: Reporter,
) -> Report:
    """Check all records of a folder, each alone and then all together.

    Args:
        folder: A results folder, or its `records/`.
        tasks: Returns what is known of a record's task.
        plugins: Distributions installed here.
        sizes: Returns the sizes of an encoder as they are known here; None: they are not compared.
        now: The current time, with a time zone.
        memory: Bytes that the check of one record may take.
        reporter: Receives progress.

    Raises:
        ArtbenchError: There is no folder of records.
    """
    found: list[Finding] = []
    files = survey(folder, found)
    checked: list[Checked] = []
    used: set[str] = set()
    with reporter.counting("checking records", total=len(files.records), unit="records") as counter:
        for name in files.records:
            about = FileFindings(name, found)
            used |= _beside(name, files)
            try:
                with memory_limit(memory):
                    one = _check(name, files, tasks=tasks, plugins=plugins, sizes=sizes, now=now, about=about)
            except MemoryError:
                about.fault(f"it takes more than {size(memory)} to check", "Give more with --memory, if it is honest")
                one = None
            # A file that breaks the code reading it must not keep the others from being checked.
            except Exception as error:
                about.fault(f"the check failed ({type(error).__name__}: {error})")
                one = None
            checked += [] if one is None else [one]
            counter.advance()
    for name in files.tables - used:
        FileFindings(name, found).fault("there is no record for this file", "Remove it, or submit its record")
    check_together(checked)
    return Report.of(found, records=len(checked))


def _beside(name: str, files: Files) -> set[str]:
    """Return the Parquet files that go with a record by their names."""
    stem = name.removesuffix(".json")
    return {stem + suffix for suffix in SUFFIXES} & files.tables


def _check(
    name: str,
    files: Files,
    *,
    tasks: Callable[[Record], KnownTask],
    plugins: frozenset[str],
    sizes: Sizes | None,
    now: datetime,
    about: FileFindings,
) -> Checked | None:
    try:
        record = read_record(files.root / name)
    except ArtbenchError as error:
        about.fault(error.message.replace(str(files.root / name), "it"), error.mend or RERUN)
        return None
    _check_place(name, record, files, about)
    known = tasks(record)
    target = _target(record, known.spec, about)
    if target is None:
        return None
    if not record.provenance.plugins:
        about.fault("provenance.plugins is empty")
    if unknown := sorted(set(record.provenance.plugins) - plugins):
        about.notice(f"not installed here, so not checked: {', '.join(unknown)}")
        about.unchecked(f"what {', '.join(unknown)} made: not installed here")
    check_fields(record, target, now=now, about=about)
    protocol = check_protocol(record, target, about)
    check_variant(record, protocol, about)
    beside = f"{name.removesuffix('.json')}.parquet"
    stored = open_predictions(files.root / beside, record, target, about) if beside in files.tables else None
    classes = check_tables(record, stored, target, files.root / name, about)
    if stored is not None and protocol is not None:
        check_values(record, stored, target, protocol, about)
    if stored is not None and known.compare is not None:
        known.compare(record, stored, classes, about)
    report_limits(record, target, about, compared=known.compare is not None)
    if sizes is not None:
        check_sizes(record, sizes, about)
    if stored is None:
        return Checked(record=record, about=about, classes=classes)
    single = stored.target == "single-label"
    return Checked(
        record=record,
        about=about,
        test=digest_of_test(stored),
        rows=digest_of_rows(stored),
        labels=stored.labels.astype(np.int32) if single else None,
        predicted=np.asarray(stored.predicted, np.int32) if single else None,
        signature=signature(stored),
        classes=classes,
    )


def _check_place(name: str, record: Record, files: Files, about: FileFindings) -> None:
    """Check that a record has the name its content asks for, and exactly the Parquet files that it lists."""
    expected = ResultsFolder(files.root.parent).file_of(record).relative_to(files.root.parent / "records").as_posix()
    if name != expected:
        about.fault(f"by its content the file should be named {expected}", "Rename it and its Parquet files")
    stem = name.removesuffix(".json")
    own = {f"{stem}.{table}.parquet" for table in record.tables}
    own |= {f"{stem}.parquet"} if record.predictions is not None else set()
    for missing in sorted(own - files.tables):
        about.fault(f"{missing.rpartition('/')[2]} is missing", "Submit it too")
    for other in sorted(_beside(name, files) - own):
        about.fault(f"{other.rpartition('/')[2]} is not listed in the record", "Remove it")


def _target(record: Record, spec: TaskSpec | None, about: FileFindings) -> TargetKind | None:
    """Return the target kind of the task if the task is known, else that of the primary metric."""
    metric = METRICS.get(record.primary_metric)
    if spec is None:
        about.notice(f"no installed plugin has the task {record.task!r}: only the record itself was checked")
        if metric is None:
            about.fault(f"unknown primary metric {record.primary_metric!r}")
        return None if metric is None else metric.target
    if record.task_version > spec.version:
        about.fault(f"{record.task} has version {spec.version} here, not {record.task_version}", "Upgrade artbench")
    elif record.task_version < spec.version:
        about.notice(f"{record.task} now has version {spec.version}: the record will get a table of its own", RERUN)
    elif record.primary_metric != spec.primary_metric:
        about.fault(f"the primary metric of {record.task} is {spec.primary_metric}, not {record.primary_metric}")
    if record.dataset.name != spec.dataset:
        about.fault(f"{record.task} uses the dataset {spec.dataset}, not {record.dataset.name}")
    if spec.clustered != (record.clusters is not None):
        about.fault(f"intervals of {record.task} must {'' if spec.clustered else 'not '}count painters as units")
    return spec.target
