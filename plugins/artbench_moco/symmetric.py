"""MoCo v3: both views as queries, the other view's keys of the whole batch as negatives, a predictor, no queue."""

import torch
from torch.nn.functional import cross_entropy

from artbench.encoders import Backbone
from artbench.pretrain import Networks, Objective, cosine_to_one, embedder, follow, teacher_of
from artbench.pretrain.precision import unit
from artbench_moco.heads import normalised_head
from artbench_moco.settings import ThirdSettings
from artbench_moco.transformer import freeze_patches, initialise


class SymmetricContrast(Objective):
    """InfoNCE within the batch, symmetric in the views (Chen et al. 2021).

    Args:
        backbone: The backbone at its initialisation.
        settings: Settings of the method.
        images: Number of images in the pool.

    Raises:
        UsageError: The backbone should be initialised or frozen as a vision transformer, and is none.
    """

    def __init__(self, backbone: Backbone, settings: ThirdSettings, images: int) -> None:
        if settings.initialise_vit:
            initialise(backbone)
        if settings.freeze_patch_embedding:
            freeze_patches(backbone)
        hidden, dim = settings.hidden, settings.dim
        projector = normalised_head(backbone.feature_dim, layers=settings.projector_layers, hidden=hidden, dim=dim)
        base = embedder(backbone.module, projector=projector)
        teacher = teacher_of(base)
        predictor = normalised_head(dim, layers=2, hidden=hidden, dim=dim, last_norm=settings.predictor_norm)
        self.networks = Networks(embedder(backbone.module, projector=projector, predictor=predictor), teacher)
        self.memory = {}
        self._settings = settings

    def begin_step(self, progress: float) -> None:
        """Move the momentum encoder towards the base encoder, ever more slowly."""
        follow(self.networks.teacher, self.networks.student, cosine_to_one(self._settings.momentum, progress))

    def embed(self, networks: Networks, views: tuple[torch.Tensor, ...]) -> torch.Tensor:
        """Return the normalised keys of both views, shape (n, 2, dim)."""
        return torch.stack([unit(networks.teacher(view)) for view in views], dim=1)

    def loss(
        self, networks: Networks, views: tuple[torch.Tensor, torch.Tensor], targets: torch.Tensor, own: slice
    ) -> torch.Tensor:
        """Return the contrast of each view with the other's keys."""
        return self._contrast(networks.student(views[0]), targets[:, 1], own) + self._contrast(
            networks.student(views[1]), targets[:, 0], own
        )

    def _contrast(self, embedded: torch.Tensor, keys: torch.Tensor, own: slice) -> torch.Tensor:
        temperature = self._settings.temperature
        logits = unit(embedded) @ keys.T / temperature
        labels = torch.arange(own.start, own.stop, device=logits.device)
        # The factor keeps the gradients' size where the temperature is low, as in the original.
        return cross_entropy(logits, labels) * 2 * temperature
