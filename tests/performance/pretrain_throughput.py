"""Images per second of MoCo v2 with resnet18 at 128 px, against the usual loop and against the networks alone.

    python tests/performance/pretrain_throughput.py [SIDE] [STEPS] [ROUNDS]

The usual loop: ImageFolder, two crops per image by torchvision on Pillow, a DataLoader with two workers, float32,
default layout. Alone: query forward and backward, key forward, update, on batches that are augmented already.
Images are JPEGs of SIDE x 0.8 SIDE pixels, packed once before, which is told apart. The three take turns, since
other work on the machine comes and goes.
"""

import itertools
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

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

COUNT = 1280


@dataclass(frozen=True, kw_only=True)
class Job:
    """What is trained on what.

    Attributes:
        workers: Processes of the usual loop that decode.
    """

    backbone: str = "resnet18"
    batch: int = 128
    queue: int = 1024
    device: str = "cpu"
    workers: int = 2
    compiled: bool = False


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


def network(job: Job) -> torch.nn.Module:
    features: Any = timm.create_model(job.backbone, num_classes=0)
    width = features.num_features
    head = torch.nn.Sequential(torch.nn.Linear(width, width), torch.nn.ReLU(), torch.nn.Linear(width, 128))
    return torch.nn.Sequential(features, head).train().to(job.device)


def rate_of(folder: Path, steps: int, job: Job, *, transform: object, step: Callable[[Any, Any], None]) -> float:
    """Images per second of a loop over an ImageFolder with two views of each image, the first batch left out."""
    loader = DataLoader(
        datasets.ImageFolder(folder, transform),
        batch_size=job.batch,
        num_workers=job.workers,
        shuffle=True,
        drop_last=True,
        pin_memory=job.device == "cuda",
        persistent_workers=True,
    )
    stamps: list[float] = []
    while len(stamps) <= steps:
        for views, _ in loader:
            step(*views)
            waited(job)
            stamps.append(time.perf_counter())
            if len(stamps) > steps:
                break
    return job.batch * steps / (stamps[-1] - stamps[0])


def usual(folder: Path, steps: int, job: Job) -> float:
    """Images per second of the usual loop."""
    query, key = network(job), network(job).requires_grad_(False)
    optimizer = torch.optim.SGD(query.parameters(), lr=0.01, momentum=0.9, weight_decay=1e-4)
    queue = normalize(torch.randn(128, job.queue, device=job.device), dim=0)
    labels = torch.zeros(job.batch, dtype=torch.int64, device=job.device)
    places = itertools.cycle(range(0, job.queue, job.batch))

    def step(first: torch.Tensor, second: torch.Tensor) -> None:
        first, second = (view.to(job.device, non_blocking=True) for view in (first, second))
        embedded = normalize(query(first), dim=1)
        with torch.no_grad():
            for own, other in zip(key.parameters(), query.parameters(), strict=True):
                own.mul_(0.99).add_(other, alpha=0.01)
            keys = normalize(key(second), dim=1)
        logits = torch.cat([(embedded * keys).sum(1, keepdim=True), embedded @ queue], dim=1) / 0.2
        loss = cross_entropy(logits, labels)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        place = next(places)
        queue[:, place : place + job.batch] = keys.T

    return rate_of(folder, steps, job, transform=TwoCrops(), step=step)


def waited(job: Job) -> None:
    """Wait until the device has done all that it was asked for."""
    if job.device == "cuda":
        torch.cuda.synchronize()


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


def work(pool: Pool, steps: int, job: Job) -> Training:
    method = moco_v2()
    pairs = [f"batch_size={job.batch}", f"queue={job.queue}", "momentum=0.99", f"steps={steps + 1}"]
    return Training(
        name="moco-v2",
        method=method,
        settings=read_settings(method.settings, pairs=pairs),
        backbone=BackboneSpec(name=job.backbone, description="timm's", factory=partial(build, job.backbone)),
        pool=pool,
    )


def ours(pool: Pool, out: Path, steps: int, job: Job) -> float:
    """Images per second of artbench with packed images, the first batch left out."""
    clock = Clock()
    conditions = Conditions(device=job.device, pack=True, compiled=job.compiled)
    pretrain(work(pool, steps, job), out, conditions=conditions, reporter=clock)
    return job.batch * steps / (clock.stamps[-1] - clock.stamps[0])


def alone(pool: Pool, steps: int, job: Job) -> float:
    """Images per second of the networks, on one batch made beforehand."""
    training = work(pool, steps, job)
    assembly = set_up(training, device=job.device, group=Group(), compiled=job.compiled)
    cropper = Cropper(ImagesOnDisk(pool, side=192), assembly.views, side=128, seed=0)
    parts = parts_of_steps(training.settings, training.sizes, range(1), seed=0, rank=0, size=1)
    stepper = assembly.stepper
    with own_core_each(job.device):
        views = stepper.views([cropper(part) for part in parts])
        stepper.update(0, views, lr=0.01, progress=0)
        waited(job)
        begun = time.perf_counter()
        for number in range(steps):
            stepper.update(number + 1, views, lr=0.01, progress=0)
        waited(job)
        return job.batch * steps / (time.perf_counter() - begun)


def made_pool(folder: Path, *, count: int, side: int) -> Pool:
    """A pool of JPEGs in `folder / "images"`, packed where `ours` finds it."""
    os.environ["ARTBENCH_CACHE"] = str(folder / "cache")
    images = collection(folder / "images", count=count, size=(side, side * 4 // 5))
    rows = np.arange(count)
    targets = Targets(
        classes=("one",),
        train=Split(rows=rows, labels=np.zeros(count, np.int64)),
        test=Split(rows=rows[:0], labels=np.zeros(0, np.int64)),
    )
    pool = train_images([LabelledDataset(dataset=images, targets={"any": targets})])
    begun = time.perf_counter()
    packed(pool, side=192, under=cache_folder() / "packs", reporter=Silent())
    say(f"{count} JPEGs of {side} px packed once, {count / (time.perf_counter() - begun):.0f} images/s")
    return pool


def main(side: str = "1024", steps: str = "8", rounds: str = "3") -> None:
    job = Job()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        pool = made_pool(folder, count=COUNT, side=int(side))
        ratios, shares = [], []
        for number in range(int(rounds)):
            theirs, limit = usual(folder / "images", int(steps), job), alone(pool, int(steps), job)
            rate = ours(pool, folder / f"out{number}", int(steps), job)
            ratios.append(rate / theirs)
            shares.append(rate / limit)
            say(
                f"artbench {rate:.1f} images/s, usual loop {theirs:.1f}, ratio {ratios[-1]:.2f}; "
                f"networks alone {limit:.1f}, of it {shares[-1]:.0%}"
            )
        say(f"median: {median(ratios):.2f} times the usual loop, {median(shares):.0%} of the networks alone")


if __name__ == "__main__":
    main(*sys.argv[1:])
