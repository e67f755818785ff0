"""DINO: the student's softmax on every view predicts that of its moving average on two large ones."""

import math
from collections.abc import Sequence
from itertools import groupby

import torch

from artbench.encoders import Backbone
from artbench.pretrain import Networks, Objective, ParameterGroup, cosine_to_one, follow, teacher_of
from artbench.pretrain.optimizers import norms_of
from artbench.pretrain.precision import at_least_float32
from artbench_ssl.dino_head import PrototypeNetwork
from artbench_ssl.dino_settings import DinoSettings
from artbench_ssl.drop_path import drop_paths


class SelfDistillation(Objective):
    """The cross-entropy between softmaxes of teacher and student on different views (Caron et al. 2021).

    Targets are the embeddings that the teacher's last layer gets, not its many outputs: the loss computes those for its
    own rows, and their mean is the last layer's output for the mean embedding, since the layer is linear.

    Args:
        backbone: The backbone at its initialisation.
        settings: Settings of the method.
        images: Number of images in the pool.
    """

    exported = "teacher"

    def __init__(self, backbone: Backbone, settings: DinoSettings, images: int) -> None:
        student = PrototypeNetwork(
            backbone.module,
            backbone.feature_dim,
            hidden=settings.hidden,
            dim=settings.dim,
            prototypes=settings.prototypes,
            normalise_last=settings.normalise_last,
        )
        self.networks = Networks(student, teacher_of(student))
        drop_paths(student, settings.drop_path)
        # Views of one size go through the network together, and are normalised together.
        self.sub_batches_apart = any(name.endswith("running_mean") for name, _ in student.named_buffers())
        self.memory = {"centre": torch.zeros(settings.prototypes)}
        self.views = (*settings.two_views, *(settings.local for _ in range(settings.local_views)))
        self._settings = settings
        self._momentum = settings.momentum

    def parameter_groups(self) -> Sequence[ParameterGroup]:
        """Biases and the parameters of norms, those of one dimension, don't decay."""
        trained = [parameter for parameter in self.networks.student.parameters() if parameter.requires_grad]
        return [
            ParameterGroup(parameters=[parameter for parameter in trained if parameter.ndim > 1]),
            ParameterGroup(parameters=[parameter for parameter in trained if parameter.ndim == 1], weight_decay=0),
        ]

    def weight_decay(self, progress: float) -> float:
        """From `weight_decay` to `weight_decay_end` along half a cosine."""
        start, end = self._settings.weight_decay, self._settings.weight_decay_end
        return end + (start - end) * 0.5 * (1 + math.cos(math.pi * progress))

    def begin_step(self, progress: float) -> None:
        """Choose the momentum of this step."""
        self._momentum = cosine_to_one(self._settings.momentum, progress)

    def embed(self, networks: Networks, views: tuple[torch.Tensor, ...]) -> torch.Tensor:
        """Return the teacher's embeddings of both global views, shape (n, 2, dim)."""
        return torch.stack(_of_each(networks.teacher, views), dim=1)

    def loss(
        self, networks: Networks, views: tuple[torch.Tensor, ...], targets: torch.Tensor, own: slice
    ) -> torch.Tensor:
        """Return the mean cross-entropy over all pairs of a global view, for the teacher, and another view."""
        centre, temperature = self.memory["centre"], self._settings.teacher_temperature_in(self.epoch)
        with torch.no_grad():
            outputs = _outputs(networks.teacher, targets[own])
            shares = torch.softmax((outputs - centre) / temperature, dim=-1).unbind(1)
        total = torch.zeros((), device=targets.device, dtype=targets.dtype)
        for number, embedding in enumerate(_of_each(networks.student, views)):
            others = [share for view, share in enumerate(shares) if view != number]
            logs = torch.log_softmax(_outputs(networks.student, embedding) / self._settings.temperature, dim=-1)
            total = total - (torch.stack(others).sum(dim=0) * logs).sum(dim=-1).mean()
        return total / (len(shares) * (len(views) - 1))

    def before_update(self, progress: float) -> None:
        """Clip the gradient of each parameter, and cancel those of the last layer in the first epochs."""
        student = self.networks.student
        if self._settings.clip is not None:
            gradients = [parameter.grad for parameter in student.parameters() if parameter.grad is not None]
            torch._foreach_mul_(gradients, (self._settings.clip / (norms_of(gradients) + 1e-6)).clamp(max=1).unbind())
        if self.epoch < self._settings.frozen_epochs:
            for parameter in student.get_submodule("prototypes").parameters():
                parameter.grad = None

    def end_step(self, targets: torch.Tensor) -> None:
        """Move the centre towards the mean of the teacher's outputs, and the teacher towards the student."""
        with torch.no_grad():
            mean = _outputs(self.networks.teacher, targets.mean(dim=(0, 1)))
            self.memory["centre"].lerp_(mean, 1 - self._settings.centre_momentum)
        follow(self.networks.teacher, self.networks.student, self._momentum)


def _of_each(network: torch.nn.Module, views: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """The embeddings of each view, (n, dim); neighbours of one size go through the network together."""
    embeddings: list[torch.Tensor] = []
    for _, group in groupby(views, key=lambda view: view.shape[-1]):
        together = list(group)
        embeddings += network(torch.cat(together)).chunk(len(together))
    return embeddings


def _outputs(network: torch.nn.Module, embeddings: torch.Tensor) -> torch.Tensor:
    return at_least_float32(network.get_submodule("prototypes")(embeddings))
