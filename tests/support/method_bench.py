"""What the tests of the methods share: a small backbone, settings, and a step made by the core."""

import copy
from typing import Any, NamedTuple

import numpy as np
import torch
from torch.nn.functional import normalize

from artbench.encoders.backbone import Backbone
from artbench.pretrain.crops import CropPair
from artbench.pretrain.draws import draw
from artbench.pretrain.method import Method, Objective
from artbench.pretrain.replicas import Exchange
from artbench.pretrain.schedule import make_optimizer
from artbench.pretrain.settings import Settings, read_settings
from artbench.pretrain.step import Stepper, StepResult
from artbench.runtime.distributed import Group

SIDE = 16


def backbone() -> Backbone:
    module = torch.nn.Sequential(
        torch.nn.Conv2d(3, 8, 3, stride=2),
        torch.nn.BatchNorm2d(8),
        torch.nn.ReLU(),
        torch.nn.Conv2d(8, 10, 3, stride=2),
        torch.nn.AdaptiveAvgPool2d(1),
        torch.nn.Flatten(),
    )
    return Backbone(name="small", module=module, feature_dim=10, mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25))


class Bench(NamedTuple):
    """An objective with what makes steps of it, and the views that it is given."""

    objective: Objective
    optimizer: torch.optim.Optimizer
    stepper: Stepper
    settings: Settings

    def crops(self, step: int) -> list[CropPair]:
        """The sub-batches of a step: noise, without colour operations."""
        random = np.random.default_rng(step)
        size = min(self.settings.sub_batch, self.settings.batch_size)
        parts = []
        for _ in range(self.settings.sub_batches):
            first, second = (random.integers(0, 256, (size, SIDE, SIDE, 3)).astype(np.uint8) for _ in range(2))
            parts.append(CropPair(pixels=(first, second), draws=draw(self.settings, np.arange(size), seed=0, epoch=0)))
        return parts

    def views(self, step: int) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """The same as the networks get them."""

        def normalised(pixels: Any) -> torch.Tensor:
            return (torch.from_numpy(pixels).permute(0, 3, 1, 2) / 255 - 0.5) / 0.25

        return [(normalised(part.pixels[0]), normalised(part.pixels[1])) for part in self.crops(step)]

    def step(self, number: int, *, lr: float = 0.1, progress: float = 0.0) -> StepResult:
        return self.stepper.step(number, self.crops(number), lr=lr, progress=progress)


def bench(method: Method, *pairs: str, images: int = 1000) -> Bench:
    torch.manual_seed(0)
    off = ("jitter_p=0", "grey_p=0", "blur_p=0", "blur_p_second=0", "solarise_p_second=0", "flip_p=0")
    settings = read_settings(method.settings, pairs=[*off, *pairs])
    of = backbone()
    objective = method.build(of, settings, images)
    for network in objective.networks:
        network.train()
    trained = [parameter for parameter in objective.networks.student.parameters() if parameter.requires_grad]
    optimizer = make_optimizer(settings, trained)
    stepper = Stepper(
        objective,
        optimizer,
        backbone=of,
        settings=settings,
        seed=0,
        device="cpu",
        dtype=torch.float32,
        threads=2,
        exchange=Exchange(Group(), "cpu"),
    )
    return Bench(objective, optimizer, stepper, settings)


def copied(module: torch.nn.Module) -> torch.nn.Module:
    return copy.deepcopy(module).requires_grad_(True)


def unit(tensor: torch.Tensor) -> torch.Tensor:
    return normalize(tensor, dim=1)
