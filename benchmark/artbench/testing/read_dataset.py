"""A dataset as the checks see it: read twice, the second time with folders listed in another order."""

import builtins
import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import Any, Self
from unittest import mock

from artbench.data.dataset import Dataset
from artbench.specs import DatasetSpec
from artbench.testing.checks import Broken, call_factory, factory_of


@dataclass(frozen=True, kw_only=True)
class ReadDataset:
    """A dataset that was read twice, as `dataset` and `again`; `opened` are the files that the first read opened."""

    spec: DatasetSpec
    root: Path
    factory: Callable[[Path], Any]
    dataset: Dataset
    again: Dataset
    opened: tuple[Path, ...]


def read_twice(spec: DatasetSpec, root: Path) -> ReadDataset:
    """Read a dataset twice; raise `Broken` if it can't be read, or is not a dataset."""
    factory = factory_of(spec.factory)
    with _opened_files() as opened:
        dataset = _read(factory, root)
    with _listings_reversed():
        again = _read(factory, root)
    return ReadDataset(spec=spec, root=root, factory=factory, dataset=dataset, again=again, opened=tuple(opened))


def _read(factory: Callable[[Path], Any], root: Path) -> Dataset:
    mend = "Raise ArtbenchError(what is wrong, mend=what to do) where the folder is not as it should be"
    dataset = call_factory(factory, root, returns=Dataset, mend=mend)
    for name, values in (("ids", dataset.ids), ("files", dataset.files), ("versions", dataset.versions)):
        if values is None:
            continue
        if isinstance(values, (str, bytes)) or not all(isinstance(value, str) for value in values):
            mend = f"Give {name} as texts, one per image: str(path), not the path itself"
            raise Broken(name, f"{name} are not all texts", mend)
        if len(values) != len(dataset.ids):
            mend = "Keep ids, files and versions in one order, one of each per image"
            raise Broken(name, f"there are {len(values):,} {name} for {len(dataset.ids):,} ids", mend)
    if not len(dataset.ids):
        raise Broken("ids", "the dataset has no image", "Give a folder that contains images")
    return dataset


class _Scanned(filter):  # type: ignore[type-arg]  # an iterator
    """Entries as `os.scandir` returns them: an iterator that is a context and can be closed."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    close = __exit__


@contextmanager
def _listings_reversed() -> Iterator[None]:
    """Let every folder be listed from the last name to the first, as another file system might."""
    listdir, scandir = os.listdir, os.scandir

    def listed(*args: Any) -> list[Any]:
        return sorted(listdir(*args), reverse=True)

    def scanned(*args: Any) -> _Scanned:
        with scandir(*args) as entries:
            return _Scanned(None, sorted(entries, key=attrgetter("name"), reverse=True))

    with mock.patch.object(os, "listdir", listed), mock.patch.object(os, "scandir", scanned):
        yield


@contextmanager
def _opened_files() -> Iterator[list[Path]]:
    """Collect the files that Python code opens during the block."""
    plain, opened = io.open, list[Path]()

    def noted(file: Any, *args: Any, **options: Any) -> Any:
        if isinstance(file, (str, os.PathLike)):
            opened.append(Path(file))
        return plain(file, *args, **options)

    with mock.patch.object(io, "open", noted), mock.patch.object(builtins, "open", noted):
        yield opened
