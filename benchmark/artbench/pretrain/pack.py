"""A pool's pictures as raw pixels in one file, mapped into memory: decoded once for all epochs and all runs."""

import hashlib
import json
import zlib
from collections.abc import Mapping
from contextlib import closing, suppress
from pathlib import Path

import numpy as np

from artbench.data.decode import decode_path
from artbench.data.folders import cache_folder
from artbench.data.pool import Pool
from artbench.errors import ArtbenchError
from artbench.pretrain.pictures import Pictures, PicturesOnDisk, Pixels
from artbench.pretrain.stopping import Stopped, StopRequest
from artbench.runtime.cores import usable_cores
from artbench.runtime.distributed import Group
from artbench.runtime.files import preparing
from artbench.runtime.progress import Reporter
from artbench.runtime.threads import in_threads

_INDEX = np.dtype([("offset", "<u8"), ("height", "<u4"), ("width", "<u4"), ("crc32", "<u4")])
_PIXELS, _ROWS, _STATE = "pixels.u8", "index.npy", "pack.json"


def open_pictures(
    pool: Pool, *, side: int, pack: bool, group: Group, stop: StopRequest, reporter: Reporter
) -> Pictures | None:
    """The pictures of a pool, on every process of a group.

    Args:
        pool: The pool.
        side: Short side in pixels at which they are held.
        pack: Whether from the pack in the cache, which the first process builds.
        group: The processes.
        stop: Is heeded while the pack is built.
        reporter: Told how it goes.

    Returns:
        None where a signal came first.

    Raises:
        ArtbenchError: As `packed` does.
    """
    if not pack:
        return PicturesOnDisk(pool, side=side)

    def opened() -> Pictures:
        return packed(pool, side=side, under=cache_folder() / "packs", reporter=reporter, stop=stop)

    def built() -> bool:
        with suppress(Stopped):
            opened()
            return True
        return False

    return opened() if group.from_first(built) else None


def pack_folder(pool: Pool, *, side: int, under: Path) -> Path:
    """Where the pack of a pool is: under a key of its pictures, the side, and how files become pixels."""
    key = json.dumps(["pack 1", pool.manifest.sha256, side, decode_path(), [d.name for d in pool.datasets]])
    return under / hashlib.sha256(key.encode()).hexdigest()[:32]


def packed(pool: Pool, *, side: int, under: Path, reporter: Reporter, stop: StopRequest | None = None) -> Pictures:
    """The pack of a pool, built first where there is none.

    Raises:
        ArtbenchError: It can't be written, or is damaged.
        Stopped: A signal came while it was built; nothing of it stays.
    """
    folder = pack_folder(pool, side=side, under=under)
    if not folder.is_dir():
        _build(PicturesOnDisk(pool, side=side), folder, reporter, StopRequest() if stop is None else stop)
    return PackedPictures(folder, len(pool))


class PackedPictures:
    """Pictures from a pack. Each is checked against its checksum as it is read.

    Args:
        folder: Of the pack.
        count: How many pictures it should hold.

    Raises:
        ArtbenchError: A file is missing or has not the size it should have.
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
        self._unreadable = {int(number): reason for number, reason in state["unreadable"].items()}
        # A file without a byte can't be mapped.
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

    @property
    def unreadable(self) -> Mapping[int, str]:
        """Why pictures could not be read when the pack was built."""
        return self._unreadable

    def _damaged(self) -> ArtbenchError:
        return ArtbenchError(
            f"the packed pictures in {self._folder} are damaged", mend="Remove the folder: it is built again"
        )


def _build(pictures: PicturesOnDisk, folder: Path, reporter: Reporter, stop: StopRequest) -> None:
    rows = np.zeros(len(pictures), _INDEX)
    offset = 0
    try:
        with (
            preparing(folder) as temporary,
            (temporary / _PIXELS).open("wb") as file,
            reporter.counting("packing the pool", total=len(pictures), unit="pictures") as counter,
            closing(in_threads(pictures.__getitem__, range(len(pictures)), threads=usable_cores())) as decoded,
        ):
            for number, pixels in enumerate(decoded):
                stop.heed()
                if pixels is not None:
                    rows[number] = (offset, *pixels.shape[:2], zlib.crc32(pixels.data))
                    offset += file.write(pixels.data)
                counter.advance()
            file.flush()
            np.save(temporary / _ROWS, rows)
            state = {"bytes": offset, "unreadable": pictures.unreadable}
            (temporary / _STATE).write_text(json.dumps(state), encoding="utf-8")
    except OSError as error:
        raise ArtbenchError(
            f"the pool can't be packed in {folder.parent} ({error.strerror})",
            mend="Make room, place the cache elsewhere with ARTBENCH_CACHE, or go without --pack",
        ) from error
