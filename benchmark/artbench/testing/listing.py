"""Conditions under which a dataset is read a second time: what may differ between machines differs."""

import builtins
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock


class _Scanned:
    """The entries of a folder as `os.scandir` gives them, iterator and context in one, from the last to the first."""

    def __init__(self, entries: "Iterator[os.DirEntry[Any]]") -> None:
        self._left = iter(sorted(entries, key=lambda entry: entry.name, reverse=True))

    def __iter__(self) -> "_Scanned":
        return self

    def __next__(self) -> "os.DirEntry[Any]":
        return next(self._left)

    def __enter__(self) -> "_Scanned":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Nothing is open any more."""


@contextmanager
def listings_reversed() -> Iterator[None]:
    """Have every folder listed from the last name to the first, as another file system might."""
    listdir, scandir = os.listdir, os.scandir

    def listed(*args: Any) -> list[Any]:
        return sorted(listdir(*args), reverse=True)

    def scanned(*args: Any) -> _Scanned:
        with scandir(*args) as entries:
            return _Scanned(entries)

    with mock.patch.object(os, "listdir", listed), mock.patch.object(os, "scandir", scanned):
        yield


@contextmanager
def opened_files() -> Iterator[list[Path]]:
    """The files that Python code opens while the block runs."""
    plain, opened = io.open, list[Path]()

    def noted(file: Any, *args: Any, **options: Any) -> Any:
        if isinstance(file, (str, os.PathLike)):
            opened.append(Path(file))
        return plain(file, *args, **options)

    with mock.patch.object(io, "open", noted), mock.patch.object(builtins, "open", noted):
        yield opened
