"""A plugin for tests: metrics of every statistic, and tasks on the toy dataset that ask for them."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from artbench import hookimpl
from artbench.data import Answers
from artbench.specs import MetricSpec, TargetSpec, TaskSpec


@hookimpl
def register_targets(register: Callable[[TargetSpec], None]) -> None:
    register(TargetSpec(name="brightness", description="How bright.", answer="number", metrics=("rank_agreement",)))


@hookimpl
def register_metrics(register: Callable[[MetricSpec], None]) -> None:
    def metric(name: str, measure: Callable[[Answers], Any], *, target: str = "single-label", **rest: Any) -> None:
        register(MetricSpec(name=name, description="For tests.", target=target, measure=measure, **rest))

    metric("hits", hits, statistic="mean", short="hits of images")
    metric("agreement", lambda answers: hits(answers).mean())
    metric("doubled_agreement", lambda answers: 2 * hits(answers).mean() - 1, unit="number", bounds=(-1, 1))
    metric("log_odds", log_odds, unit="nats", bounds=(None, None))
    metric("largest_gap", largest_gap, statistic="none", unit="number", bounds=(0, None), higher_is_better=False)
    metric("rank_agreement", rank_agreement, target="brightness", unit="number", bounds=(-1, 1))


@hookimpl
def register_tasks(register: Callable[[TaskSpec], None]) -> None:
    def task(name: str, metric: str, *, target: str = "single-label", factory: str = "colour", **rest: Any) -> None:
        made = f"tests.support.plugins.toy_plugin:{factory}"
        if factory != "colour":
            made = f"tests.support.plugins.measured_plugin:{factory}"
        register(
            TaskSpec(
                name=name,
                description="What colour.",
                dataset="toy",
                target=target,
                primary_metric=metric,
                factory=made,
                **rest,
            )
        )

    task("toy-odds", "log_odds", metrics=("hits", "largest_gap"))
    task("toy-gap", "largest_gap")
    task("toy-misspelt", "acuracy")
    task("toy-calibration", "expected_calibration_error")
    task("toy-five-of-three", "top5_accuracy")
    task("toy-seen-painters", "accuracy", factory="seen", clustered=True)
    task("toy-brightness", "rank_agreement", target="brightness", factory="brightness")


def hits(answers: Answers) -> NDArray[np.float64]:
    return np.asarray(answers.predicted == answers.labels, np.float64)


def log_odds(answers: Answers) -> float:
    right = hits(answers).sum()
    return float(np.log((right + 0.5) / (len(answers) - right + 0.5)))


def largest_gap(answers: Answers) -> float:
    assert answers.confidence is not None
    return float(np.max(np.where(hits(answers) == 1, 0, answers.confidence)))


def rank_agreement(answers: Answers) -> float:
    one, other = (np.argsort(np.argsort(values)) for values in (answers.labels, answers.predicted))
    return float(np.corrcoef(one, other)[0, 1])


def seen(dataset: Any) -> Any:
    from dataclasses import replace

    from tests.support.plugins.toy_plugin import colour

    return replace(colour(dataset), groups=[f"painter {row % 7}" for row in range(len(dataset))])


def brightness(dataset: Any) -> Any:
    from dataclasses import replace

    from tests.support.plugins.toy_plugin import colour

    asked = colour(dataset)
    parts = {name: replace(split, labels=split.labels.astype(np.float64)) for name, split in asked.splits}
    return replace(asked, classes=(), **parts)
