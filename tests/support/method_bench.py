"""What the tests of the methods share: a small backbone, settings, and a step made by the core."""

import copy
from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any, NamedTuple

import numpy as np
import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.nn.functional import normalize

from artbench.encoders.backbone import Backbone
from artbench.pretrain.crops import Crops
from artbench.pretrain.draws import draw
from artbench.pretrain.exchange import Exchange
from artbench.pretrain.fitting import Memory
from artbench.pretrain.method import Method, Objective
from artbench.pretrain.optimizers import make_optimizer
from artbench.pretrain.schedule import Plan, learning_rate, plan
from artbench.pretrain.settings import Settings, read_settings
from artbench.pretrain.step import Stepper, StepResult
from artbench.pretrain.views import View
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
    """An objective with what makes steps of it, in float64 unless asked otherwise, and the views that it is given."""

    objective: Objective
    asked: Sequence[View]
    optimizer: torch.optim.Optimizer
    stepper: Stepper
    settings: Settings
    plan: Plan
    dtype: torch.dtype = torch.float64

    def crops(self, step: int) -> list[Crops]:
        """The sub-batches of a step: noise, without colour operations."""
        random = np.random.default_rng(step)
        size = min(self.settings.sub_batch, self.settings.batch_size)
        parts = []
        for _ in range(self.settings.sub_batches):
            sides = [view.size or SIDE for view in self.asked]
            pixels = tuple(random.integers(0, 256, (size, side, side, 3)).astype(np.uint8) for side in sides)
            parts.append(Crops(pixels=pixels, draws=draw(self.asked, np.arange(size), seed=0, epoch=0)))
        return parts

    def views(self, step: int) -> list[tuple[torch.Tensor, ...]]:
        """The same as the networks get them."""

        def normalised(pixels: Any) -> torch.Tensor:
            return (torch.from_numpy(pixels).permute(0, 3, 1, 2).to(self.dtype) / 255 - 0.5) / 0.25

        return [tuple(map(normalised, part.pixels)) for part in self.crops(step)]

    def step(self, number: int, *, lr: float = 0.1, progress: float = 0.0, source: int = 0) -> StepResult:
        self.objective.source, self.objective.epoch = source, number // self.plan.epoch_steps
        return self.stepper.update(number, self.views(number), lr=lr, progress=progress)

    def scheduled_step(self, number: int) -> StepResult:
        """A step with the learning rate and the progress that the core gives it."""
        lr = learning_rate(self.settings, self.plan, number)
        return self.step(number, lr=lr, progress=self.plan.progress(number))


def bench(
    method: Method,
    *pairs: str,
    images: int = 1000,
    on: Backbone | None = None,
    threads: int = 2,
    micro_batch: int | None = None,
    dtype: torch.dtype = torch.float64,
    fake: FakeTensorMode | None = None,
    group: Group | None = None,
    memory: Memory | None = None,
    compiled: bool = False,
) -> Bench:
    torch.manual_seed(0)
    off = ("jitter_p=0", "grey_p=0", "blur_p=0", "blur_p_second=0", "solarise_p_second=0", "flip_p=0")
    settings = read_settings(method.settings, pairs=[f"crop_size={SIDE}", *off, *pairs])
    of = on or backbone()
    objective = method.build(of, settings, images)
    rounded = dtype in (torch.bfloat16, torch.float16)
    kept = torch.float32 if rounded else dtype
    device = "cpu" if fake is None else "cuda"
    # A fake parameter can't take the place of the content of a real one.
    torch.__future__.set_overwrite_module_params_on_conversion(fake is not None)
    with fake or nullcontext():
        for network in objective.networks:
            network.to(device, kept).train()
        for name, tensor in objective.memory.items():
            objective.memory[name] = tensor.to(device, kept if tensor.is_floating_point() else None)
        optimizer = make_optimizer(settings, objective.parameter_groups())
        stepper = Stepper(
            objective,
            optimizer,
            backbone=of,
            settings=settings,
            seed=0,
            device=device,
            # The type to round down to; networks in float64 are not.
            dtype=dtype if rounded else torch.float32,
            threads=threads,
            micro_batch=micro_batch,
            exchange=Exchange(group or Group(), device),
            memory=memory,
            compiled=compiled,
        )
    views = objective.views or settings.two_views
    return Bench(objective, views, optimizer, stepper, settings, plan(settings, [images]), kept)


def copied(module: torch.nn.Module) -> torch.nn.Module:
    return copy.deepcopy(module).requires_grad_(True)


def unit(tensor: torch.Tensor) -> torch.Tensor:
    return normalize(tensor, dim=1)
