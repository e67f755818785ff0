"""How many wrong labels planted in `sample` `artbench data audit --labels` finds, and how many of those it lists are.

A share of all labels, for training and test alike, is replaced by another class: any, or always the same one, as where
two classes are confused. Three encoders are run on each set of labels; the audit reads their records, and judges the
training images by probes that were fitted on other folds.

python -m tests.performance.label_noise [SEEDS]
"""

import csv
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

import artbench
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


def planted(true: NDArray[np.int64], rate: float, *, classes: int, confused: bool, seed: int) -> NDArray[np.int64]:
    """Labels of which a share is wrong: any other class or, if `confused`, the next one."""
    random = np.random.default_rng(seed)
    rows = random.choice(len(true), round(rate * len(true)), replace=False)
    labels = true.copy()
    step = np.ones(len(rows), np.int64) if confused else random.integers(1, classes, len(rows))
    labels[rows] = (labels[rows] + step) % classes
    return labels


def counts(
    folder: Path, task: str, rate: float, *, confused: bool, seed: int
) -> dict[Side, tuple[list[Counts], Counts]]:
    """What each record lists by itself, and what all list together, of test and training images."""
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
    task: str, wrong: Wrong, *, data: Mapping[str, Path] | None = None
) -> dict[Side, tuple[list[Counts], Counts]]:
    """Run the encoders on a task, and count what each lists by itself, and what all list together."""
    with tempfile.TemporaryDirectory() as results:
        records = artbench.run(
            backbone=_ENCODERS, task=task, data=data, results=results, device="cpu", reporter=Silent()
        )
        files = [ResultsFolder(Path(results)).file_of(record) for record in records]

        def counted(some: list[Path]) -> dict[Side, Counts]:
            sources = Sources(
                task=task if task.startswith("collection:") else None,
                paths=DatasetPaths(by_name=data or {}),
                device="cpu",
            )
            found = audit_all_labels(some, sources=sources, registry=load_plugins(), reporter=Silent())
            listed = {side: {one.image for one in found.suspicions if one.side == side} for side in wrong}
            return {
                side: Counts(len(wrong[side]), len(listed[side]), len(listed[side] & wrong[side])) for side in wrong
            }

        alone, together = [counted([file]) for file in files], counted(files)
    return {side: ([one[side] for one in alone], together[side]) for side in wrong}


def main(seeds: str = "1") -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        paint_collection(folder)
        for task in ("style", "artist"):
            for confused in (False, True):
                for rate in _RATES[confused:]:
                    found = [counts(folder, task, rate, confused=confused, seed=seed) for seed in range(int(seeds))]
                    what = "the next class" if confused else "any class"
                    for side in get_args(Side):
                        sides = [one[side] for one in found]
                        alone = Counts(*np.sum([one for single, _ in sides for one in single], axis=0).tolist())
                        together = Counts(*np.sum([both for _, both in sides], axis=0).tolist())
                        say(f"{task}, {rate:.0%} wrong ({what}), {side}: one record: {alone}; three: {together}")


if __name__ == "__main__":
    main(*sys.argv[1:])
