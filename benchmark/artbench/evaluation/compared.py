"""Pictures of a task that are compared with each other: an index is searched, or neighbours are counted."""

import numpy as np
from numpy.typing import NDArray

from artbench.data.cells import numbered
from artbench.data.neighbourhoods import Neighbourhoods
from artbench.data.opening import OpenTask
from artbench.data.rankings import Rankings
from artbench.data.targets import Split, Targets
from artbench.features.extract import Features
from artbench.probe.baselines import chance_rankings
from artbench.probe.features import Rows
from artbench.probe.neighbourhoods import chance_neighbourhoods, neighbourhoods
from artbench.probe.search import search
from artbench.probe.similarities import Pictures
from artbench.protocol import Search
from artbench.runtime.progress import Reporter


def searched(
    targets: Targets, task: OpenTask, features: Features, *, by: Search, device: str, reporter: Reporter
) -> Rankings | Neighbourhoods:
    """Rank the index for each query, or count what the neighbours of each test image share with it.

    Args:
        targets: Targets of a round, without images that could not be read.
        task: The task.
        features: Features of all images of the task.
        by: How to search.
        device: `cpu`, `cuda` or `mps`.
        reporter: Receives notices.

    Raises:
        ArtbenchError: The features or the splits don't allow it.
    """
    if by.asks == "neighbours":
        test = targets.test
        return neighbourhoods(features.take(test.rows), test.labels.astype(np.int64), _origins(test, task))
    parts = {}
    for name, split in targets.splits:
        features.check(split.rows)
        # Not copied from the memory map: the index need not fit into memory.
        vectors = Rows(features.matrix, split.rows)
        parts[name] = Pictures(vectors=vectors, labels=split.labels.astype(np.int64), rows=split.rows)
    return search(
        parts["train"],
        parts["test"],
        by=by,
        device=device,
        validation=parts.get("validation"),
        reporter=reporter,
    )


def searched_by_chance(targets: Targets, task: OpenTask, *, by: Search) -> Rankings | Neighbourhoods:
    """Return what chance gives in place of the features; otherwise as `searched`."""
    if by.asks == "neighbours":
        return chance_neighbourhoods(targets.test.labels.astype(np.int64), _origins(targets.test, task))
    return chance_rankings(targets.train, targets.test)


def _origins(split: Split, task: OpenTask) -> NDArray[np.int64]:
    """Return the number of each image's origin."""
    assert task.targets.origins is not None
    return numbered([task.targets.origins[row] for row in split.rows.tolist()])
