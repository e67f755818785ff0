"""Etching: the scene in hatched lines, crossed where it is dark (after Rembrandt and Piranesi)."""

import numpy as np
from PIL import Image, ImageFilter

from artbench_sample.blur import blurred
from artbench_sample.easel import Easel
from artbench_sample.noise import smooth_noise
from artbench_sample.planes import even, image_of, luma, planes_of
from artbench_sample.scene import compose


def paint_hatching(easel: Easel) -> Image.Image:
    """Etch the subject; scale spaces the lines, density crosses them, curve bends them round what they show."""
    rng, touch = easel.rng, easel.touch
    width, height = easel.size
    scene = compose(easel).drawn(easel.size)
    tone = luma(planes_of(scene.filter(ImageFilter.BoxBlur(1))))
    low, high = float(tone.min()), float(tone.max())
    dark = 1 - (tone - low) / max(high - low, 1.0)
    bulge = blurred(tone, 7) / 255
    ys, xs = (side.astype(np.float32) for side in np.ogrid[0:height, 0:width])
    wave = smooth_noise(rng, easel.size, cell=70) * (0.6 + 1.5 * touch.curve) + 9 * touch.curve * bulge
    shake = smooth_noise(rng, easel.size, cell=7) * 0.55 * touch.roughness
    period = 4.1 * touch.scale**0.7
    ink = np.zeros((height, width), dtype=np.float32)
    layers = 1 + int(touch.density * 1.7 + rng.random() * 0.8)
    for layer in range(layers):
        angle = np.radians(touch.angle + (0, 75, 35)[layer] + rng.normal(0, 4))
        phase = (xs * np.float32(np.sin(angle)) + ys * np.float32(np.cos(angle))) * np.float32(2 * np.pi / period)
        ridge = 0.5 + 0.5 * np.sin(phase + wave + shake)
        # The first hatching models all that is in shade; the others cross it only where it is darkest.
        share = np.clip((dark - (0.12, 0.55, 0.8)[layer]) * 0.85 + 0.1, 0, 0.62)
        ink = np.maximum(ink, np.clip((share - ridge) * 2.6 + 0.5, 0, 1) * (share > 0.06))
    edges = np.asarray(scene.convert("L").filter(ImageFilter.FIND_EDGES), dtype=np.float32) / 255
    ink = np.maximum(ink, np.clip(edges * 3.0, 0, 0.9))
    ink *= np.clip(0.86 + 0.16 * smooth_noise(rng, easel.size, cell=24), 0.3, 1)
    paper, line = easel.colour(4, 6), easel.colour(0, 2)
    if rng.random() < 0.12:
        # White line on a dark ground.
        paper, line = line, paper
    tint = planes_of(scene) - 128
    sheet = even(paper) + tint * np.float32(rng.choice([0.0, 0.0, 0.18, 0.35]))
    pixels = sheet + ink * (even(line) - sheet)
    return image_of(pixels)
