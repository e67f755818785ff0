"""A device computes beside the threads that decode: the same bytes, whenever it happens to do its work."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch._subclasses.fake_tensor import FakeTensorMode

from artbench.data.dataset import Dataset
from artbench.errors import ArtbenchError
from artbench.features import pipeline
from artbench.features.forward import Forward
from artbench.features.lane import CudaLane, Lane, Result
from tests.support.encoders import encoder_of
from tests.support.extraction import COUNT, GOOD, features, paint
from tests.support.reporters import RecordingReporter
from tests.support.waiting import waiting


class LateLane(Lane):
    """A device that is as late as it may be: all it was told waits until somebody waits for a result.

    It copies and computes from the memory that it was given, as it is at that moment.
    """

    copies_early = False

    def __init__(self, device: torch.device) -> None:
        super().__init__(device)
        self.told: list[Callable[[], None]] = []
        self.computing = self.most = 0

    def upload(self, target: torch.Tensor, staging: torch.Tensor) -> None:
        if self.copies_early:
            super().upload(target, staging)
        else:
            self.told.append(lambda: super(LateLane, self).upload(target, staging))

    def compute(self, work: Callable[[], torch.Tensor]) -> Result:
        found: list[torch.Tensor] = []
        self.told.append(lambda: found.append(work()))
        self.computing += 1
        self.most = max(self.most, self.computing)

        def result() -> tuple[torch.Tensor, float]:
            while not found:
                self.told.pop(0)()
            self.computing -= 1
            return found[0], 0.25

        return result


class EarlyCopies(LateLane):
    """Likewise, but its copies overtake its computing."""

    copies_early = True


LaneT = TypeVar("LaneT", bound=Lane)


def _used_as_a_device(monkeypatch: pytest.MonkeyPatch, kind: type[LaneT]) -> list[LaneT]:
    lanes: list[LaneT] = []

    def lane_to(device: torch.device) -> LaneT:
        lanes.append(kind(device))
        return lanes[-1]

    monkeypatch.setattr(pipeline, "streamed", lambda device: True)
    monkeypatch.setattr(pipeline, "lane_to", lane_to)
    return lanes


@pytest.fixture
def on_a_device(monkeypatch: pytest.MonkeyPatch) -> list[Lane]:
    """The CPU, used as other devices are."""
    return _used_as_a_device(monkeypatch, Lane)


@pytest.mark.parametrize(("workers", "batch"), [(1, 4), (3, 4), (8, 4)])
def test_a_device_gives_the_same_bytes(
    workers: int, batch: int, images: Dataset, whole: NDArray[np.float32], on_a_device: list[Lane], tmp_path: Path
) -> None:
    listener = RecordingReporter()
    found = features(images, tmp_path, workers=workers, batch_size=batch, reporter=listener)
    assert (found.take(GOOD) == whole).all()
    assert set(found.unreadable) == {7, 11}
    assert listener.steps == COUNT
    assert len(on_a_device) == 1
    assert 0 < (found.timing.waiting or 0) < 1


@pytest.mark.parametrize("kind", [LateLane, EarlyCopies])
def test_no_memory_is_used_again_before_the_device_has_done_with_it(
    kind: type[LateLane], images: Dataset, whole: NDArray[np.float32], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lanes = _used_as_a_device(monkeypatch, kind)
    found = features(images, tmp_path, workers=3)
    assert (found.take(GOOD) == whole).all()
    # It has the next batches before anybody waits for the first.
    assert lanes[0].most == 3
    assert found.timing.forward_s == 0.25 * -(-COUNT // 4)


def test_images_that_are_not_there_cost_no_forward_pass(tmp_path: Path, on_a_device: list[Lane]) -> None:
    images = paint(tmp_path, 12)
    found = features(images, tmp_path / "cache", rows=[7, 11])
    assert set(found.unreadable) == {7, 11}
    assert found.timing.forward_s == 0


def test_a_network_that_fails_on_a_device_is_named(images: Dataset, on_a_device: list[Lane], tmp_path: Path) -> None:
    class Failing(torch.nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            raise torch.OutOfMemoryError("out of memory")

    with pytest.raises(ArtbenchError, match="not enough memory for 4 images at once"):
        features(images, tmp_path, by=encoder_of(Failing(), 24))


def test_an_interrupt_leaves_no_thread_and_keeps_what_is_done(
    images: Dataset, whole: NDArray[np.float32], on_a_device: list[Lane], tmp_path: Path
) -> None:
    def interrupt() -> None:
        if listener.steps >= 30:
            raise KeyboardInterrupt

    listener = RecordingReporter(each=interrupt)
    with pytest.raises(KeyboardInterrupt):
        features(images, tmp_path, reporter=listener, workers=2)
    rest = features(images, tmp_path)
    assert rest.timing.extracted == COUNT - 31
    assert (rest.take(GOOD) == whole).all()


def test_the_forward_pass_on_cuda_waits_for_nothing() -> None:
    class There(torch.nn.Sequential):
        def to(self, *_: Any, **__: Any) -> "There":  # Modules of fake tensors can't be moved.
            return self

    with FakeTensorMode(), torch.device("cuda"):
        module = There(torch.nn.Conv2d(3, 8, 3), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten())
        forward = Forward(encoder_of(module, 8), device="cuda", side=32, dtype=torch.float32, prepared=False)
        pixels = torch.empty((4, 32, 32, 3), dtype=torch.uint8)
        with waiting() as waited:
            found = forward.on_device(pixels)
    assert waited == []
    assert (found.device.type, found.dtype, tuple(found.shape)) == ("cuda", torch.float32, (4, 8))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_cuda_device_gives_what_the_lane_of_the_cpu_gives() -> None:
    device = torch.device("cuda")
    lane = CudaLane(device)
    staging = lane.staging(2, 8, 8, 3)
    staging.random_(256)
    target = lane.target(2, 8, 8, 3)
    lane.upload(target, staging)
    features, seconds = lane.compute(lambda: target.float().sum(dim=(1, 2)))()
    assert torch.equal(features, staging.float().sum(dim=(1, 2)))
    assert seconds > 0
