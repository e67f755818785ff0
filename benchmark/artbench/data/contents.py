"""What the images of a dataset hold: a digest of each, kept with the state of its file."""

import hashlib
import re
from contextlib import closing, suppress
from functools import cached_property
from pathlib import Path
from time import time_ns
from typing import NamedTuple, TypeAlias
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from artbench.data.dataset import Dataset
from artbench.runtime.progress import Reporter
from artbench.runtime.row_file import RowFile
from artbench.runtime.threads import in_threads, usable_cores

# Size, time of the last change of the content, and of the file's entry, which a copy that keeps times changes too.
Stamp: TypeAlias = tuple[int, int, int]
_NO_STAMP: Stamp = (0, 0, 0)

# A file that changed so recently may change again without another time: file systems count in up to two seconds.
_GRAIN = 2_000_000_000

_AT_ONCE = 64


class ReadImage(NamedTuple):
    """An image as it was read.

    Attributes:
        data: The encoded image.
        content: Its digest (`Dataset.content`).
        stamp: State of its file before it was read.
    """

    data: bytes
    content: bytes
    stamp: Stamp

    @property
    def digest(self) -> NDArray[np.uint64]:
        """`content` as uint64, shape (2,)."""
        return np.frombuffer(self.content, "<u8").astype(np.uint64, copy=False)


class Contents:
    """The digests of a dataset's images, of which only those are read whose files have changed since the last time.

    They are kept in a small file in the cache; if that can't be written, they are read again the next time.

    Args:
        dataset: The dataset.
        cache: Folder of all feature stores.
    """

    def __init__(self, dataset: Dataset, cache: Path) -> None:
        self._dataset = dataset
        name = re.sub(r"[^\w-]+", "_", dataset.name)[:80]
        # Names of files may hold bytes that are no UTF-8.
        names = "\0".join([str(dataset.root.absolute()), *dataset.ids, *dataset.files])
        place = hashlib.sha256(names.encode(errors="surrogatepass"))
        path = cache / ".contents" / f"{name}-{place.hexdigest()[:16]}.idx"
        self._file = RowFile(path, dtype="<u8", shape=(len(dataset), 6))

    def read(self, row: int) -> ReadImage:
        """Read the image in row `row`, with its digest.

        Raises:
            OSError: The file can't be read.
        """
        stamp = self._stamp(row)
        data = self._dataset.read(row)
        return ReadImage(data, self._dataset.content(row, data), stamp)

    def learn(self, images: dict[int, ReadImage]) -> None:
        """Keep the digests of images that were read, by row."""
        rows = np.array(sorted(row for row, image in images.items() if image.stamp != _NO_STAMP), np.int64)
        if len(rows):
            entries = np.stack([_entry(row, images[row].stamp, images[row].content) for row in rows.tolist()])
            self._known[rows] = entries
            with suppress(OSError):
                self._file.write(rows, entries)

    def digests(self, rows: NDArray[np.int64], reporter: Reporter) -> NDArray[np.uint64]:
        """Return the digests of images, uint64, shape (len(rows), 2), reading those that are not known.

        An image that can't be read has zeros.
        """
        _ = self._known  # Read here, not by several threads at once.
        found = np.zeros((len(rows), 2), np.uint64)
        parts = np.array_split(np.arange(len(rows)), -(-len(rows) // _AT_ONCE) or 1)
        with closing(in_threads(lambda part: self._look(rows[part]), parts, threads=usable_cores())) as looked:
            unknown = []
            for part, known in zip(parts, looked, strict=True):
                found[part] = known
                unknown.append(part[~known.any(axis=1)])
        todo = np.concatenate(unknown)
        if not len(todo):
            return found
        parts = np.array_split(todo, -(-len(todo) // _AT_ONCE))
        what = f"checksums of {self._dataset.name}"
        with (
            reporter.counting(what, total=len(todo), unit="images") as counter,
            closing(in_threads(lambda part: self._digest(rows[part]), parts, threads=usable_cores())) as read,
        ):
            for part, images in zip(parts, read, strict=True):
                for place, row in zip(part.tolist(), rows[part].tolist(), strict=True):
                    if row in images:
                        found[place] = images[row].digest
                self.learn(images)
                counter.advance(len(part))
        return found

    @cached_property
    def _known(self) -> NDArray[np.uint64]:
        every = np.arange(len(self._dataset))
        with suppress(OSError):
            self._file.path.parent.mkdir(parents=True, exist_ok=True)
            if not self._file.whole:
                self._file.resize()
        with suppress(OSError):
            return self._file.read(every).astype(np.uint64, copy=False)
        return np.zeros((len(every), 6), np.uint64)

    def _look(self, rows: NDArray[np.int64]) -> NDArray[np.uint64]:
        """Return the digests of images whose files are as they were; zeros for others."""
        found = np.zeros((len(rows), 2), np.uint64)
        for place, row in enumerate(rows.tolist()):
            entry, stamp = self._known[row], self._stamp(row)
            content = entry[3:5].astype("<u8").tobytes()
            if stamp != _NO_STAMP and (entry == _entry(row, stamp, content)).all():
                found[place] = entry[3:5]
        return found

    def _digest(self, rows: NDArray[np.int64]) -> dict[int, ReadImage]:
        images = {}
        for row in rows.tolist():
            with suppress(OSError):
                images[row] = self.read(row)._replace(data=b"")
        return images

    def _stamp(self, row: int) -> Stamp:
        """Return the state of an image's file; zeros if it is not there, or so new that it may change unnoticed."""
        try:
            stamp = file_stamp(self._dataset.path(row))
        except OSError:
            return _NO_STAMP
        return _NO_STAMP if may_change_unnoticed(stamp) else stamp


def file_stamp(path: Path) -> Stamp:
    """Return the state of a file without reading it: size, `mtime` and `ctime` in nanoseconds.

    Raises:
        OSError: There is no such file.
    """
    status = path.stat()
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns


def may_change_unnoticed(stamp: Stamp) -> bool:
    """Whether a file is so new that its stamp may stay the same if it is changed once more."""
    return time_ns() - max(stamp[1:]) < _GRAIN


def _entry(row: int, stamp: Stamp, content: bytes) -> NDArray[np.uint64]:
    """Return state, digest and a checksum over both, bound to the row."""
    values = np.array(stamp, "<i8").tobytes() + content
    return np.array([*np.frombuffer(values, "<u8").tolist(), crc32(values, row & 0xFFFFFFFF)], np.uint64)
