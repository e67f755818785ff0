"""What else is made of images while they are decoded for features, so that they are decoded once."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from artbench.data.decode import decode_both


@dataclass(frozen=True, kw_only=True)
class Beside:
    """What is made of whole images beside their features.

    Images whose features are stored are not decoded, nor are those that a device decodes.

    Attributes:
        short_side: Length in pixels to which a longer short side is reduced, at most twice that of the features.
        longest: Most times that the long side may exceed the short one; the rest is cut off at both ends.
        use: Takes a row and the pixels of its image, uint8, shape (height, width, 3); called by several threads, and
            more than once for an image that is decoded again.
    """

    short_side: int
    longest: float
    use: Callable[[int, NDArray[np.uint8]], None]

    def pixels(self, row: int, data: bytes, *, short_side: int, crop: int) -> NDArray[np.uint8]:
        """Return what `decode` does, and hand the whole image on.

        Raises:
            UnreadableImage: As `decode` does.
        """
        pixels, whole = decode_both(data, short_side=short_side, crop=crop, whole=self.short_side, longest=self.longest)
        self.use(row, whole)
        return pixels
