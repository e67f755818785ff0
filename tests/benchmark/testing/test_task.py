"""Every check of a task, with a task that fails it."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from artbench.data.dataset import Dataset
from artbench.data.targets import Split, Targets
from artbench.errors import ArtbenchError
from artbench.testing import ContractError, TinyDataset, check_task, examine_task
from artbench.testing.tiny import COLOURS, DATASET, TASK, colours

_COUNTER = itertools.count()


def targets(**other: Any) -> dict[str, Any]:
    return {"factory": lambda dataset: replace(colours(dataset), **other)}


def train(change: Callable[[Split], Split]) -> dict[str, Any]:
    return {"factory": lambda dataset: replace(colours(dataset), train=change(colours(dataset).train))}


def labelled(labels: Any) -> Callable[[Split], Split]:
    return lambda split: replace(split, labels=np.asarray(labels, np.int64)[: len(split)])


def years(value: float) -> dict[str, Any]:
    def factory(dataset: Dataset) -> Targets:
        plain = colours(dataset)
        parts: dict[str, Any] = {
            name: replace(split, labels=split.labels.astype(np.float64) + value) for name, split in plain.splits
        }
        return replace(plain, classes=(), **parts)

    return {"factory": factory, "target": "year", "primary_metric": "mean_absolute_error"}


def raising(dataset: Dataset) -> Targets:
    raise ArtbenchError("no column colour", mend="Give one")


def drawing(dataset: Dataset) -> Targets:
    plain = colours(dataset)
    return replace(plain, train=plain.train.only(np.arange(len(plain.train)) != next(_COUNTER) % 24))


def listed_dataset(root: Path) -> Dataset:
    from artbench.testing.tiny import read

    dataset = read(root)
    folders = [path.name for path in root.iterdir() if path.is_dir()]
    return replace(dataset, tables={**dataset.tables, "classes": folders})


VIOLATORS: dict[str, tuple[dict[str, Any], str, str]] = {
    "not importable": ({"factory": "no.such.module:targets"}, "factory", "can't be loaded"),
    "raises": ({"factory": lambda dataset: dataset.tables["labels"]}, "factory", "KeyError"),
    "refuses": ({"factory": raising}, "factory", "no column colour"),
    "no targets": ({"factory": lambda dataset: None}, "factory", "not Targets"),
    "no split": (targets(test=None), "rows", "not a Split"),
    "mask": (
        train(lambda split: replace(split, rows=split.rows > 3)),  # type: ignore[arg-type]
        "rows",
        "not a mask",
    ),
    "rows from 1": (train(lambda split: replace(split, rows=split.rows + 20)), "rows", "from 0"),
    "metric": ({"primary_metric": "f1"}, "primary metric", "accuracy, balanced_accuracy"),
    "metric of another target": ({"primary_metric": "mean_average_precision"}, "primary metric", "State one of these"),
    "int32": (train(lambda split: replace(split, labels=split.labels.astype(np.int32))), "target", "int64 of shape"),  # type: ignore[arg-type]
    "other target": ({"target": "multi-label", "primary_metric": "micro_f1"}, "target", "bool of shape"),
    "one label less": (train(lambda split: replace(split, labels=split.labels[1:])), "target", "for 24 rows"),
    "classes as list": (targets(classes=list(COLOURS)), "classes", "tuple(sorted(names))"),
    "classes of one name": (targets(classes=("red", "red", "blue")), "classes", "a name of its own"),
    "classes of years": (
        {**years(1900.0), "factory": lambda d: replace(years(1.0)["factory"](d), classes=("x",))},
        "classes",
        "classes=()",
    ),
    "groups of a split": (targets(groups=["Anna"] * 24), "groups", "one group a row of the dataset"),
    "clustered": ({"clustered": True}, "groups", "Give groups"),
    "repeats": (
        {"factory": lambda d: replace(colours(d), repeats=(replace(colours(d), classes=("a", "b", "c")),))},
        "repeats",
        "every repeat the classes",
    ),
    "repeats with groups": (
        {"factory": lambda d: replace(colours(d), repeats=(replace(colours(d), groups=["Anna"] * 36),))},
        "repeats",
        "Give them once",
    ),
    "missing that is there": (targets(missing=["labels.csv"]), "missing", "not in the folder"),
    "missing as numbers": (targets(missing=[3]), "missing", "as paths"),
    "labels from 1": (train(lambda split: replace(split, labels=split.labels + 1)), "labels", "from 0"),
    "minus one": (train(labelled([-1] * 24)), "labels", "without a label"),
    "nan years": (years(float("nan")), "labels", "without a number"),
    "empty": (train(lambda split: split.only(np.zeros(24, bool))), "splits hold pictures", "train is empty"),
    "empty validation": (
        {"factory": lambda d: replace(colours(d), validation=colours(d).test.only(np.zeros(12, bool)))},
        "splits hold pictures",
        "Leave out validation",
    ),
    "overlap": ({"factory": lambda d: replace(colours(d), test=colours(d).train)}, "splits apart", "one split only"),
    "untrained class": (targets(classes=(*COLOURS, "mauve")), "every class is trained", "mauve"),
    "drawn": ({"factory": drawing}, "fingerprint", "digest of the ids"),
    "seen groups": (
        {**targets(groups=["Anna"] * 36), "clustered": True},
        "groups",
        "Keep each group on one side",
    ),
    "calibration": ({"primary_metric": "expected_calibration_error"}, "primary metric", "State one of these: accuracy"),
    "five of few": ({"primary_metric": "top5_accuracy"}, "primary metric", "State one of these: accuracy"),
    "further": ({"metrics": ("acuracy",)}, "primary metric", "State one of these: accuracy"),
    "prints": ({"factory": lambda d: (print("hello"), colours(d))[1]}, "stdout", "logging"),
}


@pytest.mark.parametrize("name", VIOLATORS)
def test_a_task_that_breaks_the_contract_is_told_what_to_change(artbench_tiny_dataset: TinyDataset, name: str) -> None:
    change, check, words = VIOLATORS[name]
    spec = replace(TASK, **change)
    with pytest.raises(ContractError, match="task tiny-colour breaks the contract") as raised:
        check_task(spec, artbench_tiny_dataset.root, dataset=DATASET)
    failed = [str(finding) for finding in raised.value.findings if finding.name == check]
    assert any(words in text for text in failed), str(raised.value)
    assert all(finding.mend for finding in raised.value.findings)


def test_every_check_has_a_violator(artbench_tiny_dataset: TinyDataset) -> None:
    found = examine_task(TASK, artbench_tiny_dataset.root, dataset=DATASET)
    assert {finding.status for finding in found} == {"PASS"}
    assert {finding.name for finding in found} <= {check for _, check, _ in VIOLATORS.values()}


def test_of_a_part_of_a_dataset_a_class_may_be_untrained(artbench_tiny_dataset: TinyDataset) -> None:
    spec = replace(TASK, **targets(classes=(*COLOURS, "mauve"), missing=["mauve/1.png"]))
    found = examine_task(spec, artbench_tiny_dataset.root, dataset=DATASET)
    assert [finding.name for finding in found if finding.status != "PASS"] == ["every class is trained"]


def test_years_are_a_target_without_classes(artbench_tiny_dataset: TinyDataset) -> None:
    check_task(replace(TASK, **years(1900.0)), artbench_tiny_dataset.root, dataset=DATASET)


def test_classes_in_the_order_of_a_folder_are_found_out(artbench_tiny_dataset: TinyDataset) -> None:
    def factory(dataset: Dataset) -> Targets:
        classes = tuple(str(name) for name in dataset.tables["classes"])  # type: ignore[attr-defined]
        return replace(colours(dataset), classes=classes)

    listed = replace(DATASET, factory=listed_dataset)
    with pytest.raises(ContractError, match="fingerprint: a second read gives other targets"):
        check_task(replace(TASK, factory=factory), artbench_tiny_dataset.root, dataset=listed)
