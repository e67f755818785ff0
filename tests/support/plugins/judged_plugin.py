"""A plugin for tests: more tasks on the dataset of `toy_plugin`, of every kind that is judged in a way of its own."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from artbench import hookimpl
from artbench.specs import TargetKind, TaskSpec
from tests.support.plugins.toy_plugin import COLOURS, colour, traits


@hookimpl
def register_tasks(register: Callable[[TaskSpec], None]) -> None:
    def add(name: str, target: TargetKind, metric: str, factory: Callable[[Any], Any], *, clustered: bool) -> None:
        register(
            TaskSpec(
                name=name,
                description="For tests.",
                dataset="toy",
                target=target,
                primary_metric=metric,
                factory=factory,
                clustered=clustered,
            )
        )

    add("toy-year", "year", "mean_absolute_error", year, clustered=False)
    add("toy-by-painter", "single-label", "accuracy", by_painter, clustered=False)
    add("toy-clustered", "single-label", "accuracy", by_unseen_painter, clustered=True)
    add("toy-splits", "single-label", "balanced_accuracy", splits, clustered=True)
    for name, target, metric, factory in (
        ("toy-colour", "single-label", "accuracy", colour),
        ("toy-traits", "multi-label", "mean_average_precision", traits),
        ("toy-year", "year", "mean_absolute_error", year),
    ):
        add(f"{name}-permuted", target, metric, _permuted(factory), clustered=False)


def year(dataset: Any) -> Any:
    """A century for each colour, and a few years more for some."""
    targets = colour(dataset)
    train, test = (
        replace(split, labels=1600.0 + 100 * split.labels + split.rows % 7) for split in (targets.train, targets.test)
    )
    return replace(targets, classes=(), train=train, test=test, groups=painters(dataset))


def by_painter(dataset: Any) -> Any:
    """The colour; the painters are of one colour each, but for every tenth image."""
    return replace(colour(dataset), groups=painters(dataset))


def by_unseen_painter(dataset: Any) -> Any:
    """The colour; no painter of the test is in train."""
    targets = colour(dataset)
    return replace(targets, groups=_apart(dataset, targets.test.rows))


def splits(dataset: Any) -> Any:
    """The colour, with two halves of the images taking turns, each of its own painters."""
    targets = colour(dataset)
    labels, rows = np.array(dataset.tables["labels"], np.int64), np.arange(len(dataset))
    halves = [replace(targets.train, rows=part, labels=labels[part]) for part in (rows[:48], rows[48:])]
    return replace(
        targets,
        train=halves[0],
        test=halves[1],
        repeats=(replace(targets, train=halves[1], test=halves[0], missing=()),),
        groups=_apart(dataset, rows[48:]),
    )


def painters(dataset: Any) -> list[str]:
    labels = dataset.tables["labels"]
    return [
        "" if row in (70, 71) else f"{COLOURS[(label + (row % 10 == 0)) % 3]} {row // 3 % 2}"
        for row, label in enumerate(labels)
    ]


def _apart(dataset: Any, rows: Any) -> list[str]:
    """The painters, of whom those of some rows are others."""
    others = set(rows.tolist())
    return [f"late {name}" if name and row in others else name for row, name in enumerate(painters(dataset))]


def _permuted(factory: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def permuted(dataset: Any) -> Any:
        targets = factory(dataset)
        order = np.random.default_rng(5).permutation(len(targets.test))
        return replace(targets, test=replace(targets.test, labels=targets.test.labels[order]))

    return permuted
