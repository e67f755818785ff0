"""A method that trains, as the checks look at it: put together, and trained for a few steps in several ways."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch

from artbench.data.dataset import Dataset
from artbench.data.pool import Manifest, Pool, PoolPart
from artbench.encoders.checkpoint import read_checkpoint
from artbench.encoders.weights import state_digest
from artbench.errors import ArtbenchError, UsageError
from artbench.pretrain.conv_as_matmul import MatmulConvolutions
from artbench.pretrain.method import Method, Objective
from artbench.pretrain.settings import check_settings
from artbench.pretrain.setup import Setup, set_up
from artbench.pretrain.trainer import pretrain
from artbench.pretrain.training import Conditions, Training
from artbench.runtime.distributed import current_group
from artbench.runtime.progress import Counter, Silent
from artbench.specs import BackboneSpec, PretrainingSpec
from artbench.testing.checks import Broken, Check, Fault, factory_of, line
from artbench.testing.tiny import DATASET, paint, read

STEPS = 4
# Float32, since bfloat16 is rounded otherwise from machine to machine; no warm-up, so that every step counts.
_FEW = {"steps": STEPS, "batch_size": 16, "sub_batch": 8, "dtype": "float32", "warmup_epochs": 0, "crop_size": 32}
_RATES = (1.0, 0.1, 0.01, 1e-3, 1e-4)
_DESCENTS = 5


@dataclass(frozen=True, kw_only=True)
class TrainableMethod:
    """A method with all that a short training takes.

    Attributes:
        spec: What was registered.
        training: Of a few steps, under seed 0.
        assembly: Put together for it.
        folder: For what trainings write.
    """

    spec: PretrainingSpec
    training: Training
    assembly: Setup
    folder: Path

    def encoder(self, name: str, *, seed: int = 0, stop_after: int | None = None) -> str:
        """Digest of the weights that a training ends with.

        Args:
            name: Of its folder.
            seed: Of the training.
            stop_after: Kill it after so many steps, and go on from its last checkpoint.
        """
        out = self.folder / name
        training = _under(self.training, seed)
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


@contextmanager
def trained(
    spec: PretrainingSpec, network: BackboneSpec, pictures: Dataset | None, settings: Mapping[str, Any]
) -> Iterator[Callable[[], TrainableMethod]]:
    """What makes the method ready, and a folder for it while the block runs."""
    with TemporaryDirectory(prefix="artbench-check-") as folder:
        yield partial(_make, spec, network, pictures, settings, Path(folder))


def _make(
    spec: PretrainingSpec,
    network: BackboneSpec,
    pictures: Dataset | None,
    settings: Mapping[str, Any],
    folder: Path,
) -> TrainableMethod:
    assert spec.method is not None
    factory = factory_of(spec.method, name="method")
    try:
        method: Any = factory()
    except Exception as error:
        raise Broken("method", Fault(f"the factory raises {line(error)}", "Return a Method")) from error
    if not isinstance(method, Method):
        mend = "Return artbench.pretrain.method.Method(settings=…, build=…)"
        raise Broken("method", Fault(f"the factory returns a {type(method).__name__}, not a Method", mend))
    training = Training(
        name=spec.name,
        method=method,
        settings=_settings(method, settings),
        backbone=network,
        pool=_pool(pictures or _painted(folder)),
    )
    try:
        assembly = set_up(training, device="cpu", group=current_group())
    except UsageError:
        raise
    except ArtbenchError as error:
        mend = error.mend or "Build networks and memory from the backbone, the settings and the number of pictures"
        raise Broken("build", Fault(error.message, mend)) from error
    _check_objective(assembly.objective)
    return TrainableMethod(spec=spec, training=training, assembly=assembly, folder=folder)


def _settings(method: Method, given: Mapping[str, Any]) -> Any:
    try:
        method.settings()
    except Exception as error:
        mend = "Give every setting the default of the original"
        raise Broken("settings", Fault(f"its settings have no defaults that fit: {line(error)}", mend)) from error
    return check_settings(method.settings, {**_FEW, **given})


def _check_objective(objective: Any) -> None:
    if not isinstance(objective, Objective):
        mend = "Return an artbench.pretrain.method.Objective"
        raise Broken("build", Fault(f"build returns a {type(objective).__name__}", mend))
    if "backbone" not in dict(objective.networks.student.named_children()):
        mend = "Keep the backbone's module in the student as `backbone`: that is what is exported"
        raise Broken("build", Fault("the student has no part called backbone", mend))


def _painted(folder: Path) -> Dataset:
    root = folder / DATASET.name
    root.mkdir()
    paint(root)
    return read(root)


def _pool(dataset: Dataset) -> Pool:
    part = PoolPart(
        dataset=dataset.name, fingerprint=dataset.fingerprint, tasks=(), held_out=0, images=tuple(sorted(dataset.ids))
    )
    return Pool(datasets=(dataset,), rows=(np.arange(len(dataset)),), manifest=Manifest((part,)))


def _under(training: Training, seed: int) -> Training:
    return replace(training, seed=seed)


class _Killed(Exception):  # noqa: N818  stands for a signal
    """The training was killed."""


class _Killing(Silent):
    """A reporter that kills the training after some steps, before the last of them is saved."""

    def __init__(self, after: int) -> None:
        self._left = after

    @contextmanager
    def counting(self, what: str, /, *, total: int, unit: str) -> Iterator[Counter]:
        """Count down."""
        yield self

    def advance(self, steps: int = 1, /, *, note: str = "") -> None:
        """Count one step less."""
        self._left -= steps
        if self._left <= 0:
            raise _Killed


def fixed_views(trainable: TrainableMethod) -> tuple[torch.Tensor, torch.Tensor]:
    """Two views of 8 pictures of noise, alike on every call."""
    side = trainable.assembly.crop_size
    one, other = torch.randn(2, 8, 3, side, side, generator=torch.Generator().manual_seed(0))
    return one, one + 0.1 * other


def exported(trainable: TrainableMethod) -> Iterator[Fault]:
    """The student holds the backbone that was handed over, by the names of its weights."""
    own = set(trainable.assembly.backbone_module.state_dict())
    wanted = set(trainable.assembly.backbone.module.state_dict())
    if own != wanted:
        mend = "Put backbone.module itself, or a copy of it, into the student as `backbone`"
        yield Fault("the student's `backbone` has other weights than the backbone", mend)


def loss(trainable: TrainableMethod) -> Iterator[Fault]:
    """A few steps down its gradient lower the loss on the same views."""
    objective = trainable.assembly.objective
    views = fixed_views(trainable)
    parameters: list[torch.Tensor] = [p for p in objective.networks.student.parameters() if p.requires_grad]
    kept = [parameter.detach().clone() for parameter in parameters]
    try:
        objective.begin_step(0)
        first, gradients = _loss(objective, views, parameters)
    except Exception as error:
        mend = "Compute it from the student's output, with gradients: detach only what is a target"
        yield Fault(f"the loss raises {line(error)}", mend)
        return
    if not torch.isfinite(torch.tensor(first)):
        yield Fault(f"the loss of the first step is {first}", "Guard logarithms and divisions")
        return
    lowest = min(_descended(objective, views, parameters, kept, gradients, rate) for rate in _RATES)
    _restore(parameters, kept)
    if not lowest < first:
        mend = "See that the loss depends on the student, and that its gradient is that of what it returns"
        yield Fault(f"{_DESCENTS} steps down the gradient leave the loss of {first:.4g} at {lowest:.4g} or above", mend)


def learns(trainable: TrainableMethod) -> Iterator[Fault]:
    """A training changes the backbone, and ends with weights that are numbers."""
    from artbench.testing.built_backbone import digest_of

    before = digest_of(trainable.assembly.backbone.module)
    if trainable.encoder("straight") == before:
        mend = "Let the student's `backbone` be what the loss is computed with, and its parameters require gradients"
        yield Fault(f"after {STEPS} steps the backbone is as it was", mend)


def same_seed(trainable: TrainableMethod) -> Iterator[Fault]:
    """Two trainings under one seed end with the same weights, to the last bit."""
    if trainable.encoder("straight") != trainable.encoder("again"):
        mend = "Draw from torch's global generator while building, and keep nothing from one training to the next"
        yield Fault("two trainings under one seed end with other weights", mend)


def other_seed(trainable: TrainableMethod) -> Iterator[Fault]:
    """A training under another seed ends with other weights."""
    if trainable.encoder("straight") == trainable.encoder("other", seed=1):
        yield Fault(
            "trainings under two seeds end with the same weights", "Leave out torch.manual_seed: artbench seeds"
        )


def resume(trainable: TrainableMethod) -> Iterator[Fault]:
    """A training that was killed and resumed ends with the same weights, to the last bit, as one that was not."""
    if trainable.encoder("straight") != trainable.encoder("killed", stop_after=STEPS // 2 + 1):
        mend = (
            "Keep all that a step leaves for the next in `networks` or in `memory`, whose tensors are changed in "
            "place; these are what a checkpoint holds"
        )
        yield Fault("killed and resumed, a training ends with other weights", mend)


def _loss(
    objective: Objective, views: tuple[torch.Tensor, torch.Tensor], parameters: list[torch.Tensor]
) -> tuple[float, list[torch.Tensor]]:
    # What is drawn at random, such as dropout, is drawn alike each time.
    torch.manual_seed(0)
    with torch.no_grad():
        targets = objective.embed(objective.networks, tuple(views[view] for view in objective.target_views)).float()
    objective.receive(targets)
    with torch.enable_grad(), MatmulConvolutions():
        value = objective.loss(objective.networks, views, targets, slice(0, len(views[0])))
        gradients = torch.autograd.grad(value, parameters, allow_unused=True, materialize_grads=True)
    return float(value.detach()), list(gradients)


def _descended(
    objective: Objective,
    views: tuple[torch.Tensor, torch.Tensor],
    parameters: list[torch.Tensor],
    start: list[torch.Tensor],
    gradients: list[torch.Tensor],
    rate: float,
) -> float:
    """The loss after a few steps of one length; infinite where it is no number."""
    _restore(parameters, start)
    value = float("inf")
    for _ in range(_DESCENTS):
        norm = torch.stack([gradient.norm() for gradient in gradients]).norm().clamp(min=1e-12)
        with torch.no_grad():
            for parameter, gradient in zip(parameters, gradients, strict=True):
                parameter -= rate * gradient / norm
        value, gradients = _loss(objective, views, parameters)
    return value if value == value else float("inf")


@torch.no_grad()
def _restore(parameters: list[torch.Tensor], kept: list[torch.Tensor]) -> None:
    for parameter, value in zip(parameters, kept, strict=True):
        parameter.copy_(value)


METHOD_CHECKS: tuple[Check[TrainableMethod], ...] = (exported, loss, learns, same_seed, other_seed, resume)
