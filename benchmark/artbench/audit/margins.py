"""Uniform margins of images, such as the white page on which a scan was laid or the bars that fill up a square."""

import numpy as np
from numpy.typing import NDArray

# Most grey levels by which the pixels of a margin differ from its colour, on which a JPEG leaves traces of the image.
_TOLERANCE = 4
# Least share of a line's pixels that have the colour of the margin.
_SHARE = 0.98
# An image that is less than this share of a side shows too little.
_LEAST = 1 / 24


def inner_box(pixels: NDArray[np.uint8]) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom of an image within its uniform margins; all of it if it has none.

    A margin has the colour of its outermost line, so that each side may have its own. All that is left being a speck,
    the image keeps its margins.

    Args:
        pixels: uint8, shape (height, width, 3).

    Examples:
        >>> page = np.full((60, 80, 3), 255, np.uint8)
        >>> page[20:50, 30:70] = np.random.default_rng(0).integers(0, 200, (30, 40, 3))
        >>> inner_box(page)
        (30, 20, 70, 50)
    """
    height, width = pixels.shape[:2]
    box = [0, 0, width, height]
    # A mount may lie on a page: what is left of one margin may have another.
    for _ in range(2):
        left, top, right, bottom = box
        part = pixels[top:bottom, left:right]
        above, below = _margin(part), _margin(part[::-1])
        part = part[above : len(part) - below]
        across = part.transpose(1, 0, 2)
        before, after = _margin(across), _margin(across[::-1])
        if not above + below + before + after:
            break
        box = [left + before, top + above, right - after, bottom - below]
        if box[2] - box[0] < _LEAST * width or box[3] - box[1] < _LEAST * height:
            return 0, 0, width, height
    return box[0], box[1], box[2], box[3]


def _margin(lines: NDArray[np.uint8]) -> int:
    """Return how many lines, from the first on, are of the colour of the first."""
    if not lines.size:
        return 0
    # Most images have none, and need not be looked through: one channel of the first line tells.
    ordered, others = np.sort(lines[0, :, 0]), int((1 - _SHARE) * lines.shape[1]) + 1
    if lines.shape[1] > 2 * others and int(ordered[-1 - others]) - int(ordered[others]) > 2 * _TOLERANCE:
        return 0
    colour = np.median(lines[0], axis=0)
    if (np.abs(lines[0] - colour).max(axis=1) <= _TOLERANCE).mean() < _SHARE:
        return 0
    same = (np.abs(lines - colour).max(axis=2) <= _TOLERANCE).mean(axis=1) >= _SHARE
    return len(lines) if same.all() else int(same.argmin())
