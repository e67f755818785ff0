"""A step that hangs inside a library is told of, and a second signal ends it."""

import os
import signal
import sys
import threading
import time
from functools import partial
from pathlib import Path

import pytest
import torch

from artbench.cli.main import main
from artbench.encoders.backbone import Backbone
from artbench.pretrain import stopping
from artbench.pretrain.hanging import HangWatch
from artbench.pretrain.second_signal import ending_at_the_second
from artbench.runtime.threads import usable_cores
from artbench.specs import BackboneSpec
from tests.support import training as toys
from tests.support.child_processes import child
from tests.support.plugins import HANGING, TOY
from tests.support.reporters import RecordingReporter

pytestmark = pytest.mark.integration

PLUGINS = [TOY, HANGING]


class Waiting(RecordingReporter):
    """Knows when a step was told of; others may be, where the machine is busy."""

    def __init__(self, step: int) -> None:
        super().__init__()
        self._begin = f"Step {step} seems to hang"
        self.told = threading.Event()

    def notice(self, text: str, /) -> None:
        super().notice(text)
        if text.startswith(self._begin):
            self.told.set()

    @property
    def hanging(self) -> list[str]:
        return [notice for notice in self.notices if "seems to hang" in notice]


class Held(torch.nn.Module):
    """Holds up the forward passes of a step, by their number, until somebody has told of it."""

    told: threading.Event
    at: int
    passes: int

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        Held.passes += 1
        if Held.passes == Held.at:
            assert Held.told.wait(60)
        return pixels


def held() -> Backbone:
    made = toys.backbone()
    made.module.insert(0, Held())  # type: ignore[operator]
    return made


def at_the_terminal(folder: Path, cache: Path, words: list[str], hangs: str) -> None:
    """`artbench pretrain`, with stderr in a file, as a process of its own."""
    os.chdir(folder)
    os.environ.update(ARTBENCH_CACHE=str(cache), OMP_NUM_THREADS="1", TOY_HANGS=hangs)
    os.dup2(os.open("stderr", os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
    # Not three seconds, in which a main thread that hangs does no more.
    pytest.MonkeyPatch().setattr(stopping, "REPEATS", 0.3)
    pytest.MonkeyPatch().setattr(stopping, "ending_at_the_second", partial(ending_at_the_second, grace=0.3))
    sys.argv = ["artbench", "pretrain", *words, "--out", "out"]
    for file in PLUGINS:
        sys.argv += ["--plugin", str(file)]
    main()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs POSIX signals")
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(
    ("first", "second"),
    [(signal.SIGTERM, signal.SIGTERM), (signal.SIGINT, signal.SIGINT), (signal.SIGINT, signal.SIGTERM)],
)
def test_a_second_signal_ends_a_step_that_hangs_and_the_training_goes_on_from_the_last_checkpoint(
    tmp_path: Path, first: signal.Signals, second: signal.Signals, threads: int
) -> None:
    if usable_cores() < threads:
        pytest.skip("needs two cores")
    words = ["moco-v2", "--backbone", "toy-hanging", "--dataset", "toy", "--save-minutes", "0"]
    for pair in ("batch_size=16", f"sub_batch={16 // threads}", "crop_size=16", "steps=4"):
        words += ["--set", pair]
    process = child(at_the_terminal, tmp_path, tmp_path / "cache", words, "hangs")
    while process.is_alive() and not (tmp_path / "hangs").exists():
        time.sleep(0.02)
    os.kill(process.pid, first)
    process.join(1)
    stayed = process.is_alive()
    os.kill(process.pid, second)
    process.join(60)
    # Where a test fails, nobody waits for it.
    process.kill()
    process.join()
    told = (tmp_path / "stderr").read_text()
    assert stayed, told
    assert process.exitcode == 128 + second, told
    assert f"{second.name} again: ended at once; --resume continues from step 2." in told
    process = child(at_the_terminal, tmp_path, tmp_path / "cache", ["--resume"], "")
    process.join(60)
    told = (tmp_path / "stderr").read_text()
    assert process.exitcode == 0, told
    assert "Going on from step 2 of 4." in told
    assert (tmp_path / "out" / "encoder.safetensors").is_file()


@pytest.mark.parametrize(
    ("step", "measure", "then"),
    [
        (1, "no step before it was timed", "nothing is saved yet"),
        (3, "the median of the steps is ", "--resume continues from step 2"),
    ],
)
def test_a_step_that_hangs_is_reported_while_it_hangs(
    images: Path, tmp_path: Path, step: int, measure: str, then: str
) -> None:
    listener = Waiting(step)
    # One sub-batch: two forward passes a step.
    Held.told, Held.at, Held.passes = listener.told, 2 * step, 0
    spec = BackboneSpec(name="held", description="held up", factory=held)
    work = toys.training(images, "sub_batch=16", "steps=4", backbone=spec)
    assert toys.train(work, tmp_path, listener=listener, hang_seconds=0.5) is not None
    (told,) = [notice for notice in listener.hanging if notice.startswith(f"Step {step} ")]
    assert measure in told
    assert told.endswith(f"Ctrl-C or SIGTERM waits for its end; a second one ends at once, and {then}.")


def test_a_step_within_ten_times_the_median_does_not_hang() -> None:
    listener = Waiting(1)
    with HangWatch(seconds=0.05, compiled=False, resuming=str, reporter=listener) as watch:
        with watch.step(1):
            assert listener.told.wait(60)
            time.sleep(0.5)
        with watch.step(2):
            time.sleep(0.2)
    assert [text[:6] for text in listener.hanging] == ["Step 1"]


def test_a_first_step_that_compiles_neither_hangs_nor_measures_the_others() -> None:
    listener = Waiting(2)
    with HangWatch(seconds=0.05, compiled=True, resuming=str, reporter=listener) as watch:
        with watch.step(1):
            time.sleep(0.3)
        with watch.step(2):
            assert listener.told.wait(60)
    (told,) = listener.hanging
    assert told.startswith("Step 2 ")
    assert "no step before it was timed" in told


def test_what_is_between_two_steps_does_not_hang() -> None:
    listener = Waiting(1)
    with HangWatch(seconds=0.05, compiled=False, resuming=str, reporter=listener) as watch:
        with watch.step(1):
            pass
        time.sleep(0.3)
    assert not [text for text in listener.hanging if not text.startswith("Step 1 ")]
    assert not any(thread.name == "artbench-hanging" for thread in threading.enumerate())
