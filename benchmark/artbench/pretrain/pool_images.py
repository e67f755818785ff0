"""The images of a pool, to be cropped: decoded from their files, or once into a pack of raw pixels."""

import hashlib
import json
import threading
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from artbench.data.contents import file_stamp
from artbench.data.decode import UnreadableImage, decode_path, decode_whole
from artbench.data.pool import Pool
from artbench.errors import ArtbenchError
from artbench.pretrain.stopping import Stopped, StopRequest
from artbench.runtime.distributed import Group
from artbench.runtime.files import atomic_folder, cache_folder
from artbench.runtime.lease import Lease
from artbench.runtime.progress import Reporter
from artbench.runtime.temporaries import remove_abandoned
from artbench.runtime.threads import in_threads, usable_cores

Pixels = NDArray[np.uint8]
# Largest ratio of the long side to the short one; longer images are cut at both ends.
LONGEST = 4
_INDEX = np.dtype([("offset", "<u8"), ("height", "<u4"), ("width", "<u4"), ("crc32", "<u4")])
_PIXELS, _ROWS, _STATE = "pixels.u8", "index.npy", "pack.json"


class PoolImages(Protocol):
    """Images by their number in the pool; safe to use from several threads."""

    def __len__(self) -> int: ...

    def __getitem__(self, number: int, /) -> Pixels | None:
        """RGB, shape (height, width, 3); None if the image can't be read."""

    @property
    def unreadable(self) -> Mapping[int, str]:
        """Reasons why images could not be read, by number; so far, or when they were packed."""


class ImagesOnDisk:
    """Images decoded from their files at each access, and reduced to a short side of `side` pixels if larger."""

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
        """Reasons why images could not be read so far, by number."""
        with self._lock:
            return dict(self._unreadable)


def open_images(
    pool: Pool, *, side: int, pack: bool, group: Group, stop: StopRequest, reporter: Reporter
) -> PoolImages | None:
    """Open the images of a pool, on every process of a group.

    With `pack` they are read from the cache, where the first process of each node packs them: nodes may have caches of
    their own. Returns None if a signal stopped that on any of them.

    Raises:
        ArtbenchError: The pack can't be written, or is damaged.
    """
    if not pack:
        return ImagesOnDisk(pool, side=side)

    def opened() -> PoolImages:
        return packed(pool, side=side, under=cache_folder() / "packs", reporter=reporter, stop=stop)

    def built() -> bool:
        with suppress(Stopped):
            if not group.local_rank:
                opened()
            return True
        return False

    stopped = group.any(not group.together(built))
    return None if stopped else group.together(opened)


def pack_folder(pool: Pool, *, side: int, under: Path) -> Path:
    """The folder of a pool's pack, named by a digest of the images and their files, their short side and the decoder.

    A file counts by size and times, so that a pack need not read any to be opened.
    """
    files = hashlib.sha256()
    for dataset, rows in zip(pool.datasets, pool.rows, strict=True):
        for row in rows.tolist():
            with suppress(OSError):
                files.update(repr(file_stamp(dataset.path(row))).encode())
            files.update(b"\n")
    names = [dataset.name for dataset in pool.datasets]
    key = json.dumps(["pack 2", pool.manifest.sha256, files.hexdigest(), side, decode_path(), names])
    return under / hashlib.sha256(key.encode()).hexdigest()[:32]


def packed(pool: Pool, *, side: int, under: Path, reporter: Reporter, stop: StopRequest | None = None) -> PoolImages:
    """Open the pack of a pool; build it first if it does not exist, or wait while another run builds it.

    What killed runs left of packs is removed.

    Raises:
        ArtbenchError: The pack can't be written, or is damaged.
        Stopped: A signal came meanwhile; the unfinished pack is removed.
    """
    folder = pack_folder(pool, side=side, under=under)
    stop = StopRequest() if stop is None else stop
    if not folder.is_dir():
        with _writing(folder), _locked(folder, reporter, stop):
            remove_abandoned(folder.parent)
            if not folder.is_dir():
                _build(ImagesOnDisk(pool, side=side), folder, reporter, stop)
    return PackedImages(folder, len(pool))


@contextmanager
def _locked(folder: Path, reporter: Reporter, stop: StopRequest) -> Iterator[None]:
    """Lease the building of a pack; if the process dies, the next one takes it over."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    # The packs themselves are listed and removed by others.
    leases = folder.parent.parent / ".leases"
    with Lease(leases / f"pack-{folder.name}", doing=f"packing these images in {folder}") as lease:
        lease.acquire(reporter=reporter, meanwhile=stop.raise_if_stopped)
        yield


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ArtbenchError(
            f"the pool can't be packed in {folder.parent} ({error.strerror})",
            mend="Make room, move the cache with ARTBENCH_CACHE, or leave out --pack",
        ) from error


class PackedImages:
    """The `count` images of a pack. Reading one verifies its checksum.

    Raises:
        ArtbenchError: A file is missing or has the wrong size, or a checksum is wrong.
    """

    def __init__(self, folder: Path, count: int) -> None:
        self._folder = folder
        try:
            self._rows = np.load(folder / _ROWS, allow_pickle=False)
            state = json.loads((folder / _STATE).read_text(encoding="utf-8"))
            size = (folder / _PIXELS).stat().st_size
        except (OSError, ValueError) as error:
            raise self._damaged() from error
        if self._rows.dtype != _INDEX or len(self._rows) != count or state["bytes"] != size:
            raise self._damaged()
        self.unreadable: Mapping[int, str] = {int(number): reason for number, reason in state["unreadable"].items()}
        # An empty file can't be mapped.
        self._pixels = np.memmap(folder / _PIXELS, np.uint8, "r") if size else np.empty(0, np.uint8)

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, number: int, /) -> Pixels | None:
        offset, height, width, crc32 = self._rows[number].item()
        if not height:
            return None
        pixels = np.asarray(self._pixels[offset : offset + height * width * 3])
        if zlib.crc32(pixels.data) != crc32:
            raise self._damaged()
        return pixels.reshape(height, width, 3)

    def _damaged(self) -> ArtbenchError:
        return ArtbenchError(
            f"the packed images in {self._folder} are damaged", mend="Remove the folder: it is built again"
        )


def _build(images: ImagesOnDisk, folder: Path, reporter: Reporter, stop: StopRequest) -> None:
    rows = np.zeros(len(images), _INDEX)
    offset = 0
    with (
        atomic_folder(folder) as temporary,
        (temporary / _PIXELS).open("wb") as file,
        reporter.counting("packing the pool", total=len(images), unit="images") as counter,
        closing(in_threads(images.__getitem__, range(len(images)), threads=usable_cores())) as decoded,
    ):
        for number, pixels in enumerate(decoded):
            stop.raise_if_stopped()
            if pixels is not None:
                rows[number] = (offset, *pixels.shape[:2], zlib.crc32(pixels.data))
                offset += file.write(pixels.data)
            counter.advance()
        file.flush()
        np.save(temporary / _ROWS, rows)
        state = {"bytes": offset, "unreadable": images.unreadable}
        (temporary / _STATE).write_text(json.dumps(state), encoding="utf-8")
