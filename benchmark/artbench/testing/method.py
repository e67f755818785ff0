"""Checks of a method that trains: it is trained for a few steps in several ways."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.utils import vector_to_parameters

from artbench.data.dataset import Dataset
from artbench.data.pool import Manifest, Pool, PoolPart
from artbench.encoders.checkpoint import read_checkpoint
from artbench.encoders.weights import state_digest
from artbench.errors import ArtbenchError, UsageError
from artbench.pretrain.conv_as_matmul import MatmulConvolutions
from artbench.pretrain.method import Method, Objective
from artbench.pretrain.randomness import takes_generator
from artbench.pretrain.settings import check_settings
from artbench.pretrain.setup import Setup, set_up
from artbench.pretrain.trainer import pretrain
from artbench.pretrain.training import Conditions, Training
from artbench.runtime.distributed import current_group
from artbench.runtime.progress import Counter, Silent
from artbench.specs import BackboneSpec, PretrainingSpec
from artbench.testing.built_backbone import digest_of
from artbench.testing.checks import Broken, Fault, call_factory, factory_of, line
from artbench.testing.tiny import paint, read

STEPS = 4
# Float32, since rounding of bfloat16 differs between machines; no warm-up, so that every step counts.
_FEW = {"steps": STEPS, "batch_size": 16, "sub_batch": 8, "dtype": "float32", "warmup_epochs": 0, "crop_size": 32}
_RATES = (1.0, 0.1, 0.01, 1e-3, 1e-4)
_DESCENTS = 5


@dataclass(frozen=True, kw_only=True)
class TrainableMethod:
    """A method with a training of a few steps under seed 0, its networks, and the folder where trainings write."""

    training: Training
    setup: Setup
    folder: Path

    def encoder(self, name: str, *, seed: int = 0, stop_after: int | None = None) -> str:
        """Train in the folder `name`, and return the digest of the final weights.

        With `stop_after`, the training is killed after so many steps, and resumed from its last checkpoint.
        """
        out, training = self.folder / name, replace(self.training, seed=seed)
        conditions = Conditions(device="cpu", save_minutes=0 if stop_after else 10, resume=True)
        if stop_after is not None:
            with suppress(_Killed):
                pretrain(training, out, conditions=conditions, reporter=_Killing(stop_after))
        file = pretrain(training, out, conditions=conditions, reporter=Silent())
        if file is None:
            raise KeyboardInterrupt
        content = read_checkpoint(file)
        assert isinstance(content, dict)
        return state_digest(content)


def prepare_method(
    spec: PretrainingSpec, network: BackboneSpec, images: Dataset | None, settings: Mapping[str, Any], folder: Path
) -> TrainableMethod:
    """Set up a training of a few steps.

    Raises:
        Broken: The method can't be loaded or built.
        UsageError: Method, backbone, settings and images don't fit together.
    """
    assert spec.method is not None
    method = call_factory(factory_of(spec.method, name="method"), returns=Method, mend="Return a Method", name="method")
    try:
        method.settings()
    except Exception as error:
        mend = "Give every setting the default of the original"
        raise Broken("settings", f"its settings have no valid defaults: {line(error)}", mend) from error
    chosen = check_settings(method.settings, {**_FEW, **settings})
    training = Training(name=spec.name, method=method, settings=chosen, backbone=network, pool=_pool(images, folder))
    try:
        setup = set_up(training, device="cpu", group=current_group())
    except UsageError:
        raise
    except ArtbenchError as error:
        mend = error.mend or "Build networks and memory from the backbone, the settings and the number of images"
        raise Broken("build", error.message, mend) from error
    objective: Any = setup.objective
    if not isinstance(objective, Objective):
        mend = "Return an artbench.pretrain.method.Objective"
        raise Broken("build", f"build returns {type(objective).__name__}", mend)
    if "backbone" not in dict(getattr(objective.networks, objective.exported).named_children()):
        mend = f"Keep the backbone's module in the {objective.exported} as `backbone`: that is what is exported"
        raise Broken("build", f"the {objective.exported} has no part called backbone", mend)
    return TrainableMethod(training=training, setup=setup, folder=folder)


def _pool(dataset: Dataset | None, folder: Path) -> Pool:
    if dataset is None:
        paint(folder)
        dataset = read(folder)
    images = tuple(sorted(dataset.ids))
    part = PoolPart(dataset=dataset.name, fingerprint=dataset.fingerprint, tasks=(), held_out=0, images=images)
    return Pool(datasets=(dataset,), rows=(np.arange(len(dataset)),), manifest=Manifest((part,)))


class _Killed(Exception):  # noqa: N818  stands for a signal
    pass


class _Killing(Silent):
    """A reporter that kills the training after some steps, before the last of them is saved."""

    def __init__(self, after: int) -> None:
        self._left = after

    @contextmanager
    def counting(self, what: str, /, *, total: int, unit: str) -> Iterator[Counter]:
        """Count down the steps that are left."""
        yield self

    def advance(self, steps: int = 1, /, *, note: str = "") -> None:
        """Subtract steps from those that are left."""
        self._left -= steps
        if self._left <= 0:
            raise _Killed


def exported(trainable: TrainableMethod) -> Iterator[Fault]:
    """The exported network contains the backbone that `build` was given, with the names of its weights."""
    if {*trainable.setup.backbone_module.state_dict()} != {*trainable.setup.backbone.module.state_dict()}:
        network = trainable.setup.objective.exported
        mend = f"Put backbone.module itself, or a copy of it, into the {network} as `backbone`"
        yield Fault(f"the {network}'s `backbone` has other weights than the backbone", mend)


def loss(trainable: TrainableMethod) -> Iterator[Fault]:
    """A few steps of gradient descent on the same views lower the loss."""
    objective, views = trainable.setup.objective, _views(trainable.setup)
    parameters = [p for p in objective.networks.student.parameters() if p.requires_grad]
    try:
        start = _flat(parameters)
        objective.begin_step(0)
        first, gradient = _loss(objective, views, parameters)
    except Exception as error:
        mend = "Compute it from the student's output, with gradients: detach only what is a target"
        yield Fault(f"the loss raises {line(error)}", mend)
        return
    if not np.isfinite(first):
        yield Fault(f"the loss of the first step is {first}", "Guard logarithms and divisions")
        return
    values = []
    for rate in _RATES:
        point, slope = start, gradient
        for _ in range(_DESCENTS):
            point = point - rate * slope / slope.norm().clamp(min=1e-12)
            vector_to_parameters(point, parameters)
            value, slope = _loss(objective, views, parameters)
        values.append(value)
    vector_to_parameters(start, parameters)
    lowest = np.nanmin([*values, np.inf])
    if not lowest < first:
        mend = "Make sure that the loss depends on the student, and that its gradient is that of what it returns"
        yield Fault(f"{_DESCENTS} descents do not lower the loss: {first:.4g}, then {lowest:.4g}", mend)


def learns(trainable: TrainableMethod) -> Iterator[Fault]:
    """A training changes the backbone, and ends with finite weights."""
    before = digest_of(trainable.setup.backbone.module.state_dict())
    if trainable.encoder("straight") == before:
        mend = "Let the student's `backbone` be what the loss is computed with, and its parameters require gradients"
        yield Fault(f"{STEPS} steps leave the backbone unchanged", mend)


def same_seed(trainable: TrainableMethod) -> Iterator[Fault]:
    """Two trainings under one seed end with the same weights, to the last bit."""
    if trainable.encoder("straight") != trainable.encoder("again"):
        mend = "Draw from torch's global generator while building, and keep nothing from one training to the next"
        yield Fault("two trainings under one seed end with different weights", mend)


def other_seed(trainable: TrainableMethod) -> Iterator[Fault]:
    """A training under another seed ends with different weights."""
    if trainable.encoder("straight") == trainable.encoder("other", seed=1):
        mend = "Leave out torch.manual_seed: artbench seeds"
        yield Fault("trainings under two seeds end with the same weights", mend)


def resume(trainable: TrainableMethod) -> Iterator[Fault]:
    """A training that was killed and resumed ends with the same weights, to the last bit, as an uninterrupted one."""
    if trainable.encoder("straight") != trainable.encoder("killed", stop_after=STEPS // 2 + 1):
        mend = "Keep what the next step needs in `networks` or `memory`, changed in place: a checkpoint holds these"
        yield Fault("killed and resumed, a training ends with different weights", mend)


def _views(setup: Setup) -> tuple[torch.Tensor, ...]:
    """Views of eight images of noise that differ a little, each in its size."""
    noise = torch.Generator().manual_seed(0)
    images = torch.randn(8, 3, setup.crop_size, setup.crop_size, generator=noise)
    sizes = [view.size or setup.crop_size for view in setup.views]
    views = [nn.functional.interpolate(images, size) for size in sizes]
    return (views[0], *(view + 0.1 * torch.randn(view.shape, generator=noise) for view in views[1:]))


def _loss(
    objective: Objective, views: tuple[torch.Tensor, ...], parameters: list[nn.Parameter]
) -> tuple[float, torch.Tensor]:
    """Return the loss, and its gradient as one vector."""
    # Dropout and the like draw the same numbers each time.
    torch.manual_seed(0)
    with torch.no_grad():
        targets = objective.embed(objective.networks, tuple(views[view] for view in objective.target_views)).float()
    objective.receive(targets)
    more = {"generator": torch.Generator().manual_seed(0)} if takes_generator(objective.loss) else {}
    with torch.enable_grad(), MatmulConvolutions():
        value = objective.loss(objective.networks, views, targets, slice(0, len(views[0])), **more)
        gradients = torch.autograd.grad(value, parameters, allow_unused=True, materialize_grads=True)
    return float(value.detach()), _flat(gradients)


def _flat(tensors: Iterable[torch.Tensor]) -> torch.Tensor:
    return torch.cat([tensor.detach().flatten() for tensor in tensors])


METHOD_CHECKS = [exported, loss, learns, same_seed, other_seed, resume]
