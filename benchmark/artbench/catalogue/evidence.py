"""What calibration is judged by: train and validation through probes that were not fitted on them, and the test."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from artbench.catalogue.precision import Judged, share_of_right
from artbench.data.groups import cluster_numbers
from artbench.data.targets import Split
from artbench.evaluation.splits import learnt
from artbench.explain.refit import RefittedTask
from artbench.probe.features import Rows
from artbench.probe.out_of_fold import HeldOutFold, held_out_folds
from artbench.records.publishing import image_digests


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """The images of train and validation, with probes that were not fitted on them.

    Attributes:
        images: The images, with their labels.
        ids: Digest of the id of each.
        clusters: Number of the group of each, such as its painter; None if the task counts images one by one.
        folds: The probes, each with the images that it was not fitted on.
    """

    images: Split
    ids: Sequence[str]
    clusters: Sequence[int] | None
    folds: Sequence[HeldOutFold]

    @property
    def judged(self) -> NDArray[np.int64]:
        """Positions of the images that could be judged, fold by fold."""
        return np.concatenate([np.empty(0, np.int64), *(fold.positions[fold.judged] for fold in self.folds)])

    def judgement(self, confidence: NDArray[np.floating], right: NDArray[np.bool_]) -> Judged:
        """Return answers to the images that could be judged."""
        places = self.judged.tolist()
        return Judged(
            confidence=confidence,
            right=right,
            images=[self.ids[at] for at in places],
            clusters=None if self.clusters is None else [self.clusters[at] for at in places],
        )


def evidence_of(refitted: RefittedTask) -> Evidence:
    """Fit the probes of the first round's train and validation, with the penalty on record."""
    task = refitted.task
    images, known, groups = learnt(task, refitted.features)
    # Records of a search, which have no probe, are not refitted.
    assert refitted.record.probe is not None
    folds = held_out_folds(
        known,
        together=groups,
        classes=len(task.targets.classes),
        target=task.spec.target,
        l2=refitted.record.probes[0].l2,
        protocol=refitted.protocol,
        device=refitted.device,
    )
    return Evidence(
        images=images, ids=image_digests(known.ids), clusters=clusters_of(refitted, images), folds=list(folds)
    )


def clusters_of(refitted: RefittedTask, split: Split) -> Sequence[int] | None:
    """Return the number of the group of each image of a split; None if the task counts images one by one."""
    return cluster_numbers(refitted.task.targets, [split])[0] if refitted.task.spec.clustered else None


def tested(refitted: RefittedTask, confidence: NDArray[np.floating], right: NDArray[np.bool_]) -> Judged:
    """Return answers to the test images."""
    ids = [refitted.image(at) for at in range(len(refitted.test))]
    return Judged(
        confidence=confidence, right=right, images=image_digests(ids), clusters=clusters_of(refitted, refitted.test)
    )


def rows_of_test(refitted: RefittedTask) -> Rows:
    """Return the features of the test images."""
    return Rows(refitted.features.matrix, refitted.test.rows)


def share_of(judged: Judged) -> dict[str, Any]:
    """Return the share of right answers with its interval, for JSON; null without answers."""
    if not len(judged):
        return {"value": None, "ci95": [0.0, 1.0]}
    value, low, high = share_of_right(judged)
    return {"value": value, "ci95": [low, high]}
