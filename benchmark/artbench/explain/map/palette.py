"""Colours and markers that tell many classes apart, also for those who see fewer colours."""

from dataclasses import dataclass

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
