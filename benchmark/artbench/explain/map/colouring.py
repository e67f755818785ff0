"""Which colour and marker each image of a map gets: by its class, one of its labels, or its year."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import to_hex
from numpy.typing import NDArray

from artbench.data.targets import Labels

NO_LABEL = "none of the labels"
# The scale of years, and the share of its dark end that is left out: that would be lost on a dark page.
_SCALE, _DARKEST = "cividis", 0.12
_MOST_PERIODS = 12
_PERIODS = (1, 2, 5, 10, 20, 25, 50, 100, 200, 500, 1000)
# Okabe and Ito 2008 without black, which is lost on a dark page. Then four that are as far as possible from these, from
# each other and from the grey of the rest (distance in Oklab, the least of normal sight and of Machado et al.'s 2009
# simulations of the three kinds of colour blindness) and that are seen on white and on a dark page.
_COLOURS = (
    *("#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9", "#f0e442"),
    *("#962d00", "#a5e1b4", "#5a4b69", "#9600ff"),
)
REST_COLOUR = "#9a958c"


class Marker(NamedTuple):
    """Name of a shape in matplotlib and in plotly, and how much to enlarge it to look as large as a circle."""

    matplotlib: str
    plotly: str
    scale: float


ROUND = Marker("o", "circle", 1.0)
# Those that are least alike are next to each other: classes of one colour have markers that follow each other.
_MARKERS = (
    ROUND,
    Marker("^", "triangle-up", 1.15),
    Marker("s", "square", 0.95),
    Marker("X", "x", 1.1),
    Marker("D", "diamond", 0.95),
    Marker("*", "star", 1.5),
)
# Most classes that look different: nobody tells more than four markers of one colour apart.
MOST_STYLES = 4 * len(_COLOURS)


@dataclass(frozen=True, kw_only=True)
class Group:
    """The images of one class, one label or one period.

    Attributes:
        name: Name of the class, label or period.
        count: Number of images.
        colour: Colour in hexadecimal, `#0072b2`.
        marker: Shape of its marks.
        rest: Whether it looks like others, because there are too many groups or others were asked for.
    """

    name: str
    count: int
    colour: str
    marker: Marker
    rest: bool = False


@dataclass(frozen=True, kw_only=True)
class Colouring:
    """Colours of the images of a map.

    Attributes:
        groups: The groups, the largest first; periods by time.
        of: The number of the group of each image, int64, shape (n,).
        colours: The colour of each image.
        how: What colours mean, as a sentence without a full stop.
        years: The first and the last year, where colours are a scale of years.
    """

    groups: Sequence[Group]
    of: NDArray[np.int64]
    colours: Sequence[str]
    how: str
    years: tuple[float, float] | None = None


def colour_of(share: float) -> str:
    """Return the colour on the scale of years, from 0 for the first to 1 for the last."""
    return str(to_hex(colormaps[_SCALE](_DARKEST + (1 - _DARKEST) * share)))


def by_year(years: NDArray[np.float64]) -> Colouring:
    """Colour images along a scale of years; the groups are periods."""
    low, high = float(years.min()), float(years.max())
    span = max(high - low, 1.0)
    width = next((w for w in _PERIODS if high // w - low // w < _MOST_PERIODS), _PERIODS[-1])
    present, of = np.unique((years // width).astype(np.int64), return_inverse=True)
    groups = []
    for at, number in enumerate(present.tolist()):
        start, middle = number * width, (number + 0.5) * width
        name = str(start) if width == 1 else f"{start} to {start + width - 1}"
        colour = colour_of(min(1.0, max(0.0, (middle - low) / span)))
        groups.append(Group(name=name, count=int((of == at).sum()), colour=colour, marker=ROUND))
    colours = [colour_of((year - low) / span) for year in years.tolist()]
    return Colouring(groups=groups, of=of, colours=colours, how="Coloured by year", years=(low, high))


def uncoloured(images: int) -> Colouring:
    """Give all images one colour, where nothing is known of them."""
    group = Group(name="images", count=images, colour=_COLOURS[0], marker=ROUND)
    of = np.zeros(images, np.int64)
    return Colouring(groups=[group], of=of, colours=[group.colour] * images, how="There are no labels to colour by")


def by_class(labels: Labels, classes: Sequence[str], *, named: Sequence[int] = ()) -> Colouring:
    """Colour images by their class, or by the one of their labels that most images of the map have.

    Args:
        labels: As `Split.labels`, of classes.
        classes: Names of the classes.
        named: Numbers of the classes to colour, the others staying grey; none: the `MOST_STYLES` largest. An image
            with several labels gets the first of these that it has.
    """
    own, how = _own(labels, named)
    numbers, counts = np.unique(own, return_counts=True)
    wanted = {number: place for place, number in enumerate(named)}
    # First those asked for, in that order, then the largest, and last the images without any label.
    order = sorted(
        range(len(numbers)),
        key=lambda at: (wanted.get(int(numbers[at]), len(wanted)), int(numbers[at]) < 0, -int(counts[at]), at),
    )
    groups = []
    for place, at in enumerate(order):
        number = int(numbers[at])
        rest = number < 0 or place >= MOST_STYLES or bool(named and number not in wanted)
        colour, marker = (REST_COLOUR, ROUND) if rest else style(place)
        name = NO_LABEL if number < 0 else classes[number]
        groups.append(Group(name=name, count=int(counts[at]), colour=colour, marker=marker, rest=rest))
    of = np.argsort(order)[np.searchsorted(numbers, own)]
    return Colouring(groups=groups, of=of, colours=[groups[at].colour for at in of.tolist()], how=how)


def _own(labels: Labels, named: Sequence[int]) -> tuple[NDArray[np.int64], str]:
    """The class by which each image is coloured, -1 where it has none, and how that was chosen."""
    if labels.ndim == 1:
        return labels.astype(np.int64), "Coloured by class"
    counts = labels.sum(axis=0)
    first = [*named, *(k for k in np.argsort(-counts, kind="stable").tolist() if k not in named)]
    ordered = labels[:, first].astype(bool)
    own = np.where(ordered.any(axis=1), np.array(first, np.int64)[ordered.argmax(axis=1)], -1)
    how = "Coloured by the label that most images here have, of each image's labels"
    return own, f"{how}, those asked for first" if named else how


def style(number: int) -> tuple[str, Marker]:
    """Return colour and marker of class number `number`, from 0: no two below `MOST_STYLES` share both.

    The first classes, as many as there are colours, each have a colour of their own.
    """
    turn, colour = divmod(number, len(_COLOURS))
    return _COLOURS[colour], _MARKERS[(colour + turn) % len(_MARKERS)]
