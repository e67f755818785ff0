"""Figures and words of confusion matrices."""

from collections.abc import Sequence
from functools import partial

import numpy as np
from matplotlib.figure import Figure

from artbench.explain.figure import GREY, LINE_INCHES, put_caption, square, text_line, wrapped
from artbench.runtime.text import printable

# Inches.
_CELL, _LEAST, _MOST, _LABELS, _HEAD, _MARGIN, _AXIS = 0.42, 2.6, 9.0, 1.75, 0.4, 0.14, 0.2
# Most letters of a class's name, and how wide one is as a share of its height.
_LONGEST, _LETTER = 28, 0.65
# With more classes a number does not fit its cell.
_NUMBERED = 50
_HALF = 50.0  # percent, from which a cell is so dark that its number is white


def most_confused(cells: Sequence[int], classes: Sequence[str], *, count: int = 3) -> str:
    """Name the most frequent confusions of a matrix in a sentence; `cells` and `classes` as for `confusion_figure`."""
    errors = sorted(
        (-cells[at + 2], cells[at], cells[at + 1]) for at in range(0, len(cells), 3) if cells[at] != cells[at + 1]
    )[:count]
    if not errors:
        return "Nothing was taken for anything else."
    said = ", ".join(f"{classes[target]} for {classes[predicted]} ({-times})" for times, target, predicted in errors)
    return f"Most often taken for another: {said}."


def confusion_figure(
    cells: Sequence[int], classes: Sequence[str], *, support: Sequence[int], title: str, caption: Sequence[str]
) -> Figure:
    """Draw a confusion matrix: rows are true classes, columns predicted ones, in percent of the row.

    Args:
        cells: Target, prediction and count of each cell, one after the other.
        classes: Names of the classes.
        support: Number of test images of each class.
        title: Title above the matrix.
        caption: Lines below it.
    """
    counts = np.zeros((len(classes), len(classes)), np.int64)
    for target, predicted, count in np.reshape(cells, (-1, 3)).tolist():
        counts[target, predicted] = count
    there = np.flatnonzero(counts.any(axis=0) | counts.any(axis=1))
    shares = 100 * counts[np.ix_(there, there)] / np.maximum(np.array(support)[there, None], 1)
    if absent := len(classes) - len(there):
        caption = [*caption, f"{absent} classes are left out that no test image has or is taken for."]
    classes = [classes[at] for at in there.tolist()]
    side = float(np.clip(_CELL * len(classes), _LEAST, _MOST))
    names = [name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…" for name in map(printable, classes)]
    size = float(np.clip(72 * side / len(classes) * 0.8, 3.5, 8))
    # The longest name needs this much; the title needs as much at the left as _LABELS.
    under = _MARGIN + _AXIS + _LETTER * size / 72 * max(map(len, names))
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
        digits = float(np.clip(72 * side / len(classes) * 0.36, 3.5, 7))
        for row, column in np.argwhere(shares >= 0.5):
            share = shares[row, column]
            colour = "white" if share >= _HALF else "black"
            axes.text(column, row, f"{share:.0f}", ha="center", va="center", fontsize=digits, color=colour)
    middle = partial(axes.text, ha="center", va="center", fontsize=8, color=GREY, transform=axes.transAxes)
    middle(-(left - _AXIS) / side, 0.5, "what it is", rotation=90)
    middle(0.5, -(under - _AXIS) / side, "taken for, % of the row")
    put_caption(figure, lines, left=_MARGIN, top=below - _MARGIN)
    return figure
