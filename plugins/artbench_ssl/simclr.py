"""SimCLR: every other image of the batch is a negative, in both views, with gradients through all of them."""

import torch
from torch.nn.functional import cross_entropy

from artbench.encoders import Backbone
from artbench.pretrain import Networks, Objective, embedder
from artbench.pretrain.precision import at_least_float32, unit
from artbench_ssl.heads import simclr_head
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

    replays = True

    def __init__(self, backbone: Backbone, settings: SimclrSettings, images: int) -> None:
        projector = simclr_head(backbone.feature_dim, dim=settings.dim)
        self.networks = Networks(embedder(backbone.module, projector=projector), torch.nn.Module())
        self.memory = {}
        self._settings = settings
        self._gradient = torch.empty(0)
        self._loss = torch.zeros(())

    def begin_step(self, progress: float) -> None:
        """Do nothing: there is no teacher."""

    def embed(self, networks: Networks, views: tuple[torch.Tensor, ...]) -> torch.Tensor:
        """Return the embeddings of both views, shape (n, 2, dim)."""
        return torch.stack([at_least_float32(networks.student(view)) for view in views], dim=1)

    def receive(self, targets: torch.Tensor) -> None:
        """Compute the gradient of the batch's loss with respect to its embeddings."""
        with torch.enable_grad():
            embeddings = targets.detach().clone().requires_grad_()
            loss = nt_xent(embeddings[:, 0], embeddings[:, 1], temperature=self._settings.temperature)
            (self._gradient,) = torch.autograd.grad(loss, embeddings)
        self._loss = loss.detach()

    def loss(
        self, networks: Networks, views: tuple[torch.Tensor, torch.Tensor], targets: torch.Tensor, own: slice
    ) -> torch.Tensor:
        """Return a number with the value of the batch's loss and the gradient of this sub-batch's share."""
        embeddings = self.embed(networks, views)
        # The step takes the mean over sub-batches, each as large as its share of the batch.
        share = (embeddings * self._gradient[own]).sum() * (len(targets) / len(embeddings))
        return share - share.detach() + self._loss


def nt_xent(first: torch.Tensor, second: torch.Tensor, *, temperature: float) -> torch.Tensor:
    """Return the mean over all 2 n embeddings of the cross-entropy with their partner among the 2 n - 1 others.

    Args:
        first: Embeddings of the first views, shape (n, dim).
        second: Embeddings of the second views, shape (n, dim).
        temperature: Temperature of the softmax.
    """
    count = len(first)
    directions = unit(torch.cat([first, second]))
    logits = directions @ directions.T / temperature
    logits = logits.masked_fill(torch.eye(2 * count, dtype=torch.bool, device=logits.device), float("-inf"))
    partners = torch.arange(2 * count, device=logits.device).roll(count)
    return cross_entropy(logits, partners)
