"""Whether two pictures are one scan, cropped and tinted, or two: the correlation where they lie best on each other."""

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from artbench.audit.look import THUMBNAIL

# What may be cut from each edge, as shares of the side; the first search takes every other one.
_CUTS = (0.0, 0.02, 0.04, 0.06, 0.08)

# Side of the grid on which two pictures are compared.
_CELLS = 24

# A pair whose first search comes to less than this is not worth the second one.
_HOPELESS = 0.8


def correlation(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """How well two thumbnails agree, if a part of one is laid on the whole of the other in the best way.

    Up to 8 % may be missing at each edge of either. Brightness, contrast and a tint don't matter: it is Pearson's
    correlation of the greys of 24 x 24 cells.

    Args:
        one: Shape (THUMBNAIL, THUMBNAIL).
        other: Likewise.

    Returns:
        At most 1.
    """
    first, second = one.astype(np.float32), other.astype(np.float32)
    return max(_as_part(first, second), _as_part(second, first))


def _as_part(whole: NDArray[np.float32], cut: NDArray[np.float32]) -> float:
    """The best correlation of all of `whole` with some window of `cut`."""
    windows = _windows()
    target = _normed(np.asarray(windows[0, 0] @ whole @ windows[0, 0].T, np.float32).reshape(1, -1))[0]
    steps = np.arange(0, len(_CUTS), 2)
    best, place = _search(cut, target, steps, steps, steps, steps)
    if best < _HOPELESS:
        return best
    around = [np.unique(np.clip([at - 1, at, at + 1], 0, len(_CUTS) - 1)) for at in place]
    return max(best, _search(cut, target, *around)[0])


def _search(
    cut: NDArray[np.float32],
    target: NDArray[np.float32],
    tops: NDArray[np.int64],
    bottoms: NDArray[np.int64],
    lefts: NDArray[np.int64],
    rights: NDArray[np.int64],
) -> tuple[float, tuple[int, int, int, int]]:
    """The best window among all combinations of these cuts, by their number in `_CUTS`, and where it is."""
    windows = _windows()
    vertical = windows[np.ix_(tops, bottoms)].reshape(-1, THUMBNAIL)
    horizontal = windows[np.ix_(lefts, rights)].reshape(-1, THUMBNAIL)
    cells = vertical @ cut @ horizontal.T
    counts = len(vertical) // _CELLS, len(horizontal) // _CELLS
    cells = cells.reshape(counts[0], _CELLS, counts[1], _CELLS).transpose(0, 2, 1, 3).reshape(-1, _CELLS * _CELLS)
    values = _normed(cells) @ target
    at = int(values.argmax())
    top, bottom, left, right = np.unravel_index(at, (len(tops), len(bottoms), len(lefts), len(rights)))
    return float(values[at]), (int(tops[top]), int(bottoms[bottom]), int(lefts[left]), int(rights[right]))


def _normed(cells: NDArray[Any]) -> NDArray[np.float32]:
    """Centred rows of length 1."""
    centred = cells - cells.mean(axis=1, keepdims=True)
    lengths = np.sqrt(np.einsum("ij,ij->i", centred, centred))[:, None]
    return np.asarray(centred / np.maximum(lengths, 1e-3), np.float32)


@cache
def _windows() -> NDArray[np.float32]:
    """For each cut at the start and at the end of a side, what averages the rest into cells.

    Shape (len(_CUTS), len(_CUTS), _CELLS, THUMBNAIL).
    """
    pixels = np.arange(THUMBNAIL)
    found = np.empty((len(_CUTS), len(_CUTS), _CELLS, THUMBNAIL), np.float32)
    for i, start in enumerate(_CUTS):
        for j, end in enumerate(_CUTS):
            edges = np.linspace(start * THUMBNAIL, (1 - end) * THUMBNAIL, _CELLS + 1)[:, None]
            overlap = np.minimum(edges[1:], pixels + 1) - np.maximum(edges[:-1], pixels)
            found[i, j] = np.clip(overlap, 0, None) / (edges[1] - edges[0])
    return found
