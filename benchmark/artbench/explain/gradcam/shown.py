"""What is shown of one picture, and arrays of colours made from its maps."""

from dataclasses import dataclass

import numpy as np
from matplotlib import colormaps
from numpy.typing import NDArray

from artbench.explain.gradcam.choice import Reason
from artbench.explain.gradcam.maps import Maps

# Of a gradient's magnitudes, the share that is not cut off by the scale.
_SCALE = 99.5
# How much of the colour of the map lies over the picture where the map is largest.
_STRONGEST = 0.75
# How dark the picture is where the map is zero.
_DIMMED = 0.55

# Of red, green and blue in the brightness of a colour (Rec. 601).
_LUMA = np.array([0.299, 0.587, 0.114])
# In the place of a largest value that is zero.
_TINY = float(np.finfo(np.float32).tiny)


@dataclass(frozen=True, kw_only=True)
class Shown:
    """One picture and what is known of it.

    Attributes:
        image: Its id, or the path that was asked for.
        reason: Why it is shown.
        pixels: As the encoder saw it: uint8, shape (height, width, 3).
        explained: Name of the class whose logit is explained, and its probability.
        predicted: Name of the most probable class, and its probability.
        true: Names of its classes, each with its probability; empty where nobody says.
        correct: Whether the probe is right; None where nobody says.
        file: Name of its figure.
    """

    image: str
    reason: Reason
    pixels: NDArray[np.uint8]
    explained: tuple[str, float]
    predicted: tuple[str, float]
    true: tuple[tuple[str, float], ...]
    correct: bool | None
    file: str

    @property
    def said(self) -> str:
        """`predicted Cubism 97 %`."""
        return f"predicted {self.predicted[0]} {100 * self.predicted[1]:.1f} %"

    @property
    def known(self) -> str:
        """`true: Cubism 97 %`; the most probable of several."""
        if not self.true:
            return "true class not known" if self.correct is None else "has none of the labels"
        first, *others = sorted(self.true, key=lambda named: -named[1])
        more = f" and {len(others)} more" if others else ""
        return f"true {first[0]} {100 * first[1]:.1f} %{more}"

    @property
    def mapped(self) -> str:
        """`maps are for Cubism 20 %`, where that is not what was predicted; else empty."""
        name, chance = self.explained
        if name == self.predicted[0]:
            return ""
        has = (
            "" if self.correct is None else ", its own" if name in {true for true, _ in self.true} else ", not its own"
        )
        return f"maps are for {name} {100 * chance:.1f} %{has}"


def panels(pixels: NDArray[np.uint8], maps: Maps, *, at: int) -> dict[str, NDArray[np.uint8]]:
    """RGB pictures of the maps of picture number `at`, each of the picture's size, by their titles."""
    found = {"picture": pixels, "Grad-CAM": overlay(pixels, maps.grad_cam[at])}
    if maps.guided is not None and maps.guided_grad_cam is not None:
        found["guided backpropagation"] = signed(maps.guided[at])
        found["Guided Grad-CAM"] = signed(maps.guided_grad_cam[at])
    return found


def overlay(pixels: NDArray[np.uint8], values: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The picture in grey, dim where the map is zero and in colour where it is large; scaled to the map's maximum.

    In grey, because on a yellow painting nobody could tell the paint from the map.
    """
    share = values[..., None] / max(float(values.max()), _TINY)
    colours = colormaps["inferno"](0.3 + 0.65 * share[..., 0])[..., :3]
    grey = (pixels @ _LUMA)[..., None] / 255 * (_DIMMED + (1 - _DIMMED) * np.sqrt(share))
    weight = _STRONGEST * share
    return _eight_bits((1 - weight) * grey + weight * colours)


def signed(gradient: NDArray[np.float32]) -> NDArray[np.uint8]:
    """A gradient with respect to the pixels as colours around grey, which means zero."""
    scale = max(float(np.percentile(np.abs(gradient), _SCALE)), _TINY)
    return _eight_bits(0.5 + gradient / (2 * scale))


def _eight_bits(colours: NDArray[np.floating]) -> NDArray[np.uint8]:
    found: NDArray[np.uint8] = (255 * np.clip(colours, 0, 1) + 0.5).astype(np.uint8)
    return found
