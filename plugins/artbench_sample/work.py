"""Painting one image of the collection, up to its scan."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from artbench_sample.catalogue import Work
from artbench_sample.duplicates import recopied
from artbench_sample.easel import Easel
from artbench_sample.materials import leave_traces
from artbench_sample.museums import scan
from artbench_sample.noise import smooth_noise
from artbench_sample.painters import PAINTERS
from artbench_sample.palettes import mix_palette
from artbench_sample.planes import planes_of
from artbench_sample.styles.book import STYLES

_TOUCHES = {painter.name: painter.touch for painter in PAINTERS}


def paint_work(work: Work, *, seed: int) -> Image.Image:
    """Paint one image; it depends only on its entry in the catalogue and the seed.

    Returns:
        RGB, of the size in the catalogue.
    """
    # A copy starts from its original's seed.
    rng = np.random.default_rng(np.random.SeedSequence([seed, work.duplicate_of or work.index]))
    easel = Easel(
        rng=rng,
        size=work.size,
        colours=mix_palette(rng, work.palette),
        touch=_TOUCHES[work.artist].on_the_day(rng),
        subject=work.subject,
    )
    pixels = planes_of(STYLES[work.style](easel))
    if work.influence:
        other = planes_of(STYLES[work.influence](easel))
        pixels = np.where(_overpainted(rng, work.size), other, pixels)
    scanned = scan(rng, leave_traces(rng, pixels, work.materials), work.museum)
    if work.duplicate_of:
        return recopied(np.random.default_rng(np.random.SeedSequence([seed, work.index])), scanned)
    return scanned


def _overpainted(rng: np.random.Generator, size: tuple[int, int]) -> NDArray[np.bool_]:
    """Return where an image is in its second style: a ragged piece from one side, at most half of it."""
    width, height = size
    ys, xs = (side.astype(np.float32) for side in np.ogrid[0:height, 0:width])
    angle = rng.uniform(0, 2 * np.pi)
    level = np.float32(np.cos(angle)) * xs / width + np.float32(np.sin(angle)) * ys / height
    level = level + 0.1 * smooth_noise(rng, size, cell=50) + 0.02 * smooth_noise(rng, size, cell=6)
    return np.asarray(level > np.quantile(level[::4, ::4], 1 - rng.uniform(0.3, 0.5)))
