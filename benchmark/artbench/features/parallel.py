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
        pending: deque[Future[ResultT]] = deque()
        try:
            for item in items:
                pending.append(pool.submit(work, item))
                if len(pending) == 2 * threads:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()
