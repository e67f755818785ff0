"""A look at every picture of a dataset, kept from one time to the next."""

import hashlib
import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from time import monotonic

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from artbench.data.dataset import Dataset
from artbench.data.decode import UnreadableImage, decode_whole
from artbench.errors import ArtbenchError
from artbench.runtime.progress import Reporter
from artbench.runtime.threads import in_threads, usable_cores

# Seconds between two writes: what a kill can cost.
_EVERY = 2.0
_TABLE = """CREATE TABLE IF NOT EXISTS look (
    id TEXT PRIMARY KEY, state TEXT, sha256 BLOB, problem TEXT, phash BLOB, thumbnail BLOB, plain INTEGER
) WITHOUT ROWID"""
# Raise it whenever a change here may change a hash or a thumbnail.
FINGERPRINT_VERSION = 1
# Side of a thumbnail in pixels: enough to tell a crop of a picture from another picture, and 2 kB each.
THUMBNAIL = 48
# Strips longer than this are cut at the ends; no painting is, and a broken header may claim to be.
_LONGEST = 20.0
# Below this standard deviation, in grey levels of 255, a picture shows too little to be told from another.
_PLAIN = 6.0


@dataclass(frozen=True, kw_only=True)
class ImageIndex:
    """What a look at every picture of a dataset has shown, in the order of its rows.

    Attributes:
        dataset: The dataset.
        digests: SHA-256 of each file, 32 bytes; empty for one that can't be read at all.
        phash: uint64, shape (n,): perceptual hashes; 0 for what can't be decoded.
        comparable: bool, shape (n,): whether a picture was decoded and shows enough to be compared.
        problems: Why a row can't be decoded.
        file: Where the looks are kept.
    """

    dataset: Dataset
    digests: Sequence[bytes]
    phash: NDArray[np.uint64]
    comparable: NDArray[np.bool_]
    problems: Mapping[int, str]
    file: Path

    def thumbnails(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Greys of some pictures that can be compared: shape (len(rows), THUMBNAIL, THUMBNAIL)."""
        found = np.zeros((len(rows), THUMBNAIL, THUMBNAIL), np.uint8)
        with _explaining(self.file), closing(sqlite3.connect(self.file, timeout=60)) as kept:
            for place, row in enumerate(rows.tolist()):
                (greys,) = kept.execute("SELECT thumbnail FROM look WHERE id = ?", (self.dataset.ids[row],)).fetchone()
                found[place] = np.frombuffer(greys, np.uint8).reshape(THUMBNAIL, THUMBNAIL)
        return found


def index_images(dataset: Dataset, *, cache: Path, reporter: Reporter) -> ImageIndex:
    """Look at every picture that was not looked at before in its present state.

    On as many threads as there are cores: decoding leaves Python's lock, and one large picture is decoded at a
    time. What was seen is written every two seconds; a run that is killed goes on from there.

    Args:
        dataset: The dataset.
        cache: The folder of all surveys.
        reporter: Told how far it is.

    Raises:
        ArtbenchError: The folder can't be written.
    """
    place = re.sub(r"[^\w.-]+", "_", dataset.name)[:80]
    file = cache / f"{place}-{sha256(str(dataset.root.absolute()).encode()).hexdigest()[:12]}.sqlite"
    states = [_state(dataset, row) for row in range(len(dataset))]
    with _explaining(file), _opened(file) as kept:
        known = dict(kept.execute("SELECT id, state FROM look"))
        wanted = [row for row, state in enumerate(states) if state and known.get(dataset.ids[row]) != state]
        failed = _look(dataset, wanted, states, kept, reporter)
        seen = {row[0]: row for row in kept.execute("SELECT id, sha256, problem, phash, plain FROM look")}
    failed |= {row: "the file can't be read" for row, state in enumerate(states) if not state}
    return _gathered(dataset, seen, failed, file=file)


def _look(
    dataset: Dataset, rows: Sequence[int], states: Sequence[str], kept: sqlite3.Connection, reporter: Reporter
) -> dict[int, str]:
    """Look at some pictures and write down what is seen; return why some could not even be read."""
    failed: dict[int, str] = {}
    pending: list[tuple[object, ...]] = []
    written = monotonic()
    work = partial(_look_at_row, dataset)
    with (
        reporter.counting(dataset.name, total=len(rows), unit="pictures") as counter,
        closing(in_threads(work, rows, threads=usable_cores())) as results,
    ):
        for row, look in zip(rows, results, strict=True):
            counter.advance()
            if isinstance(look, str):
                failed[row] = look
                continue
            number = look.phash.to_bytes(8, "big")
            entry = (dataset.ids[row], states[row], look.sha256, look.problem, number, look.thumbnail, look.plain)
            pending.append(entry)
            if monotonic() - written > _EVERY:
                _write(kept, pending)
                written = monotonic()
        _write(kept, pending)
    return failed


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFingerprint:
    """What one look at a picture has shown.

    Attributes:
        sha256: Digest of its bytes; 32 bytes.
        problem: Why it can't be decoded; None if it can.
        phash: Its 64-bit perceptual hash (`imagehash.phash`), as a number; 0 if it can't be decoded.
        thumbnail: Its greys as THUMBNAIL x THUMBNAIL bytes; empty if it can't be decoded.
        plain: Whether it shows too little for hash and thumbnail to mean anything.
    """

    sha256: bytes
    problem: str | None = None
    phash: int = 0
    thumbnail: bytes = b""
    plain: bool = True


def _look_at_row(dataset: Dataset, row: int) -> ImageFingerprint | str:
    try:
        return fingerprint_image(dataset.read(row))
    except (OSError, MemoryError) as error:
        # Not written down: permission can be given and memory be free the next time.
        return getattr(error, "strerror", None) or f"{type(error).__name__} {error}".strip()


def _write(kept: sqlite3.Connection, pending: list[tuple[object, ...]]) -> None:
    with kept:
        kept.executemany("INSERT OR REPLACE INTO look VALUES (?, ?, ?, ?, ?, ?, ?)", pending)
    pending.clear()


def _state(dataset: Dataset, row: int) -> str:
    """Size and time of change of a picture's file, or what the dataset calls its version; empty if it is gone."""
    try:
        status = dataset.path(row).stat()
    except OSError:
        return ""
    return f"{status.st_size} {status.st_mtime_ns} {dataset.version(row)}"


def _gathered(
    dataset: Dataset,
    seen: Mapping[str, tuple[str, bytes, str | None, bytes, int]],
    failed: Mapping[int, str],
    *,
    file: Path,
) -> ImageIndex:
    digests, hashes = [b""] * len(dataset), np.zeros(len(dataset), np.uint64)
    comparable, problems = np.zeros(len(dataset), bool), dict(failed)
    for row, id_ in enumerate(dataset.ids):
        if row in failed:
            continue
        _, digests[row], problem, number, plain = seen[id_]
        if problem is not None:
            problems[row] = problem
        hashes[row] = int.from_bytes(number, "big")
        comparable[row] = not plain
    return ImageIndex(
        dataset=dataset, digests=digests, phash=hashes, comparable=comparable, problems=problems, file=file
    )


@contextmanager
def _opened(file: Path) -> Iterator[sqlite3.Connection]:
    """The table of looks; one of another version, or one that is damaged, is begun anew."""
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        with closing(sqlite3.connect(file, timeout=60)) as kept:
            sound = kept.execute("PRAGMA user_version").fetchone()[0] in (0, FINGERPRINT_VERSION)
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            raise
        sound = False
    if not sound:
        file.unlink()
    with closing(sqlite3.connect(file, timeout=60)) as kept:
        kept.execute(_TABLE)
        kept.execute(f"PRAGMA user_version = {FINGERPRINT_VERSION}")
        yield kept


@contextmanager
def _explaining(file: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ArtbenchError(
            f"what was seen of the pictures can't be kept in {file} ({reason})",
            mend="Make room or mend the folder, or name another with ARTBENCH_CACHE; what was written is kept",
        ) from error


def fingerprint_image(data: bytes) -> ImageFingerprint:
    """Look at the bytes of a picture. Safe to call from several threads."""
    import imagehash

    digest = hashlib.sha256(data).digest()
    try:
        pixels = decode_whole(data, short_side=2 * THUMBNAIL, longest=_LONGEST)
    except UnreadableImage as error:
        return ImageFingerprint(sha256=digest, problem=error.reason)
    grey = Image.fromarray(pixels).convert("L").resize((THUMBNAIL, THUMBNAIL), Image.Resampling.BOX)
    return ImageFingerprint(
        sha256=digest,
        phash=_as_number(imagehash.phash(grey).hash),
        thumbnail=grey.tobytes(),
        plain=bool(np.asarray(grey).std() < _PLAIN),
    )


def _as_number(bits: NDArray[np.bool_]) -> int:
    return int.from_bytes(np.packbits(bits).tobytes(), "big")
