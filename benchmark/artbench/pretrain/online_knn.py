"""Quality of the features during training: kNN on the training images of a labelled task."""

import copy
from contextlib import closing
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from artbench.data.dataset import Dataset
from artbench.data.decode import UnreadableImage, decode
from artbench.data.splits import held_out
from artbench.data.targets import Split, Targets
from artbench.encoders.backbone import Backbone
from artbench.encoders.encoder import Encoder
from artbench.features.forward import Forward
from artbench.pretrain.stopping import StopRequest
from artbench.probe.features import Rows
from artbench.probe.knn import knn_probabilities
from artbench.protocol import DEFAULT_PROTOCOL
from artbench.runtime.machine import choose_dtype, own_core_each
from artbench.runtime.threads import in_threads, usable_cores

_BATCH = 8


@dataclass(frozen=True, kw_only=True)
class OnlineKnn:
    """A single-label task whose training images measure the features; its test images are never read.

    If it has no validation split, a tenth of its training images serves as one.
    """

    name: str
    dataset: Dataset
    targets: Targets

    def accuracy(
        self, backbone: Backbone, module: torch.nn.Module, *, side: int, device: str, stop: StopRequest
    ) -> float:
        """The share of the validation images that weighted kNN (k = 20, temperature 0.07) classifies correctly.

        Args:
            backbone: The backbone, for its mean and std.
            module: The backbone's module as it is now; it stays unchanged.
            side: Side of the centre crop in pixels.
            device: Device to compute on.
            stop: Checked between batches: with many images this takes longer than batch systems wait.

        Raises:
            Stopped: A signal has come.
        """
        train, validation = self._splits()
        rows = np.concatenate([train.rows, validation.rows])
        threads = usable_cores() if device == "cpu" else 1
        encoder = _encoder(backbone, module)
        forward = Forward(encoder, device=device, side=side, dtype=choose_dtype(device), copies=threads)

        def work(start: int) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
            stop.raise_if_stopped()
            pixels, readable = self._pixels(rows[start : start + _BATCH], side)
            return forward(pixels), readable

        with own_core_each(device), closing(in_threads(work, range(0, len(rows), _BATCH), threads=threads)) as done:
            features, readable = map(np.concatenate, zip(*done, strict=True))
        cut = len(train)
        votes = knn_probabilities(
            [Rows(features, np.flatnonzero(readable[:cut]))],
            _classes(train)[readable[:cut]],
            Rows(features[cut:], np.flatnonzero(readable[cut:])),
            classes=len(self.targets.classes),
            target="single-label",
            k=DEFAULT_PROTOCOL.neighbours.k,
            temperature=DEFAULT_PROTOCOL.neighbours.temperature,
            device="cpu",
        )
        return float((votes.argmax(axis=1) == _classes(validation)[readable[cut:]]).mean())

    def _splits(self) -> tuple[Split, Split]:
        train = self.targets.train
        if self.targets.validation is not None:
            return train, self.targets.validation
        ids = [self.dataset.ids[row] for row in train.rows.tolist()]
        labels = _classes(train)
        out = held_out(labels, ids, fraction=DEFAULT_PROTOCOL.probe.validation_fraction)
        rest = np.setdiff1d(np.arange(len(train)), out)
        return Split(rows=train.rows[rest], labels=labels[rest]), Split(rows=train.rows[out], labels=labels[out])

    def _pixels(self, rows: NDArray[np.int64], side: int) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        pixels, readable = np.zeros((len(rows), side, side, 3), np.uint8), np.ones(len(rows), bool)
        for place, row in enumerate(rows.tolist()):
            try:
                short = round(side / DEFAULT_PROTOCOL.picture.crop_fraction)
                pixels[place] = decode(self.dataset.read(row), short_side=short, crop=side)
            except (UnreadableImage, OSError):
                readable[place] = False
        return pixels, readable


def _classes(split: Split) -> NDArray[np.int64]:
    return np.asarray(split.labels, np.int64)


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
