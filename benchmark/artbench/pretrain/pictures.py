"""The pictures of a pool as they are held for cropping: decoded once, at the size that the crops need."""

import threading
from collections.abc import Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from artbench.data.decode import UnreadableImage, decode_whole
from artbench.data.pool import Pool

Pixels = NDArray[np.uint8]

# Of the long side to the short one; what goes beyond is cut off at both ends.
LONGEST = 4


class Pictures(Protocol):
    """Pictures by their number in the pool; safe to call from several threads."""

    def __len__(self) -> int: ...

    def __getitem__(self, number: int, /) -> Pixels | None:
        """RGB, shape (height, width, 3); None where the picture can't be read."""
        ...

    @property
    def unreadable(self) -> Mapping[int, str]:
        """Why pictures could not be read, as far as it was tried."""
        ...


class PicturesOnDisk:
    """Pictures decoded from their files each time they are asked for.

    Args:
        pool: The pool.
        side: Short side in pixels to which larger ones are reduced.
    """

    def __init__(self, pool: Pool, *, side: int) -> None:
        self._datasets = pool.datasets
        self._places = [(part, row) for part, rows in enumerate(pool.rows) for row in rows.tolist()]
        self._side = side
        self._unreadable: dict[int, str] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, number: int, /) -> Pixels | None:
        part, row = self._places[number]
        try:
            return decode_whole(self._datasets[part].read(row), short_side=self._side, longest=LONGEST)
        except UnreadableImage as error:
            reason = error.reason
        except OSError as error:
            reason = error.strerror or type(error).__name__
        with self._lock:
            self._unreadable[number] = f"{self._datasets[part].ids[row]}: {reason}"
        return None

    @property
    def unreadable(self) -> Mapping[int, str]:
        """Why pictures could not be read, as far as it was tried."""
        with self._lock:
            return dict(self._unreadable)
