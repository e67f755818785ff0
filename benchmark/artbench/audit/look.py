"""One look at one picture: the digest of its bytes, its perceptual hash, and a thumbnail."""

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from artbench.data.decode import UnreadableImage, decode_whole

# Raise it whenever a change here may change a hash or a thumbnail.
LOOK_VERSION = 1

# Side of a thumbnail in pixels: enough to tell a crop of a picture from another picture, and 2 kB each.
THUMBNAIL = 48

# Strips longer than this are cut at the ends; no painting is, and a broken header may claim to be.
_LONGEST = 20.0

# Below this standard deviation, in grey levels of 255, a picture shows too little to be told from another.
_PLAIN = 6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one look at a picture has shown.

    Attributes:
        sha256: Digest of its bytes; 32 bytes.
        problem: Why it can't be decoded; None if it can.
        phash: Its 64-bit perceptual hash (`imagehash.phash`), as a number; 0 if it can't be decoded.
        thumbnail: Its greys as THUMBNAIL x THUMBNAIL bytes; empty if it can't be decoded.
        plain: Whether it shows too little for hash and thumbnail to mean anything.
    """

    sha256: bytes
    problem: str | None = None
    phash: int = 0
    thumbnail: bytes = b""
    plain: bool = True


def look_at(data: bytes) -> Look:
    """Look at the bytes of a picture. Safe to call from several threads."""
    import imagehash

    digest = hashlib.sha256(data).digest()
    try:
        pixels = decode_whole(data, short_side=2 * THUMBNAIL, longest=_LONGEST)
    except UnreadableImage as error:
        return Look(sha256=digest, problem=error.reason)
    grey = Image.fromarray(pixels).convert("L").resize((THUMBNAIL, THUMBNAIL), Image.Resampling.BOX)
    return Look(
        sha256=digest,
        phash=_as_number(imagehash.phash(grey).hash),
        thumbnail=grey.tobytes(),
        plain=bool(np.asarray(grey).std() < _PLAIN),
    )


def _as_number(bits: NDArray[np.bool_]) -> int:
    return int.from_bytes(np.packbits(bits).tobytes(), "big")
