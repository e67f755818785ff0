"""A dataset as the checks look at it: read once, and once more where folders are listed in another order."""

import builtins
import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from artbench.data.dataset import Dataset
from artbench.errors import ArtbenchError
from artbench.specs import DatasetSpec
from artbench.testing.checks import Broken, Fault, factory_of, line


@dataclass(frozen=True, kw_only=True)
class ReadDataset:
    """A dataset that was read.

    Attributes:
        spec: What was registered.
        root: The folder.
        factory: Reads it again.
        dataset: As it was read.
        again: As it was read the second time.
        opened: The files that reading opened.
    """

    spec: DatasetSpec
    root: Path
    factory: Callable[[Path], Any]
    dataset: Dataset
    again: Dataset
    opened: tuple[Path, ...]


def make_read(spec: DatasetSpec, root: Path) -> ReadDataset:
    """Read a dataset, twice.

    Raises:
        Broken: It can't be read, or is not a dataset.
    """
    factory = factory_of(spec.factory)
    with opened_files() as opened:
        dataset = _read(factory, root)
    with listings_reversed():
        again = _read(factory, root)
    return ReadDataset(spec=spec, root=root, factory=factory, dataset=dataset, again=again, opened=tuple(opened))


def _read(factory: Callable[[Path], Any], root: Path) -> Dataset:
    try:
        dataset = factory(root)
    except ArtbenchError as error:
        fault = Fault(f"it can't be read from {root}: {error.message}", error.mend or "Give the folder it should read")
        raise Broken("factory", fault) from error
    except Exception as error:
        mend = "Raise ArtbenchError(what is wrong, mend=what to do) where the folder is not as it should be"
        raise Broken("factory", Fault(f"reading {root} raises {line(error)}", mend)) from error
    if not isinstance(dataset, Dataset):
        mend = "Return an artbench.data.dataset.Dataset"
        raise Broken("factory", Fault(f"the factory returns a {type(dataset).__name__}, not a Dataset", mend))
    _check_lengths(dataset)
    return dataset


def _check_lengths(dataset: Dataset) -> None:
    for name in ("ids", "files", "versions"):
        values = getattr(dataset, name)
        if values is None and name == "versions":
            continue
        if isinstance(values, (str, bytes)) or not all(isinstance(value, str) for value in values):
            mend = f"Give {name} as texts, one a picture: str(path), not the path itself"
            raise Broken(name, Fault(f"{name} are not all texts", mend))
        if len(values) != len(dataset.ids):
            mend = "Keep ids, files and versions in one order, one of each a picture"
            raise Broken(name, Fault(f"there are {len(values):,} {name} for {len(dataset.ids):,} ids", mend))
    if not len(dataset.ids):
        raise Broken("ids", Fault("the dataset has no picture", "Give a folder that holds some"))


class _Scanned:
    """The entries of a folder as `os.scandir` gives them, iterator and context in one, from the last to the first."""

    def __init__(self, entries: "Iterator[os.DirEntry[Any]]") -> None:
        self._left = iter(sorted(entries, key=lambda entry: entry.name, reverse=True))

    def __iter__(self) -> "_Scanned":
        return self

    def __next__(self) -> "os.DirEntry[Any]":
        return next(self._left)

    def __enter__(self) -> "_Scanned":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Nothing is open any more."""


@contextmanager
def listings_reversed() -> Iterator[None]:
    """Have every folder listed from the last name to the first, as another file system might."""
    listdir, scandir = os.listdir, os.scandir

    def listed(*args: Any) -> list[Any]:
        return sorted(listdir(*args), reverse=True)

    def scanned(*args: Any) -> _Scanned:
        with scandir(*args) as entries:
            return _Scanned(entries)

    with mock.patch.object(os, "listdir", listed), mock.patch.object(os, "scandir", scanned):
        yield


@contextmanager
def opened_files() -> Iterator[list[Path]]:
    """The files that Python code opens while the block runs."""
    plain, opened = io.open, list[Path]()

    def noted(file: Any, *args: Any, **options: Any) -> Any:
        if isinstance(file, (str, os.PathLike)):
            opened.append(Path(file))
        return plain(file, *args, **options)

    with mock.patch.object(io, "open", noted), mock.patch.object(builtins, "open", noted):
        yield opened
