"""Out of memory: what would fit is measured on smaller passes, and said in a line."""

from collections.abc import Callable, Sequence

import pytest
import torch

from artbench.errors import ArtbenchError
from artbench.pretrain import Method
from artbench.pretrain import step as step_module
from artbench.pretrain.draws import Draws
from artbench.pretrain.fitting import holding, images_that_fit
from artbench_moco.methods import moco_v2
from tests.plugins.test_whole_passes import METHODS
from tests.support.method_bench import Bench, bench

BATCH = ("batch_size=48", "sub_batch=6", "optimizer=sgd")
QUEUED = METHODS["moco-v2"][1]
NETWORK, IMAGE = 1_000_000, 100_000


class Device:
    """A device with so much memory, of which the network takes NETWORK bytes and a pass IMAGE bytes for each image."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._peak = NETWORK

    def begin(self) -> None:
        self._peak = NETWORK

    def peak(self) -> int:
        return self._peak

    def capacity(self) -> int:
        return self._capacity

    def take(self, images: int) -> None:
        needed = NETWORK + IMAGE * images
        if needed > self._capacity:
            raise torch.OutOfMemoryError("CUDA out of memory")
        self._peak = max(self._peak, needed)


class Unreadable(Device):
    def peak(self) -> int:
        raise RuntimeError("no statistics")


def step(made: Bench, device: Device, *, images: int) -> None:
    """A step with parts of so many images, whose passes with gradients take memory of the device."""

    def take(_: torch.nn.Module, given: tuple[torch.Tensor, ...]) -> None:
        if torch.is_grad_enabled():
            device.take(len(given[0]))

    views = [torch.cat(view) for view in zip(*made.views(0), strict=True)]
    parts = [tuple(view[first : first + images] for view in views) for first in range(0, 48, images)]
    hook = made.objective.networks.student.register_forward_pre_hook(take)
    try:
        made.stepper.update(0, parts, lr=0.1, progress=0.0)
    finally:
        hook.remove()


def told(method: Method, device: Device, *pairs: str, images: int = 48, micro_batch: int | None = None) -> str:
    made = bench(method, *BATCH, *pairs, threads=0, memory=device, micro_batch=micro_batch)
    with pytest.raises(ArtbenchError, match=f"does not hold {images} images at once") as caught:
        step(made, device, images=images)
    return str(caught.value)


def with_room_for(images: int, made: Bench) -> Device:
    """A device that holds so many images, besides what the optimiser will take."""
    state = sum(parameter.nbytes for parameter in made.objective.networks.student.parameters())
    return Device(int((NETWORK + IMAGE * (images + 0.5) + state) / 0.95))


@pytest.mark.parametrize("name", ["moco-v1", "moco-v2", "moco-v3", "simclr", "byol"])
@pytest.mark.parametrize(("room", "said"), [(30, 24), (23, 12), (6, 6)])
def test_the_micro_batch_that_is_said_fits(name: str, room: int, said: int) -> None:
    make, pairs = METHODS[name]
    device = with_room_for(room, bench(make(), *BATCH, *pairs))
    line = told(make(), device, *pairs)
    assert f"images at once, but about {room}. Say --micro-batch {said}: the result is the same." in line
    made = bench(make(), *BATCH, *pairs, threads=0, memory=device, micro_batch=said)
    step(made, device, images=said)


def test_where_no_sub_batch_fits_the_one_that_would_is_said() -> None:
    pairs = (*QUEUED, "sub_batch=16")
    device = with_room_for(13, bench(moco_v2(), *BATCH, *pairs))
    line = told(moco_v2(), device, *pairs, images=16, micro_batch=16)
    assert "16 images at once, but about 13. Set sub_batch=12 or a smaller crop_size" in line
    line = told(moco_v2(), device, *pairs)
    assert "48 images at once, but about 13. Set sub_batch=12 or a smaller crop_size" in line
    nothing = Device(NETWORK)
    assert "at once. Set a smaller sub_batch or a smaller crop_size" in told(moco_v2(), nothing, *QUEUED)


def test_without_figures_it_is_half() -> None:
    line = told(moco_v2(), Unreadable(NETWORK + IMAGE * 20), *QUEUED)
    assert "48 images at once. Say --micro-batch 24: the result is the same." in line
    line = told(moco_v2(), Unreadable(NETWORK + IMAGE * 5), *QUEUED, images=6, micro_batch=6)
    assert "Set a smaller sub_batch" in line


@pytest.mark.parametrize(
    ("capacity", "sizes", "expected"),
    [
        # 95 % of it, less the reserve of 500, less the network.
        (NETWORK + IMAGE * 20, (6, 12), (0.95 * (NETWORK + IMAGE * 20) - 500 - NETWORK) // IMAGE),
        (NETWORK + IMAGE * 20, (6,), 6),
        (NETWORK + IMAGE * 11, (6, 12), 6),
        (NETWORK + IMAGE * 5, (6, 12), 0),
        (NETWORK + IMAGE * 5, (), 0),
    ],
)
def test_memory_grows_along_a_straight_line(capacity: int, sizes: Sequence[int], expected: int) -> None:
    device = Device(capacity)
    assert images_that_fit(sizes, device.take, memory=device, reserve=500) == expected


def test_images_that_do_not_fit_while_they_are_augmented_are_told_likewise(monkeypatch: pytest.MonkeyPatch) -> None:
    changed: Callable[..., torch.Tensor] = vars(step_module)["augment"]

    def augment(pixels: torch.Tensor, draws: Draws) -> torch.Tensor:
        if len(pixels) > 24:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return changed(pixels, draws)

    monkeypatch.setattr(step_module, "augment", augment)
    made = bench(moco_v2(), *BATCH, *QUEUED, threads=0, memory=Device(NETWORK), dtype=torch.float32)
    with pytest.raises(ArtbenchError, match=r"48 images at once\. Say --micro-batch 24: the result is the same"):
        made.stepper.step(0, made.crops(0), lr=0.1, progress=0.0)
    made = bench(moco_v2(), *BATCH, *QUEUED, threads=0, micro_batch=24, dtype=torch.float32)
    assert made.stepper.step(0, made.crops(0), lr=0.1, progress=0.0).loss.isfinite()


def test_networks_that_do_not_fit_are_told_in_a_line() -> None:
    with (
        pytest.raises(ArtbenchError, match=r"does not hold the networks\. Take a smaller backbone"),
        holding("the networks", mend="Take a smaller backbone"),
    ):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 8 GB")
