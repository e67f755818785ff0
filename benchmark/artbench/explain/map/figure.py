"""The map as a figure for print."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from artbench.explain.figure import GREY, LINE_INCHES, put_caption, text_line, wrapped
from artbench.explain.map.colouring import REST_COLOUR, ROUND, Colouring, Marker, colour_of
from artbench.explain.map.contents import RIGHT, WRONG
from artbench.explain.map.layout import Layout

# Inches.
_SIDE, _ROW, _MARGIN, _TOP = 7.0, 0.165, 0.15, 0.5
_LEGEND_POINTS = 7.5
# Of a column of the legend: the least, what is not words, and a letter, of which no name shows more than so many.
_NARROWEST, _BESIDE, _LETTER, _LONGEST = 1.6, 0.35, 0.063, 60
# Of marks that stand for any class.
_PLAIN = "#555555"
# Half the width of the frame, where the outermost picture is at 1.
_EDGE, _SCALE_HEIGHT = 1.05, 3.0
_ROWS = int((_SIDE - 0.3) / _ROW)


def map_figure(
    layout: Layout,
    colouring: Colouring,
    *,
    right: NDArray[np.bool_] | None,
    title: str,
    caption: Sequence[str],
) -> Figure:
    """Draw the map with its legend beside it and its caption below.

    Args:
        layout: Where pictures are.
        colouring: Of each picture.
        right: Whether the record's probe is right about it; where it is not, markers are hollow.
        title: Above all.
        caption: Lines under it.
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
    # The grey ones below all others, then from the largest group to the smallest, which would else be covered.
    order = sorted(range(len(colouring.groups)), key=lambda at: (not colouring.groups[at].rest, at))
    for at in order:
        group = colouring.groups[at]
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


@dataclass(frozen=True, kw_only=True)
class _Entry:
    """A line of the legend; without words it is a gap."""

    words: str = ""
    colour: str = REST_COLOUR
    marker: Marker = ROUND
    hollow: bool = False


def _entries(colouring: Colouring, right: NDArray[np.bool_] | None) -> list[_Entry]:
    """One of each group; all groups without looks of their own are one. Then what hollow marks mean."""
    entries = [
        _Entry(words=_shown(group.name, group.count), colour=group.colour, marker=group.marker)
        for group in colouring.groups
        if not group.rest
    ]
    rest = [group for group in colouring.groups if group.rest]
    if rest:
        name = rest[0].name if len(rest) == 1 else f"{len(rest)} others"
        entries.append(_Entry(words=_shown(name, sum(group.count for group in rest))))
    if right is not None:
        entries.append(_Entry())
        entries.append(_Entry(words=_shown(RIGHT, int(right.sum())), colour=_PLAIN))
        entries.append(_Entry(words=_shown(WRONG, int((~right).sum())), colour=_PLAIN, hollow=True))
    return entries


def _shown(name: str, count: int) -> str:
    return f"{name if len(name) <= _LONGEST else f'{name[: _LONGEST - 1]}…'}  {count:,}"


def _columns(entries: Sequence[_Entry]) -> list[float]:
    """The width of each column of the legend: no name is cut that is not very long."""
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
    from matplotlib.colors import to_rgb

    width, height = figure.get_size_inches()
    tall, low, high = _SCALE_HEIGHT, *years
    axes = figure.add_axes((left / width, (top - tall) / height, 0.2 / width, tall / height))
    axes.set_axis_off()
    axes.imshow([[to_rgb(colour_of(1 - at / 255))] for at in range(256)], aspect="auto")
    for share in (0, 0.25, 0.5, 0.75, 1):
        year = f"{high - share * (high - low):.0f}"
        text_line(figure, left + 0.28, top - share * tall - 0.03, year, size=_LEGEND_POINTS, colour=GREY)
