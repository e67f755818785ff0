"""The figure of filters: layers one under the other, pretrainings side by side."""

from collections.abc import Sequence

import numpy as np
import torch
from matplotlib.figure import Figure
from numpy.typing import NDArray

from artbench.explain.figure import GREY, LINE_INCHES, put_caption, square, text_line, wrapped
from artbench.explain.filters.encoder_filters import EncoderFilters, LayerFilters
from artbench.explain.filters.request import (
    BETWEEN,
    GAP,
    HEAD,
    LABEL,
    MARGIN,
    PANEL,
    ROW,
    block_width,
    figure_height,
    figure_width,
    unit_step,
)
from artbench.explain.filters.responses import Sample

_LONGEST = 17  # characters of a row's label
# Dark enough to read, and told apart without colour by the word above the picture.
_MARKED = {"structured": "black", "noise": "#b2182b", "flat": "#b2182b", "no gradient": "#b2182b"}


def filters_figure(found: Sequence[EncoderFilters], *, sample: Sample | None, caption: Sequence[str]) -> Figure:
    """Draw what was found of one backbone with one or more pretrainings.

    Args:
        found: The same layers and units of each.
        sample: Where the examples are from.
        caption: Lines under it.
    """
    layers = found[0].layers
    cells = max(len(layer.units) for layer in layers)
    examples = sample is not None
    step, block = unit_step(examples=examples), block_width(cells, examples=examples)
    width = figure_width(len(found), cells, examples=examples)
    title = found[0].encoder.backbone
    lines = wrapped(caption, width - 2 * MARGIN)
    kernels = any(one.kernels is not None for one in found)
    rows = len(layers) + kernels
    bottom = LINE_INCHES * len(lines) + 2 * MARGIN
    height = figure_height(rows, caption=bottom)
    figure = Figure(figsize=(width, height), facecolor="white")
    text_line(figure, MARGIN, height - 0.26, f"{title}: what units respond to most", size=12, weight="bold")
    for number, one in enumerate(found):
        left = LABEL + number * (block + BETWEEN)
        text_line(figure, left, height - 0.56, one.encoder.pretraining, size=11, weight="bold")
        digest = f"weights {one.encoder.weights_sha256[:12]}"
        text_line(figure, left, height - 0.71, digest, size=6.5, colour=GREY)
        floor = height - HEAD - PANEL - 0.16
        if kernels:
            if one.kernels is not None:
                _kernels(figure, one.kernels, layers[0].units, left, floor, step)
            floor -= PANEL + ROW
        for layer in one.layers:
            _layer(figure, layer, sample, left, floor, step)
            floor -= PANEL + ROW
    _labels(figure, layers, height - HEAD - 0.16, kernels=kernels)
    put_caption(figure, lines, left=MARGIN, top=bottom - MARGIN)
    return figure


def kernel_picture(kernel: torch.Tensor) -> NDArray[np.float32]:
    """A kernel over RGB, (3, height, width), as a picture in [0, 1]: zero is grey, its largest weight is full."""
    scaled = 0.5 + 0.5 * kernel / kernel.abs().max().clamp(min=1e-12)
    picture: NDArray[np.float32] = scaled.permute(1, 2, 0).numpy()
    return picture


def _kernels(
    figure: Figure, kernels: torch.Tensor, units: Sequence[int], left: float, floor: float, step: float
) -> None:
    for number, unit in enumerate(units):
        axes = square(figure, left + number * step, floor, PANEL)
        axes.imshow(kernel_picture(kernels[unit]), interpolation="nearest", vmin=0, vmax=1)
        text_line(figure, left + number * step, floor + PANEL + 0.05, str(unit), size=7)


def _layer(figure: Figure, layer: LayerFilters, sample: Sample | None, left: float, floor: float, step: float) -> None:
    for number, unit in enumerate(layer.units):
        at = left + number * step
        verdict = layer.structures[number].verdict
        axes = square(figure, at, floor, PANEL)
        axes.imshow(layer.maximised.pictures[number].permute(1, 2, 0).numpy(), interpolation="lanczos")
        said = str(unit) if verdict == "structured" else f"{unit}  {verdict}"
        text_line(figure, at, floor + PANEL + 0.05, said, size=7, colour=_MARKED[verdict])
        if sample is not None and layer.examples is not None:
            beside = square(figure, at + PANEL + GAP / 2, floor, PANEL)
            beside.imshow(_mosaic(sample, layer.examples[number]), interpolation="lanczos")
    text_line(figure, left, floor - 0.14, layer.counted, size=7.5, colour=GREY)


def _mosaic(sample: Sample, numbers: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Four pictures two by two, the strongest at the upper left."""
    tiles = [np.pad(sample.pixels[number], ((3, 3), (3, 3), (0, 0)), constant_values=255) for number in numbers]
    tiles += [np.full_like(tiles[0], 255)] * (4 - len(tiles))
    return np.concatenate([np.concatenate(tiles[:2], axis=1), np.concatenate(tiles[2:4], axis=1)])


def _labels(figure: Figure, layers: Sequence[LayerFilters], top: float, *, kernels: bool) -> None:
    """What each row shows, at its left."""
    rows = [(layer.depth.name, f"{layer.depth.units} units", _size(layer)) for layer in layers]
    if kernels:
        rows.insert(0, (layers[0].depth.name, "raw kernels", "grey is zero"))
    for number, texts in enumerate(rows):
        middle = top - number * (PANEL + ROW) - PANEL / 2
        for line, text in enumerate(texts):
            shown = text if len(text) <= _LONGEST else f"…{text[1 - _LONGEST :]}"
            weight, colour = ("bold", "black") if line == 0 else ("normal", GREY)
            text_line(figure, MARGIN, middle + 0.12 - 0.16 * line, shown, size=7.5, colour=colour, weight=weight)


def _size(layer: LayerFilters) -> str:
    down, across = layer.depth.place.size
    return f"maps of {down} x {across}"
