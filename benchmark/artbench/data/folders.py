"""The folders of a user: the cache, the datasets, the results."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from artbench.errors import ArtbenchError, UsageError
from artbench.runtime.files import atomic_folder, cache_folder
from artbench.runtime.progress import Reporter
from artbench.specs import DatasetSpec, load_factory


@dataclass(frozen=True, kw_only=True)
class DatasetPaths:
    """Where the datasets are.

    Attributes:
        root: A folder that holds one folder per dataset, named as the dataset.
        by_name: The folder of each dataset that has a place of its own, by the dataset's name.
    """

    root: Path | None = None
    by_name: Mapping[str, Path] = field(default_factory=dict)

    def folder(self, spec: DatasetSpec, *, reporter: Reporter) -> Path:
        """Find the folder of a dataset; a dataset that is made by code is made first, where no folder is given.

        Args:
            spec: The dataset.
            reporter: Receives a notice when a dataset is made.

        Raises:
            UsageError: No folder is given for the dataset.
            ArtbenchError: The folder does not exist, or the dataset can't be made.
        """
        folder = self.given_folder(spec)
        return _made(spec, reporter) if folder is None else folder

    def given_folder(self, spec: DatasetSpec) -> Path | None:
        """Find the folder of a dataset: from `by_name`, from its name, or in `root`; None where code makes it.

        Args:
            spec: The dataset.

        Raises:
            UsageError: No folder is given for the dataset.
            ArtbenchError: The folder does not exist.
        """
        if spec.name in self.by_name:
            folder = self.by_name[spec.name].expanduser()
            if not folder.is_dir():
                raise ArtbenchError(f"{spec.name}: no folder at {folder}", mend=_what_belongs_there(spec))
            return folder
        if spec.folder is not None:
            return spec.folder
        if self.root is not None and (self.root.expanduser() / spec.name).is_dir():
            return self.root.expanduser() / spec.name
        if spec.prepare is not None:
            return None
        if self.root is None:
            raise UsageError(
                f"{spec.name}: nothing says where its pictures are",
                mend=f"Give --data {spec.name}=DIR, or --data-root DIR with a folder {spec.name} in it. "
                + _what_belongs_there(spec),
            )
        raise ArtbenchError(f"{spec.name}: no folder at {self.root / spec.name}", mend=_what_belongs_there(spec))


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
        with atomic_folder(folder) as temporary:
            load_factory(spec.prepare)(temporary)
    return folder


def how_to_get(spec: DatasetSpec, folder: Path | None) -> str:
    """Where a dataset that no program fetches is published, and what to put where; a few lines."""
    if spec.prepare is not None:
        return f"{spec.name} needs no download: artbench makes it when it is first used."
    place = str(folder) if folder is not None else f"a folder DIR/{spec.name}, and give --data-root DIR"
    lines = [f"{spec.name} can't be downloaded by a program.", f"It is published at {spec.source}"]
    if spec.terms:
        lines.append(f"Its terms: {spec.terms}")
    lines += [f"Put {spec.layout} into {place}", f"Then `artbench data check {spec.name}` tells whether it is whole."]
    return "\n".join(lines)


def download(spec: DatasetSpec, folder: Path) -> None:
    """Fetch a dataset into a folder, or go on where that stopped.

    Args:
        spec: Of a dataset that has a `download`.
        folder: Made if it is not there.

    Raises:
        ArtbenchError: The folder can't be written, or the server does not give it; what has come is kept.
    """
    assert spec.download is not None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        load_factory(spec.download)(folder)
    except ArtbenchError:
        raise
    except Exception as error:  # Whatever the library that fetches makes of a network that fails.
        reason = " ".join(str(error).split())[:300] or type(error).__name__
        raise ArtbenchError(
            f"{spec.name} can't be downloaded into {folder} ({type(error).__name__}: {reason})",
            mend="What has come is kept: the same command goes on from there",
        ) from error
