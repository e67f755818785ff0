"""What reproduction does to a picture: six kinds of change, each in two strengths that never change.

Pictures are reduced to a short side of 512 px first, about what websites show, so that a strength means the same for a
scan of any size.
"""

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from artbench.data.decode import decode_whole

# Change it whenever a change here may change a pixel: it is part of every image's id.
RECIPE = "1"
_SHORT_SIDE = 512
_LONGEST = 8.0
# RGB of a gilt frame, of the mount beside a grey card, and the greys of its patches.
_GILT = (168, 134, 62)
_MOUNT = (60, 60, 60)
_GREYS = (243, 200, 160, 122, 85, 52)

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class Change:
    """A change in one strength.

    Attributes:
        kind: `jpeg`, `resolution`, `white`, `frame`, `crop` or `card`.
        name: `jpeg-30`.
        apply: Changes an image, RGB, uint8, shape (height, width, 3).
        quality: Quality in which it is compressed as a JPEG (4:2:0); None: not at all.
    """

    kind: str
    name: str
    apply: Callable[[Pixels], Pixels]
    quality: int | None = None

    def of(self, data: bytes) -> bytes:
        """Return an image as the change makes it, a JPEG or a BMP.

        Args:
            data: The file of the image.

        Raises:
            artbench.data.decode.UnreadableImage: It can't be read.
        """
        pixels = self.apply(decode_whole(data, short_side=_SHORT_SIDE, longest=_LONGEST))
        file, image = io.BytesIO(), Image.fromarray(pixels)
        if self.quality is None:
            image.save(file, "BMP")
        else:
            image.save(file, "JPEG", quality=self.quality, subsampling=2)
        return file.getvalue()


def _same(pixels: Pixels) -> Pixels:
    return pixels


def _eight_bits(values: NDArray[np.float64]) -> Pixels:
    return np.asarray(np.clip(np.round(values), 0, 255), np.uint8)


def _reduced(pixels: Pixels, *, side: int) -> Pixels:
    """Reduce the short side to some pixels; encoders enlarge it again."""
    height, width = pixels.shape[:2]
    scale = side / min(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC))


def _cast(pixels: Pixels, *, red: float, blue: float) -> Pixels:
    """Multiply red and blue, as a camera with another white balance does."""
    return _eight_bits(pixels * np.array([red, 1.0, blue]))


def _framed(pixels: Pixels, *, share: float) -> Pixels:
    """Put a gilt frame around it, as wide as a share of the short side and darker towards the inside."""
    height, width = pixels.shape[:2]
    border = max(1, round(share * min(height, width)))
    rows, columns = np.ogrid[: height + 2 * border, : width + 2 * border]
    inwards = np.minimum(
        np.minimum(rows, height + 2 * border - 1 - rows), np.minimum(columns, width + 2 * border - 1 - columns)
    )
    light = 1.1 - 0.6 * np.minimum(inwards / border, 1.0)
    framed = _eight_bits(light[..., None] * np.array(_GILT))
    framed[border : border + height, border : border + width] = pixels
    return framed


def _cropped(pixels: Pixels, *, share: float) -> Pixels:
    """Keep a share of both sides, from the centre."""
    height, width = (max(1, round(share * side)) for side in pixels.shape[:2])
    top, left = (pixels.shape[0] - height) // 2, (pixels.shape[1] - width) // 2
    return np.ascontiguousarray(pixels[top : top + height, left : left + width])


def _with_card(pixels: Pixels, *, share: float) -> Pixels:
    """Photograph it beside a strip of grey patches, as wide as a share of the short side, on a grey mount."""
    height, width = pixels.shape[:2]
    strip = max(len(_GREYS), round(share * min(height, width)))
    shown = np.empty((height, width + strip, 3), np.uint8)
    shown[:] = _MOUNT
    shown[:, :width] = pixels
    margin, patch = strip // 6, height / (len(_GREYS) + 2)
    for number, grey in enumerate(_GREYS, start=1):
        rows = slice(round(number * patch), max(round(number * patch) + 1, round((number + 0.85) * patch)))
        shown[rows, width + margin : width + strip - margin] = grey
    return shown


def _changes() -> list[Change]:
    def change(kind: str, strength: str, apply: Callable[[Pixels], Pixels], quality: int | None = None) -> Change:
        return Change(kind=kind, name=f"{kind}-{strength}", apply=apply, quality=quality)

    return [
        *(change("jpeg", f"{quality}", _same, quality) for quality in (30, 10)),
        *(change("resolution", f"{side}", partial(_reduced, side=side)) for side in (112, 56)),
        change("white", "warm", partial(_cast, red=1.2, blue=0.75)),
        change("white", "cold", partial(_cast, red=0.75, blue=1.2)),
        *(change("frame", f"{share:.0%}"[:-1], partial(_framed, share=share)) for share in (0.1, 0.25)),
        *(change("crop", f"{share:.0%}"[:-1], partial(_cropped, share=share)) for share in (0.8, 0.6)),
        *(change("card", f"{share:.0%}"[:-1], partial(_with_card, share=share)) for share in (0.15, 0.35)),
    ]


CHANGES: Mapping[str, Change] = {change.name: change for change in _changes()}
"""Every change by name, in the order of a task's queries."""

KINDS = tuple(dict.fromkeys(change.kind for change in CHANGES.values()))
"""The kinds of change."""
