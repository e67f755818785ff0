"""SimCLR: every other image of the batch is a negative, in both views, with gradients through all of them."""

import torch
from torch.nn.functional import cross_entropy, normalize

from artbench.encoders import Backbone
from artbench.pretrain import Networks, Objective, embedder
from artbench_ssl.heads import hidden_layer_head
from artbench_ssl.settings import SimclrSettings


class BatchContrast(Objective):
    """The normalised temperature-scaled cross-entropy over a whole batch (Chen et al. 2020).

    The gradient with respect to the embeddings is computed first, from embeddings made without gradients; then every
    sub-batch is embedded again and its share is propagated back (Gao et al. 2021, Scaling Deep Contrastive Learning
    Batch Size under Memory Limited Setup). The result is the gradient of the whole batch, however it is split.

    Args:
        backbone: The backbone at its initialisation.
        settings: Settings of the method.
        images: Number of images in the pool.
    """

    def __init__(self, backbone: Backbone, settings: SimclrSettings, images: int) -> None:
        features = backbone.feature_dim
        projector = hidden_layer_head(features, hidden=features, dim=settings.dim, normalised=True)
        self.networks = Networks(embedder(backbone.module, projector=projector), torch.nn.Module())
        self.memory = {}
        self._settings = settings
        self._gradient = torch.empty(0)
        self._loss = 0.0

    def begin_step(self, progress: float) -> None:
        """Do nothing: there is no teacher."""

    def embed(self, networks: Networks, views: tuple[torch.Tensor, ...]) -> torch.Tensor:
        """Return the embeddings of both views, shape (n, 2, dim)."""
        return torch.stack([networks.student(view).float() for view in views], dim=1)

    def receive(self, targets: torch.Tensor) -> None:
        """Compute the gradient of the batch's loss with respect to its embeddings."""
        with torch.enable_grad():
            embeddings = targets.detach().clone().requires_grad_()
            loss = nt_xent(embeddings[:, 0], embeddings[:, 1], temperature=self._settings.temperature)
            (self._gradient,) = torch.autograd.grad(loss, embeddings)
        self._loss = float(loss.detach())

    def loss(
        self, networks: Networks, views: tuple[torch.Tensor, torch.Tensor], targets: torch.Tensor, own: slice
    ) -> torch.Tensor:
        """Return a number with the value of the batch's loss and the gradient of this sub-batch's share."""
        embeddings = self.embed(networks, views)
        share = (embeddings * self._gradient[own]).sum() * self._settings.sub_batches
        return share - share.detach() + self._loss


def nt_xent(first: torch.Tensor, second: torch.Tensor, *, temperature: float) -> torch.Tensor:
    """Return the mean over all 2 n embeddings of the cross-entropy with their partner among the 2 n - 1 others.

    Args:
        first: Embeddings of the first views, shape (n, dim).
        second: Embeddings of the second views, shape (n, dim).
        temperature: Temperature of the softmax.
    """
    count = len(first)
    unit = normalize(torch.cat([first, second]), dim=1)
    logits = unit @ unit.T / temperature
    logits = logits.masked_fill(torch.eye(2 * count, dtype=torch.bool, device=unit.device), float("-inf"))
    partners = torch.arange(2 * count, device=unit.device).roll(count)
    return cross_entropy(logits, partners)
