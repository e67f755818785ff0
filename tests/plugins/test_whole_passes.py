"""Accelerators compute a batch in one pass: for every method the same numbers as sub-batches in threads."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
import torch

from artbench.pretrain import Method, View
from artbench.pretrain.augment import augment
from artbench.pretrain.draws import draw
from artbench_moco.methods import moco_v1, moco_v2, moco_v3
from artbench_ssl.methods import byol, dino, simclr
from tests.support.method_bench import Bench, bench
from tests.support.operations import operations

BATCH = ("batch_size=24", "sub_batch=6", "optimizer=sgd", "weight_decay=0.001")
METHODS = {
    "moco-v1": (moco_v1, ("queue=48", "dim=5")),
    "moco-v2": (moco_v2, ("queue=48", "dim=5")),
    "moco-v3": (moco_v3, ("dim=5", "hidden=9")),
    "simclr": (simclr, ("dim=5",)),
    "byol": (byol, ("dim=5", "hidden=9")),
    "dino": (dino, ("prototypes=11", "hidden=9", "dim=5", "local_views=2")),
}


@pytest.fixture(params=METHODS)
def method(request: pytest.FixtureRequest) -> tuple[Callable[[], Method], tuple[str, ...]]:
    return METHODS[request.param]


def tensors(made: Bench) -> dict[str, torch.Tensor]:
    found = {f"memory.{name}": tensor for name, tensor in made.objective.memory.items()}
    for part, network in made.objective.networks._asdict().items():
        found |= {f"{part}.{name}": tensor for name, tensor in network.state_dict().items()}
    return found


@pytest.mark.parametrize("micro_batch", [None, 12, 6])
def test_the_weights_are_those_of_sub_batches_in_threads(
    method: tuple[Callable[[], Method], tuple[str, ...]], micro_batch: int | None
) -> None:
    make, pairs = method
    apart = bench(make(), *BATCH, *pairs)
    whole = bench(make(), *BATCH, *pairs, threads=0, micro_batch=micro_batch)
    size = 24 if micro_batch is None else micro_batch
    for number in range(3):
        expected = apart.step(number)
        views = [torch.cat(view) for view in zip(*apart.views(number), strict=True)]
        if whole.objective.sub_batches_apart:
            size = 6
        parts = [tuple(view[first : first + size] for view in views) for first in range(0, 24, size)]
        found = whole.stepper.update(number, parts, lr=0.1, progress=0.0)
        torch.testing.assert_close(found.loss, expected.loss, atol=1e-9, rtol=1e-9)
        torch.testing.assert_close(found.spread, expected.spread, atol=1e-9, rtol=1e-9)
    wanted = tensors(apart)
    for name, tensor in tensors(whole).items():
        torch.testing.assert_close(tensor, wanted[name], atol=1e-9, rtol=1e-9, msg=name)


def test_in_bfloat16_they_are_the_same_to_its_rounding(method: tuple[Callable[[], Method], tuple[str, ...]]) -> None:
    make, pairs = method
    made = [bench(make(), *BATCH, *pairs, threads=threads, dtype=torch.bfloat16) for threads in (2, 0)]
    before = {name: tensor.clone() for name, tensor in tensors(made[0]).items()}
    losses = []
    for one in made:
        one.objective.source, one.objective.epoch = 0, 0
        losses.append(one.stepper.step(0, one.crops(0), lr=0.1, progress=0.0).loss)
    torch.testing.assert_close(losses[1], losses[0], atol=0.03, rtol=0.03)
    expected, found = (
        torch.cat([(tensor.float() - before[name].float()).flatten() for name, tensor in tensors(one).items()])
        for one in made
    )
    assert torch.nn.functional.cosine_similarity(expected, found, dim=0) > 0.99


def test_the_number_of_operations_does_not_grow_with_the_number_of_sub_batches() -> None:
    counts = []
    for batch in (12, 48):
        pairs = (f"batch_size={batch}", "sub_batch=6", "queue=48", "dim=5")
        made = bench(moco_v2(), *pairs, threads=0, dtype=torch.float32)
        views = [tuple(map(torch.cat, zip(*made.views(number), strict=True))) for number in range(2)]
        made.stepper.update(0, views[:1], lr=0.1, progress=0.0)
        with operations() as counted:
            made.stepper.update(1, views[1:], lr=0.1, progress=0.0)
        counts.append(len(counted))
    assert counts[1] <= counts[0]


def test_a_step_reads_one_number_that_only_the_cpu_reads(
    method: tuple[Callable[[], Method], tuple[str, ...]],
) -> None:
    make, pairs = method
    made = bench(make(), *BATCH, *pairs, threads=0)
    views: Sequence[tuple[torch.Tensor, ...]] = made.views(0)
    if not made.objective.sub_batches_apart:
        views = [tuple(map(torch.cat, zip(*views, strict=True)))]
    with operations() as counted:
        made.stepper.update(0, views, lr=0.1, progress=0.0)
    # Whether the loss is finite; on devices that is seen when it is reported.
    reading = ("aten._local_scalar_dense", "aten.nonzero", "aten.equal")
    assert [name for name in counted if name.startswith(reading)] == ["aten._local_scalar_dense.default"]


def test_on_a_device_images_are_changed_together_as_on_the_cpu_one_by_one() -> None:
    made = bench(moco_v2(), *BATCH, "queue=48", "dim=5", dtype=torch.float32)
    pixels = torch.from_numpy(made.crops(0)[0].pixels[0])
    (draws,) = draw((View(brightness=0.4, contrast=0.4, saturation=0.4, hue=0.1),), np.arange(6), seed=1, epoch=0)
    expected = augment(pixels, draws)
    torch.testing.assert_close(augment(pixels, draws, together=True), expected, atol=1e-5, rtol=1e-5)
