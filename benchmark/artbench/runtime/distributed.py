"""Several processes on one run, and what they tell each other."""

import json
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import torch
import torch.distributed as dist

from artbench.errors import ArtbenchError
from artbench.runtime.rendezvous import joined

ResultT = TypeVar("ResultT")


@dataclass(frozen=True, kw_only=True)
class Group:
    """The processes of one run, including this one.

    They exchange short messages only, as JSON over gloo, even on GPUs; features go through the store.

    Attributes:
        rank: Number of this process.
        size: Number of processes.
        local_rank: Number of this process among those of its node.
    """

    rank: int = 0
    size: int = 1
    local_rank: int = 0

    @property
    def first(self) -> bool:
        """Whether this process writes records and messages to the user."""
        return self.rank == 0

    def from_first(self, make: Callable[[], Any]) -> Any:
        """Call `make` on the first process alone, and return its result, which must fit into JSON, on all.

        The others wait for as long as it takes.

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
                message = {"error": _in_words(error)}
        message = _broadcast(message)
        if failure is not None:
            raise failure
        if "error" in message:
            what, mend = message["error"]
            raise ArtbenchError(what, mend=mend)
        return message["value"]

    def first_then_others(self, work: Callable[[], ResultT]) -> ResultT:
        """Call `work` on the first process of each node, then on the others, which find its files on disk.

        The very first process goes ahead of all: nodes may share their disk.

        Raises:
            ArtbenchError: `work` failed on a process; raised on all processes.
        """
        results: list[ResultT] = []

        def add() -> None:
            if not results and not self.local_rank:
                results.append(work())

        self.from_first(add)
        self.together(add)
        return self.together(lambda: results[0] if results else work())

    def together(self, work: Callable[[], ResultT]) -> ResultT:
        """Call `work` on every process, wait for all of them, and return the result of this one.

        Raises:
            ArtbenchError: `work` failed on a process; raised on all processes, with the message of the first that
                failed.
        """
        if self.size == 1:
            return work()
        result: ResultT | None = None
        failure: Exception | None = None
        try:
            result = work()
        except Exception as error:
            failure = error
        said = self.gathered(None if failure is None else _in_words(failure))
        if failure is not None:
            raise failure
        for rank, words in enumerate(said):
            if words is not None:
                raise ArtbenchError(f"process {rank} of {self.size} failed: {words[0]}", mend=words[1])
        return cast("ResultT", result)

    def gathered(self, value: Any) -> list[Any]:
        """What each process passes, by rank; it must fit into JSON."""
        if self.size == 1:
            return [value]
        return [_broadcast(value, source=rank) for rank in range(self.size)]

    def any(self, flag: bool) -> bool:
        """Whether the flag is set on any process."""
        return any(self.gathered(flag))


def current_group() -> Group:
    """The processes that `process_group` joined, or this one alone."""
    if dist.is_available() and dist.is_initialized():
        rank = dist.get_rank()
        return Group(rank=rank, size=dist.get_world_size(), local_rank=int(os.environ.get("LOCAL_RANK", rank)))
    return Group()


@contextmanager
def process_group() -> Iterator[Group]:
    """Join the processes that `torchrun` or `srun` started, if any, while the block runs.

    Raises:
        ArtbenchError: Some did not come, or another process ended while this one waited for it.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) == 1 or dist.is_initialized():
        yield current_group()
        return
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")) % torch.cuda.device_count())
    with joined(), _others_watched():
        yield current_group()


@contextmanager
def _others_watched() -> Iterator[None]:
    """Say in one line that another process is gone, where torch's error names a socket."""
    try:
        yield
    except RuntimeError as error:
        if not isinstance(error, dist.DistError) and "gloo" not in str(error):
            raise
        me = current_group()
        reason = " ".join(str(error).split()).rpartition("] ")[2].partition(". ")[0][:160]
        raise ArtbenchError(
            f"process {me.rank} of {me.size} on {socket.gethostname()} lost another one, which ended or no longer "
            f"answers ({reason})",
            mend="The message of the process that ended says why. `artbench pretrain --resume` continues a training "
            "from its last checkpoint",
        ) from error


def _broadcast(message: Any, *, source: int = 0) -> Any:
    content = torch.frombuffer(bytearray(json.dumps(message).encode()), dtype=torch.uint8)
    length = torch.tensor([len(content)])
    dist.broadcast(length, source)
    if dist.get_rank() != source:
        content = torch.empty(int(length), dtype=torch.uint8)
    dist.broadcast(content, source)
    return json.loads(bytes(content.numpy()))


def _in_words(error: Exception) -> tuple[str, str]:
    """What an `ArtbenchError` of the same words takes."""
    if isinstance(error, ArtbenchError):
        return error.message, error.mend
    return f"{type(error).__name__}: {error}".replace("\n", " "), ""
