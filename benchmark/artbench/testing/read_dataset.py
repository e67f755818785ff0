"""A dataset as the checks look at it: read once, and once more where folders are listed in another order."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from artbench.data.dataset import Dataset
from artbench.errors import ArtbenchError
from artbench.specs import DatasetSpec
from artbench.testing.checks import Broken, Fault, factory_of, line
from artbench.testing.listing import listings_reversed, opened_files


@dataclass(frozen=True, kw_only=True)
class Read:
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


def make_read(spec: DatasetSpec, root: Path) -> Read:
    """Read a dataset, twice.

    Raises:
        Broken: It can't be read, or is not a dataset.
    """
    factory = factory_of(spec.factory)
    with opened_files() as opened:
        dataset = _read(factory, root)
    with listings_reversed():
        again = _read(factory, root)
    return Read(spec=spec, root=root, factory=factory, dataset=dataset, again=again, opened=tuple(opened))


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
