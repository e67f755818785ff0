"""The nearest neighbours of every picture: exact, by cosine, in blocks, with or without a correction for hubs."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from artbench.runtime.machine import free_bytes
from artbench.runtime.progress import Reporter

# Pictures whose neighbours are searched at a time, and pictures that they are compared with at a time.
_BLOCKS = {"cpu": (1024, 2048), "cuda": (8192, 32768), "mps": (2048, 8192)}
# Neighbours over which CSLS averages, as in its paper.
AVERAGED = 10
_READ_AT_ONCE = 4096


class Directions:
    """Features as unit vectors, read and divided by their lengths block by block.

    Args:
        features: float32, shape (any, d); may be a memory map.
        rows: The rows that count, ascending.
        device: `cpu`, `cuda` or `mps`. On `cuda` all are kept there if they take less than half of what is free.

    Attributes:
        digest: SHA-256 over the features, 64 hexadecimal digits.
    """

    def __init__(self, features: NDArray[np.float32], rows: NDArray[np.int64], *, device: str) -> None:
        self._features, self._rows, self.device = features, rows, device
        digest, lengths = hashlib.sha256(f"{features.shape[1]} {len(rows)}\n".encode()), []
        for start in range(0, len(rows), _READ_AT_ONCE):
            block = np.ascontiguousarray(features[rows[start : start + _READ_AT_ONCE]], "<f4")
            digest.update(block.data)
            lengths.append(np.linalg.norm(block, axis=1))
        self.digest = digest.hexdigest()
        found = np.concatenate(lengths)
        self._inverse = np.divide(1, found, out=np.zeros_like(found), where=found > 0)[:, None]
        self._kept: torch.Tensor | None = None
        if device == "cuda" and 4 * len(rows) * features.shape[1] < free_bytes(device) / 2:
            self._kept = torch.cat([self._read(*span) for span in spans(len(rows), _READ_AT_ONCE)])

    def __len__(self) -> int:
        return len(self._rows)

    def block(self, start: int, stop: int) -> torch.Tensor:
        """Return some unit vectors on the device, float32, shape (stop - start, d); of no features, zeros."""
        return self._read(start, stop) if self._kept is None else self._kept[start:stop]

    def _read(self, start: int, stop: int) -> torch.Tensor:
        rows = self._rows[start:stop]
        if len(rows) and rows[-1] - rows[0] == len(rows) - 1:
            # A slice of a memory map is not copied before it is divided.
            found = self._features[rows[0] : rows[-1] + 1] * self._inverse[start:stop]
        else:
            found = self._features[rows] * self._inverse[start:stop]
        return torch.from_numpy(np.asarray(found, np.float32)).to(self.device)


@dataclass(frozen=True, kw_only=True)
class Nearest:
    """The neighbours of some pictures, the nearest first.

    Attributes:
        start: Position of the first of them.
        places: Positions of their neighbours, int64, shape (m, count).
        scores: Cosines; with a correction, cosines less half of what is taken off. float32, shape (m, count).
    """

    start: int
    places: NDArray[np.int64]
    scores: NDArray[np.float32]

    def first(self, count: int) -> "Nearest":
        """Return the first `count` neighbours of each, or as many as there are."""
        return Nearest(start=self.start, places=self.places[:, :count], scores=self.scores[:, :count])


def spans(total: int, size: int) -> list[tuple[int, int]]:
    """Return start and stop of each block of up to `size`."""
    return [(start, min(start + size, total)) for start in range(0, total, size)]


def blocks_of(directions: Directions) -> list[tuple[int, int]]:
    """Return start and stop of the pictures that are searched together."""
    return spans(len(directions), _BLOCKS[directions.device][0])


def search(
    directions: Directions,
    blocks: list[tuple[int, int]],
    *,
    count: int,
    taken_off: NDArray[np.float32] | None = None,
) -> Iterator[Nearest]:
    """Yield the neighbours of the pictures of each block; no picture is its own.

    Memory is bounded by the size of blocks, however many pictures there are. The same block always gives the same
    bytes on one machine.

    Args:
        directions: The pictures.
        blocks: Some of `blocks_of`.
        count: Neighbours of each, less than the number of pictures.
        taken_off: What each picture's similarity to others is lowered by, float32, shape (n,); None: nothing.
    """
    off = None if taken_off is None else torch.from_numpy(taken_off).to(directions.device)
    tiles = spans(len(directions), _BLOCKS[directions.device][1])
    for start, stop in blocks:
        asked = directions.block(start, stop)
        best = torch.full((len(asked), count), -torch.inf, device=directions.device)
        places = torch.zeros((len(asked), count), dtype=torch.int64, device=directions.device)
        for first, last in tiles:
            found = asked @ directions.block(first, last).T
            if off is not None:
                found -= off[first:last]
            # No picture is its own neighbour.
            both = torch.arange(max(start, first), max(start, first, min(stop, last)), device=directions.device)
            found[both - start, both - first] = -torch.inf
            # Most blocks hold none that is nearer than those found so far.
            rows = (found.amax(dim=1) > best[:, -1]).nonzero()[:, 0]
            if not len(rows):
                continue
            values, columns = found[rows].topk(min(count, last - first), dim=1)
            merged, order = torch.cat([best[rows], values], dim=1).topk(count, dim=1)
            best[rows] = merged
            places[rows] = torch.cat([places[rows], columns + first], dim=1).gather(1, order)
        yield Nearest(start=start, places=places.cpu().numpy(), scores=best.cpu().numpy())


def nearest_of_all(directions: Directions, *, count: int, reporter: Reporter) -> Nearest:
    """Find the neighbours of all pictures by cosine, in memory that grows with their number alone.

    Args:
        directions: The pictures, two or more.
        count: Neighbours of each; at most one less than there are pictures are found.
        reporter: Receives progress.
    """
    found, n = [], len(directions)
    with reporter.counting("finding neighbours", total=n, unit="pictures") as counter:
        for part in search(directions, blocks_of(directions), count=min(count, n - 1)):
            found.append(part)
            counter.advance(len(part.places))
    return Nearest(
        start=0,
        places=np.concatenate([part.places for part in found]),
        scores=np.concatenate([part.scores for part in found]),
    )


def occurrences(places: NDArray[np.int64], pictures: int) -> NDArray[np.int64]:
    """Return how often each picture is among the neighbours of others, int64, shape (pictures,)."""
    return np.bincount(places.ravel(), minlength=pictures)


def hubness(counts: NDArray[np.int64]) -> float:
    """Return the skewness of how often pictures are neighbours: 0 if all are alike, large if a few are everywhere.

    Radovanović, Nanopoulos and Ivanović, "Hubs in Space", Journal of Machine Learning Research 11 (2010).

    Examples:
        >>> import numpy as np
        >>> from artbench.catalogue.nearest import hubness
        >>> hubness(np.array([3, 3, 3, 3])), round(hubness(np.array([0, 0, 0, 12])), 2)
        (0.0, 1.15)
    """
    away = counts - counts.mean()
    spread = float(np.sqrt(np.square(away).mean()))
    return float((away**3).mean()) / spread**3 if spread > 0 else 0.0
