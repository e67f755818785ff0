"""Painting on all cores, with a process for each."""

import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import zip_longest
from pathlib import Path

from artbench_sample.catalogue import Work, draw_up
from artbench_sample.work import paint_work

_QUALITY = 88
_MOST = 8
# Without these, glibc returns the memory of every plane to the system and requests it again: a sixth of the time.
_KEEP_MEMORY = {"MALLOC_MMAP_THRESHOLD_": "33554432", "MALLOC_TRIM_THRESHOLD_": "1073741824"}


def image_file(work: Work) -> str:
    """Return the path of an image below the folder of the collection."""
    return f"pictures/{work.index:04d}.jpg"


def paint_alone(root: Path, works: Sequence[Work], *, seed: int) -> None:
    """Paint some images into `root`, which has its folders.

    Raises:
        OSError: The folder can't be written.
    """
    for work in works:
        paint_work(work, seed=seed).save(root / image_file(work), quality=_QUALITY)


def paint_together(root: Path, works: Sequence[Work], *, seed: int) -> None:
    """Paint some images of the catalogue that belongs to a seed, with a process for every core.

    Plain processes: multiprocessing would run a user's script without a main guard again, and threads would wait for
    each other, since most of the drawing holds the interpreter's lock.

    Raises:
        OSError: The folder can't be written.
    """
    count = min(_MOST, os.cpu_count() or 1) if sys.executable else 0
    shares = [works[first::count] for first in range(count)] or [works]
    environment = {**os.environ, **_KEEP_MEMORY, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    with ExitStack() as stack:
        painters = []
        for share in shares[:count]:
            indices = ",".join(str(work.index) for work in share)
            painter = subprocess.Popen(  # noqa: S603 (this very module)
                [sys.executable, "-m", __name__, str(root.absolute()), str(seed), indices],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            stack.callback(painter.wait)
            stack.callback(painter.kill)
            painters.append(painter)
        for share, painter in zip_longest(shares, painters):
            # If a process failed for any reason, its images are painted here.
            if painter is None or painter.wait() != 0:
                paint_alone(root, share, seed=seed)


def _help(folder: str, seed: str, indices: str) -> None:
    works = draw_up(int(seed))
    paint_alone(Path(folder), [works[int(index) - 1] for index in indices.split(",") if index], seed=int(seed))


if __name__ == "__main__":
    _help(*sys.argv[1:])
