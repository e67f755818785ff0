"""The feature store: features of one dataset by one encoder on disk, with checksums and a lease."""

import errno
import json
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from artbench.errors import ArtbenchError
from artbench.features.key import StoreKey
from artbench.features.store_files import DONE, UNREADABLE, Entries, Reasons, Snapshot
from artbench.runtime.files import read_json, write_text
from artbench.runtime.lease import Lease, check_held
from artbench.runtime.progress import Reporter
from artbench.runtime.row_file import RowFile

ENTRIES, REASONS, MANIFEST = "rows.idx", "unreadable.jsonl", "manifest.json"
# File of the features and their type in it, by the name of the type.
FEATURES = {"float32": ("features.f32", "<f4"), "float16": ("features.f16", "<f2")}
FILES = (*(name for name, _ in FEATURES.values()), ENTRIES, REASONS, MANIFEST)

# Rows read at once to check them; a few megabytes.
_CHECKED_AT_ONCE = 512

_READ_ONLY = {errno.EROFS, errno.EACCES, errno.EPERM}
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class FeatureStore:
    """A folder with one row of numbers for each image of the dataset, and the state of each row.

    - `features.f32`, or `features.f16` for half as many bytes: shape (rows, feature_dim), little-endian; rows without
      features are holes.
    - `rows.idx`: for each row, its state, the digest of its image, and a CRC-32 over both, its number and its bytes,
      written after the row itself. So after a kill, a full disk or a power failure, each row is either done or not; and
      a row that is in another's place, or of an image that has changed, is not believed.
    - `unreadable.jsonl`: why images have no features.
    - `manifest.json`: the key, for users and for `artbench cache`; its modification time is that of the last use.

    All methods but `matrix` need the lease, and raise `ArtbenchError` if the folder can't be read or written. Those
    that change something raise `LeaseLost`, and change nothing, if another process has taken the lease over.

    Args:
        cache: Folder of all stores.
        key: Key of the features.
        rows: Number of images in the dataset.
        pretraining: Name of the pretraining, shown to users.
    """

    def __init__(self, cache: Path, key: StoreKey, *, rows: int, pretraining: str = "") -> None:
        self.key = key
        self._pretraining = pretraining
        dataset = f"{_safe(key.dataset)}-{key.dataset_fingerprint[:12]}"
        self.folder = cache / dataset / f"{_safe(key.backbone)}-{key.digest[:16]}"
        name, self._dtype = FEATURES[key.stored]
        self._features = RowFile(self.folder / name, dtype=self._dtype, shape=(rows, key.feature_dim))
        self._entries = Entries(self.folder / ENTRIES, rows=rows)
        self._reasons = Reasons(self.folder / REASONS)

    @contextmanager
    def locked(self, reporter: Reporter) -> Iterator[None]:
        """Lease the store for this process; wait, with a notice, while another process has it.

        If a process dies, the next one takes the lease over. A store that this process can't write, on a read-only disk
        or of another user, is not leased, and can be read.
        """
        with store_lease(self.folder) as lease:
            with self._explaining():
                if self._acquired(lease, reporter):
                    self._prepare(reporter)
            yield

    def _acquired(self, lease: Lease, reporter: Reporter) -> bool:
        try:
            return lease.acquire(reporter=reporter)
        except OSError as error:
            if error.errno in _READ_ONLY and self._features.whole and self._entries.whole:
                return False
            raise

    def _prepare(self, reporter: Reporter) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        if any([self._features.resize(), self._entries.resize()]):
            reporter.notice(f"Features in {self.folder} were cut short: lost ones are extracted again")
        manifest = self.folder / MANIFEST
        if read_json(manifest).get("digest") == self.key.digest:
            manifest.touch()
        else:
            created = datetime.now(UTC).replace(microsecond=0).isoformat()
            content = {"digest": self.key.digest, "created": created, "pretraining": self._pretraining}
            write_text(manifest, json.dumps(content | {"key": asdict(self.key)}, indent=1) + "\n")

    def written(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return those of `rows` that are extracted or unreadable, damaged or not."""
        with self._explaining():
            return np.asarray(rows[self._entries.snapshot().written[rows]])

    def contents(self) -> NDArray[np.uint64]:
        """Return the digest of the image that each row was made from, shape (rows, 2); zeros without features."""
        with self._explaining():
            return self._entries.snapshot().contents

    def changed(self, rows: NDArray[np.int64], contents: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Return those of `rows` that were made from another image than is there now.

        Args:
            rows: Rows.
            contents: Digest of each image of the dataset as it is now, shape (rows of the dataset, 2); zeros if it is
                not known.
        """
        with self._explaining():
            entries = self._entries.snapshot()
        other = (entries.contents != contents).any(axis=1) & contents.any(axis=1) & entries.written
        return np.asarray(rows[other[rows]])

    def missing(self, rows: NDArray[np.int64], reporter: Reporter) -> NDArray[np.int64]:
        """Return those of `rows` that are neither extracted nor unreadable, or damaged, which gives a notice."""
        with self._explaining():
            entries, reasons = self._entries.snapshot(), self._reasons.read()
            whole = np.zeros(len(entries.states), bool)
            for row in rows[entries.states[rows] == UNREADABLE].tolist():
                whole[row] = row in reasons and entries.fits(row, reasons[row].encode())
            done = rows[entries.states[rows] == DONE]
            for start in range(0, len(done), _CHECKED_AT_ONCE):
                part = done[start : start + _CHECKED_AT_ONCE]
                whole[part] = self._whole(part, entries)
        damaged = int(np.count_nonzero(~whole[rows] & entries.written[rows]))
        if damaged:
            reporter.notice(f"{damaged} rows of {self._features.path} are damaged: they are extracted again")
        return rows[~whole[rows]]

    def ends(self) -> NDArray[np.int64]:
        """Find the first and the last row with undamaged features; empty if there are none."""
        with self._explaining():
            entries = self._entries.snapshot()
            done = np.flatnonzero(entries.states == DONE)
            ends = done, done[::-1]
            whole = [(row for row in order.tolist() if self._whole(np.array([row]), entries)) for order in ends]
            return np.unique(np.array([row for rows in whole for row in islice(rows, 1)], np.int64))

    def _whole(self, rows: NDArray[np.int64], entries: Snapshot) -> NDArray[np.bool_]:
        """Return which of these rows, all done, are as they were written."""
        values = self._features.read(rows)
        return np.array([entries.fits(row, one.data) for row, one in zip(rows.tolist(), values, strict=True)], bool)

    def reserve(self, rows: int) -> None:
        """Raise unless the disk has space for so many more rows."""
        needed = rows * (self._features.row_bytes + self._entries.row_bytes)
        with self._explaining(needed):
            if shutil.disk_usage(self.folder).free < needed:
                raise OSError(errno.ENOSPC, "too little space")

    def write(self, rows: NDArray[np.int64], features: NDArray[np.float32], contents: NDArray[np.uint64]) -> None:
        """Write features and mark their rows as done.

        Args:
            rows: Rows.
            features: float32, shape (len(rows), feature_dim).
            contents: Digest of the image of each row, shape (len(rows), 2).

        Raises:
            ArtbenchError: A value is too large for the type on disk.
        """
        with np.errstate(over="ignore"):  # Told below.
            values = np.ascontiguousarray(features, self._dtype)
        if self._dtype == "<f2" and not np.isfinite(values).all():
            raise ArtbenchError(
                f"{self.key.backbone} gives values beyond {np.finfo(np.float16).max:,.0f}, the largest of float16",
                mend="Leave them out of the store: they are computed from the pictures then",
            )
        with self._explaining(values.nbytes):
            check_held()
            self._features.write(rows, values)
            check_held()
            self._entries.mark(rows, DONE, [row.data for row in values], contents)

    def write_unreadable(self, reasons: Mapping[int, str], contents: Mapping[int, NDArray[np.uint64]]) -> None:
        """Write why images, by row, have no features; those without a digest count as missing the next time."""
        with self._explaining():
            check_held()
            self._reasons.add(reasons)
            for row in sorted(reasons.keys() & contents.keys()):
                self._entries.mark(np.array([row]), UNREADABLE, [reasons[row].encode()], contents[row][None])

    def discard(self, rows: NDArray[np.int64]) -> None:
        """Remove the features of these rows."""
        with self._explaining():
            check_held()
            self._entries.erase(np.sort(rows))

    def clear(self, reporter: Reporter) -> None:
        """Remove all features, by starting new files: processes that have mapped the old ones can still read them."""
        with self._explaining():
            check_held()
            for part in (self._entries, self._features, self._reasons):
                part.path.unlink(missing_ok=True)
            self._prepare(reporter)

    def flush(self) -> None:
        """Wait until everything is on disk; a full disk may be noticed only now."""
        with self._explaining():
            self._features.flush()
            self._entries.flush()

    def read(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Read the features of some rows: float32, shape (len(rows), feature_dim)."""
        with self._explaining():
            return self._features.read(rows).astype(np.float32, copy=False)

    def matrix(self) -> NDArray[np.float32]:
        """Map all rows read-only, in the type on disk, shape (rows, feature_dim); usable without the lease."""
        with self._explaining():
            return self._features.mapped()

    def unreadable(self, rows: NDArray[np.int64]) -> dict[int, str]:
        """Return why rows have no features, for those of `rows` that have none."""
        with self._explaining():
            reasons = self._reasons.read()
            without = rows[self._entries.snapshot().states[rows] != DONE].tolist()
        return {row: reasons.get(row, "not extracted") for row in without}

    @contextmanager
    def _explaining(self, needed: int = 0) -> Iterator[None]:
        """Turn errors of the file system into one line."""
        try:
            yield
        except OSError as error:
            if error.errno not in _FULL:
                raise ArtbenchError(
                    f"features can't be stored in {self.folder} ({error.strerror or error})",
                    mend="Repair the folder, or name another with ARTBENCH_CACHE",
                ) from error
            space = f", {max(0.1, needed / 1e6):,.1f} MB more are needed" if needed else ""
            raise ArtbenchError(
                f"no space for features in {self.folder}{space}",
                mend="What was extracted is kept. Free disk space (`artbench cache` shows what can go), or name "
                "a folder on another disk with ARTBENCH_CACHE",
            ) from error


def store_lease(folder: Path) -> Lease:
    """Return the lease of a store, not acquired; it lies outside the store, which may be removed while others wait."""
    return Lease(folder.parents[1] / ".leases" / folder.name, doing=f"extracting these features in {folder}")


def _safe(name: str) -> str:
    """Return a name as part of a path."""
    return re.sub(r"[^\w.-]+", "_", name).strip(".")[:80] or "_"
