"""Image ids as they are published: digests, since an id is often a file name, and a file name often says too much."""

import hashlib
import re
from collections.abc import Iterable
from functools import lru_cache

_PREFIX = "sha256:"
# 64 bits: two of a million pictures share a digest with a probability below one in ten million.
_DIGITS = 16
_DIGEST = re.compile(rf"{_PREFIX}[0-9a-f]{{{_DIGITS}}}")


def image_digest(image: str) -> str:
    """`sha256:` and the first 16 hexadecimal digits of the SHA-256 of an id's UTF-8; what is a digest stays as it is.

    There is no salt in it: whoever has the dataset can tell which picture is meant.
    """
    if _DIGEST.fullmatch(image):
        return image
    return _PREFIX + hashlib.sha256(image.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]


def image_digests(images: Iterable[str]) -> list[str]:
    """Of each image; the same list for the ids of some images and for their digests."""
    return [image_digest(image) for image in images]


@lru_cache(maxsize=8)
def list_digest(images: tuple[str, ...]) -> str:
    """SHA-256 of a list of images, the same for ids and for their digests; 64 hexadecimal digits.

    The records of a leaderboard have one list in common, which is why the last few are remembered.
    """
    return hashlib.sha256("\0".join(image_digests(images)).encode()).hexdigest()
