"""The images on which features are judged during a training."""

from collections.abc import Generator
from contextlib import closing, suppress
from itertools import islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from artbench.data.dataset import Dataset
from artbench.data.decode import UnreadableImage, decode
from artbench.pretrain.stopping import StopRequest
from artbench.protocol import DEFAULT_PROTOCOL
from artbench.runtime.machine import free_bytes
from artbench.runtime.threads import in_threads, usable_cores

# Images of a block.
BLOCK = 256
# Share of the free memory that decoded images may take: one of so many.
_SHARE = 4


class Block(NamedTuple):
    """Some images.

    Attributes:
        pixels: RGB, uint8, shape (n, side, side, 3); zeros where an image can't be read.
        readable: Whether each can be read, shape (n,).
    """

    pixels: NDArray[np.uint8]
    readable: NDArray[np.bool_]


class JudgedImages:
    """Centre crops of some images of a dataset, in blocks; decoded once, if they fit into memory.

    Args:
        dataset: The dataset.
        rows: Rows of the images.
        side: Side of the crops in pixels.
        processes: Number of processes that hold as many images, for the memory.
    """

    def __init__(self, dataset: Dataset, rows: NDArray[np.int64], *, side: int, processes: int) -> None:
        self._dataset = dataset
        self._rows = rows
        self._side = side
        self._processes = processes
        self._kept: list[Block] | None = None

    def blocks(self, stop: StopRequest) -> Generator[Block, None, None]:
        """Yield the blocks, decoded by as many threads as there are cores, or as they were kept.

        Raises:
            Stopped: A signal has come.
        """
        if self._kept is not None:
            for block in self._kept:
                stop.raise_if_stopped()
                yield block
            return
        room = free_bytes("cpu") // (_SHARE * self._processes)
        keeping = len(self._rows) * self._side**2 * 3 <= room
        kept: list[Block] = []

        def one(row: int) -> NDArray[np.uint8] | None:
            stop.raise_if_stopped()
            return self._decoded(row)

        with closing(in_threads(one, self._rows.tolist(), threads=usable_cores())) as images:
            while some := list(islice(images, BLOCK)):
                block = self._stacked(some)
                if keeping:
                    kept.append(block)
                yield block
        if keeping:
            self._kept = kept

    def _decoded(self, row: int) -> NDArray[np.uint8] | None:
        short = round(self._side / DEFAULT_PROTOCOL.picture.crop_fraction)
        with suppress(UnreadableImage, OSError):
            return decode(self._dataset.read(row), short_side=short, crop=self._side)
        return None

    def _stacked(self, images: list[NDArray[np.uint8] | None]) -> Block:
        blank = np.zeros((self._side, self._side, 3), np.uint8)
        pixels = np.stack([blank if image is None else image for image in images])
        return Block(pixels, np.array([image is not None for image in images]))
