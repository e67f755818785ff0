"""What all calls of the API share: the plugins, where data lies, who is told."""

import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

from artbench.data.folders import DatasetPaths
from artbench.plugins.loading import load_plugins
from artbench.plugins.registry import Registry
from artbench.runtime.progress import Counter, Reporter, Silent

PathLike: TypeAlias = str | os.PathLike[str]

_LOG = logging.getLogger("artbench")


class LoggingReporter:
    """A reporter for library use: notices go to the logger `artbench`, at the level INFO; no progress is shown."""

    def notice(self, text: str, /) -> None:
        """Log one line."""
        _LOG.info(text)

    @contextmanager
    def counting(self, what: str, /, *, total: int, unit: str) -> Iterator[Counter]:
        """Show nothing."""
        with Silent().counting(what, total=total, unit=unit) as counter:
            yield counter


def loaded(plugins: Sequence[PathLike], reporter: Reporter) -> Registry:
    """All installed plugins, and those in files; what is left out is told.

    Raises:
        UsageError: A file is not there, or is no Python file.
    """
    registry = load_plugins([Path(file) for file in plugins])
    for problem in registry.problems:
        reporter.notice(problem)
    return registry


def dataset_paths(data_root: PathLike | None, data: Mapping[str, PathLike] | None) -> DatasetPaths:
    """Where the datasets are; the folder of all is that of `ARTBENCH_DATA` if None is given, as on the command line."""
    root = os.environ.get("ARTBENCH_DATA") if data_root is None else data_root
    return DatasetPaths(
        root=Path(root) if root else None, by_name={name: Path(path) for name, path in (data or {}).items()}
    )


def as_name(pretraining: PathLike) -> str:
    """A pretraining as the command line names it; a path can't be taken for the name of a pretraining."""
    return pretraining if isinstance(pretraining, str) else str(Path(pretraining).expanduser().absolute())
