"""How the processes of a run find each other, also after some of them were started again."""

import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import torch.distributed as dist

from artbench.errors import ArtbenchError

if TYPE_CHECKING:
    from torch._C._distributed_c10d import Store

# Processes may wait for hours while the first one fits probes, packs images or judges features.
PATIENCE = timedelta(days=7)
# Within a step they wait for each other's sums only. It covers a first step that compiles.
STEP_PATIENCE = timedelta(minutes=30)
# Until all processes have started: nodes of one job start apart.
JOIN_PATIENCE = timedelta(minutes=30)
_LOOK_SECONDS = 0.05


@contextmanager
def joined(*, patience: timedelta = JOIN_PATIENCE) -> Iterator[None]:
    """Join the process group that RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT describe, over gloo.

    Args:
        patience: How long to wait for the others.

    Raises:
        ArtbenchError: Some did not come in time, or the address can't be used.
    """
    # A torch built without torch.distributed can't import them.
    from torch._C._distributed_c10d import PrefixStore
    from torch.distributed.rendezvous import rendezvous

    rank, size = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    try:
        store, _, _ = next(rendezvous("env://", timeout=patience))
        attempt = _agreed_attempt(store, rank=rank, size=size, until=time.monotonic() + patience.total_seconds())
        dist.init_process_group("gloo", store=PrefixStore(attempt, store), rank=rank, world_size=size, timeout=PATIENCE)
    except RuntimeError as error:
        place = f"{os.environ.get('MASTER_ADDR')}:{os.environ.get('MASTER_PORT')}"
        reason = " ".join(str(error).split())[:160]
        raise ArtbenchError(
            f"process {rank} of {size} could not join the others at {place} ({reason})",
            mend="Start as many processes as WORLD_SIZE says, and set MASTER_ADDR and MASTER_PORT to an address of "
            "the first one that all nodes reach",
        ) from error
    try:
        yield
    except KeyboardInterrupt:
        # The process ends. Destroying the group would wait for messages that the others, interrupted too, never send.
        raise
    except BaseException:
        dist.destroy_process_group()
        raise
    dist.destroy_process_group()


def _agreed_attempt(store: "Store", *, rank: int, size: int, until: float) -> str:
    """A name for this attempt that the first process gives, the same on all.

    After a restart, torchrun hands out the store of the first attempt, with the addresses of dead processes, and its
    agents may have counted different numbers of restarts. So the first process draws a name, and answers to each of the
    others by its own: one that read the name of a dead first process gets no answer, and reads again.
    """
    if rank == 0:
        name = secrets.token_hex(8)
        store.set("artbench/attempt", name)
        missing = set(range(1, size))
        while missing:
            for other in sorted(missing):
                if store.check([f"artbench/{name}/{other}"]):
                    own = store.get(f"artbench/{name}/{other}").decode()
                    store.set(f"artbench/{name}/{own}", "go")
                    missing.discard(other)
            _wait(until, f"processes {', '.join(map(str, sorted(missing)))} did not come")
        return name
    own, name = secrets.token_hex(8), ""
    while not name or not store.check([f"artbench/{name}/{own}"]):
        if store.check(["artbench/attempt"]):
            told = store.get("artbench/attempt").decode()
            if told != name:
                name = told
                store.set(f"artbench/{name}/{rank}", own)
        _wait(until, "process 0 did not answer")
    return name


def _wait(until: float, otherwise: str) -> None:
    if time.monotonic() > until:
        raise dist.DistError(otherwise)
    time.sleep(_LOOK_SECONDS)
