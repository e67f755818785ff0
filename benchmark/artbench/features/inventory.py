"""Stored features on disk: listing, selecting and removing them."""

import os
import shutil
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from itertools import accumulate
from pathlib import Path
from typing import Any, cast

from artbench.features.store import FILES, MANIFEST, store_lease
from artbench.runtime.files import file_errors, read_json
from artbench.runtime.progress import Reporter
from artbench.runtime.text import printable


@dataclass(frozen=True, kw_only=True)
class StoredFeatures:
    """The stored features of one dataset by one encoder.

    Attributes:
        folder: Folder of the store.
        pretraining: Name of the pretraining that they were first extracted for; others may share the weights.
        dtype: Number type of the forward pass.
        bytes: Size on disk, with the files of its lease.
        created: Time of the first extraction.
        used: Time of the last use.
    """

    folder: Path
    dataset: str
    backbone: str
    pretraining: str
    dtype: str
    bytes: int
    created: datetime
    used: datetime

    @property
    def name(self) -> str:
        """Dataset and encoder: `wikiart/resnet50/imagenet`."""
        return f"{self.dataset}/{self.backbone}/{self.pretraining}"


def stored_features(cache: Path) -> list[StoredFeatures]:
    """List all features in the folder of feature stores, least recently used first.

    A store whose manifest can't be read, after a killed removal for instance, is listed by the names of its folders.
    """
    found = (_read(folder) for folder in cache.glob("*/*") if any((folder / name).is_file() for name in FILES))
    return sorted((entry for entry in found if entry is not None), key=lambda entry: (entry.used, entry.name))


def select(
    entries: Iterable[StoredFeatures],
    *,
    names: Sequence[str] = (),
    older_than: timedelta | None = None,
    down_to: int | None = None,
    now: datetime | None = None,
) -> list[StoredFeatures]:
    """Select the features to remove: those that fit all conditions given.

    Args:
        entries: All stored features.
        names: Datasets, backbones, pretrainings, or `dataset/backbone/pretraining`; `*` stands for anything.
        older_than: Least time since the last use.
        down_to: Bytes to keep of all `entries`; the least recently used are selected first.
        now: Time that `older_than` counts from; the present by default.
    """
    entries = list(entries)
    chosen = [entry for entry in entries if not names or any(_matches(entry, name) for name in names)]
    if older_than is not None:
        chosen = [entry for entry in chosen if (now or datetime.now(UTC)) - entry.used > older_than]
    if down_to is not None:
        chosen.sort(key=lambda entry: entry.used)
        surplus = sum(entry.bytes for entry in entries) - down_to
        freed = accumulate((entry.bytes for entry in chosen), initial=0)
        chosen = [entry for entry, before in zip(chosen, freed, strict=False) if before < surplus]
    return chosen


def remove(entry: StoredFeatures, reporter: Reporter | None = None) -> bool:
    """Remove features from disk; return False, and leave them, if a run is extracting them.

    Of their lease one small file stays, so that its generations go on and a process that stood still notices.

    Args:
        entry: The features.
        reporter: Receives a notice if it takes a while to know that the run that had them on another machine is dead.

    Raises:
        ArtbenchError: The folder can't be removed.
    """
    with (
        file_errors(f"{entry.folder} can't be removed", mend="Remove the folder by hand"),
        store_lease(entry.folder) as lease,
    ):
        if not lease.acquire(reporter=reporter, refuse_living=True):
            return False
        lease.remove_earlier()
        # What earlier versions locked.
        (entry.folder.parents[1] / ".locks" / f"{entry.folder.name}.lock").unlink(missing_ok=True)
        with suppress(FileNotFoundError):  # Another process has removed them meanwhile.
            # The manifest first: if the removal is killed, the rest is not listed as whole.
            (entry.folder / MANIFEST).unlink(missing_ok=True)
            lease.check()
            shutil.rmtree(entry.folder)
        for folder in (entry.folder.parent, entry.folder.parents[1] / ".locks"):
            with suppress(OSError):  # Others are in it.
                folder.rmdir()
        return True


def _matches(entry: StoredFeatures, pattern: str) -> bool:
    return any(fnmatchcase(name, pattern) for name in (entry.dataset, entry.backbone, entry.pretraining, entry.name))


def _read(folder: Path) -> StoredFeatures | None:
    """Describe a store; None if another process is removing it."""
    try:
        files = {file.name: file.stat() for file in folder.iterdir()}
    except OSError:
        return None
    size = sum(map(_on_disk, files.values()))
    with suppress(OSError):  # One is removed with each new one.
        size += sum(_on_disk(file.stat()) for file in store_lease(folder).folder.iterdir())
    content = cast("dict[str, Any]", read_json(folder / MANIFEST))
    try:
        return StoredFeatures(
            folder=folder,
            dataset=printable(str(content["key"]["dataset"])),
            backbone=printable(str(content["key"]["backbone"])),
            pretraining=printable(str(content["pretraining"])),
            dtype=printable(str(content["key"]["dtype"])),
            bytes=size,
            created=datetime.fromisoformat(content["created"]).astimezone(UTC),
            used=_changed(files[MANIFEST]),
        )
    except (KeyError, TypeError, ValueError, OverflowError):
        last = max(map(_changed, files.values()), default=datetime.now(UTC))
        names = {"dataset": printable(folder.parent.name), "backbone": printable(folder.name)}
        return StoredFeatures(folder=folder, **names, pretraining="?", dtype="?", bytes=size, created=last, used=last)


def _on_disk(status: os.stat_result) -> int:
    """Return the size on disk, which is less than the length of a file with holes."""
    return int(getattr(status, "st_blocks", -(-status.st_size // 512)) * 512)


def _changed(status: os.stat_result) -> datetime:
    """Return the modification time of a file; the present for one in the future, after a clock was set back."""
    return datetime.fromtimestamp(min(max(0.0, status.st_mtime), time.time()), UTC)
