"""Variants of a network and widths: what they cost, and what is told before any pass over the images."""

from dataclasses import replace
from pathlib import Path

import pytest

from artbench.evaluation.request import RunOutcome, RunRequest
from artbench.evaluation.workflow import run
from artbench.plugins.registry import Registry
from artbench.runtime.progress import Silent
from tests.support.reporters import RecordingReporter


def go(request: RunRequest, registry: Registry) -> RunOutcome:
    return run(request, registry=registry, reporter=Silent())


def test_encoders_narrower_than_the_width_are_told_before_any_pass_and_the_others_are_run(
    request_: RunRequest, registry: Registry
) -> None:
    # Wide enough, too narrow twice, and one that can't be built; 128, 8, 3 features.
    names = ["toy-patches", "toy-patches@pool=max", "toy-broken", "toy-patches@layer=2"]
    reporter = RecordingReporter()
    outcome = run(replace(request_, backbones=names, width=16), registry=registry, reporter=reporter)
    assert [result.record.backbone for result in outcome.results] == ["toy-patches"]
    assert outcome.failures.keys() == {f"{name}, random" for name in names[1:]}
    for name, count in ((names[1], 8), (names[3], 3)):
        assert outcome.failures[f"{name}, random"].startswith(f"a width of 16 can't be had from {count} features")
    assert "out of paint" in outcome.failures["toy-broken, random"]
    assert [work for work in reporter.works if " on toy" in work] == ["toy-patches on toy"]
    told = [number for number, notice in enumerate(reporter.notices) if "a width of 16" in notice]
    assert told[-1] < min(number for number, notice in enumerate(reporter.notices) if "accuracy" in notice)


def test_a_width_that_no_task_has_images_for_is_refused_before_an_image_is_read(
    request_: RunRequest, registry: Registry
) -> None:
    for change, count in (({"width": 60}, 60), ({"width": 64}, 60), ({"width": 9, "shots": (2,)}, None)):
        reporter = RecordingReporter()
        outcome = run(replace(request_, **change), registry=registry, reporter=reporter)
        assert outcome.results == ()
        ((encoder, reason),) = outcome.failures.items()
        assert encoder == "toy-patches, random"
        assert reason.startswith(f"toy-colour, width {change['width']}")
        assert count is None or f"can't be had from {count} training images" in reason
        assert not any("toy-patches" in work for work in reporter.works)


@pytest.mark.integration
def test_variants_of_a_network_cost_one_pass(request_: RunRequest, registry: Registry, tmp_path: Path) -> None:
    names = ["toy-patches", "toy-patches@layer=2", "toy-patches@pool=max"]
    reporter = RecordingReporter()
    asked = ["toy-patches@layer=1..2", "toy-patches@pool=max"]
    outcome = run(replace(request_, backbones=asked), registry=registry, reporter=reporter)
    assert [result.record.backbone for result in outcome.results] == names
    assert [result.record.encoder.feature_dim for result in outcome.results] == [128, 3, 8]
    assert len({result.record.encoder.weights_sha256 for result in outcome.results}) == 1
    assert [work for work in reporter.works if "toy-patches" in work] == ["toy-patches on toy"]
    alone = replace(request_, backbones=names[1:2], results=tmp_path / "alone", fresh=True)
    (result,) = go(alone, registry).results
    assert result.record.predictions == outcome.results[1].record.predictions


def test_variants_that_are_the_network_itself_are_one_record(request_: RunRequest, registry: Registry) -> None:
    outcome = go(replace(request_, backbones=["toy-patches@layer=1", "toy-patches"]), registry)
    assert [result.record.backbone for result in outcome.results] == ["toy-patches"]
