"""The map as a figure for print."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from artbench.explain.figure import GREY, LINE_INCHES, put_caption, text_line, wrapped
from artbench.explain.map.colouring import Colouring, Group, colour_of
from artbench.explain.map.layout import Layout
from artbench.explain.map.palette import REST_COLOUR

# Inches.
_SIDE, _ROW, _MARGIN, _TOP = 7.0, 0.165, 0.15, 0.5
_LEGEND_POINTS = 7.5
# Of a column of the legend: the least, what is not name, and a letter, of which no name shows more than so many.
_NARROWEST, _BESIDE, _LETTER, _LONGEST = 1.6, 0.75, 0.063, 60
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
    entries = _entries(colouring)
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


def _entries(colouring: Colouring) -> list[tuple[str, str, Group]]:
    """Name, count, and a group with the looks; all groups without looks of their own are one entry."""
    own = [(group.name, f"{group.count:,}", group) for group in colouring.groups if not group.rest]
    rest = [group for group in colouring.groups if group.rest]
    if not rest:
        return own
    count = sum(group.count for group in rest)
    name = rest[0].name if len(rest) == 1 else f"{len(rest)} others"
    return [*own, (name, f"{count:,}", rest[0])]


def _columns(entries: Sequence[tuple[str, str, Group]]) -> list[float]:
    """The width of each column of the legend: no name is cut that is not very long."""
    names = [name for name, _, _ in entries]
    parts = [names[start : start + _ROWS] for start in range(0, len(names), _ROWS)]
    return [max(_NARROWEST, _BESIDE + _LETTER * min(_LONGEST, max(map(len, part)))) for part in parts]


def _legend(figure: Figure, entries: Sequence[tuple[str, str, Group]], *, left: float, top: float) -> None:
    width, height = figure.get_size_inches()
    columns = _columns(entries)
    for number, (name, count, group) in enumerate(entries):
        column, row = divmod(number, _ROWS)
        x, y = left + sum(columns[:column]), top - 0.12 - row * _ROW
        colour = REST_COLOUR if group.rest else group.colour
        mark = Line2D(
            [(x + 0.06) / width],
            [y / height],
            marker=group.marker.matplotlib,
            color=colour,
            markeredgecolor="#00000066",
            markeredgewidth=0.4,
            markersize=5.5 * group.marker.scale,
            linestyle="none",
        )
        figure.add_artist(mark)
        short = name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
        text_line(figure, x + 0.18, y - 0.035, f"{short}  {count}", size=_LEGEND_POINTS)


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
