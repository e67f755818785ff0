"""Where the collections are that records name without their paths."""

import json
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from artbench.data.folders import DatasetPaths
from artbench.errors import ArtbenchError
from artbench.plugins.registry import Registry
from artbench.runtime.files import cache_folder, read_json, write_text

# File in the cache: the last place of each collection, by its name on record.
FILE = "places.json"

# What `--data-root` may hold of a collection, beside a folder of its name.
_LISTS = (".toml", ".csv", ".tsv", ".parquet")


class Places:
    """Where collections are, by their names on record: as the user says, or else where they were last.

    Args:
        paths: What `--data` and `--data-root` say.
        notice: Called with a line, once for each collection that is taken from where it was last.
        remembered: Whether to look where collections were last. Names in the records of strangers must not lead there.
    """

    def __init__(self, paths: DatasetPaths, notice: Callable[[str], None], *, remembered: bool) -> None:
        self._paths, self._notice, self._remembered = paths, notice, remembered
        self._told: set[str] = set()

    def given(self, name: str) -> Path | None:
        """The place that `--data NAME=PATH` gives."""
        path = self._paths.by_name.get(name)
        return None if path is None else path.expanduser().absolute()

    def known(self, name: str) -> Path | None:
        """The place below `--data-root`, or else the one in the cache; None if nothing is there."""
        title = name.partition(":")[2]
        # A name from a record must not lead out of the folder.
        if self._paths.root is not None and title not in ("", ".", "..") and Path(title).name == title:
            folder = self._paths.root.expanduser().absolute()
            for path in (folder / title, *(folder / f"{title}{suffix}" for suffix in _LISTS)):
                if path.exists():
                    return path
        if not self._remembered:
            return None
        with suppress(ArtbenchError):
            last = read_json(cache_folder(to_read=True) / FILE).get(name)
            if isinstance(last, str) and Path(last).is_absolute() and os.path.lexists(last):
                if name not in self._told:
                    self._told.add(name)
                    self._notice(f"{name} is taken from {last}, where it was last: --data {name}=PATH names another")
                return Path(last)
        return None


def with_places(
    registry: Registry, paths: DatasetPaths, notice: Callable[[str], None], *, remembered: bool = True
) -> Registry:
    """Return the registry with collections found by their names on record, as `Places` says."""
    places = Places(paths, notice, remembered=remembered)
    return replace(registry, datasets=registry.datasets.with_places(places), tasks=registry.tasks.with_places(places))


def remember_place(name: str, path: Path) -> None:
    """Note in the cache where a collection is; a cache that can't be written keeps what it has."""
    with suppress(ArtbenchError, OSError):
        file = cache_folder() / FILE
        known, place = read_json(file), str(path.expanduser().absolute())
        if known.get(name) != place:
            write_text(file, json.dumps({**known, name: place}, indent=1, ensure_ascii=False) + "\n")
