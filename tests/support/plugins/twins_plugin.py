"""A plugin for tests: a task of retrieval on the dataset of `toy_plugin`."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from artbench import hookimpl
from artbench.specs import TaskSpec
from tests.support.plugins.toy_plugin import colour


@hookimpl
def register_tasks(register: Callable[[TaskSpec], None]) -> None:
    register(
        TaskSpec(
            name="toy-same",
            description="For tests.",
            dataset="toy",
            target="retrieval",
            primary_metric="retrieval_map",
            factory=same,
        )
    )


def same(dataset: Any) -> Any:
    """The colour; every seventh query is a distractor."""
    targets = colour(dataset)
    rows = np.arange(len(targets.test))
    return replace(
        targets, test=replace(targets.test, labels=np.where(rows % 7 == 6, -1, targets.test.labels)), groups=None
    )
