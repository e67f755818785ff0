"""The folders of a user: the cache, the datasets, the results."""

import errno
import os
from collections.abc import Mapping
from pathlib import Path

from artbench.errors import ArtbenchError, UsageError
from artbench.runtime.files import preparing
from artbench.runtime.progress import Reporter
from artbench.specs import DatasetSpec, load_factory


def cache_folder() -> Path:
    """Where features, checkpoints and painted datasets are kept: `ARTBENCH_CACHE`, or the platform's cache folder.

    Raises:
        ArtbenchError: It can't be made, or can't be written.
    """
    named = os.environ.get("ARTBENCH_CACHE")
    if named:
        folder = Path(named).expanduser()
    else:
        import platformdirs

        folder = platformdirs.user_cache_path("artbench", appauthor=False)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise ArtbenchError(
            f"the cache folder {folder} can't be written ({error.strerror})",
            mend="Set the environment variable ARTBENCH_CACHE to a folder that can",
        ) from error
    return folder


def dataset_folder(
    spec: DatasetSpec, *, data_root: Path | None, placed: Mapping[str, Path], reporter: Reporter
) -> Path:
    """The folder of a dataset (`placed_folder`), which is made by its code where nothing else says where it lies.

    Args:
        spec: The dataset.
        data_root: Holds one folder per dataset, named as the dataset.
        placed: Datasets with a place of their own, by name.
        reporter: Told when a dataset is being made.

    Raises:
        UsageError: Nothing says where the dataset lies.
        ArtbenchError: The folder is not there.
    """
    folder = placed_folder(spec, data_root=data_root, placed=placed)
    return _made(spec, reporter) if folder is None else folder


def placed_folder(spec: DatasetSpec, *, data_root: Path | None, placed: Mapping[str, Path]) -> Path | None:
    """The folder of a dataset: where `--data` places it, or its name, else under `--data-root`; None: code makes it.

    Args:
        spec: The dataset.
        data_root: See `dataset_folder`.
        placed: See `dataset_folder`.

    Raises:
        UsageError: Nothing says where the dataset lies.
        ArtbenchError: The folder is not there.
    """
    if spec.name in placed:
        folder = placed[spec.name].expanduser()
        if not folder.is_dir():
            raise ArtbenchError(f"{spec.name}: no folder at {folder}", mend=_what_belongs_there(spec))
        return folder
    if spec.folder is not None:
        return spec.folder
    if data_root is not None and (data_root.expanduser() / spec.name).is_dir():
        return data_root.expanduser() / spec.name
    if spec.prepare is not None:
        return None
    if data_root is None:
        raise UsageError(
            f"{spec.name}: nothing says where its pictures are",
            mend=f"Give --data {spec.name}=DIR, or --data-root DIR with a folder {spec.name} in it. "
            + _what_belongs_there(spec),
        )
    raise ArtbenchError(f"{spec.name}: no folder at {data_root / spec.name}", mend=_what_belongs_there(spec))


def _what_belongs_there(spec: DatasetSpec) -> str:
    return f"It should hold {spec.layout}. The dataset comes from {spec.source}"


def made_folder(spec: DatasetSpec) -> Path:
    """Where a dataset that is made by code lies, or will lie.

    Raises:
        ArtbenchError: The cache can't be written.
    """
    return cache_folder() / "datasets" / f"{spec.name}-{spec.version}"


def _made(spec: DatasetSpec, reporter: Reporter) -> Path:
    folder = made_folder(spec)
    if not folder.is_dir() and spec.prepare is not None:
        reporter.notice(f"{spec.name}: making the pictures, once, in {folder}")
        with preparing(folder) as temporary:
            load_factory(spec.prepare)(temporary)
    return folder
