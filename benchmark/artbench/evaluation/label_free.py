"""Figures of features that nothing is fitted for, of the test images of a task or of any images."""

import numpy as np
from numpy.typing import NDArray

from artbench.data.dataset import Dataset
from artbench.data.opening import OpenTask
from artbench.evaluation.splits import readable
from artbench.features.extract import Features
from artbench.plugins.known import form_of
from artbench.records.parts import LabelFreeState
from artbench.stats.label_free import label_free, sampled


def of_task(task: OpenTask, features: Features) -> LabelFreeState:
    """Describe the features of a task's test images, each once; of the first round, if there are several."""
    test = readable(task, features)[0].test
    rows, first = np.unique(test.rows, return_index=True)
    labels = test.labels[first].astype(np.int64) if form_of(task.spec.target) == "class" else None
    return of_images(task.dataset, features, rows, labels=labels)


def of_images(
    dataset: Dataset, features: Features, rows: NDArray[np.int64], *, labels: NDArray[np.int64] | None = None
) -> LabelFreeState:
    """Describe the features of some images.

    Args:
        dataset: Dataset of the images.
        features: Features of these images at least.
        rows: Rows of the dataset, each once, at least one.
        labels: Class of each image; None if images have no label, or several, or a year.
    """
    chosen = sampled([dataset.ids[row] for row in rows.tolist()])
    found = label_free(features.take(rows[chosen]), None if labels is None else labels[chosen])
    clustering = found.clustering
    return LabelFreeState(
        of=len(rows),
        images=found.images,
        dimensions=found.dimensions,
        distinct=found.distinct,
        rankme=found.rankme,
        effective_rank=found.effective_rank,
        intrinsic_dimension=found.intrinsic_dimension,
        clusters=None if clustering is None else clustering.clusters,
        ari=None if clustering is None else clustering.ari,
        nmi=None if clustering is None else clustering.nmi,
    )
