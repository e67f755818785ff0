"""Colours and markers that tell many classes apart, also for those who see fewer colours."""

from dataclasses import dataclass

# Of Okabe and Ito 2008, without black, which is lost on a dark page.
_COLOURS = ("#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9", "#f0e442")
REST_COLOUR = "#9a958c"


@dataclass(frozen=True)
class Marker:
    """One shape, as matplotlib and as plotly name it, and by how much to enlarge it to look as large as a circle."""

    matplotlib: str
    plotly: str
    scale: float


ROUND = Marker("o", "circle", 1.0)
_MARKERS = (
    ROUND,
    Marker("s", "square", 0.95),
    Marker("^", "triangle-up", 1.15),
    Marker("D", "diamond", 0.95),
    Marker("X", "x", 1.1),
    Marker("*", "star", 1.5),
)

# As many as have a look of their own.
MOST_STYLES = len(_COLOURS) * len(_MARKERS)


def style(number: int) -> tuple[str, Marker]:
    """The colour and the marker of class number `number`, from 0: no two below `MOST_STYLES` share both.

    The first few differ in both.
    """
    turn, colour = divmod(number, len(_COLOURS))
    return _COLOURS[colour], _MARKERS[(colour + turn) % len(_MARKERS)]
