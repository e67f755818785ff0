"""Let freed memory wait for the next layer instead of going back to the system after each."""

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager

# Parameters of glibc's mallopt(3), and the values that its own adjustment ends at.
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3
_USUAL = {_MMAP_THRESHOLD: 32 << 20, _TRIM_THRESHOLD: 64 << 20, _TOP_PAD: 128 << 10}
_KEEPING = {_MMAP_THRESHOLD: 1 << 30, _TRIM_THRESHOLD: 1 << 30, _TOP_PAD: 64 << 20}


@contextmanager
def keeping_memory() -> Iterator[None]:
    """While the block runs, keep freed memory; give it back at the end.

    A forward pass takes and frees tens of megabytes a layer. Fetched from the system each time, every page of
    them is filled with zeros first, which was a third of the time of a small network. Does nothing but with glibc.
    """
    library = ctypes.CDLL(None) if sys.platform == "linux" else None
    if library is None or not hasattr(library, "mallopt") or not hasattr(library, "malloc_trim"):
        yield
        return
    for parameter, value in _KEEPING.items():
        library.mallopt(parameter, value)
    try:
        yield
    finally:
        for parameter, value in _USUAL.items():
            library.mallopt(parameter, value)
        library.malloc_trim(0)
