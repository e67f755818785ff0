"""An index of a dataset's images (digest, perceptual hash, thumbnail, problems), kept between runs."""

import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from time import monotonic, time_ns

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from artbench.audit.margins import inner_box
from artbench.data.contents import file_stamp, may_change_unnoticed
from artbench.data.dataset import Dataset
from artbench.data.decode import UnreadableImage, decode_whole
from artbench.errors import ArtbenchError
from artbench.runtime.progress import RESUMED, Reporter
from artbench.runtime.threads import in_threads, usable_cores

# Seconds between two writes: the most work that a kill loses.
_WRITE_EVERY = 2.0
_TABLE = """CREATE TABLE IF NOT EXISTS look (
    id TEXT PRIMARY KEY, state TEXT, sha256 BLOB, content BLOB, problem TEXT, phash BLOB, thumbnail BLOB, plain INTEGER
) WITHOUT ROWID"""
# Raise it whenever a change here may change a hash, a thumbnail or the table.
FINGERPRINT_VERSION = 3
# Side of a thumbnail in pixels: enough to tell a crop of an image from another image, and 2 kB each.
THUMBNAIL = 48
# Strips longer than this are cut at the ends; no painting is, and a broken header may claim to be.
_LONGEST = 20.0
# Below this standard deviation, in grey levels of 255, an image shows too little to be told from another.
_PLAIN = 6.0
# Most times the usual side at which an image with margins is decoded again.
_MOST_LARGER = 8.0


