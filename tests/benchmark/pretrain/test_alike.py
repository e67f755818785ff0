"""Processes that would train different things, or can't go on, stop alike and say why."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
import torch

from artbench.encoders.backbone import Backbone
from artbench.plugins.registry import Registry
from artbench.pretrain.request import PretrainRequest
from artbench.pretrain.workflow import pretrain
from artbench.runtime.distributed import current_group
from artbench.specs import BackboneSpec
from tests.support import ranks
from tests.support import training as toys
from tests.support.reporters import RecordingReporter

pytestmark = [pytest.mark.integration, pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")]


def of_its_own() -> Backbone:
    """A backbone whose weights differ between processes."""
    made = toys.backbone()
    with torch.no_grad():
        next(made.module.parameters()).add_(current_group().rank)
    return made


def with_another_seed(folder: Path, images: Path) -> None:
    toys.train(toys.training(images, seed=current_group().rank), folder / "out")


def with_another_option(folder: Path, images: Path) -> None:
    """Nothing is looked up before options are compared."""
    request = PretrainRequest(out=folder / "out", method="moco-v2", resume=current_group().first)
    pretrain(request, registry=cast("Registry", None), reporter=RecordingReporter())


def with_other_weights(folder: Path, images: Path) -> None:
    spec = BackboneSpec(name="own", description="of its own", factory=of_its_own)
    toys.train(toys.training(images, backbone=spec), folder / "out")


def from_a_folder_of_its_own(folder: Path, images: Path) -> None:
    """Resume in a folder of the same name, which only the first process finds full."""
    own = folder / f"node-{current_group().rank}"
    own.mkdir()
    if current_group().first:
        shutil.copytree(folder / "begun", own / "out")
    os.chdir(own)
    toys.train(toys.training(images), Path("out"), resume=True)


def with_a_log_that_breaks(folder: Path, images: Path) -> None:
    log = folder / "out" / "log.jsonl"

    def breaks() -> None:
        log.unlink()
        log.mkdir()

    # Every step of an epoch of two is logged.
    listener = RecordingReporter(breaks if current_group().first else lambda: None)
    toys.train(toys.training(images, "batch_size=48", "sub_batch=24"), folder / "out", listener=listener)


def with_a_log_that_is_a_folder(folder: Path, images: Path) -> None:
    (folder / "out" / "log.jsonl").mkdir(parents=True, exist_ok=True)
    toys.train(toys.training(images), folder / "out")


@pytest.mark.parametrize(
    ("work", "reason"),
    [
        (with_another_seed, ", would train something else than process 0 on "),
        (with_other_weights, "(weights: "),
        (with_another_option, "(resume: True, there False). Start all with one command"),
        (from_a_folder_of_its_own, "step-000000006.safetensors is not there. Every process reads it: --out must be"),
        (with_a_log_that_is_a_folder, "log.jsonl can't be written (Is a directory). Make room"),
        (with_a_log_that_breaks, "log.jsonl can't be written (Is a directory). Make room"),
    ],
)
def test_all_processes_stop_with_the_reason(
    images: Path, tmp_path: Path, work: Callable[..., Any], reason: str
) -> None:
    if work is from_a_folder_of_its_own:
        toys.train(toys.training(images), tmp_path / "begun")
    assert ranks.ended(ranks.start(ranks.in_a_group, tmp_path, work, images)) == [1, 1]
    for rank in (0, 1):
        told = ranks.told(tmp_path, rank)
        assert reason in told
        assert len(told.splitlines()) == 1
    if work is with_another_seed:
        assert "process 1 of 2, on " in told
        assert "(seed: 0, there 1)" in told
