"""kNN accuracy of a backbone in training, with the images shared out over the processes."""

import copy
import math
from contextlib import closing, suppress
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from artbench.encoders.backbone import Backbone
from artbench.encoders.encoder import Encoder
from artbench.features.forward import Forward
from artbench.pretrain.exchange import Exchange
from artbench.pretrain.fitting import holding
from artbench.pretrain.judged_images import BLOCK, JudgedImages
from artbench.pretrain.online_knn import OnlineKnn, class_numbers
from artbench.pretrain.stopping import Stopped, StopRequest
from artbench.probe.features import Rows
from artbench.probe.knn import knn_probabilities
from artbench.protocol import DEFAULT_PROTOCOL
from artbench.runtime.distributed import Group
from artbench.runtime.machine import choose_dtype, own_core_each
from artbench.runtime.threads import in_threads, usable_cores

# Images in a forward pass on the CPU, where each core has one of its own.
_CPU_BATCH = 8


class Judge:
    """Measures features by weighted kNN (k = 20, temperature 0.07) on a task.

    Args:
        online: The task.
        backbone: The backbone, for its mean and std.
        side: Side of the centre crop in pixels.
        device: Device to compute on.
        group: The processes, which share the images.
    """

    def __init__(self, online: OnlineKnn, backbone: Backbone, *, side: int, device: str, group: Group) -> None:
        self.name = online.name
        self._online = online
        self._backbone = backbone
        self._side = side
        self._device = device
        self._group = group
        self._exchange = Exchange(group, "cpu")
        self._rows = np.concatenate([split.rows for split in online.splits])
        self._images = JudgedImages(
            online.dataset, self._rows[group.rank :: group.size], side=side, processes=group.size
        )

    def accuracy(self, module: torch.nn.Module, *, stop: StopRequest) -> float | None:
        """The share of the validation images that is classified correctly; None if a signal came, to any process.

        It is `nan` where no training image, or none to classify, can be read.

        Args:
            module: The backbone's module as it is now; it stays unchanged.
            stop: Checked between images: with many of them this takes longer than batch systems wait.
        """

        def own() -> _Features | None:
            mend = "Leave --knn out, or train with a smaller --micro-batch, sub_batch or crop_size"
            with suppress(Stopped), holding(f"a pass of kNN on {self.name} beside the training", mend=mend):
                return self._own(module, stop)
            return None

        found = self._group.together(own)
        if self._group.any(found is None):
            return None
        assert found is not None
        features = self._whole(found.features)
        readable = self._whole(found.readable[:, None].astype(np.uint8))[:, 0]
        value: float = self._group.from_first(lambda: self._vote(features, readable))
        return value

    def _own(self, module: torch.nn.Module, stop: StopRequest) -> "_Features":
        """The features of this process's images."""
        on_cpu = self._device == "cpu"
        threads, batch = (usable_cores(), _CPU_BATCH) if on_cpu else (1, BLOCK)
        encoder = _encoder(self._backbone, module)
        dtype = choose_dtype(self._device)
        forward = Forward(encoder, device=self._device, side=self._side, dtype=dtype, copies=threads)
        features = [np.empty((0, self._backbone.feature_dim), np.float32)]
        readable = [np.empty(0, np.bool_)]
        with own_core_each(self._device), closing(self._images.blocks(stop)) as blocks:
            for block in blocks:
                batches = [block.pixels[start : start + batch] for start in range(0, len(block.pixels), batch)]
                with closing(in_threads(forward, batches, threads=threads)) as done:
                    features += done
                readable.append(block.readable)
        return _Features(np.concatenate(features), np.concatenate(readable))

    def _whole(self, own: NDArray[np.generic]) -> NDArray[np.generic]:
        """The rows of all processes, in the order of the images; `own` are those of this one, shape (n, d)."""
        size, each = self._group.size, -(-len(self._rows) // self._group.size)
        padded = np.zeros((each, own.shape[1]), own.dtype)
        padded[: len(own)] = own
        parts = self._exchange.gathered(torch.from_numpy(padded)).numpy()
        ordered = parts.reshape(size, each, -1).swapaxes(0, 1).reshape(size * each, -1)
        return np.asarray(ordered[: len(self._rows)])

    def _vote(self, features: NDArray[np.generic], readable: NDArray[np.generic]) -> float:
        train, validation = self._online.splits
        cut = len(train)
        seen, asked = np.flatnonzero(readable[:cut]), np.flatnonzero(readable[cut:])
        if not len(seen) or not len(asked):
            return math.nan
        values = features.astype(np.float32, copy=False)
        votes = knn_probabilities(
            [Rows(values, seen)],
            class_numbers(train)[seen],
            Rows(values[cut:], asked),
            classes=len(self._online.targets.classes),
            target=self._online.target,
            k=DEFAULT_PROTOCOL.neighbours.k,
            temperature=DEFAULT_PROTOCOL.neighbours.temperature,
            device=self._device,
        )
        return float((votes.argmax(axis=1) == class_numbers(validation)[asked]).mean())


class _Features(NamedTuple):
    features: NDArray[np.float32]
    readable: NDArray[np.bool_]


def _encoder(backbone: Backbone, module: torch.nn.Module) -> Encoder:
    return Encoder(
        backbone=backbone.name,
        pretraining="in training",
        module=copy.deepcopy(module).requires_grad_(False).eval(),
        feature_dim=backbone.feature_dim,
        mean=backbone.mean,
        std=backbone.std,
        input_size=backbone.input_size,
        weights_sha256="",
        source="in training",
        parameters=0,
    )
