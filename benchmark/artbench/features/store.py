"""The features of one dataset by one encoder, on disk: what is done, and whether it is still whole."""

import errno
import json
import re
import shutil
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from artbench.errors import ArtbenchError
from artbench.features.key import StoreKey
from artbench.features.store_files import Entries, Reasons, RowFile, Snapshot
from artbench.runtime.files import read_json, write_text
from artbench.runtime.progress import Reporter

FEATURES, ENTRIES, REASONS, MANIFEST = FILES = ("features.f32", "rows.idx", "unreadable.jsonl", "manifest.json")

# How many rows are read at once to check them; a few megabytes.
_CHECKED_AT_ONCE = 512

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class FeatureStore:
    """A folder with one row of float32 for each picture of the dataset, and the state of each row.

    - `features.f32`: shape (rows, feature_dim), little-endian; rows not done are holes.
    - `rows.idx`: for each row, its state and the CRC-32 of its bytes, written after the row itself. So a run that
      is killed, a disk that is full or a machine that loses power leave rows that are done and rows that are not.
    - `unreadable.jsonl`: why a picture has no features.
    - `manifest.json`: the key, for people and for `artbench cache`; its time of change is that of the last use.

    All methods want the lock, and raise `ArtbenchError` where the folder can't be read or written.

    Args:
        cache: The folder of all stores.
        key: What the features depend on.
        rows: Number of pictures in the dataset.
        pretraining: Where the weights are from, for people.
    """

    def __init__(self, cache: Path, key: StoreKey, *, rows: int, pretraining: str = "") -> None:
        self.key = key
        self._pretraining = pretraining
        dataset = f"{_safe(key.dataset)}-{key.dataset_fingerprint[:12]}"
        self.folder = cache / dataset / f"{_safe(key.backbone)}-{key.digest[:16]}"
        self._features = RowFile(self.folder / FEATURES, dtype="<f4", shape=(rows, key.feature_dim))
        self._entries = Entries(self.folder / ENTRIES, rows=rows)
        self._reasons = Reasons(self.folder / REASONS)

    @contextmanager
    def locked(self, reporter: Reporter) -> Iterator[None]:
        """Hold the store for this process; wait, with a notice, while another one has it.

        The system releases it if the process dies.
        """
        with self._explaining():
            lock = FileLock(lock_file(self.folder))
            try:
                lock.acquire(blocking=False)
            except Timeout:
                reporter.notice(f"Another run is extracting these features: waiting for it ({self.folder})")
                lock.acquire()
        try:
            with self._explaining():
                self._prepare(reporter)
            yield
        finally:
            lock.release()

    def _prepare(self, reporter: Reporter) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        if any([self._features.resize(), self._entries.resize()]):
            reporter.notice(f"Features in {self.folder} were cut short: what is lost is extracted again")
        manifest = self.folder / MANIFEST
        if read_json(manifest).get("digest") == self.key.digest:
            manifest.touch()
        else:
            created = datetime.now(UTC).replace(microsecond=0).isoformat()
            content = {
                "digest": self.key.digest,
                "created": created,
                "pretraining": self._pretraining,
                "key": asdict(self.key),
            }
            write_text(manifest, json.dumps(content, indent=1) + "\n")

    def missing(self, rows: NDArray[np.int64], reporter: Reporter) -> NDArray[np.int64]:
        """Those of `rows` that have no features and no reason not to; damaged ones are told and count as missing."""
        with self._explaining():
            entries, reasons = self._entries.read(), self._reasons.read()
            whole = np.zeros(len(entries), bool)
            for row in rows[entries.unreadable[rows]].tolist():
                whole[row] = row in reasons and _crc(reasons[row].encode()) == entries.checksums[row]
            done = rows[entries.done[rows]]
            for start in range(0, len(done), _CHECKED_AT_ONCE):
                part = done[start : start + _CHECKED_AT_ONCE]
                whole[part] = self._whole(part, entries)
        damaged = int(np.count_nonzero(~whole[rows] & entries.any[rows]))
        if damaged:
            reporter.notice(f"{damaged} rows of {self._features.path} are damaged: they are extracted again")
        return rows[~whole[rows]]

    def ends(self) -> NDArray[np.int64]:
        """The first and the last row that has features and is not damaged; none if there are no such rows."""
        with self._explaining():
            entries = self._entries.read()
            done = np.flatnonzero(entries.done)
            found = [
                row
                for order in (done, done[::-1])
                for row in islice((row for row in order.tolist() if self._whole(np.array([row]), entries)), 1)
            ]
        return np.unique(np.array(found, np.int64))

    def _whole(self, rows: NDArray[np.int64], entries: Snapshot) -> NDArray[np.bool_]:
        """Of rows that are done, which have the checksum that they were written with."""
        checksums = [_crc(values.data) for values in self._features.read(rows)]
        whole: NDArray[np.bool_] = np.array(checksums, np.uint32) == entries.checksums[rows]
        return whole

    def reserve(self, rows: int) -> None:
        """See that there is room for so many more rows."""
        needed = rows * (self._features.row_bytes + self._entries.row_bytes)
        with self._explaining(needed):
            free = shutil.disk_usage(self.folder).free
            if free < needed:
                raise OSError(errno.ENOSPC, "too little room")

    def write(self, rows: NDArray[np.int64], features: NDArray[np.float32]) -> None:
        """Put down features, shape (len(rows), feature_dim); each row counts as done once this has written it."""
        values = np.ascontiguousarray(features, "<f4")
        with self._explaining(values.nbytes):
            self._features.write(rows, values)
            self._entries.write_done(rows, [_crc(row.data) for row in values])

    def write_unreadable(self, reasons: Mapping[int, str], *, for_good: bool) -> None:
        """Put down why pictures, by row, have no features; unless for good, they count as missing the next time."""
        with self._explaining():
            self._reasons.add(reasons)
            if for_good:
                for row, reason in reasons.items():
                    self._entries.write_unreadable(row, _crc(reason.encode()))

    def discard(self, rows: NDArray[np.int64]) -> None:
        """Forget what is known of these rows."""
        with self._explaining():
            self._entries.clear(rows)

    def begin_anew(self, reporter: Reporter) -> None:
        """Forget everything, in files of its own: whoever has mapped the old features reads them to the end."""
        with self._explaining():
            for part in (self._entries, self._features, self._reasons):
                part.path.unlink(missing_ok=True)
            self._prepare(reporter)

    def flush(self) -> None:
        """Wait until all is on disk; a disk may say only now that it is full."""
        with self._explaining():
            self._features.flush()
            self._entries.flush()

    def read(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Features of some rows, float32, shape (len(rows), feature_dim)."""
        with self._explaining():
            return self._features.read(rows).astype(np.float32, copy=False)

    def matrix(self) -> NDArray[np.float32]:
        """All rows through a read-only memory map, float32, shape (rows, feature_dim); good without the lock."""
        with self._explaining():
            return self._features.mapped()

    def unreadable(self, rows: NDArray[np.int64]) -> dict[int, str]:
        """Why those of `rows` that have no features have none."""
        with self._explaining():
            reasons = self._reasons.read()
            without = rows[~self._entries.read().done[rows]].tolist()
        return {row: reasons.get(row, "not extracted") for row in without}

    @contextmanager
    def _explaining(self, needed: int = 0) -> Iterator[None]:
        """Turn what the system says about the folder into one line."""
        try:
            yield
        except OSError as error:
            if error.errno not in _FULL:
                raise ArtbenchError(
                    f"features can't be kept in {self.folder} ({error.strerror or error})",
                    mend="Mend the folder, or name another with ARTBENCH_CACHE",
                ) from error
            room = f", which needs {max(0.1, needed / 1e6):,.1f} MB more" if needed else ""
            raise ArtbenchError(
                f"no room for features in {self.folder}{room}",
                mend="What is done so far is kept. Make room (`artbench cache` shows what can go), "
                "or name a folder on another disk with ARTBENCH_CACHE",
            ) from error


def lock_file(folder: Path) -> Path:
    """The lock of a store; outside of it, since whoever waits for a store may wait for one that is being removed."""
    locks = folder.parents[1] / ".locks"
    locks.mkdir(parents=True, exist_ok=True)
    return locks / f"{folder.name}.lock"


def _crc(content: bytes | memoryview) -> int:
    return zlib.crc32(content)


def _safe(name: str) -> str:
    """A name as part of a path."""
    return re.sub(r"[^\w.-]+", "_", name).strip(".")[:80] or "_"
