"""What a lease needs of a disk and of a clock."""

import errno
import os
import secrets
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from artbench.runtime.untrusted import read_regular

# Bytes of the largest file that is read; one has a few hundred.
_LARGEST = 1 << 16
# Seconds, by the clock of the file system, after which a temporary file is abandoned; it is there for milliseconds.
_ABANDONED_S = 600.0
# How file systems say that they have no hard links.
_NO_LINKS = {errno.EPERM, errno.EACCES, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EINVAL}
# How a file that another machine has removed answers on NFS.
_GONE = {errno.ENOENT, errno.ESTALE, errno.ENOTDIR}


class Disk(Protocol):
    """The files of one lease, numbered by generation."""

    def prepare(self) -> None:
        """Make their folder; raise OSError if it can't be written."""

    def generations(self) -> list[int]:
        """List the numbers, in any order; other machines may see them late."""

    def read(self, generation: int, /) -> bytes | None:
        """Return the content of a file as it is now; None if there is no such file."""

    def create(self, generation: int, content: bytes, /) -> bool:
        """Create a file; False if it is there already. Of several at once, one succeeds."""

    def replace_own(self, generation: int, content: bytes, /) -> bool:
        """Give a file that is there another content of the same length; False if it is gone."""

    def remove(self, generation: int, /) -> None:
        """Remove a file, if it is there."""


class Clock(Protocol):
    """Time, in seconds since any moment: it never goes back, and goes on while the machine sleeps."""

    def now(self) -> float:
        """Return the time."""

    def sleep(self, seconds: float, /) -> None:
        """Wait."""

    def every(self, seconds: float, function: Callable[[], object], /) -> Callable[[], None]:
        """Call a function again and again, in the background; return what ends that."""


class SharedFolder:
    """The files of a lease in a folder, on a disk of this machine or one that several share.

    Each file is opened, read or written, and closed each time: so NFS asks its server, whatever it has in memory.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def prepare(self) -> None:
        """Make the folder, and remove what killed processes left in it; raise OSError if it can't be written."""
        self._folder.mkdir(parents=True, exist_ok=True)
        if not os.access(self._folder, os.W_OK | os.X_OK):
            code = errno.EROFS if os.access(self._folder, os.R_OK) else errno.EACCES
            raise OSError(code, os.strerror(code))
        with suppress(OSError):
            # The file system's own clock: that of this machine may be an hour off.
            changed = self._folder.stat().st_mtime
            for file in self._folder.glob(".*.tmp"):
                if file.lstat().st_mtime < changed - _ABANDONED_S:
                    file.unlink()

    def generations(self) -> list[int]:
        """List the generations that have a file."""
        try:
            return [int(name) for name in os.listdir(self._folder) if name.isascii() and name.isdigit()]  # noqa: PTH208
        except FileNotFoundError:
            return []

    def read(self, generation: int, /) -> bytes | None:
        """Return the content of a file as it is now; None if there is no such file."""
        try:
            return read_regular(self._file(generation), most=_LARGEST)
        except OSError as error:
            if error.errno in _GONE:
                return None
            raise

    def create(self, generation: int, content: bytes, /) -> bool:
        """Create a file with all of its content at once, where there are hard links; False if it is there already."""
        return create_exclusively(self._file(generation), content)

    def replace_own(self, generation: int, content: bytes, /) -> bool:
        """Write over a file, in its place: a new one under its name would bring back one that was removed."""
        try:
            descriptor = os.open(self._file(generation), os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0))
        except OSError as error:
            if error.errno in _GONE:
                return False
            raise
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        return True

    def remove(self, generation: int, /) -> None:
        """Remove a file, if it is there."""
        with suppress(OSError):
            self._file(generation).unlink()

    def _file(self, generation: int) -> Path:
        return self._folder / f"{generation:06}"


def create_exclusively(file: Path, content: bytes) -> bool:
    """Create a file with all of its content at once, where there are hard links; False if it is there already.

    Of several processes on any machines that share the disk, one succeeds.

    Raises:
        OSError: Its folder is not there, or can't be written.
    """
    temporary = file.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        _write_new(temporary, content)
        try:
            os.link(temporary, file)
        except OSError as error:
            # NFS may report an error for what its server has done, when the first answer was lost.
            if _links(temporary) > 1:
                return True
            if isinstance(error, FileExistsError) or error.errno in _GONE:
                return False
            if error.errno not in _NO_LINKS:
                raise
        else:
            return True
    finally:
        with suppress(OSError):
            temporary.unlink()
    try:
        _write_new(file, content)
    except FileExistsError:
        return False
    return True


def _write_new(file: Path, content: bytes) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(content)
    except OSError:  # A full disk.
        with suppress(OSError):
            file.unlink()
        raise


def _links(file: Path) -> int:
    """Return how many names a file has, as the server knows it: on NFS opening asks for it."""
    try:
        with file.open("rb") as opened:
            return os.fstat(opened.fileno()).st_nlink
    except OSError:
        return 0


class SystemClock:
    """The clock of the machine, and threads."""

    def now(self) -> float:
        """Return seconds since the machine was started, those that it slept included where the system counts them."""
        if hasattr(time, "CLOCK_BOOTTIME"):
            return time.clock_gettime(time.CLOCK_BOOTTIME)
        return time.monotonic()

    def sleep(self, seconds: float, /) -> None:
        """Wait."""
        time.sleep(seconds)

    def every(self, seconds: float, function: Callable[[], object], /) -> Callable[[], None]:
        """Call a function again and again on a thread that does not keep the process from ending."""
        ended = threading.Event()

        def repeat() -> None:
            while not ended.wait(seconds):
                function()

        threading.Thread(target=repeat, name="lease", daemon=True).start()
        return ended.set
