"""Temporary files and folders that tell whether the process that makes them still lives."""

import hashlib
import os
import re
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from glob import escape
from pathlib import Path

from artbench.runtime.untrusted import is_regular

# Where files can't be locked, what nobody has changed for so long is abandoned.
_OLD_S = 3600.0
# Of other machines locks tell nothing: some file systems that machines share lock for each of them alone. Their clocks
# may be hours apart.
_OLD_ELSEWHERE_S = 24 * 3600.0


@contextmanager
def temporary_file(beside: Path) -> Iterator[Path]:
    """Yield an empty file in the folder of `beside`, which is this process's while the block runs.

    The system tells others so by a lock, which goes with the process. The caller moves the file, or removes it.

    Raises:
        OSError: The folder can't be written.
    """
    while True:
        handle, name = tempfile.mkstemp(prefix=f"{_prefix(beside)}{_machine()}.", suffix=".tmp", dir=beside.parent)
        if _held(handle):
            break
        os.close(handle)
    try:
        yield Path(name)
    finally:
        _let_go(handle)


@contextmanager
def temporary_folder(beside: Path) -> Iterator[Path]:
    """Yield an empty folder likewise."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=f"{_prefix(beside)}{_machine()}.", suffix=".tmp", dir=beside.parent))
        handle = _open(folder)
        if handle is None or _held(handle):
            break
        os.close(handle)
    try:
        yield folder
    finally:
        if handle is not None:
            _let_go(handle)


def abandoned(folder: Path, name: str | None = None) -> list[Path]:
    """List the temporary files and folders in a folder whose processes are gone.

    Args:
        folder: Folder to look into.
        name: Name of the file or folder that they were to become; None: any.
    """
    found = []
    for path in _temporaries(folder, name):
        with _claimed(path) as is_abandoned:
            if is_abandoned:
                found.append(path)
    return found


def remove_abandoned(folder: Path, name: str | None = None) -> None:
    """Remove what `abandoned` lists; what can't be removed stays.

    Each is held while it is removed: a process that has just made it and does not yet hold it makes another.
    """
    for path in _temporaries(folder, name):
        with _claimed(path) as is_abandoned:
            if not is_abandoned:
                continue
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                with suppress(OSError):
                    path.unlink()


def _temporaries(folder: Path, name: str | None) -> list[Path]:
    pattern = ".*.tmp" if name is None else f"{escape(_prefix(folder / name))}*.tmp"
    return [path for path in sorted(folder.glob(pattern)) if _is_file_or_folder(path)]


def _is_file_or_folder(path: Path) -> bool:
    """Whether it is a file or folder itself: no link, and no pipe, whose opening would wait."""
    return is_regular(path) or (path.is_dir() and not path.is_symlink())


def _prefix(path: Path) -> str:
    return f".{path.name[:80]}."


@cache
def _machine() -> str:
    """What stands for this machine in the names of its temporary files."""
    return hashlib.sha256(socket.gethostname().encode()).hexdigest()[:8]


def _is_elsewhere(path: Path) -> bool:
    """Whether another machine has made a temporary file or folder; names of older releases do not tell."""
    *_, machine, _, _ = ("", *path.name.split("."))
    return re.fullmatch("[0-9a-f]{8}", machine) is not None and machine != _machine()


def _is_old(changed: float, *, elsewhere: bool = False) -> bool:
    return time.time() - changed > (_OLD_ELSEWHERE_S if elsewhere else _OLD_S)


def _open(path: Path) -> int | None:
    """Open a file or folder to lock it; None where folders can't be opened, or it has gone."""
    try:
        return os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    except OSError:
        return None


if sys.platform == "win32":

    def _held(handle: int) -> bool:
        os.close(handle)  # An open file can't be moved.
        return True

    def _let_go(handle: int) -> None:
        pass

    @contextmanager
    def _claimed(path: Path) -> Iterator[bool]:
        try:
            old = _is_old(path.stat().st_mtime, elsewhere=_is_elsewhere(path))
        except OSError:
            old = False
        yield old

else:
    import fcntl

    def _held(handle: int) -> bool:
        """Lock a new file or folder; False if another process took it for abandoned before."""
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:  # A file system without locks.
            return True
        return os.fstat(handle).st_nlink > 0

    def _let_go(handle: int) -> None:
        os.close(handle)

    @contextmanager
    def _claimed(path: Path) -> Iterator[bool]:
        """Hold a file or folder while the block runs, and say whether it is abandoned."""
        handle = _open(path)
        if handle is None:
            yield False
            return
        try:
            yield _is_abandoned(handle, elsewhere=_is_elsewhere(path))
        finally:
            os.close(handle)

    def _is_abandoned(handle: int, *, elsewhere: bool) -> bool:
        if elsewhere:
            return _is_old(os.fstat(handle).st_mtime, elsewhere=True)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            return _is_old(os.fstat(handle).st_mtime)
        return True
