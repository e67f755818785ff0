"""Which colour and marker each picture of a map gets: by its class, one of its labels, or its year."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import to_hex
from numpy.typing import NDArray

from artbench.data.targets import Labels

NO_LABEL = "none of the labels"
# Ends of what is drawn of the scale of years: its darkest end is lost on a dark page.
_SCALE, _DARKEST = "cividis", 0.12
_MOST_PERIODS = 12
_PERIODS = (1, 2, 5, 10, 20, 25, 50, 100, 200, 500, 1000)
# Of Okabe and Ito 2008, without black, which is lost on a dark page. Behind them, as far as could be from these, from
# each other and from the grey of the rest (Oklab, the least of normal sight and of Machado et al.'s 2009 simulations of
# the three kinds of colour blindness), and seen on white as on a dark page: all farther than the closest before them.
_COLOURS = (
    *("#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9", "#f0e442"),
    *("#962d00", "#a5e1b4", "#5a4b69", "#9600ff"),
)
REST_COLOUR = "#9a958c"


@dataclass(frozen=True)
class Marker:
    """One shape, as matplotlib and as plotly name it, and by how much to enlarge it to look as large as a circle."""

    matplotlib: str
    plotly: str
    scale: float


@dataclass(frozen=True, kw_only=True)
class Group:
    """The pictures of one class, of one label, or of one period.

    Attributes:
        name: Of it.
        count: How many pictures.
        colour: `#0072b2`.
        marker: Shape.
        rest: Whether it has no look of its own, since there are too many or others were asked for.
    """

    name: str
    count: int
    colour: str
    marker: Marker
    rest: bool = False


@dataclass(frozen=True, kw_only=True)
class Colouring:
    """How pictures are told apart.

    Attributes:
        groups: The largest first; periods by time.
        of: The number of the group of each picture, int64, shape (n,).
        colours: Of each picture.
        how: As a sentence without a full stop.
        years: The first and the last, where colours are a scale of them.
    """

    groups: Sequence[Group]
    of: NDArray[np.int64]
    colours: Sequence[str]
    how: str
    years: tuple[float, float] | None = None


def colour_of(share: float) -> str:
    """On the scale of years, from 0 for the first to 1 for the last."""
    return str(to_hex(colormaps[_SCALE](_DARKEST + (1 - _DARKEST) * share)))


def by_year(years: NDArray[np.float64]) -> Colouring:
    """Colour pictures along a scale; periods are there to choose from."""
    low, high = float(years.min()), float(years.max())
    span = max(high - low, 1.0)
    width = next((w for w in _PERIODS if high // w - low // w < _MOST_PERIODS), _PERIODS[-1])
    numbers = (years // width).astype(np.int64)
    present, of = np.unique(numbers, return_inverse=True)
    groups = [
        Group(
            name=_period(int(number) * width, width),
            count=int((of == at).sum()),
            colour=colour_of(min(1.0, max(0.0, ((number + 0.5) * width - low) / span))),
            marker=ROUND,
        )
        for at, number in enumerate(present.tolist())
    ]
    colours = [colour_of((year - low) / span) for year in years.tolist()]
    return Colouring(groups=groups, of=of, colours=colours, how="Coloured by year", years=(low, high))


def by_class(labels: Labels, classes: Sequence[str], *, named: Sequence[int] = ()) -> Colouring:
    """Colour pictures by their class; of several labels, by the one that most pictures of the map have.

    Args:
        labels: As `Split.labels`, of classes.
        classes: Their names.
        named: Numbers of those to colour, the others staying grey; none: the `MOST_STYLES` largest. A picture with
            several labels is one of the first of these that it has.
    """
    own, how = _own(labels, named)
    numbers, counts = np.unique(own, return_counts=True)
    wanted = {number: place for place, number in enumerate(named)}
    # Those asked for in that order, then the largest, and last the pictures without any label.
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
    places = np.empty(len(order), np.int64)
    places[order] = np.arange(len(order))
    of = places[np.searchsorted(numbers, own)]
    return Colouring(groups=groups, of=of, colours=[groups[at].colour for at in of.tolist()], how=how)


def _own(labels: Labels, named: Sequence[int]) -> tuple[NDArray[np.int64], str]:
    """The class by which each picture is coloured, -1 where it has none; and how that was chosen."""
    if labels.ndim == 1:
        return labels.astype(np.int64), "Coloured by class"
    counts = labels.sum(axis=0)
    first = [*named, *(k for k in np.argsort(-counts, kind="stable").tolist() if k not in named)]
    ordered = labels[:, first].astype(bool)
    own = np.where(ordered.any(axis=1), np.array(first, np.int64)[ordered.argmax(axis=1)], -1)
    how = "Coloured by the label that most pictures here have, of each picture's labels"
    return own, f"{how}, those asked for first" if named else how


def _period(start: int, width: int) -> str:
    return str(start) if width == 1 else f"{start} to {start + width - 1}"


ROUND = Marker("o", "circle", 1.0)
# Next to each other what is least alike: classes of one colour have markers that follow each other.
_MARKERS = (
    ROUND,
    Marker("^", "triangle-up", 1.15),
    Marker("s", "square", 0.95),
    Marker("X", "x", 1.1),
    Marker("D", "diamond", 0.95),
    Marker("*", "star", 1.5),
)
# As many as have a look of their own: nobody tells more markers of one colour apart.
MOST_STYLES = 4 * len(_COLOURS)


def style(number: int) -> tuple[str, Marker]:
    """The colour and the marker of class number `number`, from 0: no two below `MOST_STYLES` share both.

    As many as there are colours have one to themselves, and the first few of them a marker too.
    """
    turn, colour = divmod(number, len(_COLOURS))
    return _COLOURS[colour], _MARKERS[(colour + turn) % len(_MARKERS)]
