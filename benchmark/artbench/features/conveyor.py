"""Batches in a row through a device: one is decoded, one copied, one computed and one copied back at a time."""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from time import perf_counter
from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray

from artbench.features.batch import Batch
from artbench.features.lane import Lane, Result

Decode: TypeAlias = Callable[[Batch, range], None]
Compute: TypeAlias = Callable[[Batch, torch.Tensor], torch.Tensor]

# Batches that the device has at once: one computes, one is copied, one comes back.
_IN_FLIGHT = 3
# Images that a thread decodes before it takes others: one file that is slow holds up few.
_CHUNK = 4


@dataclass(kw_only=True)
class Conveyor:
    """Takes batches of rows through decoding threads and a device, in order, in fixed memory.

    Attributes:
        lane: The way to the device.
        decode: Decodes the images at some places of a batch into its pixels.
        compute: Starts the forward pass of a batch, whose pixels are on the device.
        batch: Images in a batch.
        side: Side of the images in pixels.
        threads: Threads that decode.
    """

    lane: Lane
    decode: Decode
    compute: Compute
    batch: int
    side: int
    threads: int
    _stagings: list[torch.Tensor] = field(default_factory=list, init=False)
    _targets: deque[torch.Tensor] = field(default_factory=deque, init=False)

    def run(self, table: Iterable[NDArray[np.int64]]) -> Generator[Batch, None, None]:
        """Yield every batch with its features. Close the generator to stop early."""
        shape = (self.batch, self.side, self.side, 3)
        self._stagings = [self.lane.staging(*shape) for _ in range(self._ahead + _IN_FLIGHT)]
        self._targets = deque(self.lane.target(*shape) for _ in range(_IN_FLIGHT))
        flying: deque[tuple[Batch, Result | None]] = deque()
        landed = perf_counter()
        with (
            ThreadPoolExecutor(self.threads, thread_name_prefix="artbench") as pool,
            closing(self._decoded(pool, table)) as decoded,
        ):
            for batch in self._flown(decoded, flying):
                now = perf_counter()
                # The rest of the time since the batch before, the device had nothing to do.
                batch.decode_s, landed = max(0.0, now - landed - batch.forward_s), now
                yield batch

    @property
    def _ahead(self) -> int:
        """Batches that are being decoded, enough for all threads."""
        return max(2, -(-2 * self.threads * _CHUNK // self.batch))

    def _flown(self, decoded: Iterator[Batch], flying: deque[tuple[Batch, Result | None]]) -> Iterator[Batch]:
        for batch in decoded:
            if len(flying) == _IN_FLIGHT:
                yield self._landed(*flying.popleft())
            flying.append((batch, self._sent(batch)))
        while flying:
            yield self._landed(*flying.popleft())

    def _sent(self, batch: Batch) -> Result | None:
        if not batch.readable.any():
            return None
        assert batch.staging is not None
        # As many as batches in flight, taken in turn: the batch that had it before has landed.
        target = self._targets[0]
        self._targets.rotate(-1)
        self.lane.upload(target, batch.staging)
        return self.lane.compute(lambda: self.compute(batch, target))

    def _landed(self, batch: Batch, result: Result | None) -> Batch:
        if result is not None:
            features, batch.forward_s = result()
            batch.features = features.numpy()
        assert batch.staging is not None
        self._stagings.append(batch.staging)
        batch.staging, batch.pixels = None, batch.pixels[:0]
        return batch

    def _decoded(self, pool: ThreadPoolExecutor, table: Iterable[NDArray[np.int64]]) -> Generator[Batch, None, None]:
        pending: deque[tuple[Batch, list[Future[None]]]] = deque()
        try:
            for places in table:
                if len(pending) == self._ahead:
                    yield _complete(*pending.popleft())
                staging = self._stagings.pop()
                batch = Batch(places=places, pixels=staging.numpy(), staging=staging)
                starts = range(0, len(places), _CHUNK)
                chunks = [range(start, min(start + _CHUNK, len(places))) for start in starts]
                pending.append((batch, [pool.submit(self.decode, batch, chunk) for chunk in chunks]))
            while pending:
                yield _complete(*pending.popleft())
        finally:
            for future in (future for _, futures in pending for future in futures):
                future.cancel()


def _complete(batch: Batch, futures: list[Future[None]]) -> Batch:
    for future in futures:
        future.result()
    return batch
