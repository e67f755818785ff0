"""Setting up a training: backbone, objective, optimiser and plan, checked before anything slow begins."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from artbench.encoders.backbone import Backbone
from artbench.encoders.build import build_backbone, seeded
from artbench.errors import UsageError, plugin_errors
from artbench.features.forward import is_convolutional
from artbench.pretrain.exchange import Exchange
from artbench.pretrain.fitting import holding
from artbench.pretrain.method import Objective, ParameterGroup
from artbench.pretrain.optimizers import make_optimizer
from artbench.pretrain.schedule import Plan, plan
from artbench.pretrain.settings import Settings
from artbench.pretrain.step import Stepper
from artbench.pretrain.training import Training
from artbench.pretrain.views import View
from artbench.runtime.distributed import Group
from artbench.runtime.machine import choose_dtype
from artbench.runtime.threads import usable_cores

_CROP = 128


@dataclass(frozen=True, kw_only=True)
class Setup:
    """The parts of a training, on its device.

    Attributes:
        crop_size: Side of the crops in pixels, of views that have no size of their own.
        views: The views of each image.
        source_side: Short side in pixels to which images are reduced before they are cropped.
        own_cores: Whether each sub-batch is computed on one core, be there one core or many.
        facts: What goes on record besides the settings.
    """

    plan: Plan
    crop_size: int
    views: Sequence[View]
    source_side: int
    backbone: Backbone
    objective: Objective
    optimizer: torch.optim.Optimizer
    stepper: Stepper
    own_cores: bool
    facts: Mapping[str, Any]

    @property
    def backbone_module(self) -> torch.nn.Module:
        """The module of the backbone that is exported, in training."""
        network: torch.nn.Module = getattr(self.objective.networks, self.objective.exported)
        return network.get_submodule("backbone")


def set_up(
    training: Training, *, device: str, group: Group, compiled: bool = False, micro_batch: int | None = None
) -> Setup:
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
        if backbone.any_size is not None:
            backbone.any_size()
        with plugin_errors(f"pretraining {training.name}"):
            known = settings.model_copy(update={"crop_size": crop_size})
            objective = training.method.build(backbone, known, len(training.pool))
            views = objective.views or settings.two_views
            _check_target_views(objective, views)
            groups = _whole(objective)
    _check_sizes(views, backbone, crop_size=crop_size)
    with holding("the networks", mend="Take a smaller backbone, or smaller heads by the settings of the method"):
        objective.to(device)
    objective.networks.student.train()
    objective.networks.teacher.train()
    if is_convolutional(backbone.module):
        for network in objective.networks:
            network.to(memory_format=torch.channels_last)
    optimizer = make_optimizer(settings, groups)
    dtype = _half(device) if settings.dtype == "auto" else getattr(torch, settings.dtype)
    # In float16 the loss is scaled, which is for whole passes only.
    by_threads = device == "cpu" and dtype != torch.float16
    threads = max(1, min(usable_cores(), settings.sub_batches // group.size)) if by_threads else 0
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
        micro_batch=micro_batch,
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
        views=views,
        source_side=settings.source_side or round(1.5 * max(view.size or crop_size for view in views)),
        backbone=backbone,
        objective=objective,
        optimizer=optimizer,
        stepper=stepper,
        # A process that has one sub-batch gives it all cores.
        own_cores=device == "cpu" and settings.sub_batches > group.size,
        facts=facts,
    )


def _half(device: str) -> torch.dtype:
    """What `auto` means: bfloat16 where it is fast, float16 on other GPUs."""
    dtype = choose_dtype(device)
    return torch.float16 if device == "cuda" and dtype == torch.float32 else dtype


def _crop_size(settings: Settings, backbone: Backbone) -> int:
    wanted, fixed = settings.crop_size, backbone.input_size
    if fixed is not None and wanted not in (None, fixed):
        raise UsageError(f"{backbone.name} takes images of {fixed} x {fixed} only", mend=f"Set crop_size={fixed}")
    return wanted or fixed or _CROP


def _check_target_views(objective: Objective, views: Sequence[View]) -> None:
    chosen = objective.target_views
    if not set(chosen) <= set(range(len(views))):
        raise ValueError(f"target_views are {chosen}, of {len(views)} views")
    if objective.shuffled and len(chosen) != 1:
        raise ValueError(f"shuffled targets of {len(chosen)} views, not of one")


def _check_sizes(views: Sequence[View], backbone: Backbone, *, crop_size: int) -> None:
    """Raise unless the backbone takes the views whose size is not that of the crops."""
    for size in sorted({view.size or crop_size for view in views} - {crop_size}):
        try:
            with torch.no_grad():
                backbone.module.eval()(torch.zeros(1, 3, size, size))
        except (RuntimeError, AssertionError, ValueError) as error:
            raise UsageError(
                f"{backbone.name} does not take views of {size} px ({' '.join(str(error).split())[:120]})",
                mend=f"Give all views {crop_size} px by the setting of the method, or take another backbone",
            ) from error


def _whole(objective: Objective) -> Sequence[ParameterGroup]:
    """The groups of an objective, if they have each trained parameter once."""
    groups = objective.parameter_groups()
    grouped = [id(parameter) for group in groups for parameter in group.parameters]
    wanted = {id(p): name for name, p in objective.networks.student.named_parameters() if p.requires_grad}
    missing = [name for number, name in wanted.items() if number not in grouped]
    if missing or sorted(grouped) != sorted(wanted):
        what = f"lack {missing[0]}" if missing else "have a parameter twice, or one that is not trained"
        raise ValueError(f"its parameter_groups {what}")
    return groups


def _batch_norm(settings: Settings, objective: Objective) -> str:
    size = min(settings.sub_batch, settings.batch_size)
    text = f"over sub-batches of {size}" if settings.sub_batches > 1 else "over the whole batch"
    return text + (", shuffled for the targets" if objective.shuffled and settings.sub_batches > 1 else "")
