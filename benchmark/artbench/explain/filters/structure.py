"""Tells whether the picture of a unit has structure or is noise, against noise of the same spectrum."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

Verdict = Literal["structured", "noise", "flat", "no gradient"]
Planes = NDArray[np.float64]  # (3, side, side)

# By what factor a picture must differ from noise; found by looking at pictures (docs/explain-filters.md).
LEAST_COHERENCE, LEAST_CONCENTRATION = 1.3, 1.5
# Standard deviation of RGB in [0, 1] below which a picture shows one colour.
_FLAT = 0.04
_NOISES = 8
# The neighbourhood in which directions are compared, as a share of the side.
_NEIGHBOURHOOD = 1 / 32

CRITERION = (
    "structured: contours run in one direction over a neighbourhood of a thirty-second of the side at least "
    f"{LEAST_COHERENCE:.1f} times as much as in noise of the same colours and the same power at each frequency, or the "
    f"power of a frequency lies in few directions, {LEAST_CONCENTRATION:.1f} times as much as there; noise: neither; "
    "flat: one colour; no gradient: noise of up to 64 times the contrast leaves the unit off"
)


@dataclass(frozen=True, kw_only=True)
class Structure:
    """Structure of a picture.

    Attributes:
        verdict: What follows from the other two.
        coherence: How much neighbouring gradients agree in direction, as a multiple of that of noise.
        concentration: How few directions hold the power of a frequency, as a multiple of that of noise.
    """

    verdict: Verdict
    coherence: float
    concentration: float


def structure(picture: NDArray[np.float32], *, gradient: bool = True) -> Structure:
    """Measure a picture against pictures of noise.

    The noise has its colours and, at each frequency, its power, but random phases and directions: what the ascent makes
    of its start for a unit that responds to a frequency alone.

    Args:
        picture: RGB in [0, 1], shape (3, side, side).
        gradient: Whether the unit had a gradient.
    """
    planes = _uncorrelated(picture.astype(np.float64))
    deviation = float(np.sqrt((planes**2).mean()))
    random = np.random.default_rng(0)
    noises = [_noise_like(planes, random) for _ in range(_NOISES)] if deviation > 0 else [planes]
    coherence, concentration = (
        measure(planes) / max(float(np.mean([measure(noise) for noise in noises])), 1e-12)
        for measure in (_coherence, _concentration)
    )
    verdict: Verdict
    if not gradient:
        verdict = "no gradient"
    elif deviation < _FLAT:
        verdict = "flat"
    else:
        above = coherence >= LEAST_COHERENCE or concentration >= LEAST_CONCENTRATION
        verdict = "structured" if above else "noise"
    return Structure(verdict=verdict, coherence=coherence, concentration=concentration)


def _uncorrelated(picture: Planes) -> Planes:
    """Turn a picture to the principal axes of its colours, each plane around zero."""
    colours = picture.reshape(3, -1)
    colours = colours - colours.mean(axis=1, keepdims=True)
    _, axes = np.linalg.eigh(colours @ colours.T)
    turned: Planes = (axes.T @ colours).reshape(picture.shape)
    return turned


def _noise_like(planes: Planes, random: np.random.Generator) -> Planes:
    """Make Gaussian noise with the power of each plane at each frequency, alike in all directions."""
    rings = _rings(planes.shape[-1]).ravel()
    counts = np.bincount(rings)
    noises = []
    for power in np.abs(np.fft.fft2(planes)) ** 2:
        even = (np.bincount(rings, power.ravel()) / counts)[rings].reshape(power.shape)
        white = np.fft.fft2(random.standard_normal(power.shape)) / len(power)
        noises.append(np.fft.ifft2(white * np.sqrt(even)).real)
    return np.stack(noises)


def _coherence(planes: Planes) -> float:
    """Mean coherence of the colour structure tensor (Di Zenzo 1986), weighted by its strength; 1: one direction."""
    down, across = np.gradient(planes, axis=(1, 2))
    sigma = _NEIGHBOURHOOD * planes.shape[-1]
    yy, xy, xx = (
        gaussian_filter(product.sum(axis=0), sigma, mode="wrap")
        for product in (down * down, down * across, across * across)
    )
    strength = float((yy + xx).sum())
    return float(np.hypot(yy - xx, 2 * xy).sum()) / strength if strength > 0 else 0.0


def _concentration(planes: Planes) -> float:
    """Mean over frequencies, weighted by power, of the mean square of the power over its squared mean."""
    side = planes.shape[-1]
    rings = _rings(side)
    counts = np.bincount(rings.ravel())
    # Without the lowest frequencies, which have too few directions, and the corners.
    band = slice(3, side // 2 + 1)
    # The edges would look like a cross of all frequencies.
    window = np.outer(np.hanning(side + 2)[1:-1], np.hanning(side + 2)[1:-1])
    total = weighted = 0.0
    for plane in planes:
        power = np.abs(np.fft.fft2((plane - (plane * window).sum() / window.sum()) * window)) ** 2
        first = np.bincount(rings.ravel(), power.ravel())[band]
        second = np.bincount(rings.ravel(), (power**2).ravel())[band]
        total += float(first.sum())
        weighted += float((second * counts[band] / np.maximum(first, 1e-30)).sum())
    return weighted / total if total > 0 else 0.0


def _rings(side: int) -> NDArray[np.int64]:
    """Frequency of each coefficient in cycles per side."""
    frequency = np.fft.fftfreq(side) * side
    rings: NDArray[np.int64] = np.rint(np.hypot(frequency[:, None], frequency[None, :])).astype(np.int64)
    return rings
