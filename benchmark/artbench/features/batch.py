"""One batch on its way from rows to pixels to features."""

from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray

from artbench.data.contents import ReadImage

EMPTY = -1


@dataclass(kw_only=True)
class Batch:
    """One batch, and the seconds that each step took.

    Attributes:
        places: Row of the dataset at each place; `EMPTY` where there is none.
        pixels: uint8, shape (places, side, side, 3); zeros where no image could be decoded.
        staging: The memory of `pixels` as a tensor, if it is pinned for a device.
        compressed: Files that the device decodes, by place.
        broken: Why images can't be decoded, by row.
        unreachable: Why files can't be read, by row.
        images: What was read, by row, without the files.
        features: float32, shape (places, features), once they are there.
        decode_s: Seconds for which the network waited for the images.
        forward_s: Seconds for which the network computed.
    """

    places: NDArray[np.int64]
    pixels: NDArray[np.uint8]
    staging: torch.Tensor | None = None
    compressed: dict[int, bytes] = field(default_factory=dict)
    broken: dict[int, str] = field(default_factory=dict)
    unreachable: dict[int, str] = field(default_factory=dict)
    images: dict[int, ReadImage] = field(default_factory=dict)
    features: NDArray[np.float32] | None = None
    decode_s: float = 0.0
    forward_s: float = 0.0

    @property
    def readable(self) -> NDArray[np.bool_]:
        """Which places hold an image."""
        return np.isin(self.places, [EMPTY, *self.broken, *self.unreachable], invert=True)

    def __len__(self) -> int:
        return int(np.count_nonzero(self.places != EMPTY))
