"""Checks of metrics, on answers that are made up, and of kinds of target."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from artbench.data.answers import Answers
from artbench.data.neighbourhoods import Neighbourhoods
from artbench.data.rankings import NOTHING, Rankings
from artbench.plugins.known import form_of, known_metrics
from artbench.runtime.findings import Finding
from artbench.specs import MetricSpec, TargetSpec
from artbench.stats.plain import each_image, is_counted, plain_value
from artbench.testing.checks import Fault, factory_of, run_checks

_IMAGES, _CLASSES = 40, 4


@dataclass(frozen=True)
class MadeUp:
    """A metric and answers of the form that it measures."""

    metric: MetricSpec
    answers: Answers

    @property
    def shuffled(self) -> Answers:
        """The same answers in another order."""
        return self.answers.take(np.random.default_rng(1).permutation(_IMAGES))


def examine_metric(spec: MetricSpec) -> list[Finding]:
    """Return every finding about a metric; those that measure counts are only loaded."""

    def made() -> MadeUp:
        factory_of(spec.measure, name="measure")
        return MadeUp(spec, _answers(spec))

    return run_checks(made, [] if is_counted(spec) else [answers, value, each, order])


def examine_target(spec: TargetSpec) -> list[Finding]:
    """Return every finding about a kind of target."""
    return run_checks(lambda: spec, [metrics])


def _answers(spec: MetricSpec) -> Answers:
    rng, form = np.random.default_rng(0), form_of(spec.target)
    if form == "number":
        years = rng.normal(1700, 50, _IMAGES)
        return Answers.of(years, (years + rng.normal(0, 20, _IMAGES))[:, None])
    if form == "ranking":
        return _rankings(rng)
    if form == "neighbours":
        counts = rng.multinomial(10, [0.3, 0.3, 0.2, 0.2], _IMAGES).astype(np.float64)
        near = Neighbourhoods(counts=counts, added=counts[:, 1:3])
        return Answers.of(rng.integers(0, _CLASSES, _IMAGES), near)
    chances = rng.dirichlet(np.ones(_CLASSES), _IMAGES)
    labels = rng.integers(0, _CLASSES, _IMAGES)
    return Answers.of(np.eye(_CLASSES, dtype=bool)[labels] if form == "labels" else labels, chances)


def _rankings(rng: np.random.Generator) -> Answers:
    """Return answers to queries to an index of 60 pictures, the last quarter of them distractors."""
    labels = np.where(np.arange(_IMAGES) < 3 * _IMAGES // 4, rng.integers(0, _CLASSES, _IMAGES), NOTHING)
    places = [np.sort(rng.permutation(60)[: 0 if label == NOTHING else 5]) + 1 for label in labels.tolist()]
    nearest = np.where([1 in found for found in places], labels, NOTHING)
    return Answers.of(labels, Rankings.of(places, nearest=nearest, similarity=rng.random(_IMAGES)))


def value(it: MadeUp) -> Iterator[Fault]:
    """It has a value, within its bounds, on answers of its form."""
    plain_value(it.metric, it.answers, defined=True)
    yield from ()


def each(it: MadeUp) -> Iterator[Fault]:
    """A mean has a number for each image, which does not depend on the others."""
    if it.metric.statistic != "mean":
        return
    whole = each_image(it.metric, it.answers)
    half = each_image(it.metric, it.answers.take(np.arange(_IMAGES // 2)))
    if not np.allclose(whole[: _IMAGES // 2], half, equal_nan=True):
        mend = "Return what each image adds by itself, or state statistic='jackknife'"
        yield Fault("the number of an image depends on the other images", mend)


def order(it: MadeUp) -> Iterator[Fault]:
    """It is the same for the same answers, in any order."""
    first, again = plain_value(it.metric, it.answers), plain_value(it.metric, it.answers)
    if first != again:
        yield Fault(f"it is {first:g}, and then {again:g} for the same answers", "Draw no random numbers")
    elif not np.isclose(first, other := plain_value(it.metric, it.shuffled)):
        yield Fault(f"it is {first:g}, and {other:g} for the same images in another order", "Use no order of images")


def answers(it: MadeUp) -> Iterator[Fault]:
    """It leaves the answers as they are."""
    given = it.answers.take(np.arange(_IMAGES))
    plain_value(it.metric, given)
    if not (np.array_equal(given.labels, it.answers.labels) and np.array_equal(given.predicted, it.answers.predicted)):
        yield Fault("it changes the answers, which other metrics measure too", "Copy what you change")


def metrics(spec: TargetSpec) -> Iterator[Fault]:
    """Its metrics are registered, for this kind of target."""
    for name in spec.metrics:
        metric = known_metrics().get(name)
        if metric is None or metric.target != spec.name:
            what = "no plugin registers" if metric is None else f"is for {metric.target} targets:"
            yield Fault(f"{what} its metric {name}", "Register it with register_metrics, for this target")
