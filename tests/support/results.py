"""Results folders for tests: records whose metrics come from the predictions beside them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from artbench.data.targets import Labels
from artbench.protocol import Bootstrap
from artbench.records.folder import ResultsFolder
from artbench.records.predictions import TestPredictions
from artbench.records.record import Record
from artbench.specs import TargetKind
from artbench.stats.bootstrap import combine
from artbench.stats.metrics import METRICS, sample
from artbench.stats.per_class import class_table
from tests.support.records import record

BOOTSTRAP = Bootstrap(resamples=20)


def chances(predicted: NDArray[np.int64], classes: int) -> NDArray[np.float32]:
    """Probabilities, (n, classes), that make these classes the predicted ones."""
    given = np.full((len(predicted), classes), 0.4 / classes, np.float32)
    given[np.arange(len(predicted)), predicted] += 0.6
    return given


def put(
    folder: ResultsFolder,
    backbone: str,
    labels: Labels,
    outputs: NDArray[np.float32],
    *,
    metric: str = "accuracy",
    images: Sequence[str] | None = None,
    rounds: NDArray[np.int64] | None = None,
    clusters: NDArray[np.int64] | None = None,
    thresholds: Mapping[str, float] | None = None,
    **changes: Any,
) -> Record:
    """Write a record with its predictions and, for single labels, its table of classes."""
    target: TargetKind = METRICS[metric].target
    numbers = np.zeros(len(labels), np.int64) if rounds is None else rounds
    parts = [numbers == number for number in range(int(numbers.max()) + 1)]
    drawn = [
        sample(labels[part], outputs[part], target=target, bootstrap=BOOTSTRAP, thresholds=thresholds or {})
        for part in parts
    ]
    metrics = {
        name: {"value": one.value, "ci95": one.ci95, "unit": METRICS[name].unit}
        for name, one in combine(drawn, bootstrap=BOOTSTRAP).items()
    }
    content = record(backbone=backbone, **changes).as_json()
    content["metrics"] = metrics
    content["primary_metric"] = metric
    content["neighbours"]["metrics"] = metrics
    content["probe"]["thresholds"] = dict(thresholds or {})
    content["dataset"]["test"] = int(parts[0].sum())
    content["dataset"]["classes"] = 0 if target == "year" else outputs.shape[1]
    content["clusters"] = None if clusters is None else len(np.unique(clusters))
    if rounds is not None:
        content["rounds"] = [
            {
                "train": 10,
                "test": int(part.sum()),
                "metrics": {name: one[name].value for name in one},
                "neighbours": {},
                "probe": content["probe"],
            }
            for part, one in zip(parts, drawn, strict=True)
        ]
    predictions = TestPredictions(
        images=[f"{number:05}" for number in range(len(labels))] if images is None else images,
        labels=labels,
        outputs=outputs,
        rounds=rounds,
        clusters=clusters,
    )
    if target != "single-label":
        return folder.write(Record.model_validate(content), predictions)
    names = [f"style {chr(ord('a') + number)}" for number in range(outputs.shape[1])]
    one_hot = np.eye(outputs.shape[1], dtype=bool)
    table = class_table(one_hot[labels.astype(np.int64)], one_hot[outputs.argmax(axis=1)], classes=names)
    return folder.write(Record.model_validate(content), predictions, {"classes": table})


def guessed(labels: NDArray[np.int64], *, rate: float, classes: int, seed: int) -> NDArray[np.float32]:
    """Outputs that are right about a share of the images."""
    random = np.random.default_rng(seed)
    wrong = (labels + random.integers(1, classes, len(labels))) % classes
    return chances(np.where(random.random(len(labels)) < rate, labels, wrong), classes)
