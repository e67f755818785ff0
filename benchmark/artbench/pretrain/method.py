"""The contract of a method: its settings, its networks and its loss. Everything else is common to all methods."""

import copy
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import torch

from artbench.encoders.backbone import Backbone
from artbench.pretrain.settings import Settings, check_narrowing
from artbench.pretrain.views import View


class Networks(NamedTuple):
    """The networks of an objective, or copies that share their parameters and have buffers of their own.

    Examples:
        >>> import torch
        >>> from artbench.pretrain import Networks, teacher_of
        >>> student = torch.nn.Linear(2, 3)
        >>> Networks(student, teacher_of(student)).teacher.weight.requires_grad
        False
    """

    student: torch.nn.Module
    teacher: torch.nn.Module


@dataclass(frozen=True, kw_only=True)
class ParameterGroup:
    """Parameters that are updated alike.

    Attributes:
        parameters: The parameters.
        lr: Factor of the learning rate.
        weight_decay: Factor of the weight decay; 0: none.

    Examples:
        >>> import torch
        >>> from artbench.pretrain import ParameterGroup
        >>> head = torch.nn.Linear(2, 3)
        >>> ParameterGroup(parameters=[head.bias], weight_decay=0.0).lr
        1.0
    """

    parameters: Sequence[torch.nn.Parameter]
    lr: float = 1.0
    weight_decay: float = 1.0


class Objective(ABC):
    """The networks, targets and loss of a method.

    The order of a step:

    1. `begin_step`: the teacher follows the student.
    2. `embed`, for every sub-batch, without gradients: the targets, gathered from all processes.
    3. `receive`, once on every process, with the targets of the whole batch.
    4. `loss`, for every sub-batch; its gradients are averaged.
    5. `before_update`: gradients are clipped or cancelled, for example; then the optimiser makes its step.
    6. `end_step`: a queue takes the keys, for example.

    In float16 an update whose gradients overflow is left out, and with it `end_step` and the next `begin_step`.

    `embed` and `loss` are called by several threads at once, and now and then again for the same sub-batch: they change
    nothing. Layers that draw random numbers, such as dropout, draw the same in a resumed training.

    Attributes:
        networks: The student, which is trained, and the teacher, which is not (an empty module if the method has none).
            The one that is `exported` holds the backbone as `backbone`.
        memory: Other tensors that a resumed run needs, such as a queue; changed in place.
        views: The views of each image, in any number and of any sizes; empty: the two of the settings.
        target_views: Numbers of the views, from 0, that the targets are computed from.
        shuffled: Whether targets are computed in differently composed sub-batches (shuffling batch normalisation), so
            that the statistics of a sub-batch do not reveal the other view of an image; requires one target view.
        sub_batches_apart: Whether `embed` and `loss` must get each sub-batch by itself on accelerators too: because the
            loss of several is not the mean of theirs (a correlation over images), or because views are joined into one
            batch before a batch norm. Else several come at once, whose batch norms normalise each by itself.
        replays: Whether `loss` computes again what `embed` has computed, so that random layers must draw the same
            numbers in both.
        exported: The network whose backbone is the result, and is judged during training.
        source: Number of the batch's dataset, set before each step, if all images of a batch are from one dataset.
        epoch: Number of the epoch, from 0, set before each step.

    Examples:
        >>> import torch
        >>> from artbench.pretrain import Networks, Objective, embedder
        >>> class Brightness(Objective):
        ...     def __init__(self, backbone, width):
        ...         student = embedder(backbone, head=torch.nn.Linear(width, 1))
        ...         self.networks, self.memory = Networks(student, torch.nn.Module()), {}
        ...
        ...     def begin_step(self, progress):
        ...         pass
        ...
        ...     def embed(self, networks, views):
        ...         return torch.stack([view.mean((1, 2, 3)) for view in views], dim=1)[..., None]
        ...
        ...     def loss(self, networks, views, targets, own):
        ...         return (networks.student(views[0]) - targets[own, 0]).square().mean()
        >>> objective = Brightness(torch.nn.Flatten(), width=12)
        >>> views = (torch.zeros(2, 3, 2, 2), torch.ones(2, 3, 2, 2))
        >>> targets = objective.embed(objective.networks, views)
        >>> targets.shape, objective.loss(objective.networks, views, targets, slice(0, 2)).shape
        (torch.Size([2, 2, 1]), torch.Size([]))
    """

    networks: Networks
    memory: dict[str, torch.Tensor]
    views: Sequence[View] = ()
    target_views: tuple[int, ...] = (0, 1)
    shuffled: bool = False
    sub_batches_apart: bool = False
    replays: bool = False
    exported: Literal["student", "teacher"] = "student"
    source: int = 0
    epoch: int = 0

    def to(self, device: str) -> None:
        """Move networks and memory to a device."""
        for network in self.networks:
            network.to(device)
        for name, tensor in self.memory.items():
            self.memory[name] = tensor.to(device)

    def parameter_groups(self) -> Sequence[ParameterGroup]:
        """The parameters to train, each in one group; by default all of the student in one, with the same decay.

        LARS neither decays nor scales parameters of one dimension, whatever their group.
        """
        trained = [parameter for parameter in self.networks.student.parameters() if parameter.requires_grad]
        return [ParameterGroup(parameters=trained)]

    def weight_decay(self, progress: float) -> float | None:
        """The weight decay of a step, before the factors of the groups; None: that of the settings throughout.

        Args:
            progress: Share of the training that is done, 0 at its beginning.
        """
        return None

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
            float32, shape (n, targets, dim), usually one target for each of the target views.
        """

    def receive(self, targets: torch.Tensor) -> None:  # noqa: B027  most methods need nothing here
        """Receive the targets of the whole batch, shape (batch, targets, dim)."""

    @abstractmethod
    def loss(self, networks: Networks, views: Any, targets: torch.Tensor, own: slice) -> torch.Tensor:
        """Compute the loss of a sub-batch; that of the batch is the mean over its sub-batches.

        A method that draws random numbers takes one argument more, `*, generator: torch.Generator | None = None`. It is
        on the device and seeded for each sub-batch of each step, so that a resumed training draws the same.

        Args:
            networks: The networks to compute with.
            views: All views of the sub-batch, a tuple of tensors (n, 3, side, side).
            targets: Targets of the whole batch, shape (batch, targets, dim).
            own: The rows of this sub-batch among them.
        """

    def before_update(self, progress: float) -> None:  # noqa: B027  most methods need nothing here
        """Change the gradients, `parameter.grad` of the student, before the optimiser's step.

        A parameter whose gradient is set to None keeps its value in this step.

        Args:
            progress: Share of the training that is done, 0 at its beginning.
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
        build: `(backbone, settings, images) -> Objective`, for a backbone at its initialisation, settings whose
            `crop_size` is a number, and the number of images in the pool; raises `artbench.errors.UsageError` if they
            don't fit. Torch is seeded before the call.
        version: A number to raise when the same settings would give other weights.

    Raises:
        UsageError: The class of settings allows values for a setting of `Settings` that artbench does not know.

    Examples:
        >>> from artbench.pretrain import Method, Settings
        >>> Method(settings=Settings, build=lambda backbone, settings, images: ...).version
        1
    """

    settings: type[Settings]
    build: Callable[[Backbone, Any, int], Objective]
    version: int = 1

    def __post_init__(self) -> None:
        """Check the class of settings."""
        check_narrowing(self.settings)


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
