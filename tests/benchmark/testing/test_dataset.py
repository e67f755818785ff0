"""Every check of a dataset, with a dataset that fails it."""

import csv
import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from artbench.data.dataset import Dataset
from artbench.data.targets import Split, Targets
from artbench.errors import ArtbenchError, UsageError
from artbench.specs import DatasetSpec, TaskSpec
from artbench.testing import ContractError, Finding, TinyDataset, check_dataset, examine_dataset
from artbench.testing.tiny import DATASET, TASK, read

_COUNTER = itertools.count()


def changed(**other: Any) -> Callable[[Path], Dataset]:
    return lambda root: replace(read(root), **other)


def files(change: Callable[[str, Path], str]) -> Callable[[Path], Dataset]:
    return lambda root: replace(read(root), files=[change(file, root) for file in read(root).files])


def ids(change: Callable[[str, Path], str]) -> Callable[[Path], Dataset]:
    return lambda root: replace(read(root), ids=[change(id_, root) for id_ in read(root).ids])


def listed(found: Callable[[Path], Sequence[Path]]) -> Callable[[Path], Dataset]:
    def factory(root: Path) -> Dataset:
        read(root)
        names = [path.relative_to(root).as_posix() for path in found(root) if path.suffix in (".png", ".jpg")]
        return Dataset(name="tiny", root=root, ids=names, files=names)

    return factory


def opening(root: Path) -> Dataset:
    dataset = read(root)
    for row in range(len(dataset)):
        Image.open(dataset.path(row)).close()
    return dataset


def printing(root: Path) -> Dataset:
    print("reading", root)
    return read(root)


def raising(root: Path) -> Dataset:
    raise KeyError("column")


def with_lists(root: Path) -> Dataset:
    dataset = read(root)
    names = ["labels.csv", *dataset.files]
    return Dataset(name="tiny", root=root, ids=names, files=names)


def unguarded(root: Path) -> Dataset:
    with (root / "labels.csv").open() as file:
        names = [row["file"] for row in csv.DictReader(file)]
    return Dataset(name="tiny", root=root, ids=names, files=names)


def content_with_nothing(root: Path) -> Dataset:
    names = sorted(path.relative_to(root).as_posix() for path in root.rglob("*.*g"))
    return Dataset(name="tiny", root=root, ids=names, files=names)


def linked(root: Path) -> Dataset:
    away = root.parent / "away.png"
    Image.new("RGB", (8, 8)).save(away)
    (root / "link.png").unlink(missing_ok=True)
    (root / "link.png").symlink_to(away)
    names = ["link.png", *read(root).files]
    return Dataset(name="tiny", root=root, ids=names, files=names)


VIOLATORS: dict[str, tuple[Callable[[Path], Any] | str, str, str]] = {
    "not importable": ("no.such.module:read", "factory", "can't be loaded"),
    "raises": (raising, "factory", "Raise ArtbenchError"),
    "no dataset": (lambda root: ["a.png"], "factory", "not Dataset"),
    "paths": (lambda root: replace(read(root), files=[root / name for name in read(root).files]), "files", "as texts"),  # type: ignore[misc]
    "lengths": (lambda root: replace(read(root), files=read(root).files[1:]), "files", "in one order"),
    "no image": (changed(ids=[], files=[]), "ids", "no image"),
    "other name": (changed(name="other"), "name", "Dataset(name='tiny'"),
    "same ids": (ids(lambda id_, root: id_.partition("/")[0]), "unique ids", "the path below the folder"),
    "line ends": (ids(lambda id_, root: f"{id_}\n"), "portable ids", "can't be printed"),
    "local ids": (ids(lambda id_, root: str(root / id_)), "portable ids", "relative_to(root)"),
    "listing": (listed(lambda root: list(root.rglob("*"))), "stable ids", "sorted(root.rglob"),
    "counted": (ids(lambda id_, root: f"{next(_COUNTER)}"), "stable ids", "no counters"),
    "versions": (
        lambda root: replace(read(root), versions=[str(next(_COUNTER)) for _ in read(root).ids]),
        "fingerprint",
        "no time",
    ),
    "absolute": (files(lambda file, root: str(root / file)), "inside", "absolute paths"),
    "upwards": (files(lambda file, root: f"../tiny/{file}"), "inside", "'..'"),
    "upwards, windows": (files(lambda file, root: f"..\\tiny\\{file}"), "inside", "'..'"),
    "gone": (files(lambda file, root: f"{file}.gone"), "there", "Targets.missing"),
    "not images": (with_lists, "decodes", "List images only"),
    "unguarded": (unguarded, "wrong folder", "FileNotFoundError"),
    "content with nothing": (content_with_nothing, "wrong folder", "no image is found"),
    "prints": (printing, "stdout", "logging"),
}
REMARKED: dict[str, tuple[Callable[[Path], Any], str, str]] = {
    "links": (linked, "inside", "links that lead out"),
    "opens": (opening, "unopened", "opens 36 images"),
}


