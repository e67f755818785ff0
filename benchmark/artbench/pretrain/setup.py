"""Setting up a training: backbone, objective, optimiser and plan, checked before anything slow begins."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from artbench.encoders.backbone import Backbone
from artbench.encoders.build import build_backbone, seeded
from artbench.errors import UsageError, plugin_errors
from artbench.features.forward import is_convolutional
from artbench.pretrain.method import Objective
from artbench.pretrain.replicas import Exchange
from artbench.pretrain.schedule import Plan, make_optimizer, plan
from artbench.pretrain.settings import Settings
from artbench.pretrain.step import Stepper
from artbench.pretrain.training import Training
from artbench.runtime.distributed import Group
from artbench.runtime.machine import choose_dtype
from artbench.runtime.threads import usable_cores

_CROP = 128


@dataclass(frozen=True, kw_only=True)
class Setup:
    """The parts of a training, on its device.

    Attributes:
        crop_size: Side of the crops in pixels.
        threads: Number of sub-batches computed at once.
        facts: What goes on record besides the settings.
    """

    plan: Plan
    crop_size: int
    backbone: Backbone
    objective: Objective
    optimizer: torch.optim.Optimizer
    stepper: Stepper
    threads: int
    facts: Mapping[str, Any]

    @property
    def backbone_module(self) -> torch.nn.Module:
        """The backbone's module, in training."""
        return self.objective.networks.student.get_submodule("backbone")


def set_up(training: Training, *, device: str, group: Group, compiled: bool = False) -> Setup:
    """Build and check all parts of a training.

    Raises:
        UsageError: Settings, backbone, pool and processes don't fit together.
        ArtbenchError: The backbone can't be built.
    """
    settings = training.settings
    length = plan(settings, training.sizes)
    if settings.sub_batches % group.size:
        raise UsageError(
            f"{settings.sub_batches} sub-batches of a batch can't be divided among {group.size} processes",
            mend="Choose batch_size and sub_batch so that their ratio is a multiple of the processes",
        )
    with seeded(training.seed):
        backbone = build_backbone(training.backbone)
        crop_size = _crop_size(settings, backbone)
        with plugin_errors(f"pretraining {training.name}"):
            objective = training.method.build(backbone, settings, len(training.pool))
    objective.to(device)
    objective.networks.student.train()
    objective.networks.teacher.train()
    if is_convolutional(backbone.module):
        for network in objective.networks:
            network.to(memory_format=torch.channels_last)
    trained = [parameter for parameter in objective.networks.student.parameters() if parameter.requires_grad]
    optimizer = make_optimizer(settings, trained)
    dtype = choose_dtype(device) if settings.dtype == "auto" else getattr(torch, settings.dtype)
    threads = max(1, min(usable_cores(), settings.sub_batches // group.size)) if device == "cpu" else 1
    stepper = Stepper(
        objective,
        optimizer,
        backbone=backbone,
        settings=settings,
        seed=training.seed,
        device=device,
        dtype=dtype,
        threads=threads,
        exchange=Exchange(group, device),
        compiled=compiled,
    )
    facts = {
        "steps": length.steps,
        "images_seen": length.steps * settings.batch_size,
        "dtype": str(dtype).removeprefix("torch."),
        "batch_norm": _batch_norm(settings, objective),
    }
    return Setup(
        plan=length,
        crop_size=crop_size,
        backbone=backbone,
        objective=objective,
        optimizer=optimizer,
        stepper=stepper,
        threads=threads,
        facts=facts,
    )


def _crop_size(settings: Settings, backbone: Backbone) -> int:
    wanted, fixed = settings.crop_size, backbone.input_size
    if fixed is not None and wanted not in (None, fixed):
        raise UsageError(f"{backbone.name} takes images of {fixed} x {fixed} only", mend=f"Set crop_size={fixed}")
    return wanted or fixed or _CROP


def _batch_norm(settings: Settings, objective: Objective) -> str:
    size = min(settings.sub_batch, settings.batch_size)
    text = f"over sub-batches of {size}" if settings.sub_batches > 1 else "over the whole batch"
    return text + (", shuffled for the targets" if objective.shuffled and settings.sub_batches > 1 else "")
