"""Figure of filter pictures: layers one under the other, pretrainings side by side."""

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
# Dark enough to read; the word above the picture says the same without colour.
_MARKED = {"structured": "black", "noise": "#b2182b", "flat": "#b2182b", "no gradient": "#b2182b"}


def filters_figure(found: Sequence[EncoderFilters], *, caption: Sequence[str]) -> Figure:
    """Draw the same layers and units of a backbone with one or more pretrainings, above a caption."""
    layers = found[0].layers
    cells = max(len(layer.units) for layer in layers)
    examples = found[0].sample is not None
    step, block = unit_step(examples=examples), block_width(cells, examples=examples)
    width = figure_width(len(found), cells, examples=examples)
    lines = wrapped(caption, width - 2 * MARGIN)
    kernels = any(one.kernels is not None for one in found)
    bottom = LINE_INCHES * len(lines) + 2 * MARGIN
    height = figure_height(len(layers) + kernels, caption=bottom)
    figure = Figure(figsize=(width, height), facecolor="white")
    title = f"{found[0].encoder.backbone}: what units respond to most"
    text_line(figure, MARGIN, height - 0.26, title, size=12, weight="bold")
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
            _layer(figure, layer, one.sample, left, floor, step)
            floor -= PANEL + ROW
    _labels(figure, layers, height - HEAD - 0.16, kernels=kernels)
    put_caption(figure, lines, left=MARGIN, top=bottom - MARGIN)
    return figure


def _kernels(
    figure: Figure, kernels: torch.Tensor, units: Sequence[int], left: float, floor: float, step: float
) -> None:
    for number, unit in enumerate(units):
        axes, kernel = square(figure, left + number * step, floor, PANEL), kernels[unit]
        # Zero is grey.
        scaled = 0.5 + 0.5 * kernel / kernel.abs().max().clamp(min=1e-12)
        axes.imshow(scaled.permute(1, 2, 0).numpy(), interpolation="nearest", vmin=0, vmax=1)
        text_line(figure, left + number * step, floor + PANEL + 0.05, str(unit), size=7)


def _layer(figure: Figure, layer: LayerFilters, sample: Sample | None, left: float, floor: float, step: float) -> None:
    for number, unit in enumerate(layer.units):
        at = left + number * step
        verdict = layer.structures[number].verdict
        axes = square(figure, at, floor, PANEL)
        axes.imshow(layer.maximised.pictures[number].permute(1, 2, 0).numpy(), interpolation="lanczos")
        label = str(unit) if verdict == "structured" else f"{unit}  {verdict}"
        text_line(figure, at, floor + PANEL + 0.05, label, size=7, colour=_MARKED[verdict])
        if sample is not None and layer.examples is not None:
            beside = square(figure, at + PANEL + GAP / 2, floor, PANEL)
            beside.imshow(_mosaic(sample, layer.examples[number]), interpolation="lanczos")
    text_line(figure, left, floor - 0.14, layer.counted, size=7.5, colour=GREY)


def _mosaic(sample: Sample, numbers: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Arrange four images two by two, the strongest at the upper left."""
    tiles = [np.pad(sample.pixels[number], ((3, 3), (3, 3), (0, 0)), constant_values=255) for number in numbers]
    tiles += [np.full_like(tiles[0], 255)] * (4 - len(tiles))
    return np.concatenate([np.concatenate(tiles[:2], axis=1), np.concatenate(tiles[2:4], axis=1)])


def _labels(figure: Figure, layers: Sequence[LayerFilters], top: float, *, kernels: bool) -> None:
    """Write at the left of each row what it shows."""
    depths = [layer.depth for layer in layers]
    rows = [(one.name, f"{one.units} units", f"maps of {one.place.size[0]} x {one.place.size[1]}") for one in depths]
    if kernels:
        rows.insert(0, (layers[0].depth.name, "raw kernels", "grey is zero"))
    for number, texts in enumerate(rows):
        middle = top - number * (PANEL + ROW) - PANEL / 2
        for line, text in enumerate(texts):
            shown = text if len(text) <= _LONGEST else f"…{text[1 - _LONGEST :]}"
            weight, colour = ("bold", "black") if line == 0 else ("normal", GREY)
            text_line(figure, MARGIN, middle + 0.12 - 0.16 * line, shown, size=7.5, colour=colour, weight=weight)
