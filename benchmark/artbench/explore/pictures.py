"""Small pictures for the page, and greys to tell duplicates by, from the decoding that the features need."""

import io
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from artbench.audit.image_index import THUMBNAIL, grey_thumbnail, is_plain
from artbench.audit.margins import inner_box
from artbench.data.dataset import Dataset
from artbench.data.decode import UnreadableImage, decode_whole
from artbench.features.beside import Beside
from artbench.runtime.progress import Reporter
from artbench.runtime.threads import in_threads, usable_cores

# The long side is at most this many times the short one; the rest is cut off.
LONGEST = 2.0
# Short side in pixels, at most and at least; bytes that one pixel takes as WebP, on average over paintings.
_SHARPEST, _SMALLEST, _PER_PIXEL = 320, 64, 0.2
# The fastest method, as encoding takes most of the time.
_QUALITY, _METHOD = 60, 0


@dataclass(frozen=True, kw_only=True)
class Pictures:
    """Small pictures of n images.

    Attributes:
        encoded: Each as WebP; empty for one that can't be read any more, or that there was no room for.
        greys: uint8, shape (n, THUMBNAIL, THUMBNAIL), without margins.
        comparable: Whether each shows enough to be compared by its greys, bool, shape (n,).
        side: Length of their short sides in pixels, where the images have so many.
    """

    encoded: Sequence[bytes]
    greys: NDArray[np.uint8]
    comparable: NDArray[np.bool_]
    side: int


def side_for(count: int, *, budget: int) -> int:
    """Return the short side in pixels at which so many pictures take some bytes: the fewer, the sharper.

    Examples:
        >>> side_for(100, budget=28_000_000), side_for(5_782, budget=28_000_000), side_for(100_000, budget=28_000_000)
        (320, 134, 64)
    """
    # A painting is a third longer than it is wide.
    return int(min(_SHARPEST, max(_SMALLEST, (0.75 * budget / max(count, 1) / _PER_PIXEL) ** 0.5)))


class SmallPictures:
    """Makes small pictures and greys of images, of as many as it can while they are decoded for features.

    Args:
        dataset: The dataset.
        count: Number of the images.
        scaled_for: Short side in pixels to which they are reduced for features.
        budget: Bytes that all pictures take together.
        keep_all: Whether the smallest pictures may take more than that; else as many as there is room for are kept,
            spread evenly over the images.
    """

    def __init__(self, dataset: Dataset, count: int, *, scaled_for: int, budget: int, keep_all: bool) -> None:
        self._dataset, self._scaled_for, self._budget, self._keep_all = dataset, scaled_for, budget, keep_all
        self.side = side_for(count, budget=budget)
        self._decoded = max(self.side, 2 * THUMBNAIL)
        self._made: dict[int, tuple[bytes, NDArray[np.uint8]]] = {}

    @property
    def beside(self) -> Beside:
        """Makes them as images are decoded for features."""
        return Beside(short_side=self._decoded, longest=LONGEST, use=self._make)

    def of(self, rows: NDArray[np.int64], reporter: Reporter) -> Pictures:
        """Return those of the images in some rows, shape (n,); images not decoded so far are decoded now."""
        n = len(rows)
        greys, comparable = np.zeros((n, THUMBNAIL, THUMBNAIL), np.uint8), np.zeros(n, bool)
        encoded, used = [b""] * n, 0
        # Evenly spread, so that what there is no room for is missing everywhere alike.
        order = np.arange(n) if self._keep_all else np.random.default_rng(0).permutation(n)
        with (
            reporter.counting("small pictures", total=n, unit="pictures") as counter,
            closing(in_threads(self._one, rows[order].tolist(), threads=usable_cores())) as made,
        ):
            for at, found in zip(order.tolist(), made, strict=True):
                counter.advance()
                if found is None:
                    continue
                data, greys[at] = found
                comparable[at] = not is_plain(greys[at])
                if self._keep_all or used + len(data) <= self._budget:
                    encoded[at] = data
                    used += len(data)
        return Pictures(encoded=encoded, greys=greys, comparable=comparable, side=self.side)

    def _one(self, row: int) -> tuple[bytes, NDArray[np.uint8]] | None:
        if row not in self._made:
            try:
                data = self._dataset.read(row)
                pixels = decode_whole(data, short_side=self._decoded, longest=LONGEST, scaled_for=self._scaled_for)
            except (UnreadableImage, OSError):
                return None
            self._make(row, pixels)
        return self._made.pop(row)

    def _make(self, row: int, pixels: NDArray[np.uint8]) -> None:
        left, top, right, bottom = inner_box(pixels)
        self._made[row] = webp(_reduced(pixels, self.side)), grey_thumbnail(pixels[top:bottom, left:right])


def webp(pixels: NDArray[np.uint8]) -> bytes:
    """Encode pixels, uint8, shape (height, width, 3)."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "WEBP", quality=_QUALITY, method=_METHOD)
    return file.getvalue()


def _reduced(pixels: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Reduce the short side of an image; a smaller one keeps its size."""
    height, width = pixels.shape[:2]
    scale = side / min(height, width)
    if scale >= 1:
        return pixels
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BOX))
