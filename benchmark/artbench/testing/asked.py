"""A task as the checks look at it: its targets, read once, and once more from a dataset read anew."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from artbench.data.dataset import Dataset
from artbench.data.targets import Split, Targets
from artbench.errors import ArtbenchError
from artbench.specs import DatasetSpec, TaskSpec
from artbench.testing.checks import Broken, Fault, factory_of, line
from artbench.testing.read_dataset import make_read


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A task with its targets.

    Attributes:
        spec: What was registered.
        dataset: That it is on.
        targets: What it asks.
        again: What it asks the second time, of the dataset as it was read the second time.
        dataset_again: That.
    """

    spec: TaskSpec
    dataset: Dataset
    targets: Targets
    again: Targets
    dataset_again: Dataset


def make_asked(spec: TaskSpec, root: Path, dataset: DatasetSpec) -> Asked:
    """Read the dataset and the targets, twice.

    Raises:
        Broken: They can't be read, or are not targets.
    """
    read = make_read(dataset, root)
    factory = factory_of(spec.factory)
    return Asked(
        spec=spec,
        dataset=read.dataset,
        targets=_targets(factory, read.dataset),
        again=_targets(factory, read.again),
        dataset_again=read.again,
    )


def _targets(factory: Callable[[Dataset], Any], dataset: Dataset) -> Targets:
    try:
        targets = factory(dataset)
    except ArtbenchError as error:
        fault = Fault(f"no targets come of the dataset: {error.message}", error.mend or "Mend the lists it reads")
        raise Broken("factory", fault) from error
    except Exception as error:
        mend = "Let the dataset's factory check what the task's reads from `tables`"
        raise Broken("factory", Fault(f"the factory raises {line(error)}", mend)) from error
    if not isinstance(targets, Targets):
        mend = "Return artbench.data.targets.Targets"
        raise Broken("factory", Fault(f"the factory returns a {type(targets).__name__}, not Targets", mend))
    for round_ in targets.rounds:
        parts: dict[str, object] = {"train": round_.train, "test": round_.test, **dict(round_.splits)}
        for name, split in parts.items():
            _check_split(name, split, len(dataset))
    return targets


def _check_split(name: str, split: Any, pictures: int) -> None:
    if not isinstance(split, Split) or not isinstance(split.rows, np.ndarray):
        mend = "Give Split(rows=np.array(…, np.int64), labels=np.array(…))"
        raise Broken("rows", Fault(f"{name} is not a Split of two arrays", mend))
    if split.rows.dtype != np.int64 or split.rows.ndim != 1:
        mend = "Give rows as np.array(rows, np.int64): numbers of pictures of the dataset, not a mask"
        raise Broken("rows", Fault(f"rows of {name} are {split.rows.dtype} of shape {split.rows.shape}", mend))
    wrong = split.rows[(split.rows < 0) | (split.rows >= pictures)]
    if len(wrong):
        mend = "Number pictures as the dataset does, from 0"
        raise Broken("rows", Fault(f"rows of {name} are not all of the {pictures:,} pictures: {wrong[0]}", mend))
