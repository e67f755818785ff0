"""`artbench leaderboard check`: submitted records against the tasks and the data on this machine."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from artbench.data.folders import DatasetPaths
from artbench.data.opening import open_tasks
from artbench.errors import ArtbenchError, UsageError
from artbench.leaderboard.validation.check import MEMORY, KnownTask, check_folder
from artbench.leaderboard.validation.data import Decoded, compare_with_data
from artbench.leaderboard.validation.findings import Report, shown
from artbench.leaderboard.validation.sizes import SizesOfEach
from artbench.plugins.registry import Registry
from artbench.records.record import Record
from artbench.runtime.progress import Reporter, Silent
from artbench.runtime.untrusted import memory_limit


def check_records(
    folder: Path,
    *,
    registry: Registry,
    paths: DatasetPaths,
    sizes: SizesOfEach | None = None,
    memory: int = MEMORY,
    reporter: Reporter,
) -> Report:
    """Check submitted records: each alone, against its task and the data on this machine, and all together.

    Nothing in the folder is trusted: no link is followed, nothing is unpickled, and sizes are bounded.

    Args:
        folder: A results folder, or its `records/`.
        registry: The registered tasks and datasets.
        paths: Where the datasets are.
        sizes: Returns the sizes of each record's encoder as they are known here; None: they are not compared.
        memory: Bytes that the check of one record may take, beyond what is loaded.
        reporter: Receives progress, and a notice for each dataset that can't be opened.

    Raises:
        UsageError: A dataset in `paths` is unknown.
        ArtbenchError: There is no folder of records, or a dataset in `paths` can't be opened.
    """
    for name in paths.by_name:
        registry.datasets.get(name)
    tasks = _Tasks(registry=registry, paths=paths, reporter=reporter)
    plugins = frozenset(plugin.distribution for plugin in registry.plugins)
    report = check_folder(
        folder,
        tasks=tasks.known,
        plugins=plugins,
        sizes=sizes,
        memory=memory,
        now=datetime.now(UTC),
        reporter=reporter,
    )
    return replace(report, compared=tuple(sorted(tasks.compared)))


@dataclass(kw_only=True)
class _Tasks:
    """Tasks by name, each opened when the first record names it; `absent` are datasets that can't be opened."""

    registry: Registry
    paths: DatasetPaths
    reporter: Reporter
    found: dict[str, KnownTask] = field(default_factory=dict)
    compared: set[str] = field(default_factory=set)
    absent: set[str] = field(default_factory=set)

    def known(self, record: Record) -> KnownTask:
        name = record.task
        if name not in self.found:
            self.found[name] = self._open(name)
        return self.found[name]

    def _open(self, name: str) -> KnownTask:
        try:
            spec = self.registry.tasks.named_in_file(name)
        except ArtbenchError as error:
            # A collection may be here and lack the column, which a stranger's record must not end the check by.
            if not isinstance(error, UsageError):
                self.reporter.notice(f"Records of {shown(name)} are not compared with the data: {shown(error.message)}")
            return KnownTask()
        placed = self.registry.tasks.placed(name)
        if placed != name:
            # The name on record, without the path.
            spec = replace(spec, dataset=":".join(name.split(":")[:2]))
        if spec.dataset in self.absent:
            return KnownTask(spec=spec)
        try:
            # The limit is for what others wrote: the data are this machine's own.
            with memory_limit(None):
                ((task,),) = open_tasks(
                    [placed],
                    registry=self.registry,
                    paths=self.paths,
                    allow_partial=True,
                    reporter=Silent() if spec.dataset in self.compared else self.reporter,
                )
        except ArtbenchError as error:
            if spec.dataset in self.paths.by_name:
                raise
            self.absent.add(spec.dataset)
            self.reporter.notice(f"Records of {spec.dataset} are not compared with the data: {shown(error.message)}")
            return KnownTask(spec=spec)
        self.compared.add(spec.dataset)
        return KnownTask(spec=spec, compare=partial(compare_with_data, task, Decoded(task)))
