"""Folders of datasets: where they are, making and downloading them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from artbench.errors import ArtbenchError, UsageError
from artbench.runtime.files import atomic_folder, cache_folder, file_errors
from artbench.runtime.progress import Reporter
from artbench.specs import DatasetSpec, load_factory


@dataclass(frozen=True, kw_only=True)
class DatasetPaths:
    """Where the datasets are.

    Attributes:
        root: Folder with one folder per dataset, named as the dataset.
        by_name: Folders of datasets that lie elsewhere, by name.
    """

    root: Path | None = None
    by_name: Mapping[str, Path] = field(default_factory=dict)

    def folder(self, spec: DatasetSpec, *, reporter: Reporter) -> Path:
        """Find the folder of a dataset; without one, make a dataset that is made by code, with a notice.

        Raises:
            UsageError: No folder is given for the dataset, or it does not exist.
            ArtbenchError: The dataset can't be made.
        """
        if spec.of is not None:
            return self.folder(spec.of, reporter=reporter)
        folder = self.given_folder(spec)
        if folder is None:
            folder = made_folder(spec)
            if not folder.is_dir() and spec.prepare is not None:
                reporter.notice(f"{spec.name}: making the images, once, in {folder}")
                mend = "Set the environment variable ARTBENCH_CACHE to another folder"
                with (
                    file_errors(f"{spec.name} can't be made in {folder}", mend=mend),
                    atomic_folder(folder) as temporary,
                ):
                    load_factory(spec.prepare)(temporary)
        return folder

    def given_folder(self, spec: DatasetSpec) -> Path | None:
        """Find the folder of a dataset: from `by_name`, from its name, or in `root`; None if code makes it.

        Raises:
            UsageError: No folder is given for the dataset, or it does not exist.
        """
        if spec.of is not None:
            return self.given_folder(spec.of)
        if spec.name in self.by_name:
            folder = self.by_name[spec.name].expanduser()
            if not folder.is_dir():
                raise UsageError(f"{spec.name}: no folder at {folder}", mend=_what_belongs_there(spec))
            return folder
        if spec.folder is not None:
            return spec.folder
        if self.root is not None and (self.root.expanduser() / spec.name).is_dir():
            return self.root.expanduser() / spec.name
        if spec.prepare is not None:
            return None
        if self.root is None:
            raise UsageError(
                f"{spec.name}: nothing says where its images are",
                mend=f"Give --data {spec.name}=DIR, or --data-root DIR with a folder {spec.name} in it. "
                + _what_belongs_there(spec),
            )
        raise UsageError(f"{spec.name}: no folder at {self.root / spec.name}", mend=_what_belongs_there(spec))


def _what_belongs_there(spec: DatasetSpec) -> str:
    return f"It should hold {spec.layout}. The dataset comes from {spec.source}"


def made_folder(spec: DatasetSpec) -> Path:
    """Return the folder of a dataset that is made by code; raise ArtbenchError if there is no cache."""
    if spec.of is not None:
        return made_folder(spec.of)
    return cache_folder(to_read=True) / "datasets" / f"{spec.name}-{spec.version}"


def how_to_get(spec: DatasetSpec, folder: Path | None) -> str:
    """Return a few lines on where a dataset is published and where to put it, for one without `download`."""
    if spec.prepare is not None:
        return f"{spec.name} needs no download: artbench makes it when it is first used."
    place = str(folder) if folder is not None else f"a folder DIR/{spec.name}, and give --data-root DIR"
    lines = [f"{spec.name} can't be downloaded by a program.", f"It is published at {spec.source}"]
    if spec.terms:
        lines.append(f"Its terms: {spec.terms}")
    lines += [f"Put {spec.layout} into {place}", f"Then `artbench data check {spec.name}` tells if it is complete."]
    return "\n".join(lines)


def download(spec: DatasetSpec, folder: Path) -> None:
    """Download a dataset that has a `download` into a folder, which is made; an interrupted download is resumed.

    Raises:
        ArtbenchError: The folder can't be written, or the download fails; what was downloaded is kept.
    """
    assert spec.download is not None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        load_factory(spec.download)(folder)
    except ArtbenchError:
        raise
    except Exception as error:  # Libraries raise anything when the network fails.
        reason = " ".join(str(error).split())[:300] or type(error).__name__
        raise ArtbenchError(
            f"{spec.name} can't be downloaded into {folder} ({type(error).__name__}: {reason})",
            mend="What was downloaded is kept: the same command resumes from there",
        ) from error
