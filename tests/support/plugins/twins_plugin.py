"""A plugin for tests: tasks that compare pictures of the dataset of `toy_plugin` with each other."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from artbench import hookimpl
from artbench.data import Split
from artbench.data.authoring import balanced_targets
from artbench.specs import TaskSpec
from tests.support.plugins.toy_plugin import colour


@hookimpl
def register_tasks(register: Callable[[TaskSpec], None]) -> None:
    for name, target, metric, factory in (
        ("toy-same", "retrieval", "retrieval_map", same),
        ("toy-surest", "retrieval", "retrieval_map", surest),
        ("toy-museums", "museum-bias", "robustness_index", museums),
    ):
        register(
            TaskSpec(
                name=name,
                description="For tests.",
                dataset="toy",
                target=target,
                primary_metric=metric,
                factory=factory,
            )
        )


def same(dataset: Any) -> Any:
    """The colour; every seventh query is a distractor."""
    targets = colour(dataset)
    rows = np.arange(len(targets.test))
    return replace(
        targets, test=replace(targets.test, labels=np.where(rows % 7 == 6, -1, targets.test.labels)), groups=None
    )


def surest(dataset: Any) -> Any:
    """The same with a third of the index for queries to choose a confidence on."""
    targets = same(dataset)
    index = targets.train
    train, validation = (
        Split(rows=index.rows[part], labels=index.labels[part]) for part in (slice(0, 40), slice(40, None))
    )
    return replace(targets, train=train, validation=validation)


def museums(dataset: Any) -> Any:
    """The colour and one of two museums, of which one shows the first half of the pictures."""
    labels = dataset.tables["labels"]
    return balanced_targets(
        dataset,
        np.arange(len(labels)),
        classes=[("red", "green", "blue")[label] for label in labels],
        origins=["north" if 2 * row < len(labels) else "south" for row in range(len(labels))],
    )
