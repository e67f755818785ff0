"""A few pictures of each class, for the question how far few examples go."""

from collections.abc import Sequence
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray


def draw_shots(labels: NDArray[np.int64], ids: Sequence[str], *, shots: int, draw: int, seed: int) -> NDArray[np.int64]:
    """So many pictures of each class: those with the smallest SHA-256 of seed, draw and image id.

    No order and no machine matters, and the pictures of a draw with few shots are among those of the same draw with
    more. A picture that is listed twice in a class counts once there.

    Args:
        labels: int64, shape (n,).
        ids: The id of each picture.
        shots: Pictures of each class; a class with fewer gives all that it has.
        draw: Which of several draws.
        seed: Of all draws.

    Returns:
        Positions among `ids`, ascending.
    """
    found: dict[int, dict[str, int]] = {}
    for position, (label, id_) in enumerate(zip(labels.tolist(), ids, strict=True)):
        found.setdefault(label, {}).setdefault(id_, position)

    def digest(id_: str) -> bytes:
        return sha256(f"{seed}/{draw}/{id_}".encode("utf-8", "surrogateescape")).digest()

    return np.sort(np.array([of[id_] for of in found.values() for id_ in sorted(of, key=digest)[:shots]], np.int64))
