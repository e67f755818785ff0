"""Several processes on one run, started by `torchrun`."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar, cast

import torch
import torch.distributed as dist

from artbench.errors import ArtbenchError

ResultT = TypeVar("ResultT")

# Processes may wait for hours while the first one fits probes.
_PATIENCE = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class Group:
    """The processes of one run, including this one.

    They exchange short messages only, as JSON over gloo, even on GPUs; features go through the store.

    Attributes:
        rank: Number of this process.
        size: Number of processes.
    """

    rank: int = 0
    size: int = 1

    @property
    def first(self) -> bool:
        """Whether this process writes records and messages to the user."""
        return self.rank == 0

    def from_first(self, make: Callable[[], Any]) -> Any:
        """Call `make` on the first process alone, and return its result, which must fit into JSON, on all.

        Raises:
            ArtbenchError: `make` failed; raised on all processes.
        """
        if self.size == 1:
            return make()
        message: dict[str, Any] = {}
        failure: Exception | None = None
        if self.first:
            try:
                message = {"value": make()}
            except Exception as error:
                failure = error
                message = {"error": _in_one_line(error)}
        message = _broadcast(message)
        if failure is not None:
            raise failure
        if "error" in message:
            raise ArtbenchError(message["error"])
        return message["value"]

    def first_then_others(self, work: Callable[[], ResultT]) -> ResultT:
        """Call `work` on the first process, then on the others, which find its files on disk.

        Raises:
            ArtbenchError: `work` failed on the first process; raised on all processes.
        """
        results: list[ResultT] = []
        self.from_first(lambda: results.append(work()))
        return results[0] if self.first else work()

    def together(self, work: Callable[[], ResultT]) -> ResultT:
        """Call `work` on every process, wait for all of them, and return the result of this one.

        Raises:
            ArtbenchError: `work` failed on a process; raised on all processes.
        """
        if self.size == 1:
            return work()
        result: ResultT | None = None
        failure: Exception | None = None
        try:
            result = work()
        except Exception as error:
            failure = error
        failed = torch.full((self.size,), 0, dtype=torch.int64)
        failed[self.rank] = failure is not None
        dist.all_reduce(failed)
        if failure is not None:
            raise failure
        if failed.any():
            ranks = ", ".join(map(str, failed.nonzero().flatten().tolist()))
            raise ArtbenchError(f"process {ranks} failed", mend="Its own message says why")
        return cast("ResultT", result)


def current_group() -> Group:
    """The processes that `process_group` joined, or this one alone."""
    if dist.is_available() and dist.is_initialized():
        return Group(rank=dist.get_rank(), size=dist.get_world_size())
    return Group()


@contextmanager
def process_group() -> Iterator[Group]:
    """Join the processes that `torchrun` started, if any, while the block runs."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1 or dist.is_initialized():
        yield current_group()
        return
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]) % torch.cuda.device_count())
    # A torch built without torch.distributed can't import them.
    from torch._C._distributed_c10d import PrefixStore
    from torch.distributed.rendezvous import rendezvous

    store, rank, size = next(rendezvous("env://", timeout=_PATIENCE))
    # After a restart, torchrun hands out the store of the first attempt, with the addresses of dead processes.
    attempt = PrefixStore(f"attempt-{os.environ.get('TORCHELASTIC_RESTART_COUNT', '0')}", store)
    dist.init_process_group("gloo", store=attempt, rank=rank, world_size=size, timeout=_PATIENCE)
    try:
        yield current_group()
    finally:
        dist.destroy_process_group()


def _broadcast(message: dict[str, Any]) -> dict[str, Any]:
    content = torch.frombuffer(bytearray(json.dumps(message).encode()), dtype=torch.uint8)
    length = torch.tensor([len(content)])
    dist.broadcast(length, 0)
    if dist.get_rank() != 0:
        content = torch.empty(int(length), dtype=torch.uint8)
    dist.broadcast(content, 0)
    received: dict[str, Any] = json.loads(bytes(content.numpy()))
    return received


def _in_one_line(error: Exception) -> str:
    return error.message if isinstance(error, ArtbenchError) else f"{type(error).__name__}: {error}".replace("\n", " ")
