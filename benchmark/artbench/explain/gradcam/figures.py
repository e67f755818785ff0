"""Figures of single pictures, and the sheet of them all."""

from collections.abc import Sequence
from textwrap import fill

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from artbench.explain.gradcam.maps import Maps
from artbench.explain.gradcam.shown import Shown, panels

# Inches.
_PANEL, _SHEET_PANEL, _LABEL, _MARGIN = 2.6, 1.55, 2.3, 0.12
_LINE = 0.17
_GREEN, _RED, _GREY = "#1b7837", "#b2182b", "#555555"


def picture_figure(shown: Shown, maps: Maps, at: int, *, caption: Sequence[str]) -> Figure:
    """One picture: as the encoder saw it, its maps, what was predicted and what is true.

    Args:
        shown: The picture.
        maps: Of all pictures.
        at: Its number among them.
        caption: Lines under it.
    """
    views = panels(shown.pixels, maps, at)
    width = max(len(views) * (_PANEL + _MARGIN) + _MARGIN, 2 * _PANEL)
    lines = _wrapped(caption, width)
    top, bottom = 0.95, 0.15 + _LINE * len(lines)
    height = top + _PANEL + bottom
    figure = Figure(figsize=(width, height), facecolor="white")
    _line(figure, _MARGIN, height - 0.24, shown.image, size=10, weight="bold")
    _line(
        figure, _MARGIN, height - 0.46, f"{shown.said}, {shown.known} ({shown.reason})", size=9, colour=_colour(shown)
    )
    for number, (title, view) in enumerate(views.items()):
        axes = _axes(figure, _MARGIN + number * (_PANEL + _MARGIN), bottom, _PANEL)
        axes.imshow(view)
        axes.set_title(_titled(title, shown), fontsize=9, parse_math=False)
    _caption(figure, lines, bottom)
    return figure


def contact_sheet(shown: Sequence[Shown], maps: Maps, *, title: str, caption: Sequence[str]) -> Figure:
    """All pictures, one a row.

    Args:
        shown: The pictures, in the order of `maps`.
        maps: Theirs.
        title: Above all.
        caption: Lines under it.
    """
    columns = len(panels(shown[0].pixels, maps, 0))
    width = _LABEL + columns * (_SHEET_PANEL + _MARGIN) + _MARGIN
    lines = _wrapped(caption, width)
    top, bottom = 0.7, 0.15 + _LINE * len(lines)
    height = top + len(shown) * (_SHEET_PANEL + _MARGIN) + bottom
    figure = Figure(figsize=(width, height), facecolor="white")
    _line(figure, _MARGIN, height - 0.26, title, size=11, weight="bold")
    for row, one in enumerate(shown):
        floor = height - top - (row + 1) * (_SHEET_PANEL + _MARGIN) + _MARGIN
        _label(figure, one, floor + _SHEET_PANEL)
        for column, (name, view) in enumerate(panels(one.pixels, maps, row).items()):
            axes = _axes(figure, _LABEL + column * (_SHEET_PANEL + _MARGIN), floor, _SHEET_PANEL)
            axes.imshow(view)
            if row == 0:
                axes.set_title(name, fontsize=8, parse_math=False)
    _caption(figure, lines, bottom)
    return figure


def _label(figure: Figure, shown: Shown, top: float) -> None:
    lines = [
        (shown.reason, _GREY, "normal"),
        (shown.said, _colour(shown), "bold"),
        (shown.known, _colour(shown), "normal"),
        (shown.mapped, _GREY, "normal"),
        (shown.image, _GREY, "normal"),
    ]
    below = top - 0.14
    for text, colour, weight in lines:
        for part in fill(text, 34, break_on_hyphens=False).splitlines()[:3]:
            _line(figure, _MARGIN, below, part, size=7.5, colour=colour, weight=weight)
            below -= 0.15


def _titled(title: str, shown: Shown) -> str:
    return f"{title}: {shown.explained[0]}" if title.endswith("Grad-CAM") else title


def _colour(shown: Shown) -> str:
    return {True: _GREEN, False: _RED, None: _GREY}[shown.correct]


def _wrapped(caption: Sequence[str], width: float) -> list[str]:
    """Lines that fit a width in inches at 7.5 points."""
    return [part for line in caption for part in fill(line, int(17.5 * width), break_on_hyphens=False).splitlines()]


def _caption(figure: Figure, lines: Sequence[str], room: float) -> None:
    for number, line in enumerate(lines):
        _line(figure, _MARGIN, room - 0.16 - _LINE * number, line, size=7.5, colour=_GREY)


def _line(
    figure: Figure, left: float, base: float, text: str, *, size: float, colour: str = "black", weight: str = "normal"
) -> None:
    """A line of text at a place in inches; nothing in it is taken for mathematics or moves the rest."""
    width, height = figure.get_size_inches()
    plain = "".join(c if c.isprintable() else "?" for c in text)
    figure.text(left / width, base / height, plain, fontsize=size, color=colour, fontweight=weight, parse_math=False)


def _axes(figure: Figure, left: float, bottom: float, side: float) -> Axes:
    """A square at a place in inches."""
    width, height = figure.get_size_inches()
    axes: Axes = figure.add_axes((left / width, bottom / height, side / width, side / height))
    axes.set_axis_off()
    return axes
