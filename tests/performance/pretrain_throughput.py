"""Images per second of MoCo v2 with resnet18 at 128 px, against the usual loop and against the networks alone.

    python tests/performance/pretrain_throughput.py [SIDE] [STEPS] [ROUNDS]

The usual loop: ImageFolder, two crops per image by torchvision on Pillow, a DataLoader with two workers, float32,
default layout. Alone: query forward and backward, key forward, update, on batches that are augmented already.
Images are JPEGs of SIDE x 0.8 SIDE pixels, packed once before, which is told apart. The three take turns, since
other work on the machine comes and goes.
"""

import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np
import timm
import torch
from PIL import Image, ImageFilter
from torch.nn.functional import cross_entropy, normalize
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

from artbench.data.pool import LabelledDataset, Pool, train_images
from artbench.data.targets import Split, Targets
from artbench.pretrain.crops import Cropper, parts_of_steps
from artbench.pretrain.pool_images import ImagesOnDisk, packed
from artbench.pretrain.settings import read_settings
from artbench.pretrain.setup import set_up
from artbench.pretrain.trainer import pretrain
from artbench.pretrain.training import Conditions, Training
from artbench.runtime.distributed import Group
from artbench.runtime.files import cache_folder
from artbench.runtime.machine import own_core_each
from artbench.runtime.progress import Counter, Silent
from artbench.specs import BackboneSpec
from artbench_moco.methods import moco_v2
from artbench_timm.backbone import build
from tests.performance.features_common import MEAN, STD, collection, say

BATCH, QUEUE, COUNT = 128, 1024, 1280


class TwoCrops:
    """Two crops of one image, as the training scripts of MoCo make them."""

    def __init__(self) -> None:
        self._crop = transforms.Compose(
            [
                transforms.RandomResizedCrop(128, scale=(0.2, 1.0)),
                transforms.RandomApply([transforms.ColorJitter(0.4, 0.4, 0.4, 0.1)], p=0.8),
                transforms.RandomGrayscale(p=0.2),
                transforms.RandomApply([Blur()], p=0.5),
                transforms.RandomHorizontalFlip(),
                transforms.ToTensor(),
                transforms.Normalize(MEAN, STD),
            ]
        )

    def __call__(self, image: Image.Image) -> tuple[torch.Tensor, torch.Tensor]:
        return self._crop(image), self._crop(image)


class Blur:
    """Pillow's Gaussian blur with a random radius."""

    def __call__(self, image: Image.Image) -> Image.Image:
        return image.filter(ImageFilter.GaussianBlur(random.uniform(0.1, 2.0)))


def network() -> torch.nn.Module:
    features = timm.create_model("resnet18", num_classes=0)
    head = torch.nn.Sequential(torch.nn.Linear(512, 512), torch.nn.ReLU(), torch.nn.Linear(512, 128))
    return torch.nn.Sequential(features, head).train()


def usual(folder: Path, steps: int) -> float:
    """Images per second of the usual loop, the first batch left out."""
    query, key = network(), network().requires_grad_(False)
    optimizer = torch.optim.SGD(query.parameters(), lr=0.01, momentum=0.9, weight_decay=1e-4)
    queue = normalize(torch.randn(128, QUEUE), dim=0)
    loader = DataLoader(
        datasets.ImageFolder(folder, TwoCrops()), batch_size=BATCH, num_workers=2, shuffle=True, drop_last=True
    )
    stamps: list[float] = []
    place = 0
    while len(stamps) <= steps:
        for (first, second), _ in loader:
            embedded = normalize(query(first), dim=1)
            with torch.no_grad():
                for own, other in zip(key.parameters(), query.parameters(), strict=True):
                    own.mul_(0.99).add_(other, alpha=0.01)
                keys = normalize(key(second), dim=1)
            logits = torch.cat([(embedded * keys).sum(1, keepdim=True), embedded @ queue], dim=1) / 0.2
            loss = cross_entropy(logits, torch.zeros(BATCH, dtype=torch.int64))
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            queue[:, place : place + BATCH] = keys.T
            place = (place + BATCH) % QUEUE
            stamps.append(time.perf_counter())
            if len(stamps) > steps:
                break
    return BATCH * steps / (stamps[-1] - stamps[0])


