"""Work on several threads, a few results ahead of their use."""

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")


def in_threads(
    work: Callable[[ItemT], ResultT], items: Iterable[ItemT], *, threads: int
) -> Generator[ResultT, None, None]:
    """Yield `work(item)` for every item, in order, while the threads work on the next items.

    At most two items per thread are in progress or finished and not yet used. Close the generator
    (`contextlib.closing`) to stop early: it returns when every thread has finished its item.

    Raises:
        Exception: The first exception that `work` raised.
    """
    with ThreadPoolExecutor(threads, thread_name_prefix="artbench") as pool:
        yield from in_pool(pool, work, items, ahead=2 * threads)


def in_pool(
    pool: ThreadPoolExecutor, work: Callable[[ItemT], ResultT], items: Iterable[ItemT], *, ahead: int
) -> Generator[ResultT, None, None]:
    """`in_threads` on an existing pool, with `ahead` items in progress or finished and not yet used."""
    pending: deque[Future[ResultT]] = deque()
    try:
        for item in items:
            pending.append(pool.submit(work, item))
            if len(pending) == ahead:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        for future in pending:
            future.cancel()


def usable_cores() -> int:
    """Cores for this process: those of the system or the container's quota, divided by the processes of `torchrun`."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    processes = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    return max(1, min(cores, _quota()) // processes)


def _quota() -> int:
    """Cores that the control group of a container allows, rounded up; very many without one."""
    try:
        allowed, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        return max(1, -(-int(allowed) // int(period)))
    except (OSError, ValueError):
        return 1 << 16
