"""The figure of what a probe takes for what."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from artbench.explain.figure import GREY, LINE_INCHES, put_caption, square, text_line, wrapped
from artbench.runtime.progress import printable

# Inches.
_CELL, _LEAST, _MOST, _LABELS, _HEAD, _MARGIN = 0.42, 2.6, 9.0, 1.75, 0.55, 0.14
# Of a class's name; and how wide one of its letters is, as a share of their height.
_LONGEST, _LETTER = 28, 0.65
# Above so many classes a number does not fit its cell.
_NUMBERED = 16
_HALF = 50.0  # percent, from which a cell is so dark that its number is white


def confusion_figure(
    cells: Sequence[int], classes: Sequence[str], *, support: Sequence[int], title: str, caption: Sequence[str]
) -> Figure:
    """Draw a confusion matrix: rows are what pictures are, columns what they were taken for, in percent of the row.

    Args:
        cells: Target, prediction, count, one after the other.
        classes: Their names.
        support: Test pictures of each.
        title: Above it.
        caption: Lines under it.
    """
    counts = np.zeros((len(classes), len(classes)), np.int64)
    for target, taken, count in np.reshape(cells, (-1, 3)).tolist():
        counts[target, taken] = count
    there = np.flatnonzero(counts.any(axis=0) | counts.any(axis=1))
    shares = 100 * counts[np.ix_(there, there)] / np.maximum(np.array(support)[there, None], 1)
    if len(there) < len(classes):
        caption = [
            *caption,
            f"{len(classes) - len(there)} classes are left out that no test image has or is taken for.",
        ]
    classes = [classes[at] for at in there.tolist()]
    side = float(np.clip(_CELL * len(classes), _LEAST, _MOST))
    names = [name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…" for name in map(printable, classes)]
    size = float(np.clip(72 * side / len(classes) * 0.8, 3.5, 8))
    # What the longest name needs; at the left no less than the title does.
    under = _MARGIN + _LETTER * size / 72 * max(map(len, names))
    left = max(_LABELS, under)
    width = left + side + _MARGIN
    lines = wrapped(caption, width - 2 * _MARGIN)
    below = LINE_INCHES * len(lines) + 2 * _MARGIN
    height = _HEAD + side + under + below
    figure = Figure(figsize=(width, height), facecolor="white")
    text_line(figure, _MARGIN, height - 0.3, title, size=10, weight="bold")
    axes = square(figure, left, below + under, side)
    axes.set_axis_on()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=100, aspect="auto", interpolation="nearest")
    axes.set_xticks(range(len(names)), names, rotation=90, fontsize=size, parse_math=False)
    axes.set_yticks(range(len(names)), names, fontsize=size, parse_math=False)
    axes.tick_params(length=0)
    axes.spines[:].set_color("#cccccc")
    if len(classes) <= _NUMBERED:
        for row, column in np.argwhere(shares >= 0.5):
            share = shares[row, column]
            colour = "white" if share >= _HALF else "black"
            axes.text(column, row, f"{share:.0f}", ha="center", va="center", fontsize=7, color=colour)
    text_line(
        figure,
        _MARGIN,
        height - 0.47,
        "rows: what it is; columns: what it was taken for; % of the row",
        size=7,
        colour=GREY,
    )
    put_caption(figure, lines, left=_MARGIN, top=below - _MARGIN)
    return figure