class Clock:
    """Notes when each step was done."""

    def __init__(self) -> None:
        self.stamps: list[float] = []

    def notice(self, text: str, /) -> None:
        pass

    @contextmanager
    def counting(self, what: str, /, *, total: int, unit: str) -> Iterator[Counter]:
        self.stamps = []
        yield self

    def advance(self, steps: int = 1, /, *, note: str = "") -> None:
        self.stamps.append(time.perf_counter())


def work(pool: Pool, steps: int) -> Training:
    method = moco_v2()
    pairs = [f"batch_size={BATCH}", f"queue={QUEUE}", "momentum=0.99", f"steps={steps + 1}"]
    return Training(
        name="moco-v2",
        method=method,
        settings=read_settings(method.settings, pairs=pairs),
        backbone=BackboneSpec(name="resnet18", description="timm's", factory=partial(build, "resnet18")),
        pool=pool,
    )


def ours(pool: Pool, out: Path, steps: int) -> float:
    """Images per second of artbench with packed images, the first batch left out."""
    clock = Clock()
    pretrain(work(pool, steps), out, conditions=Conditions(device="cpu", pack=True), reporter=clock)
    return BATCH * steps / (clock.stamps[-1] - clock.stamps[0])


def alone(pool: Pool, steps: int) -> float:
    """Images per second of the networks, on one batch made beforehand."""
    training = work(pool, steps)
    assembly = set_up(training, device="cpu", group=Group())
    cropper = Cropper(ImagesOnDisk(pool, side=192), training.settings, side=128, seed=0)
    parts = parts_of_steps(training.settings, training.sizes, range(1), seed=0, rank=0, size=1)
    stepper = assembly.stepper
    with own_core_each("cpu"):
        views = stepper.views([cropper(part) for part in parts])
        stepper.update(0, views, lr=0.01, progress=0)
        begun = time.perf_counter()
        for number in range(steps):
            stepper.update(number + 1, views, lr=0.01, progress=0)
        return BATCH * steps / (time.perf_counter() - begun)


def packing(pool: Pool) -> float:
    """Images per second of packing the pool, where `ours` finds it."""
    begun = time.perf_counter()
    packed(pool, side=192, under=cache_folder() / "packs", reporter=Silent())
    return COUNT / (time.perf_counter() - begun)


def main(side: str = "1024", steps: str = "8", rounds: str = "3") -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        os.environ["ARTBENCH_CACHE"] = str(folder / "cache")
        images = collection(folder / "images", count=COUNT, size=(int(side), int(side) * 4 // 5))
        rows = np.arange(COUNT)
        targets = Targets(
            classes=("one",),
            train=Split(rows=rows, labels=np.zeros(COUNT, np.int64)),
            test=Split(rows=rows[:0], labels=np.zeros(0, np.int64)),
        )
        pool = train_images([LabelledDataset(dataset=images, targets={"any": targets})])
        say(f"{COUNT} JPEGs of {side} px packed once, {packing(pool):.0f} images/s")
        ratios, shares = [], []
        for number in range(int(rounds)):
            theirs, limit = usual(folder / "images", int(steps)), alone(pool, int(steps))
            rate = ours(pool, folder / f"out{number}", int(steps))
            ratios.append(rate / theirs)
            shares.append(rate / limit)
            say(
                f"artbench {rate:.1f} images/s, usual loop {theirs:.1f}, ratio {ratios[-1]:.2f}; "
                f"networks alone {limit:.1f}, of it {shares[-1]:.0%}"
            )
        say(f"median: {median(ratios):.2f} times the usual loop, {median(shares):.0%} of the networks alone")


if __name__ == "__main__":
    main(*sys.argv[1:])
