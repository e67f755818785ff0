"""The memory of a step does not grow with its sub-batches, but for their images; nor with the steps."""

import pytest
import torch

from artbench.encoders.backbone import Backbone
from artbench_moco.methods import moco_v2
from artbench_ssl.methods import byol
from tests.plugins.test_whole_passes import METHODS
from tests.support.live_memory import LiveBytes
from tests.support.method_bench import SIDE, Bench, bench

METHOD = {"moco-v2": moco_v2, "byol": byol}
VIEW = 6 * 3 * SIDE * SIDE * 4


def wide() -> Backbone:
    """A network whose gradients, 2.4 MB, take far more than the images of a sub-batch."""
    module = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * SIDE * SIDE, 800))
    return Backbone(name="wide", module=module, feature_dim=800, mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25))


def made(name: str, batch: int, *, threads: int) -> Bench:
    pairs = (f"batch_size={batch}", "sub_batch=6", "optimizer=sgd", *METHODS[name][1])
    return bench(METHOD[name](), *pairs, on=wide(), threads=threads, micro_batch=6, dtype=torch.float32)


def peak(one: Bench) -> int:
    views = one.views(0)
    one.stepper.update(0, views, lr=0.1, progress=0.0)
    with LiveBytes() as counted:
        one.stepper.update(1, views, lr=0.1, progress=0.0)
    most: int = counted.peak
    return most


@pytest.mark.parametrize("threads", [0, 1], ids=["whole", "threads"])
@pytest.mark.parametrize("name", METHOD)
def test_it_is_flat_in_the_number_of_sub_batches(name: str, threads: int) -> None:
    few, many = (peak(made(name, batch, threads=threads)) for batch in (12, 96))
    gradients = 800 * 3 * SIDE * SIDE * 4
    assert few > gradients
    # MoCo shuffles the images of a view; embeddings are short.
    assert many - few < 14 * 1.5 * VIEW < gradients


@pytest.mark.parametrize("threads", [0, 1], ids=["whole", "threads"])
def test_a_step_leaves_nothing_behind(threads: int) -> None:
    one = made("moco-v2", 12, threads=threads)
    views = one.views(0)
    # The first steps make what stays: momentum, gradients.
    for number in range(3):
        one.stepper.update(number, views, lr=0.1, progress=0.0)
    with LiveBytes() as counted:
        for number in range(20):
            one.stepper.update(number, views, lr=0.1, progress=0.0)
            if not number:
                once = counted.now
        assert counted.now <= once
