"""The splits of the tasks on a dataset."""

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from artbench.data.dataset import Dataset
from artbench.data.targets import Targets
from artbench.specs import TaskSpec, load_factory
from artbench.testing.checks import Check, Fault, line, some
from artbench.testing.read_dataset import Read


def splits_checks(tasks: Sequence[TaskSpec]) -> list[Check[Read]]:
    """The check of the splits, where there are tasks."""

    def splits(read: Read) -> Iterator[Fault]:
        """No picture is in two splits of a task."""
        for task in tasks:
            try:
                targets = load_factory(task.factory)(read.dataset)
            except Exception as error:
                yield Fault(f"task {task.name} raises {line(error)}", f"`artbench plugins check {task.name}` says more")
                continue
            for fault in shared(targets, read.dataset):
                yield Fault(f"task {task.name}: {fault.message}", fault.mend)

    return [splits] if tasks else []


def shared(targets: Targets, dataset: Dataset) -> Iterator[Fault]:
    """Pictures that are in two splits of one round."""
    for round_ in targets.rounds:
        for (first, one), (second, other) in combinations(round_.splits, 2):
            both = np.intersect1d(one.rows, other.rows)
            if len(both):
                names = [dataset.ids[row] for row in both.tolist() if 0 <= row < len(dataset)]
                yield Fault(
                    f"{len(both):,} pictures are in {first} and in {second}: {some(names)}",
                    "Put a picture into one split only: what was trained on tests nothing",
                )
