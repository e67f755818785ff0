"""The colours of the palettes."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

# Six colours each. Painters of different styles share palettes, so that colour alone identifies nobody.
PALETTES: Mapping[str, tuple[str, ...]] = {
    "primaries": ("1c1b1f", "c8102e", "1d4e9e", "f2c230", "e9e4d4", "8f9aa3"),
    "earth": ("2b1d14", "6b4226", "a8713a", "cfa873", "8a8f5c", "efe2c4"),
    "sea": ("0f2a3d", "1f5f7a", "4fa3a5", "9fd0c4", "e8dfc0", "c9794a"),
    "dusk": ("24183a", "5b2f6b", "a2466f", "e27d60", "f4c095", "6f7fb5"),
    "spring": ("24422e", "4f8a4b", "a9c46c", "f3e28c", "ea9fb0", "f7f1e3"),
    "ember": ("1f0e0c", "6d1a16", "b83a1e", "e3782b", "f5b94d", "45525e"),
    "slate": ("191d22", "3c4650", "6e7b84", "a9b1b3", "dcd9d0", "8c6a56"),
    "indigo": ("12173a", "27408b", "5f7fc2", "b9c8e0", "efe9dc", "c6493b"),
    "rose": ("3a1620", "8c2f45", "cf6a77", "ecb7ae", "f6e6da", "5f7d6b"),
    "moss": ("1d2217", "444d2a", "7c8445", "b3a65c", "ded2a0", "9c4a2f"),
}


def mix_palette(rng: np.random.Generator, name: str) -> NDArray[np.float32]:
    """Mix the colours of a palette, each a little differently for every image.

    Returns:
        float32, shape (6, 3): RGB in [0, 255], from dark to light.
    """
    colours = np.array([list(bytes.fromhex(text)) for text in PALETTES[name]], dtype=np.float32)
    grey = colours.mean(axis=1, keepdims=True)
    vividness = np.float32(rng.uniform(0.45, 1.25))
    mixed = grey + (colours - grey) * vividness + rng.normal(0, 16, colours.shape).astype(np.float32)
    mixed += rng.normal(0, 10, 3).astype(np.float32)
    mixed = np.clip(mixed, 4, 250)
    return np.asarray(mixed[np.argsort(brightness(mixed), kind="stable")])


def brightness(colours: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the luma in [0, 255] of RGB colours along the last axis (ITU-R BT.601)."""
    return np.asarray(colours @ np.array([0.299, 0.587, 0.114], dtype=np.float32))
