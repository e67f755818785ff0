"""Draws the map as a figure for print."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from artbench.explain.figure import GREY, LINE_INCHES, put_caption, text_line, wrapped
from artbench.explain.map.colouring import REST_COLOUR, ROUND, Colouring, Marker, colour_of
from artbench.explain.map.contents import RIGHT, WRONG
from artbench.explain.map.layout import Layout

# Inches: the map, a row of the legend, the margin, the title, the scale of years.
_SIDE, _ROW, _MARGIN, _TOP, _SCALE_HEIGHT = 7.0, 0.165, 0.15, 0.5, 3.0
# Inches of a column of the legend: its least width, the mark, a letter.
_NARROWEST, _BESIDE, _LETTER = 1.6, 0.35, 0.063
_LEGEND_POINTS, _LONGEST = 7.5, 60  # size of the legend's text, and the most letters of a name
_ROWS = int((_SIDE - 0.3) / _ROW)
# Half the width of the frame, where the outermost image is at 1.
_EDGE = 1.05


def map_figure(
    layout: Layout, colouring: Colouring, *, right: NDArray[np.bool_] | None, title: str, caption: Sequence[str]
) -> Figure:
    """Draw the map with its legend beside it and its caption below.

    Args:
        layout: Places of the images.
        colouring: Their colours and markers.
        right: Whether the record's probe is right about each; where it is not, markers are hollow.
        title: Title above all.
        caption: Lines below.
    """
    entries = _entries(colouring, right)
    width = _SIDE + (_NARROWEST if colouring.years else sum(_columns(entries))) + 3 * _MARGIN
    tall = max(_SIDE * layout.height, _ROW * min(len(entries), _ROWS) + 0.3, _SCALE_HEIGHT + 0.3)
    lines = wrapped(caption, width)
    bottom = 0.2 + LINE_INCHES * len(lines)
    height = _TOP + tall + bottom
    figure = Figure(figsize=(width, height), facecolor="white")
    text_line(figure, _MARGIN, height - 0.3, title, size=11, weight="bold")
    axes = figure.add_axes((_MARGIN / width, bottom / height, _SIDE / width, tall / height))
    axes.set(xlim=(-_EDGE, _EDGE), ylim=(-_EDGE * tall / _SIDE, _EDGE * tall / _SIDE), xticks=[], yticks=[])
    for side in axes.spines.values():
        side.set_color("#cccccc")
    _draw(axes, layout.places, colouring, right)
    left, top = 2 * _MARGIN + _SIDE, bottom + tall
    if colouring.years is not None:
        _scale(figure, colouring.years, left=left, top=top)
    else:
        _legend(figure, entries, left=left, top=top)
    put_caption(figure, lines, left=_MARGIN, top=bottom)
    return figure


def _draw(axes: Axes, places: NDArray[np.float64], colouring: Colouring, right: NDArray[np.bool_] | None) -> None:
    area = float(np.clip(30_000 / len(places), 3, 60))
    colours = np.array(colouring.colours)
    hits = np.ones(len(places), bool) if right is None else right
    # Grey ones first, then from the largest group to the smallest, which would be covered otherwise.
    for at, group in sorted(enumerate(colouring.groups), key=lambda pair: not pair[1].rest):
        for hit in (True, False):
            chosen = (colouring.of == at) & (hits == hit)
            if not chosen.any():
                continue
            looks = {"c": colours[chosen], "edgecolors": "#00000066", "linewidths": 0.25}
            hollow = {"facecolors": "none", "edgecolors": colours[chosen], "linewidths": min(1.1, area**0.5 / 5)}
            axes.scatter(
                places[chosen, 0],
                places[chosen, 1],
                s=area * (0.6 if group.rest else group.marker.scale**2),
                marker=group.marker.matplotlib,
                alpha=0.5 if group.rest else 0.9,
                **(looks if hit else hollow),
            )


class _Entry(NamedTuple):
    """A line of the legend; without words it is a gap."""

    words: str = ""
    colour: str = REST_COLOUR
    marker: Marker = ROUND
    hollow: bool = False


def _entries(colouring: Colouring, right: NDArray[np.bool_] | None) -> list[_Entry]:
    """An entry for each group, one for all that look alike, and what hollow marks mean."""
    own, rest = ([group for group in colouring.groups if group.rest == alike] for alike in (False, True))
    entries = [_Entry(_shown(group.name, group.count), group.colour, group.marker) for group in own]
    if rest:
        name = rest[0].name if len(rest) == 1 else f"{len(rest)} others"
        entries.append(_Entry(_shown(name, sum(group.count for group in rest))))
    if right is not None:
        wrong = _Entry(_shown(WRONG, int((~right).sum())), GREY, hollow=True)
        entries += [_Entry(), _Entry(_shown(RIGHT, int(right.sum())), GREY), wrong]
    return entries


def _shown(name: str, count: int) -> str:
    return f"{name if len(name) <= _LONGEST else f'{name[: _LONGEST - 1]}…'}  {count:,}"


def _columns(entries: Sequence[_Entry]) -> list[float]:
    """Width in inches of each column of the legend, such that its names fit."""
    parts = [entries[start : start + _ROWS] for start in range(0, len(entries), _ROWS)]
    return [max(_NARROWEST, _BESIDE + _LETTER * max(len(entry.words) for entry in part)) for part in parts]


def _legend(figure: Figure, entries: Sequence[_Entry], *, left: float, top: float) -> None:
    width, height = figure.get_size_inches()
    columns = _columns(entries)
    for number, entry in enumerate(entries):
        if not entry.words:
            continue
        column, row = divmod(number, _ROWS)
        x, y = left + sum(columns[:column]), top - 0.12 - row * _ROW
        mark = Line2D(
            [(x + 0.06) / width],
            [y / height],
            marker=entry.marker.matplotlib,
            color=entry.colour,
            fillstyle="none" if entry.hollow else "full",
            markeredgecolor=entry.colour if entry.hollow else "#00000066",
            markeredgewidth=1.1 if entry.hollow else 0.4,
            markersize=5.5 * entry.marker.scale,
            linestyle="none",
        )
        figure.add_artist(mark)
        text_line(figure, x + 0.18, y - 0.035, entry.words, size=_LEGEND_POINTS)


def _scale(figure: Figure, years: tuple[float, float], *, left: float, top: float) -> None:
    """The scale of years, the latest at the top."""
    width, height = figure.get_size_inches()
    low, high = years
    axes = figure.add_axes((left / width, (top - _SCALE_HEIGHT) / height, 0.2 / width, _SCALE_HEIGHT / height))
    axes.set_axis_off()
    axes.imshow([[to_rgb(colour_of(1 - at / 255))] for at in range(256)], aspect="auto")
    for share in (0, 0.25, 0.5, 0.75, 1):
        year = f"{high - share * (high - low):.0f}"
        text_line(figure, left + 0.28, top - share * _SCALE_HEIGHT - 0.03, year, size=_LEGEND_POINTS, colour=GREY)
