"""Figures of single pictures, and the sheet of them all."""

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import fill

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from artbench.explain.figure import GREY, LINE_INCHES, put_caption, square, text_line, wrapped
from artbench.explain.gradcam.choice import Reason
from artbench.explain.gradcam.maps import Maps
from artbench.explain.gradcam.request import HEAD, LABEL, MARGIN, sheet_height, sheet_width
from artbench.explain.gradcam.request import PANEL as SHEET_PANEL
from artbench.runtime.text import printable

# Inches.
_PANEL = 2.6
_TITLE = 38  # characters over a panel
_GREEN, _RED = "#1b7837", "#b2182b"
# Of a gradient's magnitudes, the share that is not cut off by the scale.
_SCALE = 99.5
# How much of the colour of the map lies over the picture where the map is largest.
_STRONGEST = 0.75
# How dark the picture is where the map is zero.
_DIMMED = 0.55
# Of red, green and blue in the brightness of a colour (Rec. 601).
_LUMA = np.array([0.299, 0.587, 0.114])
# In the place of a largest value that is zero.
_TINY = float(np.finfo(np.float32).tiny)


@dataclass(frozen=True, kw_only=True)
class Shown:
    """One picture and what is known of it.

    Attributes:
        image: Its id, or the path that was asked for.
        reason: Why it is shown.
        pixels: As the encoder saw it: uint8, shape (height, width, 3).
        explained: Name of the class whose logit is explained, and its probability.
        predicted: Name of the most probable class, and its probability.
        true: Names of its classes, each with its probability; empty where nobody says.
        correct: Whether the probe is right; None where nobody says.
        file: Name of its figure.
    """

    image: str
    reason: Reason
    pixels: NDArray[np.uint8]
    explained: tuple[str, float]
    predicted: tuple[str, float]
    true: tuple[tuple[str, float], ...]
    correct: bool | None
    file: str

    @property
    def said(self) -> str:
        """`predicted Cubism 97 %`."""
        return f"predicted {self.predicted[0]} {100 * self.predicted[1]:.1f} %"

    @property
    def known(self) -> str:
        """`true: Cubism 97 %`; the most probable of several."""
        if not self.true:
            return "true class not known" if self.correct is None else "has none of the labels"
        first, *others = sorted(self.true, key=lambda named: -named[1])
        more = f" and {len(others)} more" if others else ""
        return f"true {first[0]} {100 * first[1]:.1f} %{more}"

    @property
    def mapped(self) -> str:
        """`maps are for Cubism 20 %`, where that is not what was predicted; else empty."""
        name, chance = self.explained
        if name == self.predicted[0]:
            return ""
        has = (
            "" if self.correct is None else ", its own" if name in {true for true, _ in self.true} else ", not its own"
        )
        return f"maps are for {name} {100 * chance:.1f} %{has}"


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


def panels(pixels: NDArray[np.uint8], maps: Maps, *, at: int) -> dict[str, NDArray[np.uint8]]:
    """RGB pictures of the maps of picture number `at`, each of the picture's size, by their titles."""
    found = {"picture": pixels, "Grad-CAM": overlay(pixels, maps.grad_cam[at])}
    if maps.guided is not None and maps.guided_grad_cam is not None:
        found["guided backpropagation"] = signed(maps.guided[at])
        found["Guided Grad-CAM"] = signed(maps.guided_grad_cam[at])
    return found


def overlay(pixels: NDArray[np.uint8], values: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The picture in grey, dim where the map is zero and in colour where it is large; scaled to the map's maximum.

    In grey, because on a yellow painting nobody could tell the paint from the map.
    """
    share = values[..., None] / max(float(values.max()), _TINY)
    colours = colormaps["inferno"](0.3 + 0.65 * share[..., 0])[..., :3]
    grey = (pixels @ _LUMA)[..., None] / 255 * (_DIMMED + (1 - _DIMMED) * np.sqrt(share))
    weight = _STRONGEST * share
    return _eight_bits((1 - weight) * grey + weight * colours)


def signed(gradient: NDArray[np.float32]) -> NDArray[np.uint8]:
    """A gradient with respect to the pixels as colours around grey, which means zero."""
    scale = max(float(np.percentile(np.abs(gradient), _SCALE)), _TINY)
    return _eight_bits(0.5 + gradient / (2 * scale))


def _eight_bits(colours: NDArray[np.floating]) -> NDArray[np.uint8]:
    found: NDArray[np.uint8] = (255 * np.clip(colours, 0, 1) + 0.5).astype(np.uint8)
    return found
