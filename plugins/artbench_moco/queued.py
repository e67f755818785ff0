"""MoCo v1 and v2: a query, its key by the momentum encoder, and a queue of earlier keys as negatives."""

from collections.abc import Mapping

import torch
from torch.nn.functional import cross_entropy

from artbench.encoders import Backbone
from artbench.errors import UsageError
from artbench.pretrain import Networks, Objective, embedder, follow, teacher_of
from artbench.pretrain.precision import unit
from artbench_moco.heads import plain_head
from artbench_moco.settings import QueueSettings

_LARGEST_QUEUE = 65_536
# Dataset number of the noise that fills the queue before there are keys.
_NOISE = -1


class QueuedContrast(Objective):
    """InfoNCE against a queue (He et al. 2020; Chen et al. 2020).

    Args:
        backbone: The backbone at its initialisation.
        settings: Settings of the method.
        images: Number of images in the pool.

    Raises:
        UsageError: The queue is longer than the pool.
    """

    target_views = (1,)

    def __init__(self, backbone: Backbone, settings: QueueSettings, images: int) -> None:
        length = settings.queue or max(1, min(_LARGEST_QUEUE, images // 10))
        if length > images:
            raise UsageError(
                f"a queue of {length} is longer than the pool of {images} images",
                mend="Set queue to a tenth of the pool or less, or leave it out",
            )
        head = plain_head(backbone.feature_dim, dim=settings.dim, mlp=settings.mlp)
        student = embedder(backbone.module, head=head)
        self.networks = Networks(student, teacher_of(student))
        self.shuffled = settings.shuffle
        self.memory = {
            "queue": unit(torch.randn(length, settings.dim)),
            "sources": torch.full((length,), _NOISE),
            "pointer": torch.zeros((), dtype=torch.int64),
            "filled": torch.zeros((), dtype=torch.int64),
        }
        self._settings = settings

    def begin_step(self, progress: float) -> None:
        """Move the key encoder towards the query encoder."""
        follow(self.networks.teacher, self.networks.student, self._settings.momentum)

    def embed(self, networks: Networks, views: tuple[torch.Tensor, ...]) -> torch.Tensor:
        """Return the normalised keys, shape (n, 1, dim)."""
        return unit(networks.teacher(views[0])).unsqueeze(1)

    def loss(
        self, networks: Networks, views: tuple[torch.Tensor, torch.Tensor], targets: torch.Tensor, own: slice
    ) -> torch.Tensor:
        """Return the cross-entropy of each query with its own key against the queue."""
        queries = unit(networks.student(views[0]))
        positive = (queries * targets[own, 0]).sum(dim=1, keepdim=True)
        # The queue as it was before this batch's keys: a key that enters first is its own negative.
        negative = queries @ self.memory["queue"].T
        if self._settings.one_source:
            sources = self.memory["sources"]
            negative = negative.masked_fill((sources != self.source) & (sources != _NOISE), float("-inf"))
        logits = torch.cat([positive, negative], dim=1) / self._settings.temperature
        return cross_entropy(logits, torch.zeros(len(logits), dtype=torch.int64, device=logits.device))

    def end_step(self, targets: torch.Tensor) -> None:
        """Replace the oldest keys of the queue by the new ones."""
        queue, pointer, filled = (self.memory[name] for name in ("queue", "pointer", "filled"))
        length = len(queue)
        keys = targets[-length:, 0]
        places = (pointer + torch.arange(len(keys), device=queue.device)) % length
        queue[places] = keys
        # Assigning a number to places would copy it to the device, and wait.
        self.memory["sources"].index_fill_(0, places, self.source)
        pointer.copy_((pointer + len(keys)) % length)
        filled.copy_((filled + len(keys)).clamp(max=length))

    def notes(self) -> Mapping[str, float]:
        """Return the share of the queue that is filled with keys; the rest is initial noise."""
        return {"queue": int(self.memory["filled"]) / len(self.memory["queue"])}
