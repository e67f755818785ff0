"""Figures of single pictures, and the sheet of them all."""

from collections.abc import Sequence
from textwrap import fill

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from artbench.explain.figure import GREY, LINE_INCHES, put_caption, square, text_line, wrapped
from artbench.explain.gradcam.maps import Maps
from artbench.explain.gradcam.request import HEAD, LABEL, MARGIN, sheet_height, sheet_width
from artbench.explain.gradcam.request import PANEL as SHEET_PANEL
from artbench.explain.gradcam.shown import Shown, panels
from artbench.runtime.progress import printable

# Inches.
_PANEL = 2.6
_TITLE = 38  # characters over a panel
_GREEN, _RED = "#1b7837", "#b2182b"


def picture_figure(shown: Shown, maps: Maps, *, at: int, caption: Sequence[str]) -> Figure:
    """One picture: as the encoder saw it, its maps, what was predicted and what is true.

    Args:
        shown: The picture.
        maps: Of all pictures.
        at: Its number among them.
        caption: Lines under it.
    """
    views = panels(shown.pixels, maps, at=at)
    width = max(len(views) * (_PANEL + MARGIN) + MARGIN, 2 * _PANEL)
    lines = wrapped(caption, width)
    top, bottom = 0.95, 0.15 + LINE_INCHES * len(lines)
    height = top + _PANEL + bottom
    figure = Figure(figsize=(width, height), facecolor="white")
    text_line(figure, MARGIN, height - 0.24, shown.image, size=10, weight="bold")
    said = ", ".join(part for part in (shown.said, shown.known, shown.mapped) if part)
    text_line(figure, MARGIN, height - 0.46, f"{said} ({shown.reason})", size=9, colour=_colour(shown))
    for number, (title, view) in enumerate(views.items()):
        axes = square(figure, MARGIN + number * (_PANEL + MARGIN), bottom, _PANEL)
        axes.imshow(view)
        axes.set_title(printable(_titled(title, shown)), fontsize=9, parse_math=False)
        _note_if_empty(axes, title, maps, at)
    put_caption(figure, lines, left=MARGIN, top=bottom)
    return figure


def contact_sheet(shown: Sequence[Shown], maps: Maps, *, title: str, caption: Sequence[str]) -> Figure:
    """All pictures, one a row.

    Args:
        shown: The pictures, in the order of `maps`.
        maps: Theirs.
        title: Above all.
        caption: Lines under it.
    """
    columns = len(panels(shown[0].pixels, maps, at=0))
    width = sheet_width(columns)
    lines = wrapped(caption, width)
    bottom = 0.15 + LINE_INCHES * len(lines)
    height = sheet_height(len(shown), caption=bottom)
    figure = Figure(figsize=(width, height), facecolor="white")
    text_line(figure, MARGIN, height - 0.26, title, size=11, weight="bold")
    for row, one in enumerate(shown):
        floor = height - HEAD - (row + 1) * (SHEET_PANEL + MARGIN) + MARGIN
        _label(figure, one, floor + SHEET_PANEL)
        for column, (name, view) in enumerate(panels(one.pixels, maps, at=row).items()):
            axes = square(figure, LABEL + column * (SHEET_PANEL + MARGIN), floor, SHEET_PANEL)
            axes.imshow(view)
            _note_if_empty(axes, name, maps, row)
            if row == 0:
                axes.set_title(name, fontsize=8, parse_math=False)
    put_caption(figure, lines, left=MARGIN, top=bottom)
    return figure


def _label(figure: Figure, shown: Shown, top: float) -> None:
    lines = [
        (shown.reason, GREY, "normal"),
        (shown.said, _colour(shown), "bold"),
        (shown.known, _colour(shown), "normal"),
        (shown.mapped, GREY, "normal"),
        (shown.image, GREY, "normal"),
    ]
    below = top - 0.14
    for text, colour, weight in lines:
        for part in fill(text, 34, break_on_hyphens=False).splitlines()[:3]:
            text_line(figure, MARGIN, below, part, size=7.5, colour=colour, weight=weight)
            below -= 0.15


def _note_if_empty(axes: Axes, title: str, maps: Maps, at: int) -> None:
    """Say on a map that it is zero everywhere, lest it be taken for a fault."""
    if title.endswith("Grad-CAM") and not maps.grid[at].any():
        looks = {"boxstyle": "square,pad=0.3", "facecolor": "white", "edgecolor": "none"}
        axes.text(
            0.5,
            0.5,
            "empty: nothing here\nspeaks for the class",
            fontsize=7.5,
            ha="center",
            va="center",
            transform=axes.transAxes,
            bbox=looks,
        )


def _titled(title: str, shown: Shown) -> str:
    """The title of a panel, no wider than it is."""
    if not title.endswith("Grad-CAM"):
        return title
    named = f"{title}: {shown.explained[0]}"
    return named if len(named) <= _TITLE else f"{named[: _TITLE - 1]}…"


def _colour(shown: Shown) -> str:
    return {True: _GREEN, False: _RED, None: GREY}[shown.correct]
