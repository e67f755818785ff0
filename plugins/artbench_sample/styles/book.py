"""All styles by name."""

from collections.abc import Callable, Mapping

from PIL import Image

from artbench_sample.easel import Easel
from artbench_sample.styles.dabs import paint_dabs
from artbench_sample.styles.facets import paint_facets
from artbench_sample.styles.fields import paint_fields
from artbench_sample.styles.flat import paint_flat
from artbench_sample.styles.gesture import paint_gesture
from artbench_sample.styles.grid import paint_grid
from artbench_sample.styles.hatching import paint_hatching
from artbench_sample.styles.points import paint_points

STYLES: Mapping[str, Callable[[Easel], Image.Image]] = {
    "dabs": paint_dabs,
    "facets": paint_facets,
    "fields": paint_fields,
    "flat": paint_flat,
    "gesture": paint_gesture,
    "grid": paint_grid,
    "hatching": paint_hatching,
    "points": paint_points,
}
