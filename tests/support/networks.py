"""Small networks as encoders, and a probe on them that is drawn, not fitted."""

import numpy as np
import torch
from numpy.typing import NDArray

from artbench.explain.gradcam.model import ProbedEncoder
from artbench.probe.linear import FittedProbe
from tests.support.encoders import encoder_of

SIDE, CLASSES = 32, 4


class Reused(torch.nn.Module):
    """One ReLU in place that is called twice, around a shortcut, and a clipped one."""

    def __init__(self) -> None:
        super().__init__()
        self.first = torch.nn.Conv2d(3, 8, 3, padding=1, stride=2)
        self.second = torch.nn.Conv2d(8, 8, 3, padding=1)
        self.relu = torch.nn.ReLU(inplace=True)
        self.last = torch.nn.Conv2d(8, 10, 3, stride=2)
        self.clipped = torch.nn.ReLU6(inplace=True)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        found = self.relu(self.first(images))
        found = self.relu(self.second(found) + found)
        features: torch.Tensor = self.clipped(self.last(found)).mean(dim=(2, 3))
        return features


def probe(feature_dim: int, *, seed: int = 0) -> FittedProbe:
    random = np.random.default_rng(seed)
    return FittedProbe(
        weight=random.normal(size=(feature_dim, CLASSES)),
        bias=random.normal(size=CLASSES),
        target="single-label",
        l2=1.0,
        grid_losses=(),
        validation={},
        converged=True,
        evaluations=0,
    )


def model(module: torch.nn.Module, feature_dim: int) -> ProbedEncoder:
    return ProbedEncoder(encoder_of(module, feature_dim, backbone="net"), probe(feature_dim))


def reused() -> ProbedEncoder:
    torch.manual_seed(0)
    return model(Reused(), 10)


def pixels(count: int) -> NDArray[np.uint8]:
    return np.random.default_rng(1).integers(0, 256, (count, SIDE, SIDE, 3), np.uint8)
