"""Whether pictures are like those that a precision or a coverage was measured on."""

import numpy as np
import torch
from numpy.typing import NDArray

from artbench.probe.features import Rows

# Pictures, and test images, that are looked at; drawn evenly.
_MOST = 1000
_AT_ONCE = 4096
# Share of the test images that count as unlike training, and so of pictures that are like them.
USUAL = 0.05


def unlike(train: Rows, test: Rows, pictures: Rows) -> float:
    """Return the share of pictures that are less like any training image than 95 of 100 test images are.

    Likeness is the largest cosine of their features with those of a training image. Of pictures like those of the test
    the share is about 0.05. At most a thousand pictures and as many test images are compared.
    """
    usual = np.quantile(_nearest(train, _some(test)), USUAL)
    return float((_nearest(train, _some(pictures)) < usual).mean())


def _some(rows: Rows) -> Rows:
    return rows.select(np.linspace(0, len(rows) - 1, min(len(rows), _MOST)).astype(np.int64))


def _nearest(train: Rows, rows: Rows) -> NDArray[np.float32]:
    asked = torch.cat([_unit(block) for block in rows.pieces(_AT_ONCE)])
    best = torch.full((len(asked),), -1.0)
    for block in train.pieces(_AT_ONCE):
        best = torch.maximum(best, (asked @ _unit(block).T).amax(dim=1))
    return best.numpy()


def _unit(block: NDArray[np.float32]) -> torch.Tensor:
    return torch.nn.functional.normalize(torch.from_numpy(np.array(block)), dim=1)
