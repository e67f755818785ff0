"""Memory of mapped files."""

import mmap
from typing import Any

import numpy as np


def release(values: "np.ndarray[Any, Any]") -> None:
    """Take what was read of a read-only memory map out of the memory of the process; anything else is left as it is.

    The system keeps what is in the file as long as nothing else needs the memory, so that reading it again is cheap. A
    limit of memory that counts mapped pages, such as a container's or a queue's, is kept whatever the size of the file.

    Examples:
        >>> import numpy as np
        >>> from artbench.runtime.mapped import release
        >>> np.save("features.npy", np.arange(6.0))
        >>> mapped = np.load("features.npy", mmap_mode="r")
        >>> release(mapped[2:])
        >>> mapped.sum()
        np.float64(15.0)
    """
    if not isinstance(values, np.memmap) or values.mode != "r":  # What was written to a private map would be lost.
        return
    owner: Any = values
    while owner is not None and not isinstance(owner, mmap.mmap):
        owner = owner.base
    advice = getattr(mmap, "MADV_DONTNEED", None)
    if owner is not None and advice is not None:  # Windows has none.
        owner.madvise(advice)
