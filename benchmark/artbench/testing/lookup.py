"""From a name to what plugins registered under it, and to the folder where a dataset lies."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

from artbench.data.folders import dataset_folder
from artbench.plugins.loading import Registry, load_plugins
from artbench.runtime.progress import Silent
from artbench.specs import DatasetSpec

PathLike: TypeAlias = str | os.PathLike[str]


def registered(plugins: Sequence[PathLike]) -> Registry:
    """All that is installed, and what is in files.

    Raises:
        UsageError: A file is not there, or is no Python file.
    """
    return load_plugins([Path(file) for file in plugins])


def folder_of(spec: DatasetSpec, root: Path | None) -> Path:
    """Where a dataset lies: in `root`, else as its spec or `ARTBENCH_DATA` says, else made by its code.

    Raises:
        ArtbenchError: Nothing says where, or nothing is there.
    """
    named = os.environ.get("ARTBENCH_DATA")
    return dataset_folder(
        spec,
        data_root=Path(named) if named else None,
        placed={} if root is None else {spec.name: root},
        reporter=Silent(),
    )
