"""BYOL: the online network predicts the embedding of the other view by a slowly moving copy of itself."""

import torch

from artbench.encoders import Backbone
from artbench.pretrain import Networks, Objective, cosine_to_one, embedder, follow, teacher_of
from artbench.pretrain.precision import unit
from artbench_ssl.heads import byol_head
from artbench_ssl.settings import ByolSettings


class Prediction(Objective):
    """The squared distance of normalised prediction and target, symmetric in the views (Grill et al. 2020).

    Args:
        backbone: The backbone at its initialisation.
        settings: Settings of the method.
        images: Number of images in the pool.
    """

    def __init__(self, backbone: Backbone, settings: ByolSettings, images: int) -> None:
        hidden, dim = settings.hidden, settings.dim
        projector = byol_head(backbone.feature_dim, hidden=hidden, dim=dim)
        teacher = teacher_of(embedder(backbone.module, projector=projector))
        predictor = byol_head(dim, hidden=hidden, dim=dim)
        self.networks = Networks(embedder(backbone.module, projector=projector, predictor=predictor), teacher)
        self.memory = {}
        self._settings = settings
        self._momentum = settings.momentum

    def begin_step(self, progress: float) -> None:
        """Choose the momentum of this step."""
        self._momentum = cosine_to_one(self._settings.momentum, progress)

    def embed(self, networks: Networks, views: tuple[torch.Tensor, ...]) -> torch.Tensor:
        """Return the normalised targets of both views, shape (n, 2, dim)."""
        return torch.stack([unit(networks.teacher(view)) for view in views], dim=1)

    def loss(
        self, networks: Networks, views: tuple[torch.Tensor, torch.Tensor], targets: torch.Tensor, own: slice
    ) -> torch.Tensor:
        """Return the loss between each view's prediction and the other view's target, from 0 to 8."""
        first, second = (unit(networks.student(view)) for view in views)
        return 4 - 2 * (first * targets[own, 1]).sum(dim=1).mean() - 2 * (second * targets[own, 0]).sum(dim=1).mean()

    def end_step(self, targets: torch.Tensor) -> None:
        """Move the target network towards the online network, which has just been updated."""
        follow(self.networks.teacher, self.networks.student, self._momentum)
