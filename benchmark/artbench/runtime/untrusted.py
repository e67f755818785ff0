"""Reading files that others may have written: regular files of bounded size, without links, within bounded memory."""

import errno
import json
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from artbench.errors import ArtbenchError

# Without them a link is followed, or the opening of a pipe waits for somebody who writes; Windows has neither.
_SAFELY = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)

_DECLARED = re.compile(rb"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)


def read_regular(file: Path, *, most: int) -> bytes:
    """Return the bytes of a regular file; a link, a pipe or a device is not opened.

    Raises:
        OSError: It is missing, no regular file, larger than `most` bytes, or can't be read.
    """
    # A device may act on being opened, so what it is is asked before, and again of what was opened.
    _check_regular(file.lstat())
    descriptor = os.open(file, os.O_RDONLY | _SAFELY)
    with os.fdopen(descriptor, "rb") as opened:
        state = os.fstat(descriptor)
        _check_regular(state)
        if state.st_size > most:
            raise OSError(errno.EFBIG, f"it has {state.st_size:,} bytes, and more than {most:,} are not read")
        # So many are set aside at once, and a file that grows meanwhile is not the one that was asked for.
        return opened.read(state.st_size)


def is_regular(file: Path) -> bool:
    """Whether there is a regular file, which a link is not."""
    try:
        return stat.S_ISREG(file.lstat().st_mode)
    except (OSError, ValueError):
        return False


def check_unlinked(folder: Path) -> None:
    """Raise if a folder is a link, or one that leads there from the current folder: in a clone, others may have put it.

    Raises:
        ArtbenchError: It says which.
    """
    for part in (folder, *(() if folder.is_absolute() else folder.parents)):
        if part.is_symlink():
            raise ArtbenchError(
                f"{part} is a symbolic link, which is not followed", mend="Name the folder that it points to"
            )


def _check_regular(state: os.stat_result) -> None:
    if stat.S_ISLNK(state.st_mode):
        raise OSError(errno.ELOOP, "it is a symbolic link, which is not followed")
    if not stat.S_ISREG(state.st_mode):
        raise OSError(errno.EINVAL, "it is not a regular file")


def strict_json(text: str) -> Any:
    """Parse JSON in which no object has a key twice and every number is finite, so that all readers see the same.

    Raises:
        ValueError: It is not such JSON.
        RecursionError: It is nested too deeply.
    """
    return json.loads(text, object_pairs_hook=_distinct, parse_constant=_refuse)


def plain_xml(data: bytes) -> Element:
    """Parse XML that declares no entities, which is all that makes XML dangerous.

    Raises:
        ValueError: It is not such XML; says in a few words why.
    """
    if _DECLARED.search(data):
        raise ValueError("it declares entities")
    try:
        return ElementTree.fromstring(data)  # noqa: S314  without entities there is nothing to expand
    except (ElementTree.ParseError, LookupError) as error:
        raise ValueError(str(error)) from error


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice[:80]!r} is there twice")
    return found


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


@contextmanager
def memory_limit(more: int | None) -> Iterator[None]:
    """Let the process take at most `more` bytes beyond what it has while the block runs; on Linux only.

    What asks for more gets a MemoryError. The limit is the process's: its other threads have it too. A lower one that
    is already set stays; None lifts it for a block within.
    """
    try:
        import resource

        # Pages of data and stack, the sixth number; absent beyond Linux.
        pages = int(Path("/proc/self/statm").read_text().split()[5])
    except (ImportError, OSError, ValueError, IndexError):
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = hard if more is None else pages * resource.getpagesize() + more
    if more is not None and any(known != resource.RLIM_INFINITY and known <= wanted for known in (soft, hard)):
        yield
        return
    resource.setrlimit(resource.RLIMIT_DATA, (wanted, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))
