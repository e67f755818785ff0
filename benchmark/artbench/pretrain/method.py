"""The contract of a method: its settings, its networks and its loss. Everything else is common to all methods."""

import copy
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch

from artbench.encoders.backbone import Backbone
from artbench.pretrain.settings import Settings


class Networks(NamedTuple):
    """The networks of an objective, or copies that share their parameters and have buffers of their own."""

    student: torch.nn.Module
    teacher: torch.nn.Module


class Objective(ABC):
    """The networks, targets and loss of a method.

    The order of a step:

    1. `begin_step`: the teacher follows the student.
    2. `embed`, for every sub-batch, without gradients: the targets, gathered from all processes.
    3. `receive`, once on every process, with the targets of the whole batch.
    4. `loss`, for every sub-batch; its gradients are averaged, and the optimiser makes its step.
    5. `end_step`: a queue takes the keys, for example.

    Attributes:
        networks: The student, which is trained and holds the backbone as `backbone`, and the teacher, which is not
            trained (an empty module if the method has none).
        memory: Other tensors that a resumed run needs, such as a queue; changed in place.
        target_views: Numbers of the views, 0 and 1, that the targets are computed from.
        shuffled: Whether targets are computed in differently composed sub-batches (shuffling batch normalisation), so
            that the statistics of a sub-batch do not reveal the other view of an image; requires one target view.
        source: Number of the batch's dataset, set before each step, if all images of a batch are from one dataset.
    """

    networks: Networks
    memory: dict[str, torch.Tensor]
    target_views: tuple[int, ...] = (0, 1)
    shuffled: bool = False
    source: int = 0

    def to(self, device: str) -> None:
        """Move networks and memory to a device."""
        for network in self.networks:
            network.to(device)
        for name, tensor in self.memory.items():
            self.memory[name] = tensor.to(device)

    @abstractmethod
    def begin_step(self, progress: float) -> None:
        """Bring the teacher up to date.

        Args:
            progress: Share of the training that is done, 0 at its beginning.
        """

    @abstractmethod
    def embed(self, networks: Networks, views: tuple[torch.Tensor, ...]) -> torch.Tensor:
        """Compute the targets of a sub-batch, under `no_grad`.

        Args:
            networks: The networks to compute with.
            views: The target views, each (n, 3, side, side).

        Returns:
            float32, shape (n, len(target_views), dim).
        """

    def receive(self, targets: torch.Tensor) -> None:  # noqa: B027  most methods need nothing here
        """Receive the targets of the whole batch, shape (batch, len(target_views), dim)."""

    @abstractmethod
    def loss(
        self, networks: Networks, views: tuple[torch.Tensor, torch.Tensor], targets: torch.Tensor, own: slice
    ) -> torch.Tensor:
        """Compute the loss of a sub-batch; that of the batch is the mean over its sub-batches.

        Args:
            networks: The networks to compute with.
            views: Both views of the sub-batch, each (n, 3, side, side).
            targets: Targets of the whole batch, shape (batch, len(target_views), dim).
            own: The rows of this sub-batch among them.
        """

    def end_step(self, targets: torch.Tensor) -> None:  # noqa: B027  most methods need nothing here
        """Update the memory after the optimiser's step."""

    def notes(self) -> Mapping[str, float]:
        """Figures for the log, such as how full a queue is."""
        return {}


@dataclass(frozen=True, kw_only=True)
class Method:
    """A method of self-supervised pretraining, which a `PretrainingSpec` names.

    Attributes:
        settings: Class of its settings, with the original's defaults.
        build: `(backbone, settings, images) -> Objective`, for a backbone at its initialisation and the number of
            images in the pool; raises `artbench.errors.UsageError` if they don't fit. Torch is seeded before the call.
        version: A number to raise when the same settings would give other weights.
    """

    settings: type[Settings]
    build: Callable[[Backbone, Any, int], Objective]
    version: int = 1


def embedder(backbone: torch.nn.Module, **heads: torch.nn.Module) -> torch.nn.Sequential:
    """Put heads behind a backbone, each under its name.

    Examples:
        >>> import torch
        >>> from artbench.pretrain import embedder
        >>> student = embedder(torch.nn.Flatten(), projector=torch.nn.Linear(12, 4))
        >>> student(torch.zeros(5, 3, 2, 2)).shape, [name for name, _ in student.named_children()]
        (torch.Size([5, 4]), ['backbone', 'projector'])
    """
    return torch.nn.Sequential(OrderedDict([("backbone", backbone), *heads.items()]))


@torch.no_grad()
def follow(teacher: torch.nn.Module, student: torch.nn.Module, momentum: float) -> None:
    """Move the teacher's parameters towards the student's of the same name: an exponential moving average.

    Examples:
        >>> import torch
        >>> from artbench.pretrain import follow, teacher_of
        >>> student = torch.nn.Linear(1, 1, bias=False)
        >>> teacher = teacher_of(student)
        >>> before = teacher.weight.item()
        >>> student.weight.data += 1
        >>> follow(teacher, student, momentum=0.75)
        >>> round(teacher.weight.item() - before, 4)
        0.25
    """
    targets = dict(student.named_parameters())
    pairs = [(parameter, targets[name]) for name, parameter in teacher.named_parameters()]
    torch._foreach_lerp_([own for own, _ in pairs], [other for _, other in pairs], 1 - momentum)


def teacher_of(student: torch.nn.Module) -> torch.nn.Module:
    """Copy a network; the copy gets no gradients.

    Examples:
        >>> import torch
        >>> from artbench.pretrain import teacher_of
        >>> teacher = teacher_of(torch.nn.Linear(2, 3))
        >>> [parameter.requires_grad for parameter in teacher.parameters()]
        [False, False]
    """
    return copy.deepcopy(student).requires_grad_(False)
