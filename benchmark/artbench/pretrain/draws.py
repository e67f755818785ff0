"""The random numbers of augmentation: a function of seed, epoch and image, independent of threads and order."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from artbench.pretrain.views import View

_ATTEMPTS = 10
# Attempts at a crop (area and shape each), its place (2), flip, jitter, its four strengths and their order (4),
# grey, blur, its sigma, solarise.
_DRAWS = 2 * _ATTEMPTS + 2 + 1 + 1 + 4 + 4 + 1 + 2 + 1
_RATIO = np.log([3 / 4, 4 / 3])


@dataclass(frozen=True, kw_only=True)
class Draws:
    """The parameters of one view of n images; every array has n rows.

    Attributes:
        crops: float64 in [0, 1), shape (n, 22): input of `crop_box`.
        flip: bool.
        jitter: bool: whether the colours are jittered.
        factors: float32, shape (n, 4): factors of brightness, contrast and saturation, shift of the hue.
        order: int64, shape (n, 4): in which order these four are applied.
        grey: bool.
        blur: bool.
        sigma: float32: standard deviation of the blur in pixels.
        solarise: bool.
        grey_first: Whether colour is dropped before the jitter, of all images.
    """

    crops: NDArray[np.float64]
    flip: NDArray[np.bool_]
    jitter: NDArray[np.bool_]
    factors: NDArray[np.float32]
    order: NDArray[np.int64]
    grey: NDArray[np.bool_]
    blur: NDArray[np.bool_]
    sigma: NDArray[np.float32]
    solarise: NDArray[np.bool_]
    grey_first: bool = False


def joined_draws(parts: Sequence[Draws]) -> Draws:
    """The parameters of one view of the images of several parts, one after the other."""
    names = [field.name for field in fields(Draws) if field.name != "grey_first"]
    arrays: dict[str, Any] = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    return replace(parts[0], **arrays)


def draw(views: Sequence[View], images: NDArray[np.int64], *, seed: int, epoch: int) -> tuple[Draws, ...]:
    """Draw the parameters of all views of some images, each image from its own counter-based generator.

    The numbers of a view depend on its place alone, not on how many there are.

    Args:
        views: The views.
        images: Number of each image in the pool, shape (n,).
        seed: Seed of the run.
        epoch: Number of the epoch, from 0.
    """
    uniform = np.stack([_uniform(seed, epoch, image, count=len(views)) for image in images.tolist()])
    return tuple(_parameters(view, uniform[:, place]) for place, view in enumerate(views))


def crop_box(
    draws: NDArray[np.float64], *, width: int, height: int, scale: tuple[float, float]
) -> tuple[float, float, float, float]:
    """Left, top, right, bottom of a random resized crop (Szegedy et al. 2015), as torchvision draws it.

    Ten attempts at an area within `scale` and an aspect ratio within (3/4, 4/3); if none fits, the largest
    centre crop of an allowed ratio.

    Args:
        draws: One row of `Draws.crops`.
        width: Width of the image in pixels.
        height: Height of the image in pixels.
        scale: Least and largest share of the area.
    """
    areas, shapes = draws[:_ATTEMPTS], draws[_ATTEMPTS : 2 * _ATTEMPTS]
    least, largest = scale
    for area, shape in zip(areas.tolist(), shapes.tolist(), strict=True):
        pixels = width * height * (least + area * (largest - least))
        ratio = float(np.exp(_RATIO[0] + shape * (_RATIO[1] - _RATIO[0])))
        crop_width, crop_height = (pixels * ratio) ** 0.5, (pixels / ratio) ** 0.5
        if crop_width <= width and crop_height <= height:
            left = float(draws[-2]) * (width - crop_width)
            top = float(draws[-1]) * (height - crop_height)
            return left, top, left + crop_width, top + crop_height
    crop_width, crop_height = min(width, height * 4 / 3), min(height, width * 4 / 3)
    left, top = (width - crop_width) / 2, (height - crop_height) / 2
    return left, top, left + crop_width, top + crop_height


def _uniform(seed: int, epoch: int, image: int, *, count: int) -> NDArray[np.float64]:
    # The lowest word of the counter counts the draws themselves.
    generator = np.random.Generator(np.random.Philox(key=[seed, 0], counter=[0, 0, epoch, image]))
    return generator.random((count, _DRAWS))


def _parameters(view: View, uniform: NDArray[np.float64]) -> Draws:
    crops, rest = uniform[:, : 2 * _ATTEMPTS + 2], uniform[:, 2 * _ATTEMPTS + 2 :]
    strengths = np.array([view.brightness, view.contrast, view.saturation, view.hue])
    factors = strengths * (2 * rest[:, 2:6] - 1) + np.array([1, 1, 1, 0])
    low, high = view.blur_sigma
    return Draws(
        crops=crops,
        flip=rest[:, 0] < view.flip_p,
        jitter=rest[:, 1] < view.jitter_p,
        factors=factors.astype(np.float32),
        order=np.argsort(rest[:, 6:10], axis=1, kind="stable"),
        grey=rest[:, 10] < view.grey_p,
        blur=rest[:, 11] < view.blur_p,
        sigma=(low + (high - low) * rest[:, 12]).astype(np.float32),
        solarise=rest[:, 13] < view.solarise_p,
        grey_first=view.grey_first,
    )
