"""Which files a piece of Python opens, and which folders it lists."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_HEARD: list[list[str]] = []
_EVENTS = ("open", "os.listdir", "os.scandir", "os.open")


def _hear(event: str, arguments: tuple[object, ...]) -> None:
    if _HEARD and event in _EVENTS and isinstance(arguments[0], str | bytes):
        for heard in _HEARD:
            heard.append(os.fsdecode(arguments[0]))


@contextmanager
def opened_files() -> Iterator[list[str]]:
    """Collect the paths that are opened or listed while the block runs, whether or not that succeeds."""
    if not getattr(sys, "_artbench_hears", False):
        # A hook can't be removed, so there is one for the whole process.
        sys.addaudithook(_hear)
        sys._artbench_hears = True  # type: ignore[attr-defined]
    heard: list[str] = []
    # Which folder that is, Python finds out once, by writing to it.
    tempfile.gettempdir()
    _HEARD.append(heard)
    try:
        yield heard
    finally:
        _HEARD.remove(heard)


# What Python and its libraries read while they are used.
_LIBRARIES = (sys.prefix, sys.base_prefix, "/proc", "/sys/fs/cgroup", "/usr", "/etc/localtime")


def outside(paths: list[str], *folders: Path) -> list[str]:
    """Return the paths that lie neither in these folders nor a check's own, nor among what libraries read."""
    code = Path(__file__).resolve().parents[2]
    inside = [*map(str, folders), *_LIBRARIES, *(str(code / name) for name in ("benchmark", "plugins", "tests"))]
    found = [os.path.normpath(os.path.abspath(path)) for path in paths]  # noqa: PTH100  without following links
    own = os.path.join(tempfile.gettempdir(), "artbench-check-")  # noqa: PTH118  a beginning, not a path
    found = [path for path in found if not path.startswith(own)]
    return [path for path in found if not any(path == one or path.startswith(f"{one}/") for one in inside)]
