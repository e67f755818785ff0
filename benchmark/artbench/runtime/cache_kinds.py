"""What the cache holds beside features, kind by kind: its size, and removing it."""

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from artbench.runtime.files import file_errors
from artbench.runtime.lease import Lease
from artbench.runtime.progress import Reporter

_DIGEST = "[0-9a-f]{32}"
# Folder of the neighbours that were found.
NEIGHBOURS = "neighbours"


@dataclass(frozen=True, kw_only=True)
class CacheKind:
    """One kind of thing that the cache holds.

    Attributes:
        name: Name on the command line.
        about: What it is and when it is made again, for people.
        path: File or folder, relative to the cache folder.
        entries: Regular expression of names in that folder that are artbench's. What is named otherwise is somebody's
            own, who has his data beside the cache, and is left alone.
        lease: `(cache folder, entry) -> Lease` of what makes an entry of it; None: it is made in a moment.
    """

    name: str
    about: str
    path: str
    entries: str = ""
    lease: Callable[[Path, Path], Lease] | None = None

    def bytes(self, cache: Path) -> int:
        """Its size."""
        found = 0
        for file in (file for entry in self._entries(cache) for file in _files(entry)):
            with suppress(OSError):  # Another process has removed it meanwhile.
                found += file.stat().st_size
        return found

    def remove(self, cache: Path, reporter: Reporter) -> tuple[int, list[Path]]:
        """Remove it; return the bytes freed, and what stays because a run is making it.

        Raises:
            ArtbenchError: Something can't be removed.
        """
        before = self.bytes(cache)
        busy = [entry for entry in self._entries(cache) if not self._remove(entry, cache, reporter)]
        return before - self.bytes(cache), busy

    def _entries(self, cache: Path) -> list[Path]:
        place = cache / self.path
        if not self.entries:
            return [place] if place.is_file() else []
        ours = re.compile(rf"{self.entries}|\..+\.tmp")
        return sorted(entry for entry in place.iterdir() if ours.fullmatch(entry.name)) if place.is_dir() else []

    def _remove(self, entry: Path, cache: Path, reporter: Reporter) -> bool:
        with file_errors(f"{entry} can't be removed", mend="Remove it by hand"):
            if self.lease is None:
                _delete(entry)
                return True
            with self.lease(cache, entry) as lease:
                if not lease.acquire(reporter=reporter, refuse_living=True):
                    return False
                _delete(entry)
                return True


def neighbours_lease(cache: Path, entry: Path) -> Lease:
    """Return the lease of a search for neighbours, not acquired."""
    return Lease(cache / ".leases" / f"neighbours-{entry.name}", doing=f"finding these neighbours in {entry}")


CACHE_KINDS = (
    CacheKind(
        name="datasets", path="datasets", entries=r".+-\d+", about="collections that artbench makes, such as sample"
    ),
    CacheKind(
        name="pretrainings",
        path="pretrainings",
        entries=_DIGEST,
        about="encoders that runs have trained: to train them again takes long",
        lease=lambda _, entry: Lease(entry / ".lease", doing=f"training in {entry}"),
    ),
    CacheKind(
        name="packs",
        path="packs",
        entries=_DIGEST,
        about="decoded images of pools, for training",
        lease=lambda cache, entry: Lease(cache / ".leases" / f"pack-{entry.name}", doing=f"packing images in {entry}"),
    ),
    CacheKind(
        name=NEIGHBOURS,
        path=NEIGHBOURS,
        entries=_DIGEST,
        about="neighbours of every picture of a collection",
        lease=neighbours_lease,
    ),
    CacheKind(name="contents", path="features/.contents", entries=r".+\.idx", about="digests of images"),
    CacheKind(
        name="surveys",
        path="surveys",
        entries=r".+\.sqlite.*",
        about="what `artbench data check` and `audit` know of images",
    ),
    CacheKind(
        name="audits",
        path="audits",
        entries=rf"{_DIGEST}\.json",
        about="near-duplicates that audits have found, for records",
    ),
    CacheKind(name="ranks", path="ranks", entries=r".+\.(npz|json)", about="scores for ranks of leaderboards"),
    CacheKind(name="names", path="names", entries=r".+\.json", about="names of backbones, for completion in shells"),
    CacheKind(name="places", path="places.json", about="where collections were last"),
)
"""Every kind of thing that the cache holds beside features, those first that take long to make again."""


def _delete(entry: Path) -> None:
    with suppress(FileNotFoundError):  # Another process has removed it meanwhile.
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def _files(place: Path) -> Iterator[Path]:
    if place.is_dir():
        yield from (file for file in place.rglob("*") if file.is_file() and not file.is_symlink())
    elif place.is_file():
        yield place
