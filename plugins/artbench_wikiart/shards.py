"""Images inside Parquet files, read on demand."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from artbench.data import Dataset

# Row groups kept in memory: the current one, and one for threads that are behind or ahead. A row group of the release
# holds a thousand images, or 0.4 GB.
_KEPT = 2


class Place(NamedTuple):
    """The place of an image: number of the file, row group, row in the group."""

    shard: int
    group: int
    within: int


class Shards:
    """Parquet files with a column `image` of structs whose `bytes` are encoded images. Safe to call from threads.

    Args:
        files: The files by number.
    """

    def __init__(self, files: Mapping[int, Path]) -> None:
        self._files = files
        self._kept: OrderedDict[tuple[int, int], Any] = OrderedDict()
        self._lock = Lock()

    def read(self, place: Place) -> bytes:
        """Return the encoded image; empty if the row has none.

        Raises:
            OSError: The file can't be read or is broken there.
        """
        content = self._group(place.shard, place.group)[place.within].as_py()
        return content if isinstance(content, bytes) else b""

    def _group(self, shard: int, group: int) -> Any:
        # One thread reads a row group while the others wait.
        with self._lock:
            if (shard, group) not in self._kept:
                while len(self._kept) >= _KEPT:
                    self._kept.popitem(last=False)
                self._kept[shard, group] = self._read(shard, group)
            self._kept.move_to_end((shard, group))
            return self._kept[shard, group]

    def _read(self, shard: int, group: int) -> Any:
        try:
            with pq.ParquetFile(self._files[shard]) as parquet:
                column = parquet.read_row_group(group, columns=["image.bytes"]).column("image")
                return pa.chunked_array([chunk.field("bytes") for chunk in column.chunks], pa.binary())
        except (OSError, pa.ArrowException) as error:
            raise OSError(f"{self._files[shard].name}, row group {group}: {str(error).splitlines()[0]}") from error


@dataclass(frozen=True, kw_only=True)
class ShardedDataset(Dataset):
    """A dataset whose images are inside Parquet files.

    Attributes:
        places: Place of each image.
        shards: The files.
    """

    places: Sequence[Place]
    shards: Shards

    def read(self, row: int) -> bytes:
        """Return the encoded image in row `row`."""
        return self.shards.read(self.places[row])
