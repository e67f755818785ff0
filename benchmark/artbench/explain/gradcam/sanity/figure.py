"""The figure of the checks: rank correlation by depth, deletion and insertion."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from artbench.explain.figure import GREY, LINE_INCHES, put_caption, text_line, wrapped
from artbench.explain.gradcam.sanity.check import CRITERION, FEWEST, MOST_CORRELATION, Sanity
from artbench.explain.gradcam.sanity.erasure import SHARES

# Okabe and Ito: colours that those who don't see red and green apart can tell, each with a mark of its own.
_LOOKS = (("#0072b2", "o"), ("#d55e00", "s"), ("#009e73", "^"))
_WIDTH = 12.0  # inches
_EXPLAINED = (
    "Randomised from the head down, each depth with all before it (Adebayo et al. 2018). Images are deleted to the "
    "mean colour, and shown on a blurred image, in cells of a sixteenth of the side (after Petsiuk et al. 2018); "
    "random orders are as smooth as Grad-CAM's."
)


def sanity_figure(sanity: Sanity, *, title: str) -> Figure:
    """Draw rank correlations with the trained network's maps by depth, and deletion and insertion curves.

    Args:
        sanity: Results of the checks.
        title: Title above all.
    """
    lines = [f"{kind[0].upper()}{kind[1:]} {sanity.verdict(kind)}; {sanity.areas(kind)}." for kind in sanity.maps]
    lines += [f"A map {CRITERION}; means over {sanity.images} images. {_EXPLAINED}"]
    caption = wrapped(lines, _WIDTH)
    below = LINE_INCHES * len(caption) + 0.15
    height = below + 4.45
    figure = Figure(figsize=(_WIDTH, height), facecolor="white")
    text_line(figure, 0.14, height - 0.28, title, size=11, weight="bold")
    low, tall = (below + 0.95) / height, 2.75 / height
    _correlations(figure.add_axes((0.055, low, 0.36, tall)), sanity)
    deletion = {kind: checked.curves.deletion for kind, checked in sanity.maps.items()}
    insertion = {kind: checked.curves.insertion for kind, checked in sanity.maps.items()}
    left = figure.add_axes((0.475, low, 0.235, tall))
    _curves(left, deletion, sanity.random.deletion, title="deletion: lower is better", share="share deleted")
    left.set_ylabel("mean probability of the class")
    right = figure.add_axes((0.755, low, 0.235, tall))
    _curves(right, insertion, sanity.random.insertion, title="insertion: higher is better", share="share shown")
    put_caption(figure, caption, left=0.14, top=below)
    return figure


def _correlations(axes: Axes, sanity: Sanity) -> None:
    places, lowest = np.arange(len(sanity.depths)), 0.0
    for (kind, checked), (colour, mark) in zip(sanity.maps.items(), _LOOKS, strict=False):
        values = np.array(checked.correlations, float)  # None becomes NaN
        axes.plot(places, values, color=colour, marker=mark, markersize=4, label=kind)
        if max(checked.compared) >= FEWEST:
            low, high = np.where(np.isnan(values), np.nan, np.array(checked.intervals, float).T)
            axes.fill_between(places, low, high, color=colour, alpha=0.15, linewidth=0)
        lowest = float(np.fmin.reduce(values, initial=lowest))
    axes.axhline(MOST_CORRELATION, color="#999999", linewidth=0.8, linestyle=":")
    axes.axhline(0, color="#999999", linewidth=0.8)
    axes.set_ylim(min(-0.4, lowest - 0.05), 1.05)
    axes.set_xticks(places, sanity.depths, rotation=30, ha="right", fontsize=7, parse_math=False)
    axes.set_ylabel("rank correlation")
    _finish(axes, "maps of the trained network and of one randomised down to …")


def _curves(
    axes: Axes, curves: Mapping[str, NDArray[np.float64]], random: NDArray[np.float64], *, title: str, share: str
) -> None:
    for (kind, values), (colour, mark) in zip(curves.items(), _LOOKS, strict=False):
        axes.plot(SHARES, values, color=colour, marker=mark, markersize=3, label=kind)
    axes.plot(SHARES, random, color=GREY, linestyle="--", label="random order")
    axes.set_ylim(0, 1.02)
    axes.set_xlabel(share, fontsize=8)
    _finish(axes, title)


def _finish(axes: Axes, title: str) -> None:
    axes.set_title(title, fontsize=9)
    axes.tick_params(labelsize=7)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(fontsize=7, frameon=False)
