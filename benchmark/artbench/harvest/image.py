"""Fetching an image: in the wanted size from a IIIF image service, else as it is.

https://iiif.io/api/image/3.0/ and https://iiif.io/api/image/2.1/.
"""

import json
from typing import Any

from artbench.data.decode import UnreadableImage, decode_whole
from artbench.harvest.client import Client, RefusedError
from artbench.harvest.picture import Picture

# Bytes of an image, and of a service's description.
LARGEST, _LARGEST_INFO = 100_000_000, 1_000_000
# Its longest side is at most this many times the shortest, or it is no picture.
_LONGEST = 50.0
# What files of each kind begin with.
_KINDS = (
    (b"\xff\xd8\xff", ".jpg"),
    (b"\x89PNG\r\n\x1a\n", ".png"),
    (b"GIF8", ".gif"),
    (b"II*\x00", ".tif"),
    (b"MM\x00*", ".tif"),
    (b"BM", ".bmp"),
)


def fetch_image(picture: Picture, *, side: int, client: Client) -> tuple[bytes, str]:
    """Fetch a picture, at most `side` pixels long if its server can scale it; return its bytes and suffix.

    Raises:
        RefusedError: It can't be had, or is no image that can be decoded.
        StopError: The server wants no more requests for now.
    """
    data = _scaled(picture.image, side, client) if picture.service else client.get(picture.image, most=LARGEST).data
    suffix = _suffix(data)
    if not suffix:
        raise RefusedError(f"{picture.image}: what the server sends is no image")
    try:
        decode_whole(data, short_side=32, longest=_LONGEST)
    except UnreadableImage as error:
        raise RefusedError(f"{picture.image}: the image can't be decoded ({error})") from error
    return data, suffix


def _scaled(base: str, side: int, client: Client) -> bytes:
    """Ask a service for a size: as large as fits, else by its width, else one of those that it says it has."""
    for size in (f"!{side},{side}", f"{side},"):
        try:
            return client.get(f"{base}/full/{size}/0/default.jpg", most=LARGEST).data
        except RefusedError as error:
            if error.status not in (400, 403, 404, 501):
                raise
            refused = error
    if not (size := _offered(client, base, side)):
        raise refused
    return client.get(f"{base}/full/{size}/0/default.jpg", most=LARGEST).data


def _offered(client: Client, base: str, side: int) -> str:
    """Return a size that the description of a service names or allows; empty if there is none."""
    try:
        found: Any = json.loads(client.get(f"{base}/info.json", most=_LARGEST_INFO).data)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(found, dict):
        return ""
    sizes = [pair for one in _dicts(found.get("sizes")) if (pair := _pair(one))]
    if not sizes and (whole := _pair(found)):
        most = [value for key in ("maxWidth", "maxHeight") if isinstance(value := found.get(key), int) and value > 0]
        scale = min(1.0, min([side, *most]) / max(whole))
        sizes = [(max(1, round(whole[0] * scale)), max(1, round(whole[1] * scale)))]
    if not sizes:
        return ""
    # The smallest that is large enough, or else the largest.
    width, height = min((pair for pair in sizes if max(pair) >= side), default=max(sizes, key=max), key=max)
    return f"{width},{height}"


def _pair(one: dict[str, Any]) -> tuple[int, int] | None:
    width, height = one.get("width"), one.get("height")
    if not (isinstance(width, int) and isinstance(height, int)):
        return None
    return (width, height) if 0 < min(width, height) <= max(width, height) < 10**6 else None


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _suffix(data: bytes) -> str:
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return ".webp"
    return next((suffix for start, suffix in _KINDS if data.startswith(start)), "")
