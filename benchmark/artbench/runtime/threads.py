"""Work on several threads, a few results ahead of who uses them."""

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")


def in_threads(
    work: Callable[[ItemT], ResultT], items: Iterable[ItemT], *, threads: int
) -> Generator[ResultT, None, None]:
    """Yield `work(item)` for every item, in their order, while the next ones are being worked on.

    At most two items a thread are under way or waiting to be used. Close the generator (`contextlib.closing`) to
    stop early: it returns when every thread has ended its item.

    Args:
        work: Called on any of the threads.
        items: Taken one at a time.
        threads: Number of threads.

    Raises:
        Exception: What `work` raised first.
    """
    with ThreadPoolExecutor(threads, thread_name_prefix="artbench") as pool:
        yield from in_pool(pool, work, items, ahead=2 * threads)


def in_pool(
    pool: ThreadPoolExecutor, work: Callable[[ItemT], ResultT], items: Iterable[ItemT], *, ahead: int
) -> Generator[ResultT, None, None]:
    """As `in_threads`, on threads that are there already, with `ahead` items under way or waiting to be used."""
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
