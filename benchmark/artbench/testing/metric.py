"""Checks of metrics, on answers that are made up, and of kinds of target."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np

from artbench.data.answers import Answers
from artbench.data.neighbourhoods import Neighbourhoods
from artbench.data.outputs import Answered, Outputs
from artbench.data.rankings import NOTHING, Rankings
from artbench.data.targets import Labels
from artbench.errors import ArtbenchError
from artbench.plugins.known import form_of, known_metrics
from artbench.runtime.findings import Finding
from artbench.specs import MetricSpec, TargetSpec
from artbench.stats.measuring import measured, outcome_of
from artbench.stats.plain import each_image, is_counted, plain_value
from artbench.testing.checks import Fault, PathLike, demand, factory_of, registered, run_checks

_IMAGES, _CLASSES = 40, 4


@dataclass(frozen=True)
class MadeUp:
    """A metric and answers of the form that it measures."""

    metric: MetricSpec
    labels: Labels
    outputs: Answered

    @property
    def answers(self) -> Answers:
        """What the metric measures."""
        return Answers.of(self.labels, self.outputs)

    @property
    def copied(self) -> Answers:
        """The same answers, to be changed by a metric that must not."""
        return self.answers.take(np.arange(_IMAGES))

    @property
    def shuffled(self) -> Answers:
        """The same answers in another order."""
        return self.answers.take(np.random.default_rng(1).permutation(_IMAGES))


def check_metric(spec: MetricSpec | str, *, plugins: Sequence[PathLike] = ()) -> None:
    """Check that a metric keeps the contract, on answers that are made up.

    Args:
        spec: The metric, or the name under which it is registered.
        plugins: Files of plugins to load besides those that are installed.

    Raises:
        ContractError: It does not; lists every failure with what to change.

    Examples:
        >>> from artbench.testing import check_metric
        >>> check_metric("mean_absolute_error")
    """
    demand(f"metric {spec if isinstance(spec, str) else spec.name}", examine_metric(spec, plugins=plugins))


def check_target(spec: TargetSpec | str, *, plugins: Sequence[PathLike] = ()) -> None:
    """Check that a kind of target keeps the contract; `check_task` checks the labels of a task of it.

    Args:
        spec: The kind of target, or the name under which it is registered.
        plugins: Files of plugins to load besides those that are installed.

    Raises:
        ContractError: It does not; lists every failure with what to change.

    Examples:
        >>> from artbench.testing import check_target
        >>> check_target("year")
    """
    demand(f"target {spec if isinstance(spec, str) else spec.name}", examine_target(spec, plugins=plugins))


def examine_metric(spec: MetricSpec | str, *, plugins: Sequence[PathLike] = ()) -> list[Finding]:
    """Return every finding about a metric, on answers that are made up.

    Args:
        spec: The metric, or the name under which it is registered.
        plugins: Files of plugins to load besides those that are installed.

    Examples:
        >>> from artbench.testing import examine_metric
        >>> {str(finding.status) for finding in examine_metric("accuracy")}
        {'PASS'}
    """
    known = registered(plugins).metrics.get(spec) if isinstance(spec, str) else spec

    def made() -> MadeUp:
        factory_of(known.measure, name="measure")
        return MadeUp(known, *_answered(known))

    return run_checks(made, [counts] if is_counted(known) else [value, answers, each, order])


def examine_target(spec: TargetSpec | str, *, plugins: Sequence[PathLike] = ()) -> list[Finding]:
    """Return every finding about a kind of target.

    Args:
        spec: The kind of target, or the name under which it is registered.
        plugins: Files of plugins to load besides those that are installed.

    Examples:
        >>> from artbench.testing import examine_target
        >>> {str(finding.status) for finding in examine_target("year")}
        {'PASS'}
    """
    known = registered(plugins).targets.get(spec) if isinstance(spec, str) else spec

    def made() -> TargetSpec:
        if known.check is not None:
            factory_of(known.check, name="check")
        return known

    return run_checks(made, [metrics])


def _answered(spec: MetricSpec) -> tuple[Labels, Answered]:
    """Return labels, and what was answered, in the form that a metric measures."""
    rng, form = np.random.default_rng(0), form_of(spec.target)
    if form == "number":
        years = rng.normal(1700, 50, _IMAGES)
        return years, (years + rng.normal(0, 20, _IMAGES))[:, None]
    if form == "ranking":
        return _ranked(rng)
    if form == "neighbours":
        counts = rng.multinomial(10, [0.3, 0.3, 0.2, 0.2], _IMAGES).astype(np.float64)
        return rng.integers(0, _CLASSES, _IMAGES), Neighbourhoods(counts=counts, added=counts[:, 1:3])
    chances = rng.dirichlet(np.ones(_CLASSES), _IMAGES)
    labels = rng.integers(0, _CLASSES, _IMAGES)
    return np.eye(_CLASSES, dtype=bool)[labels] if form == "labels" else labels, chances


def _ranked(rng: np.random.Generator) -> tuple[Labels, Answered]:
    """Return queries to an index of 60 pictures, the last quarter of them distractors, and their rankings."""
    labels = np.where(np.arange(_IMAGES) < 3 * _IMAGES // 4, rng.integers(0, _CLASSES, _IMAGES), NOTHING)
    places = [np.sort(rng.permutation(60)[: 0 if label == NOTHING else 5]) + 1 for label in labels.tolist()]
    nearest = np.where([1 in found for found in places], labels, NOTHING)
    return labels, Rankings.of(places, nearest=nearest, similarity=rng.random(_IMAGES))


def value(it: MadeUp) -> Iterator[Fault]:
    """It has a value, within its bounds, on answers of its form."""
    plain_value(it.metric, it.copied, defined=True)
    yield from ()


def counts(it: MadeUp) -> Iterator[Fault]:
    """It has a value of the counts that artbench's own metrics measure."""
    outcome = outcome_of(it.labels, cast(Outputs, it.outputs), {it.metric.name: 0.5})
    try:
        measured([it.metric], outcome.weighted(None))
    except ArtbenchError as error:
        mend = "State statistic='mean', 'jackknife' or 'none': with 'counts' artbench's own metrics get something else"
        yield Fault(error.message, mend)


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
    if not np.array_equal(first, again, equal_nan=True):
        yield Fault(f"it is {first:g}, and then {again:g} for the same answers", "Draw no random numbers")
    elif not np.isclose(first, other := plain_value(it.metric, it.shuffled), equal_nan=True):
        yield Fault(f"it is {first:g}, and {other:g} for the same images in another order", "Use no order of images")


def answers(it: MadeUp) -> Iterator[Fault]:
    """It leaves the answers as they are."""
    given = it.copied
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
