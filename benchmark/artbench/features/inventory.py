"""What features are kept, and making room."""

import os
import shutil
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, cast

from filelock import FileLock, Timeout

from artbench.errors import ArtbenchError
from artbench.features.store import FILES, MANIFEST, lock_file
from artbench.runtime.files import read_json
from artbench.runtime.text import printable


@dataclass(frozen=True, kw_only=True)
class StoredFeatures:
    """The features of one dataset by one encoder.

    Attributes:
        folder: Where they are.
        dataset: Name of the dataset.
        backbone: Name of the backbone.
        pretraining: Name of the pretraining that they were first extracted for; others may share the weights.
        dtype: In which the network computed.
        bytes: Room on disk.
        created: When they were first asked for.
        used: When they were last asked for.
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
        """Dataset and encoder in one: `wikiart/resnet50/imagenet`."""
        return f"{self.dataset}/{self.backbone}/{self.pretraining}"


def stored_features(cache: Path) -> list[StoredFeatures]:
    """All features in the folder of feature stores, those used longest ago first.

    What has no manifest that can be read, since a removal was killed or the disk is at fault, takes room all the
    same: it goes by the names of its folders.
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
    """Which of the features to remove; a choice that is not made (no names, None) chooses all.

    Args:
        entries: What there is.
        names: Datasets, backbones, pretrainings, or `dataset/backbone/pretraining`; `*` stands for anything.
        older_than: Not used for so long.
        down_to: Bytes to come down to, over all `entries`: those used longest ago go first.
        now: The time to reckon from; the present by default.
    """
    entries = list(entries)
    chosen = [entry for entry in entries if not names or any(_answers(entry, name) for name in names)]
    if older_than is not None:
        now = now or datetime.now(UTC)
        chosen = [entry for entry in chosen if now - entry.used > older_than]
    if down_to is not None:
        surplus = sum(entry.bytes for entry in entries) - down_to
        needed = []
        for entry in sorted(chosen, key=lambda entry: entry.used):
            if surplus <= 0:
                break
            needed.append(entry)
            surplus -= entry.bytes
        chosen = needed
    return chosen


def remove(entry: StoredFeatures) -> bool:
    """Remove features from disk; return False, and leave them, if a run is extracting them.

    Raises:
        ArtbenchError: The system does not let it.
    """
    try:
        with FileLock(lock_file(entry.folder), blocking=False):
            # The manifest first: what a kill leaves half removed is not listed as if it were whole.
            (entry.folder / MANIFEST).unlink(missing_ok=True)
            shutil.rmtree(entry.folder)
        with suppress(OSError):  # There are others in it, or there is one again.
            entry.folder.parent.rmdir()
    except Timeout:
        return False
    except FileNotFoundError:  # Somebody else has removed them meanwhile.
        return True
    except OSError as error:
        raise ArtbenchError(
            f"{entry.folder} can't be removed ({error.strerror or error})", mend="Remove the folder by hand"
        ) from error
    return True


def _answers(entry: StoredFeatures, pattern: str) -> bool:
    return any(fnmatchcase(name, pattern) for name in (entry.dataset, entry.backbone, entry.pretraining, entry.name))


def _read(folder: Path) -> StoredFeatures | None:
    """None if another process removes it just now."""
    try:
        files = {file.name: file.stat() for file in folder.iterdir()}
    except OSError:
        return None
    room = sum(_room(status) for status in files.values())
    content = cast("dict[str, Any]", read_json(folder / MANIFEST))
    try:
        return StoredFeatures(
            folder=folder,
            dataset=printable(str(content["key"]["dataset"])),
            backbone=printable(str(content["key"]["backbone"])),
            pretraining=printable(str(content["pretraining"])),
            dtype=printable(str(content["key"]["dtype"])),
            bytes=room,
            created=datetime.fromisoformat(content["created"]).astimezone(UTC),
            used=_changed(files[MANIFEST]),
        )
    except (KeyError, TypeError, ValueError, OverflowError):
        last = max(map(_changed, files.values()), default=datetime.now(UTC))
        dataset, backbone = printable(folder.parent.name), printable(folder.name)
        return StoredFeatures(
            folder=folder,
            dataset=dataset,
            backbone=backbone,
            pretraining="?",
            dtype="?",
            bytes=room,
            created=last,
            used=last,
        )


def _changed(status: os.stat_result) -> datetime:
    """When a file was changed last; not in the future, where a clock was put back since."""
    return datetime.fromtimestamp(min(max(0.0, status.st_mtime), time.time()), UTC)


def _room(status: os.stat_result) -> int:
    """What a file takes on disk: less than its length, if it has holes."""
    return getattr(status, "st_blocks", -(-status.st_size // 512)) * 512
