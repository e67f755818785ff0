"""How many wrong labels planted in `sample` `artbench data audit --labels` finds, and how many of those it lists are.

A share of all labels, for training and test alike, is replaced by another class: any, or always the same one, as where
two classes are confused. Three encoders are run on each set of labels; the audit reads their records, and judges the
training images by probes that were fitted on other folds.

python -m tests.performance.label_noise [SEEDS [RATE...]]
"""

import csv
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

import artbench
from artbench.audit.label_audit import LabelAudit
from artbench.audit.label_noise import audit_labels
from artbench.data.exclusion import Side
from artbench.data.folders import DatasetPaths
from artbench.explain.sources import Sources
from artbench.explain.training_labels import audit_all_labels
from artbench.plugins.loading import load_plugins
from artbench.records.folder import ResultsFolder
from artbench.runtime.progress import Silent
from artbench_sample.paint import paint_collection
from tests.performance.features_common import say

_ENCODERS = ("tf_efficientnet_lite0", "tf_efficientnet_lite1", "tf_efficientnet_lite2")
_RATES = (0.0, 0.05, 0.1, 0.2)
Wrong: TypeAlias = dict[Side, set[str]]
"""Ids of the images with wrong labels."""


class Counts(NamedTuple):
    """Images that are planted, listed, and both."""

    planted: int
    listed: int
    both: int

    def __str__(self) -> str:
        precision = f"{self.both / self.listed:4.0%}" if self.listed else "   -"
        recall = f"{self.both / self.planted:4.0%}" if self.planted else "   -"
        return f"listed {self.listed:4}, precision {precision}, recall {recall}"


class Found(NamedTuple):
    """What is listed of test images by each record by itself, and by all together; of training images by all."""

    alone: list[Counts]
    test: Counts
    train: Counts


def planted(true: NDArray[np.int64], rate: float, *, classes: int, confused: bool, seed: int) -> NDArray[np.int64]:
    """Labels of which a share is wrong: any other class or, if `confused`, the next one."""
    random = np.random.default_rng(seed)
    rows = random.choice(len(true), round(rate * len(true)), replace=False)
    labels = true.copy()
    step = np.ones(len(rows), np.int64) if confused else random.integers(1, classes, len(rows))
    labels[rows] = (labels[rows] + step) % classes
    return labels


def counts(folder: Path, task: str, rate: float, *, confused: bool, seed: int) -> Found:
    """Plant wrong labels in the painted collection, and count which of them are listed."""
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    path = "file" if "file" in rows[0] else "path"
    names = sorted({row[task] for row in rows})
    true = np.array([names.index(row[task]) for row in rows])
    labels = planted(true, rate, classes=len(names), confused=confused, seed=seed)
    with (folder / "planted.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "split", task])
        writer.writerows(
            [row[path], row["split"], names[label]] for row, label in zip(rows, labels.tolist(), strict=True)
        )
    wrong: Wrong = {"train": set(), "test": set()}
    for row, bad in zip(rows, labels != true, strict=True):
        if bad:
            wrong["test" if row["split"] == "test" else "train"].add(row[path])
    return audited(f"collection:{folder / 'planted.csv'}:{task}", wrong)


def audited(
    task: str, wrong: Wrong, *, encoders: tuple[str, ...] = _ENCODERS, data: Mapping[str, Path] | None = None
) -> Found:
    """Run encoders on a task, and count which of the wrong labels they list."""
    with tempfile.TemporaryDirectory() as results:
        records = artbench.run(
            backbone=encoders, task=task, data=data, results=results, device="cpu", reporter=Silent()
        )
        files = [ResultsFolder(Path(results)).file_of(record) for record in records]
        sources = Sources(
            tasks=(task,) if task.startswith("collection:") else (),
            paths=DatasetPaths(by_name=data or {}),
            device="cpu",
        )
        together = audit_all_labels(files, sources=sources, registry=load_plugins(), reporter=Silent())

        def counted(found: LabelAudit, side: Side) -> Counts:
            listed = {one.image for one in found.suspicions if one.side == side}
            return Counts(len(wrong[side]), len(listed), len(listed & wrong[side]))

        return Found(
            alone=[counted(audit_labels([file]), "test") for file in files],
            test=counted(together, "test"),
            train=counted(together, "train"),
        )


def main(seeds: str = "1", *rates: str) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        paint_collection(folder)
        for task in ("style", "artist"):
            for confused in (False, True):
                for rate in [float(one) for one in rates] or _RATES[confused:]:
                    found = [counts(folder, task, rate, confused=confused, seed=seed) for seed in range(int(seeds))]
                    alone = Counts(*np.sum([one for each in found for one in each.alone], axis=0).tolist())
                    test = Counts(*np.sum([each.test for each in found], axis=0).tolist())
                    train = Counts(*np.sum([each.train for each in found], axis=0).tolist())
                    what = "the next class" if confused else "any class"
                    say(
                        f"{task}, {rate:.0%} wrong ({what}): test, one record: {alone}; test: {test}; training: {train}"
                    )


if __name__ == "__main__":
    main(*sys.argv[1:])