@pytest.mark.parametrize("name", VIOLATORS)
def test_a_dataset_that_breaks_the_contract_is_told_what_to_change(
    artbench_tiny_dataset: TinyDataset, name: str
) -> None:
    factory, check, words = VIOLATORS[name]
    spec = replace(DATASET, factory=factory)
    with pytest.raises(ContractError, match="dataset tiny breaks the contract") as raised:
        check_dataset(spec, artbench_tiny_dataset.root)
    failed = [str(finding) for finding in raised.value.findings if finding.name == check]
    assert any(words in text for text in failed), str(raised.value)
    assert all(finding.mend for finding in raised.value.findings)


@pytest.mark.parametrize("name", REMARKED)
def test_what_works_but_will_trip_users_is_remarked_on(artbench_tiny_dataset: TinyDataset, name: str) -> None:
    factory, check, words = REMARKED[name]
    found = examine_dataset(replace(DATASET, factory=factory), artbench_tiny_dataset.root)
    (finding,) = [finding for finding in found if finding.name == check]
    assert finding.status == "WARN"
    assert words in finding.message
    assert finding.mend


def overlapping(dataset: Dataset) -> Targets:
    split = Split(rows=np.arange(3), labels=np.arange(3))
    return Targets(classes=("red", "green", "blue"), train=split, test=split)


def test_the_splits_of_its_tasks_are_looked_at(artbench_tiny_dataset: TinyDataset) -> None:
    def splits(task: TaskSpec) -> Finding:
        found = examine_dataset(DATASET, artbench_tiny_dataset.root, tasks=[TASK, task])
        return next(finding for finding in found if finding.name == "splits")

    assert splits(TASK).status == "PASS"
    failed = splits(replace(TASK, name="tiny-again", factory=overlapping))
    assert failed.status == "FAIL"
    assert "task tiny-again: 3 images are in train and in test: red/00.jpg" in failed.message


def test_every_check_has_a_violator(artbench_tiny_dataset: TinyDataset) -> None:
    found = examine_dataset(DATASET, artbench_tiny_dataset.root)
    assert {finding.status for finding in found} == {"PASS"}
    violated = {check for _, check, _ in (*VIOLATORS.values(), *REMARKED.values())}
    assert {finding.name for finding in found} <= violated


def test_a_dataset_is_found_by_name_and_one_that_lies_nowhere_says_what_it_needs(
    artbench_tiny_dataset: TinyDataset,
) -> None:
    check_dataset("tiny", plugins=[artbench_tiny_dataset.plugin])
    nowhere = DatasetSpec(name="nowhere", description="Nowhere.", factory=read, source="me", layout="pictures")
    with pytest.raises(ArtbenchError, match=r"no folder at .*It should hold pictures"):
        check_dataset(nowhere)
    with pytest.raises(UsageError, match="no dataset is called"):
        check_dataset("of-nobody")
