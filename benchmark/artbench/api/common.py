"""What all calls of the API share: plugins, paths, and the reporter."""

import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from artbench.data.folders import DatasetPaths
from artbench.data.places import with_places
from artbench.plugins.loading import load_plugins
from artbench.plugins.registry import Registry
from artbench.runtime.progress import Reporter, Silent

PathLike: TypeAlias = str | os.PathLike[str]

_LOG = logging.getLogger("artbench")


class LoggingReporter(Silent):
    """A reporter for library use: notices go to the logger `artbench`, at the level INFO; no progress is shown."""

    def notice(self, text: str, /) -> None:
        """Log one line."""
        _LOG.info(text)


def loaded(plugins: Sequence[PathLike], reporter: Reporter, paths: DatasetPaths | None = None) -> Registry:
    """Load all installed plugins and those in files; a notice names each one that is left out.

    With `paths`, collections are found by their names on record.

    Raises:
        UsageError: A file does not exist, or is not a Python file.
    """
    registry = load_plugins([Path(file) for file in plugins])
    for problem in registry.problems:
        reporter.notice(problem)
    return registry if paths is None else with_places(registry, paths, reporter.notice)


def dataset_paths(data_root: PathLike | None, data: Mapping[str, PathLike] | None) -> DatasetPaths:
    """Return where the datasets are; `data_root` defaults to `ARTBENCH_DATA`, as on the command line."""
    root = os.environ.get("ARTBENCH_DATA") if data_root is None else data_root
    return DatasetPaths(
        root=Path(root) if root else None, by_name={name: Path(path) for name, path in (data or {}).items()}
    )


def as_name(pretraining: PathLike) -> str:
    """Return a pretraining as the command line names it; a path becomes absolute, so it is not taken for a name."""
    return pretraining if isinstance(pretraining, str) else str(Path(pretraining).expanduser().absolute())
