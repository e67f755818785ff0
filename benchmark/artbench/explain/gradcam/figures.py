"""Figures of single images, and the sheet of them all."""

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

_PANEL = 2.6  # inches
_TITLE = 38  # characters over a panel
# Colours of what is said of an image, by whether the probe is right.
_COLOURS = {True: "#1b7837", False: "#b2182b", None: GREY}
# Percentile of a gradient's magnitudes at which the scale ends.
_SCALE = 99.5
# Weight of the map's colour where the map is largest, and brightness of the image where the map is zero.
_STRONGEST, _DIMMED = 0.75, 0.55
# Weights of red, green and blue in the brightness of a colour (Rec. 601).
_LUMA = np.array([0.299, 0.587, 0.114])
# Stands for a largest value that is zero.
_TINY = float(np.finfo(np.float32).tiny)


@dataclass(frozen=True, kw_only=True)
class Shown:
    """An explained image and what is known about it.

    Attributes:
        image: Its id, or the name of the file that was asked for.
        reason: Why it is shown.
        pixels: What the encoder sees: uint8, shape (height, width, 3).
        explained: Name of the class whose logit is explained, and its probability.
        predicted: Name of the most probable class, and its probability.
        true: Names of its classes, each with its probability; empty if unknown.
        correct: Whether the probe is right; None if unknown.
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
        """The prediction and its probability: `predicted Cubism 97.1 %`."""
        return f"predicted {self.predicted[0]} {100 * self.predicted[1]:.1f} %"

    @property
    def known(self) -> str:
        """The true class and what the model gives it, `true Cubism (model: 0.2 %)`; the most probable of several."""
        if not self.true:
            return "true class not known" if self.correct is None else "has none of the labels"
        first, *others = sorted(self.true, key=lambda named: -named[1])
        more = f" and {len(others)} more" if others else ""
        return f"true {first[0]} (model: {100 * first[1]:.1f} %){more}"

    @property
    def mapped(self) -> str:
        """The explained class, `maps are for Cubism 20.0 %`, if it is not the predicted one; else empty."""
        name, chance = self.explained
        if name == self.predicted[0]:
            return ""
        own = ", its own" if name in dict(self.true) else ", not its own"
        return f"maps are for {name} {100 * chance:.1f} %{'' if self.correct is None else own}"


def image_figure(shown: Shown, maps: Maps, *, at: int, caption: Sequence[str]) -> Figure:
    """Draw one image: what the encoder sees, its maps, what was predicted and what is true.

    Args:
        shown: The image.
        maps: Maps of all images.
        at: Position of the image among them.
        caption: Lines below.
    """
    views = _panels(shown.pixels, maps, at=at)
    width = max(len(views) * (_PANEL + MARGIN) + MARGIN, 2 * _PANEL)
    lines = wrapped(caption, width)
    top, bottom = 0.95, 0.15 + LINE_INCHES * len(lines)
    height = top + _PANEL + bottom
    figure = Figure(figsize=(width, height), facecolor="white")
    text_line(figure, MARGIN, height - 0.24, shown.image, size=10, weight="bold")
    said = ", ".join(part for part in (shown.said, shown.known, shown.mapped) if part)
    text_line(figure, MARGIN, height - 0.46, f"{said} ({shown.reason})", size=9, colour=_COLOURS[shown.correct])
    for number, (title, view) in enumerate(views.items()):
        axes = square(figure, MARGIN + number * (_PANEL + MARGIN), bottom, _PANEL)
        axes.imshow(view)
        _note_if_empty(axes, title, maps, at)
        words = f"{title}: {shown.explained[0]}" if title.endswith("Grad-CAM") else title
        words = words if len(words) <= _TITLE else f"{words[: _TITLE - 1]}…"
        axes.set_title(printable(words), fontsize=9, parse_math=False)
    put_caption(figure, lines, left=MARGIN, top=bottom)
    return figure


def contact_sheet(shown: Sequence[Shown], maps: Maps, *, title: str, caption: Sequence[str]) -> Figure:
    """Draw all images, one a row.

    Args:
        shown: The images, in the order of `maps`.
        maps: Their maps.
        title: Title above all.
        caption: Lines below.
    """
    width = sheet_width(len(_panels(shown[0].pixels, maps, at=0)))
    lines = wrapped(caption, width)
    bottom = 0.15 + LINE_INCHES * len(lines)
    height = sheet_height(len(shown), caption=bottom)
    figure = Figure(figsize=(width, height), facecolor="white")
    text_line(figure, MARGIN, height - 0.26, title, size=11, weight="bold")
    for row, one in enumerate(shown):
        floor = height - HEAD - (row + 1) * (SHEET_PANEL + MARGIN) + MARGIN
        _label(figure, one, floor + SHEET_PANEL)
        for column, (name, view) in enumerate(_panels(one.pixels, maps, at=row).items()):
            axes = square(figure, LABEL + column * (SHEET_PANEL + MARGIN), floor, SHEET_PANEL)
            axes.imshow(view)
            _note_if_empty(axes, name, maps, row)
            if row == 0:
                axes.set_title(name, fontsize=8, parse_math=False)
    put_caption(figure, lines, left=MARGIN, top=bottom)
    return figure


def _label(figure: Figure, shown: Shown, top: float) -> None:
    judged, below = _COLOURS[shown.correct], top - 0.14
    for text, colour, weight in (
        (shown.reason, GREY, "normal"),
        (shown.said, judged, "bold"),
        (shown.known, judged, "normal"),
        (shown.mapped, GREY, "normal"),
        (shown.image, GREY, "normal"),
    ):
        for part in fill(text, 34, break_on_hyphens=False).splitlines()[:3]:
            text_line(figure, MARGIN, below, part, size=7.5, colour=colour, weight=weight)
            below -= 0.15


def _note_if_empty(axes: Axes, title: str, maps: Maps, at: int) -> None:
    """Say on a map that it is zero everywhere, so that nobody takes that for a fault."""
    if title.endswith("Grad-CAM") and not maps.grid[at].any():
        looks = {"boxstyle": "square,pad=0.3", "facecolor": "white", "edgecolor": "none"}
        text, where = "empty: no evidence\nfor the class", axes.transAxes
        axes.text(0.5, 0.5, text, fontsize=7.5, ha="center", va="center", transform=where, bbox=looks)


def _panels(pixels: NDArray[np.uint8], maps: Maps, *, at: int) -> dict[str, NDArray[np.uint8]]:
    """An image and pictures of its maps, in RGB and of one size, by their titles."""
    found = {"image": pixels, "Grad-CAM": _overlay(pixels, maps.grad_cam[at])}
    if maps.guided is not None and maps.guided_grad_cam is not None:
        found["guided backpropagation"] = _signed(maps.guided[at])
        found["Guided Grad-CAM"] = _signed(maps.guided_grad_cam[at])
    return found


def _overlay(pixels: NDArray[np.uint8], values: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The image, dim where the map is zero and in colour where it is large; scaled to the map's maximum.

    It is grey, because on a yellow painting nobody could tell the paint from the map.
    """
    share = values[..., None] / max(float(values.max()), _TINY)
    colours = colormaps["inferno"](0.3 + 0.65 * share[..., 0])[..., :3]
    grey = (pixels @ _LUMA)[..., None] / 255 * (_DIMMED + (1 - _DIMMED) * np.sqrt(share))
    weight = _STRONGEST * share
    return _eight_bits((1 - weight) * grey + weight * colours)


def _signed(gradient: NDArray[np.float32]) -> NDArray[np.uint8]:
    """A gradient with respect to the pixels as colours around grey, which means zero."""
    scale = max(float(np.percentile(np.abs(gradient), _SCALE)), _TINY)
    return _eight_bits(0.5 + gradient / (2 * scale))


def _eight_bits(colours: NDArray[np.floating]) -> NDArray[np.uint8]:
    found: NDArray[np.uint8] = (255 * np.clip(colours, 0, 1) + 0.5).astype(np.uint8)
    return found
