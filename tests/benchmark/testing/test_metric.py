"""Every check of a metric and of a kind of target, with one that fails it."""

import itertools
from typing import Any

import numpy as np
import pytest

from artbench.data.answers import Answers
from artbench.plugins.loading import load_plugins
from artbench.specs import MetricSpec, TargetSpec
from artbench.testing.metric import examine_metric, examine_target

_COUNTER = itertools.count()


def metric(**rest: Any) -> MetricSpec:
    stated = {"measure": lambda answers: (answers.predicted == answers.labels).mean(), "target": "single-label", **rest}
    return MetricSpec(name="mine", description="Mine.", **stated)


def spoiling(answers: Answers) -> float:
    answers.predicted[:] = 0
    return 0.5


VIOLATORS: dict[str, tuple[dict[str, Any], str, str]] = {
    "absent": ({"measure": "nowhere:at_all"}, "measure", "package.module:function"),
    "raises": ({"measure": lambda answers: 1 / 0}, "value", "--debug"),
    "beyond": ({"measure": lambda answers: 2.0}, "value", "other bounds"),
    "of all": ({"measure": lambda a: a.confidence / a.confidence.max(), "statistic": "mean"}, "each", "'jackknife'"),
    "random": ({"measure": lambda answers: next(_COUNTER) % 2}, "order", "no random numbers"),
    "ordered": ({"measure": lambda answers: answers.confidence[0]}, "order", "no order of images"),
    "changes": ({"measure": spoiling}, "answers", "Copy what you change"),
    "prints": ({"measure": lambda answers: (print("hello"), 0.5)[1]}, "stdout", "logging"),
}


@pytest.mark.parametrize("name", VIOLATORS)
def test_a_metric_that_breaks_the_contract_is_told_what_to_change(name: str) -> None:
    change, check, words = VIOLATORS[name]
    failed = [finding for finding in examine_metric(metric(**change)) if finding.status == "FAIL"]
    assert any(finding.name == check and words in finding.mend for finding in failed), failed


@pytest.mark.parametrize("statistic", ["mean", "jackknife", "none"])
@pytest.mark.parametrize("target", ["single-label", "multi-label", "year"])
def test_a_sound_metric_passes(statistic: str, target: str) -> None:
    def measure(answers: Answers) -> Any:
        near = np.asarray(abs(answers.labels.astype(float) - answers.predicted) < 9).reshape(len(answers), -1)
        each = near.mean(axis=1)
        return each if statistic == "mean" else each.mean()

    found = examine_metric(metric(measure=measure, statistic=statistic, target=target))
    assert {finding.status for finding in found} == {"PASS"}, found


def test_the_built_in_ones_and_their_kinds_pass() -> None:
    registry = load_plugins(only="")
    found = [finding for _, spec in registry.metrics.specs() for finding in examine_metric(spec)]
    found += [finding for _, spec in registry.targets.specs() for finding in examine_target(spec)]
    assert {finding.status for finding in found} == {"PASS"}


def test_a_kind_without_its_metrics_is_told() -> None:
    spec = TargetSpec(name="state", description="Its state.", answer="number", metrics=("accuracy", "unheard_of"))
    said = [finding.message for finding in examine_target(spec) if finding.status == "FAIL"]
    assert said == ["is for single-label targets: its metric accuracy", "no plugin registers its metric unheard_of"]
