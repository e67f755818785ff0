"""Small pictures for the page, and greys to tell duplicates by, from one decoding."""

import io
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from artbench.audit.image_index import THUMBNAIL, grey_thumbnail, is_plain
from artbench.audit.margins import inner_box
from artbench.data.dataset import Dataset
from artbench.data.decode import UnreadableImage, decode_whole
from artbench.runtime.progress import Reporter
from artbench.runtime.threads import in_threads, usable_cores

# The long side is at most this many times the short one; the rest is cut off.
LONGEST = 2.0
# Short side in pixels, at most and at least; bytes that one pixel takes as WebP, on average over paintings.
_SHARPEST, _SMALLEST, _PER_PIXEL = 320, 64, 0.17
_QUALITY, _METHOD = 60, 2


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
        (320, 146, 64)
    """
    # A painting is a third longer than it is wide.
    return int(min(_SHARPEST, max(_SMALLEST, (0.75 * budget / max(count, 1) / _PER_PIXEL) ** 0.5)))


def small_pictures(
    dataset: Dataset, rows: NDArray[np.int64], *, budget: int, keep_all: bool, reporter: Reporter
) -> Pictures:
    """Decode images once, for small pictures and greys.

    Args:
        dataset: The dataset.
        rows: Rows of the images, shape (n,).
        budget: Bytes that all pictures take together.
        keep_all: Whether the smallest pictures may take more than that; else as many as there is room for are kept,
            spread evenly over the images.
        reporter: Receives progress.
    """
    n, side = len(rows), side_for(len(rows), budget=budget)
    greys, comparable = np.zeros((n, THUMBNAIL, THUMBNAIL), np.uint8), np.zeros(n, bool)
    encoded, used = [b""] * n, 0
    # Evenly spread, so that what there is no room for is missing everywhere alike.
    order = np.arange(n) if keep_all else np.random.default_rng(0).permutation(n)
    work = partial(_small, dataset, side=side)
    with (
        reporter.counting("small pictures", total=n, unit="pictures") as counter,
        closing(in_threads(work, rows[order].tolist(), threads=usable_cores())) as made,
    ):
        for at, found in zip(order.tolist(), made, strict=True):
            counter.advance()
            if found is None:
                continue
            data, greys[at] = found
            comparable[at] = not is_plain(greys[at])
            if keep_all or used + len(data) <= budget:
                encoded[at] = data
                used += len(data)
    return Pictures(encoded=encoded, greys=greys, comparable=comparable, side=side)


def webp(pixels: NDArray[np.uint8]) -> bytes:
    """Encode pixels, uint8, shape (height, width, 3)."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "WEBP", quality=_QUALITY, method=_METHOD)
    return file.getvalue()


def _small(dataset: Dataset, row: int, *, side: int) -> tuple[bytes, NDArray[np.uint8]] | None:
    try:
        pixels = decode_whole(dataset.read(row), short_side=max(side, 2 * THUMBNAIL), longest=LONGEST)
    except (UnreadableImage, OSError):
        return None
    reduced = _reduced(pixels, 2 * THUMBNAIL)
    left, top, right, bottom = inner_box(reduced)
    return webp(_reduced(pixels, side)), grey_thumbnail(reduced[top:bottom, left:right])


def _reduced(pixels: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Reduce the short side of an image; a smaller one keeps its size."""
    height, width = pixels.shape[:2]
    scale = side / min(height, width)
    if scale >= 1:
        return pixels
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BOX))
