"""A method that trains: its loss can be lowered, and its result depends on the seed alone."""

from collections.abc import Iterator

import torch

from artbench.pretrain.conv_as_matmul import MatmulConvolutions
from artbench.pretrain.method import Objective
from artbench.testing.checks import Check, Fault, line
from artbench.testing.method import STEPS, Trainable, fixed_views

_RATES = (1.0, 0.1, 0.01, 1e-3, 1e-4)
_DESCENTS = 5


def exported(trainable: Trainable) -> Iterator[Fault]:
    """The student holds the backbone that was handed over, by the names of its weights."""
    own = set(trainable.assembly.backbone_module.state_dict())
    wanted = set(trainable.assembly.backbone.module.state_dict())
    if own != wanted:
        mend = "Put backbone.module itself, or a copy of it, into the student as `backbone`"
        yield Fault("the student's `backbone` has other weights than the backbone", mend)


def loss(trainable: Trainable) -> Iterator[Fault]:
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


def learns(trainable: Trainable) -> Iterator[Fault]:
    """A training changes the backbone, and ends with weights that are numbers."""
    from artbench.testing.backbone_weights import digest_of

    before = digest_of(trainable.assembly.backbone.module)
    if trainable.encoder("straight") == before:
        mend = "Let the student's `backbone` be what the loss is computed with, and its parameters require gradients"
        yield Fault(f"after {STEPS} steps the backbone is as it was", mend)


def same_seed(trainable: Trainable) -> Iterator[Fault]:
    """Two trainings under one seed end with the same weights, to the last bit."""
    if trainable.encoder("straight") != trainable.encoder("again"):
        mend = "Draw from torch's global generator while building, and keep nothing from one training to the next"
        yield Fault("two trainings under one seed end with other weights", mend)


def other_seed(trainable: Trainable) -> Iterator[Fault]:
    """A training under another seed ends with other weights."""
    if trainable.encoder("straight") == trainable.encoder("other", seed=1):
        yield Fault(
            "trainings under two seeds end with the same weights", "Leave out torch.manual_seed: artbench seeds"
        )


def resume(trainable: Trainable) -> Iterator[Fault]:
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


METHOD_CHECKS: tuple[Check[Trainable], ...] = (exported, loss, learns, same_seed, other_seed, resume)
