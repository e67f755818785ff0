"""Painting on all cores."""

import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from artbench_sample.catalogue import Work, draw_up
from artbench_sample.picture import paint_work

_QUALITY = 88
_MOST = 8


def picture_file(work: Work) -> str:
    """Where a picture lies below the folder of the collection."""
    return f"pictures/{work.index:04d}.jpg"


def paint_alone(root: Path, works: Sequence[Work], *, seed: int) -> None:
    """Paint some pictures into `root`, which has its folders.

    Raises:
        OSError: The folder can't be written.
    """
    for work in works:
        paint_work(work, seed=seed).save(root / picture_file(work), quality=_QUALITY)


def paint_together(root: Path, works: Sequence[Work], *, seed: int) -> None:
    """Paint some pictures of the catalogue that belongs to a seed, with a helping process for every further core.

    Plain processes, because those of multiprocessing would run the user's own script again where it has no guard,
    and threads would wait for each other: most of the drawing holds the interpreter's lock.

    Raises:
        OSError: The folder can't be written.
    """
    count = min(_MOST, os.cpu_count() or 1) if sys.executable else 1
    shares = [works[first::count] for first in range(count)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    with ExitStack() as stack:
        helpers = []
        for share in shares[1:]:
            indices = ",".join(str(work.index) for work in share)
            helper = subprocess.Popen(  # noqa: S603 (this very module)
                [sys.executable, "-m", __name__, str(root.absolute()), str(seed), indices],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            stack.callback(helper.wait)
            stack.callback(helper.kill)
            helpers.append(helper)
        paint_alone(root, shares[0], seed=seed)
        for share, helper in zip(shares[1:], helpers, strict=True):
            # Whatever kept a helper from its work is no reason to go without the pictures.
            if helper.wait() != 0:
                paint_alone(root, share, seed=seed)


def _help(folder: str, seed: str, indices: str) -> None:
    works = draw_up(int(seed))
    paint_alone(Path(folder), [works[int(index) - 1] for index in indices.split(",") if index], seed=int(seed))


if __name__ == "__main__":
    _help(*sys.argv[1:])
