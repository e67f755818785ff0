"""How many images fit into the memory of a device that did not hold a pass: by measuring smaller passes."""

import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

import torch

from artbench.errors import ArtbenchError

# What tensors may take of the memory; the rest is lost between tensors of different sizes.
_SHARE = 0.95


class Memory(Protocol):
    """Reads how much memory a device's tensors take, in bytes."""

    def begin(self) -> None:
        """Free what is not in use, and measure the peak from here."""

    def peak(self) -> int:
        """The most that was in use since `begin`."""

    def capacity(self) -> int:
        """What this process can have in all."""


class CudaMemory:
    """Memory of the current CUDA device, as torch's allocator counts it."""

    def begin(self) -> None:
        """Begin to measure, as `Memory.begin`."""
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()

    def peak(self) -> int:
        """The peak, as `Memory.peak`."""
        return torch.cuda.max_memory_allocated()

    def capacity(self) -> int:
        """The capacity, as `Memory.capacity`."""
        return torch.cuda.mem_get_info()[0] + torch.cuda.memory_reserved()


def images_that_fit(sizes: Sequence[int], work: Callable[[int], None], *, memory: Memory, reserve: int) -> int:
    """The most images of a pass that fit, if memory grows with them along a straight line; 0 if not even the fewest do.

    Args:
        sizes: Numbers of images to try, ascending.
        work: Makes a pass of so many images.
        memory: Reads the memory.
        reserve: Bytes that will be needed besides.
    """
    peaks: list[tuple[int, int]] = []
    for size in sizes:
        try:
            memory.begin()
            work(size)
        except torch.OutOfMemoryError as error:
            let_go(error)
            break
        peaks.append((size, memory.peak()))
    room = int(_SHARE * memory.capacity()) - reserve
    fitting = [size for size, peak in peaks if peak <= room]
    if len(fitting) < max(2, len(sizes)):
        return fitting[-1] if fitting else 0
    (few, least), (many, most) = peaks[0], peaks[-1]
    each = max(1.0, (most - least) / (many - few))
    return few + int((room - least) / each)


def too_large(images: int, *, counts: Sequence[int], sub_batch: int, batch: int, room: int | None) -> ArtbenchError:
    """What to say of a pass that the memory did not hold.

    Args:
        images: Number of images of the pass.
        counts: Numbers of sub-batches, fewer than it has, that a pass can have.
        sub_batch: Number of images of a sub-batch.
        batch: Number of images of the batch.
        room: Number of images that fit; None: unknown.
    """
    what = f"the device's memory does not hold {images:,} images at once"
    sizes = [count * sub_batch for count in counts]
    if room is None:
        fitting = [size for size in sizes if size <= images // 2]
    else:
        what += f", but about {room:,}" if 0 < room < images else ""
        fitting = [size for size in sizes if size <= room]
    if fitting:
        return ArtbenchError(what, mend=f"Say --micro-batch {max(fitting)}: the result is the same")
    smaller = [size for size in range(2, min(sub_batch, (room or 0) + 1)) if batch % size == 0]
    which = f"sub_batch={max(smaller)}" if smaller else "a smaller sub_batch"
    return ArtbenchError(what, mend=f"Set {which} or a smaller crop_size, or take a smaller backbone")


@contextmanager
def holding(what: str, *, mend: str) -> Iterator[None]:
    """Raise `ArtbenchError` if the device's memory does not hold what the block makes there."""
    try:
        yield
    except torch.OutOfMemoryError as error:
        let_go(error)
        raise ArtbenchError(f"the device's memory does not hold {what}", mend=mend) from error


def let_go(error: BaseException) -> None:
    """Free the tensors that an error keeps alive."""
    traceback.clear_frames(error.__traceback__)
