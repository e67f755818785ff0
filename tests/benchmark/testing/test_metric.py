"""Every check of a metric and of a kind of target, with one that fails it."""

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from artbench.data.answers import Answers
from artbench.plugins.loading import load_plugins
from artbench.specs import MetricSpec, TargetSpec
from artbench.testing import ContractError, check_metric, check_target, examine_metric, examine_target

_COUNTER = itertools.count()


def metric(**rest: Any) -> MetricSpec:
    stated = {"measure": lambda answers: (answers.predicted == answers.labels).mean(), "target": "single-label", **rest}
    return MetricSpec(name="mine", description="Mine.", **stated)


def spoiling(answers: Answers) -> float:
    answers.predicted[:] = 0
    return 0.5


PLUGIN = [
    "@hookimpl",
    "def register_targets(register):",
    "    register(TargetSpec(name='state', description='Its state.', answer='number', metrics=('state_error',)))",
    "@hookimpl",
    "def register_metrics(register):",
    "    register(MetricSpec(name='state_error', description='Wrong.', target='state', measure=lambda answers: 7))",
]
VIOLATORS: dict[str, tuple[dict[str, Any], str, str]] = {
    "absent": ({"measure": "nowhere:at_all"}, "measure", "package.module:function"),
    "an array": ({"measure": lambda answers: answers.predicted == answers.labels}, "value", "statistic='mean'"),
    "no number": ({"measure": lambda answers: "0.5"}, "value", "Return one"),
    "nothing": ({"measure": lambda answers: None}, "value", "Return one"),
    "undefined": ({"measure": lambda answers: float("nan")}, "value", "other bounds"),
    "one of a mean": ({"measure": lambda answers: 0.5, "statistic": "mean"}, "value", "'jackknife'"),
    "of counts": ({"measure": lambda answers: 0.5, "statistic": "counts"}, "counts", "'jackknife'"),
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
    assert [finding.name for finding in failed] == [check]
    assert words in failed[0].mend


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


def test_what_is_checked_may_be_named(tmp_path: Path) -> None:
    lines = ["from artbench import hookimpl", "from artbench.specs import MetricSpec, TargetSpec", *PLUGIN]
    (tmp_path / "mine.py").write_text("\n".join(lines), encoding="utf-8")
    check_target("state", plugins=[tmp_path / "mine.py"])
    with pytest.raises(ContractError, match="metric state_error breaks the contract in 1 way"):
        check_metric("state_error", plugins=[tmp_path / "mine.py"])


def test_a_kind_whose_check_is_absent_is_told() -> None:
    spec = TargetSpec(name="state", description="Its state.", answer="number", metrics=("a",), check="nowhere:at_all")
    (found,) = [finding for finding in examine_target(spec) if finding.status == "FAIL"]
    assert (found.name, "package.module:function" in found.mend) == ("check", True)


def test_a_kind_without_its_metrics_is_told() -> None:
    spec = TargetSpec(name="state", description="Its state.", answer="number", metrics=("accuracy", "unheard_of"))
    said = [finding.message for finding in examine_target(spec) if finding.status == "FAIL"]
    assert said == ["is for single-label targets: its metric accuracy", "no plugin registers its metric unheard_of"]
