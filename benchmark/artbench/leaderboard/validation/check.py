"""Checks a folder of submitted records, each alone and then all together."""

import hashlib
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from artbench.errors import ArtbenchError
from artbench.leaderboard.paired_scores import digest_of_test
from artbench.leaderboard.validation.checked import Checked, Kept
from artbench.leaderboard.validation.copies import peculiar_to
from artbench.leaderboard.validation.fields import check_fields
from artbench.leaderboard.validation.files import Files, survey
from artbench.leaderboard.validation.findings import RERUN, FileFindings, Report
from artbench.leaderboard.validation.limits import report_limits
from artbench.leaderboard.validation.own_probe import check_seeds
from artbench.leaderboard.validation.protocols import UNHEARD_OF, check_protocol
from artbench.leaderboard.validation.recomputing import check_tables, check_values, open_predictions
from artbench.leaderboard.validation.sizes import EncoderSizes, SizesOfEach, check_sizes
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
    sizes: SizesOfEach | None = None,
    memory: int = MEMORY,
    now: datetime,
    reporter: Reporter,
) -> Report:
    """Check all records of a folder, each alone and then all together.

    Args:
        folder: A results folder, or its `records/`.
        tasks: Returns what is known of a record's task.
        plugins: Distributions installed here.
        sizes: Returns the sizes of each record's encoder as they are known here; None: they are not compared.
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
    # Before any table is read: the libraries that build encoders are large.
    known = {} if sizes is None else _known_sizes(files, sizes, memory)
    with (
        tempfile.TemporaryDirectory(prefix="artbench-check-") as folder_of_arrays,
        reporter.counting("checking records", total=len(files.records), unit="records") as counter,
    ):
        kept = Kept(Path(folder_of_arrays))
        for name in files.records:
            about = FileFindings(name, found)
            used |= _beside(name, files)
            try:
                with memory_limit(memory):
                    one = _check(
                        name, files, tasks=tasks, plugins=plugins, sizes=known, now=now, kept=kept, about=about
                    )
            except MemoryError:
                about.fault(f"it takes more than {size(memory)} to check", "Give more with --memory, if it is honest")
                one = None
            # A file that breaks the code reading it must not keep the others from being checked.
            except Exception as error:
                about.fault(f"the check failed ({type(error).__name__}: {error})")
                one = None
            checked += [] if one is None else [one]
            counter.advance()
        check_together(checked)
    for name in files.tables - used:
        FileFindings(name, found).fault("there is no record for this file", "Remove it, or submit its record")
    return Report.of(found, records=len(checked))


def _known_sizes(files: Files, sizes: SizesOfEach, memory: int) -> dict[str, EncoderSizes | None]:
    """Look up the sizes of the encoder of each record that can be read, by its name."""
    names: list[str] = []

    def records() -> Iterator[Record]:
        for name in files.records:
            try:
                with memory_limit(memory):
                    record = read_record(files.root / name)
            except (ArtbenchError, MemoryError):
                continue
            names.append(name)
            yield record

    found = list(sizes(records()))
    return dict(zip(names, found, strict=True))


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
    sizes: Mapping[str, EncoderSizes | None],
    now: datetime,
    kept: Kept,
    about: FileFindings,
) -> Checked | None:
    try:
        record = read_record(files.root / name)
    except ArtbenchError as error:
        about.fault(error.message.replace(str(files.root / name), "it"), error.mend or RERUN)
        return None
    _check_place(name, record, files, about)
    known = tasks(record)
    unknown = sorted(set(record.provenance.plugins) - plugins)
    target = _target(record, known.spec, unknown, about)
    if target is None:
        return None
    if not record.provenance.plugins:
        about.fault("provenance.plugins is empty")
    if unknown:
        about.notice(f"not installed here, so not checked: {', '.join(unknown)}")
        about.unchecked(f"what {', '.join(unknown)} made: not installed here")
    check_fields(record, target, now=now, absent=unknown, about=about)
    protocol = check_protocol(record, target, about, absent=unknown)
    check_variant(record, protocol, about)
    beside = f"{name.removesuffix('.json')}.parquet"
    stored = open_predictions(files.root / beside, record, target, about) if beside in files.tables else None
    classes = check_tables(record, stored, target, files.root / name, about)
    if stored is not None and protocol is not None:
        check_values(record, stored, target, protocol, about)
        if protocol.own is not None and protocol is not UNHEARD_OF:
            check_seeds(record, stored, protocol.own, about)
    if stored is not None and known.compare is not None:
        known.compare(record, stored, classes, about)
    report_limits(record, target, about, compared=known.compare is not None)
    if name in sizes:
        check_sizes(record, sizes[name], about)
    names = hashlib.sha256("\0".join(classes).encode()).hexdigest() if classes else ""
    if stored is None:
        return Checked(record=record, about=about, classes=names)
    test, peculiar = digest_of_test(stored), peculiar_to(stored)
    return Checked(
        record=record,
        about=about,
        test=test,
        digest=None if peculiar is None else hashlib.sha256(peculiar.signature.tobytes()).hexdigest(),
        classes=names,
        _rows=kept.keep_rows(test, digest_of_rows(stored)),
        _peculiar=kept.keep(peculiar),
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


def _target(record: Record, spec: TaskSpec | None, absent: Sequence[str], about: FileFindings) -> TargetKind | None:
    """Return the target kind of the task if the task is known, else that of the primary metric."""
    if spec is None:
        about.notice(f"no installed plugin has the task {record.task!r}: only the record itself was checked")
        return _target_of_metric(record, absent, about)
    if record.task != spec.name:
        about.fault(f"the task {record.task} is {spec.name}")
    if record.task_version > spec.version:
        about.fault(f"{record.task} has version {spec.version} here, not {record.task_version}", "Upgrade artbench")
    elif record.task_version < spec.version:
        about.notice(f"{record.task} now has version {spec.version}: the record will get a table of its own", RERUN)
    elif record.primary_metric != spec.primary_metric:
        about.fault(f"the primary metric of {record.task} is {spec.primary_metric}, not {record.primary_metric}")
    elif lacking := sorted(set(spec.metrics) - set(record.metrics)):
        about.fault(f"{record.task} has the metrics {', '.join(lacking)} too", RERUN)
    if record.dataset.name != spec.dataset:
        about.fault(f"{record.task} uses the dataset {spec.dataset}, not {record.dataset.name}")
    _check_prompts(record, spec, about)
    if spec.clustered != (record.clusters is not None):
        about.fault(f"intervals of {record.task} must {'' if spec.clustered else 'not '}count groups as units")
    return spec.target


def _check_prompts(record: Record, spec: TaskSpec, about: FileFindings) -> None:
    """Compare the texts that pictures were compared with with those of the task, whose digest is in the hash."""
    given, known = record.prompts, spec.prompts
    if given is None or known is None or record.task_version != spec.version:
        return
    if given.sha256 != known.sha256:
        about.fault(f"the prompts are not those of {record.task} here", RERUN)
    elif given.templates != known.templates:
        about.fault(f"the templates of the prompts are not those of {record.task}", RERUN)


def _target_of_metric(record: Record, absent: Sequence[str], about: FileFindings) -> TargetKind | None:
    metric = METRICS.get(record.primary_metric)
    if metric is None and absent:
        about.unchecked(f"{record.primary_metric}: needs plugin {' or '.join(absent)}")
    elif metric is None:
        about.fault(f"unknown primary metric {record.primary_metric!r}")
    return None if metric is None else metric.target