@dataclass(frozen=True, kw_only=True)
class ImageIndex:
    """What is known of every image of a dataset, in the order of its rows.

    Attributes:
        digests: SHA-256 of each file, 32 bytes; empty for a file that can't be read.
        contents: uint64, shape (n, 2): digests that are the same on every machine (`Dataset.content`); zeros likewise.
        phash: uint64, shape (n,): perceptual hashes; 0 for an image that can't be decoded.
        comparable: bool, shape (n,): whether an image was decoded and shows enough to be compared.
        problems: Why images can't be decoded, by row.
        file: The database that holds the index.
    """

    dataset: Dataset
    digests: Sequence[bytes]
    contents: NDArray[np.uint64]
    phash: NDArray[np.uint64]
    comparable: NDArray[np.bool_]
    problems: Mapping[int, str]
    file: Path

    def thumbnails(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Read grey thumbnails of comparable images: uint8, shape (len(rows), THUMBNAIL, THUMBNAIL)."""
        found = np.zeros((len(rows), THUMBNAIL, THUMBNAIL), np.uint8)
        with _explained(self.file), closing(sqlite3.connect(self.file, timeout=60)) as database:
            for place, row in enumerate(rows.tolist()):
                query = "SELECT thumbnail FROM look WHERE id = ?"
                (grey,) = database.execute(query, (self.dataset.ids[row],)).fetchone()
                found[place] = np.frombuffer(grey, np.uint8).reshape(THUMBNAIL, THUMBNAIL)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFingerprint:
    """What the index holds of one image.

    Attributes:
        sha256: Digest of the file; 32 bytes.
        problem: Why it can't be decoded; None if it can.
        phash: 64-bit perceptual hash (`imagehash.phash`), without margins; 0 if it can't be decoded.
        thumbnail: THUMBNAIL x THUMBNAIL grey bytes, without margins; empty if it can't be decoded.
        plain: Whether it shows too little for hash and thumbnail to mean anything.
    """

    sha256: bytes
    problem: str | None = None
    phash: int = 0
    thumbnail: bytes = b""
    plain: bool = True


def index_images(dataset: Dataset, *, cache: Path, reporter: Reporter) -> ImageIndex:
    """Index every image that was not indexed before in its present state.

    Runs on as many threads as there are cores: decoding releases Python's lock, and large images are decoded one at
    a time. Results are written every two seconds; a run that is killed continues from there.

    Args:
        dataset: The dataset.
        cache: Folder of all indexes.
        reporter: Receives progress.

    Raises:
        ArtbenchError: The folder can't be written.
    """
    name = re.sub(r"[^\w.-]+", "_", dataset.name)[:80]
    file = cache / f"{name}-{sha256(str(dataset.root.absolute()).encode()).hexdigest()[:12]}.sqlite"
    states = [_state(dataset, row) for row in range(len(dataset))]
    with _explained(file), _opened(file) as database:
        known = dict(database.execute("SELECT id, state FROM look"))
        changed = [row for row, state in enumerate(states) if state and known.get(dataset.ids[row]) != state]
        problems = _index_rows(dataset, changed, states, database, reporter)
        found = database.execute("SELECT id, sha256, content, problem, phash, plain FROM look")
        entries = {id_: entry for id_, *entry in found}
    problems |= {row: "the file can't be read" for row, state in enumerate(states) if not state}
    digests, contents = [b""] * len(dataset), np.zeros((len(dataset), 2), np.uint64)
    hashes, comparable = np.zeros(len(dataset), np.uint64), np.zeros(len(dataset), bool)
    for row, id_ in enumerate(dataset.ids):
        if row not in problems:
            digests[row], content, problem, phash, plain = entries[id_]
            contents[row] = np.frombuffer(content, "<u8")
            if problem is not None:
                problems[row] = problem
            hashes[row], comparable[row] = int.from_bytes(phash, "big"), not plain
    return ImageIndex(
        dataset=dataset,
        digests=digests,
        contents=contents,
        phash=hashes,
        comparable=comparable,
        problems=problems,
        file=file,
    )


def _index_rows(
    dataset: Dataset, rows: Sequence[int], states: Sequence[str], database: sqlite3.Connection, reporter: Reporter
) -> dict[int, str]:
    """Index some images; return why some could not even be read."""
    failed: dict[int, str] = {}
    pending: list[tuple[object, ...]] = []
    written = monotonic()
    with (
        reporter.counting(dataset.name, total=len(dataset) if rows else 0, unit="images") as counter,
        closing(in_threads(partial(_index_row, dataset), rows, threads=usable_cores())) as results,
    ):
        if rows and (before := len(dataset) - len(rows)):
            counter.advance(before, note=RESUMED)
        for row, found in zip(rows, results, strict=True):
            counter.advance()
            if isinstance(found, str):
                failed[row] = found
                continue
            content, seen = found
            drawn = seen.problem, seen.phash.to_bytes(8, "big"), seen.thumbnail, seen.plain
            pending.append((dataset.ids[row], states[row], seen.sha256, content, *drawn))
            if monotonic() - written > _WRITE_EVERY:
                _write(database, pending)
                written = monotonic()
        _write(database, pending)
    return failed


def _index_row(dataset: Dataset, row: int) -> tuple[bytes, ImageFingerprint] | str:
    try:
        data = dataset.read(row)
        return dataset.content(row, data), fingerprint_image(data)
    except (OSError, MemoryError) as error:
        # Not written down: permission can be given and memory be free the next time.
        return getattr(error, "strerror", None) or f"{type(error).__name__} {error}".strip()


def _write(database: sqlite3.Connection, pending: list[tuple[object, ...]]) -> None:
    with database:
        database.executemany("INSERT OR REPLACE INTO look VALUES (?, ?, ?, ?, ?, ?, ?, ?)", pending)
    pending.clear()


def _state(dataset: Dataset, row: int) -> str:
    """Return size, times and version of an image's file, never the same twice if it is new; empty if it is gone."""
    try:
        stamp = file_stamp(dataset.path(row))
    except OSError:
        return ""
    since = f"{time_ns()} " if may_change_unnoticed(stamp) else ""
    return f"{since}{' '.join(map(str, stamp))} {dataset.version(row)}"


@contextmanager
def _opened(file: Path) -> Iterator[sqlite3.Connection]:
    """Open the database; one of another version, or a damaged one, is replaced by an empty one."""
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        with closing(sqlite3.connect(file, timeout=60)) as database:
            usable = database.execute("PRAGMA user_version").fetchone()[0] in (0, FINGERPRINT_VERSION)
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            raise
        usable = False
    if not usable:
        file.unlink()
    with closing(sqlite3.connect(file, timeout=60)) as database:
        database.execute(_TABLE)
        database.execute(f"PRAGMA user_version = {FINGERPRINT_VERSION}")
        yield database


@contextmanager
def _explained(file: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ArtbenchError(
            f"the index of the images can't be kept in {file} ({reason})",
            mend="Free disk space or repair the folder, or name another with ARTBENCH_CACHE; what was written is kept",
        ) from error


def fingerprint_image(data: bytes) -> ImageFingerprint:
    """Fingerprint an encoded image, without its uniform margins. Safe to call from several threads."""
    import imagehash

    digest = sha256(data).digest()
    try:
        pixels = _within_margins(data)
    except UnreadableImage as error:
        return ImageFingerprint(sha256=digest, problem=error.reason)
    grey = grey_thumbnail(pixels)
    return ImageFingerprint(
        sha256=digest,
        phash=int(str(imagehash.phash(Image.fromarray(grey))), 16),
        thumbnail=grey.tobytes(),
        plain=is_plain(grey),
    )


def grey_thumbnail(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Reduce an image without margins, shape (height, width, 3), to greys, shape (THUMBNAIL, THUMBNAIL)."""
    grey = Image.fromarray(pixels).convert("L").resize((THUMBNAIL, THUMBNAIL), Image.Resampling.BOX)
    return np.asarray(grey)


def is_plain(grey: NDArray[np.uint8]) -> bool:
    """Whether a grey thumbnail shows too little to be told from another."""
    return bool(grey.std() < _PLAIN)


def _within_margins(data: bytes) -> NDArray[np.uint8]:
    """Decode an image without its margins, its short side twice that of a thumbnail as far as the file has it."""
    wanted = 2 * THUMBNAIL
    pixels = decode_whole(data, short_side=wanted, longest=_LONGEST)
    left, top, right, bottom = inner_box(pixels)
    short = min(right - left, bottom - top)
    if short < 0.9 * min(pixels.shape[:2]):
        # What lies on a large page would have too few pixels.
        larger = min(_MOST_LARGER, wanted / short)
        pixels = decode_whole(data, short_side=round(larger * wanted), longest=_LONGEST)
        left, top, right, bottom = inner_box(pixels)
    return pixels[top:bottom, left:right]
