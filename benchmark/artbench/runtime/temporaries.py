"""Temporary files and folders that tell whether the process that makes them still lives."""

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path

# Where files can't be locked, what nobody has changed for so long is abandoned.
_OLD_S = 3600.0


@contextmanager
def temporary_file(beside: Path) -> Iterator[Path]:
    """Yield an empty file in the folder of `beside`, which is this process's while the block runs.

    The system tells others so by a lock, which goes with the process. The caller moves the file, or removes it.

    Raises:
        OSError: The folder can't be written.
    """
    while True:
        handle, name = tempfile.mkstemp(prefix=_prefix(beside), suffix=".tmp", dir=beside.parent)
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
        folder = Path(tempfile.mkdtemp(prefix=_prefix(beside), suffix=".tmp", dir=beside.parent))
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
    pattern = ".*.tmp" if name is None else f"{escape(_prefix(folder / name))}*.tmp"
    return [path for path in sorted(folder.glob(pattern)) if not path.is_symlink() and _is_abandoned(path)]


def remove_abandoned(folder: Path, name: str | None = None) -> None:
    """Remove what `abandoned` lists; what can't be removed stays."""
    for path in abandoned(folder, name):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with suppress(OSError):
                path.unlink()


def _prefix(path: Path) -> str:
    return f".{path.name[:80]}."


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

    def _is_abandoned(path: Path) -> bool:
        with suppress(OSError):
            return time.time() - path.stat().st_mtime > _OLD_S
        return False

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

    def _is_abandoned(path: Path) -> bool:
        handle = _open(path)
        if handle is None:
            return False
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            return time.time() - os.fstat(handle).st_mtime > _OLD_S
        else:
            return True
        finally:
            os.close(handle)
