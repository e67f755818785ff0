"""The folder of a training: for one at a time, and gone on with only where that is asked for."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shlex import quote

from filelock import FileLock, Timeout

from artbench.encoders.checkpoint_path import CHECKPOINTS, ENCODER_FILE
from artbench.errors import ArtbenchError
from artbench.pretrain.checkpoints import Checkpoints
from artbench.runtime.distributed import Group


@contextmanager
def locked(out: Path, group: Group) -> Iterator[None]:
    """Hold the folder for the processes of a group while the block runs.

    Raises:
        ArtbenchError: Another training holds it, or it can't be written.
    """
    lock = FileLock(out / ".lock")

    def acquire() -> None:
        try:
            out.mkdir(parents=True, exist_ok=True)
            lock.acquire(blocking=False)
        except Timeout as error:
            raise ArtbenchError(
                f"another training is at work in {out}", mend="Wait for it, or give another folder with --out"
            ) from error
        except OSError as error:
            raise ArtbenchError(
                f"{out} can't be written ({error.strerror})", mend="Give another folder with --out"
            ) from error

    group.from_first(acquire)
    try:
        yield
    finally:
        lock.release()


def steps_done(out: Path, *, resume: bool) -> int:
    """How many steps there are to go on from.

    Raises:
        ArtbenchError: The folder holds a training, and nobody asked to go on with it.
    """
    steps = Checkpoints(out / CHECKPOINTS).steps()
    # torchrun starts the processes of a failed node again: they go on.
    resume = resume or int(os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")) > 0
    if not resume and (steps or (out / ENCODER_FILE).exists()):
        raise ArtbenchError(
            f"{out} holds a training already",
            mend=f"`artbench pretrain --resume --out {quote(str(out))}` goes on with it; or give another folder",
        )
    return steps[-1] if steps else 0
