"""MoCo v3: both views as queries, the other view's keys of the whole batch as negatives, a predictor, no queue."""

import torch
from torch.nn.functional import cross_entropy, normalize

from artbench.encoders import Backbone
from artbench.errors import UsageError
from artbench.pretrain import Networks, Objective, cosine_to_one, embedder, follow, teacher_of
from artbench_moco.heads import normalised_head
from artbench_moco.settings import ThirdSettings

# Names of the patch embedding in timm and torchvision.
_PATCH_EMBEDDINGS = ("patch_embed", "conv_proj")


class SymmetricContrast(Objective):
    """InfoNCE within the batch, symmetric in the views (Chen et al. 2021).

    Args:
        backbone: The backbone at its initialisation.
        settings: Settings of the method.
        images: Number of images in the pool.

    Raises:
        UsageError: The patch embedding should be frozen, but the backbone has none.
    """

    def __init__(self, backbone: Backbone, settings: ThirdSettings, images: int) -> None:
        if settings.freeze_patch_embedding:
            _freeze_patches(backbone)
        hidden, dim = settings.hidden, settings.dim
        projector = normalised_head(backbone.feature_dim, layers=settings.projector_layers, hidden=hidden, dim=dim)
        base = embedder(backbone.module, projector=projector)
        teacher = teacher_of(base)
        predictor = normalised_head(dim, layers=2, hidden=hidden, dim=dim)
        self.networks = Networks(embedder(backbone.module, projector=projector, predictor=predictor), teacher)
        self.memory = {}
        self._settings = settings

    def begin_step(self, progress: float) -> None:
        """Move the momentum encoder towards the base encoder, ever more slowly."""
        follow(self.networks.teacher, self.networks.student, cosine_to_one(self._settings.momentum, progress))

    def embed(self, networks: Networks, views: tuple[torch.Tensor, ...]) -> torch.Tensor:
        """Return the normalised keys of both views, shape (n, 2, dim)."""
        return torch.stack([normalize(networks.teacher(view).float(), dim=1) for view in views], dim=1)

    def loss(
        self, networks: Networks, views: tuple[torch.Tensor, torch.Tensor], targets: torch.Tensor, own: slice
    ) -> torch.Tensor:
        """Return the contrast of each view with the other's keys."""
        return self._contrast(networks.student(views[0]), targets[:, 1], own) + self._contrast(
            networks.student(views[1]), targets[:, 0], own
        )

    def _contrast(self, embedded: torch.Tensor, keys: torch.Tensor, own: slice) -> torch.Tensor:
        temperature = self._settings.temperature
        logits = normalize(embedded.float(), dim=1) @ keys.T / temperature
        labels = torch.arange(own.start, own.stop, device=logits.device)
        # The factor keeps the gradients' size where the temperature is low, as in the original.
        return cross_entropy(logits, labels) * 2 * temperature


def _freeze_patches(backbone: Backbone) -> None:
    for name in _PATCH_EMBEDDINGS:
        if hasattr(backbone.module, name):
            backbone.module.get_submodule(name).requires_grad_(False)
            return
    raise UsageError(
        f"{backbone.name} has no patch embedding to freeze",
        mend="For convolutional networks use moco-v3, or set freeze_patch_embedding=false",
    )
