"""Figure of an image and its nearest neighbours."""

from matplotlib.figure import Figure

from artbench.explain.figure import GREY, LINE_INCHES, put_caption, square, text_line, wrapped
from artbench.explain.neighbours.nearest import Answer, Shown
from artbench.explain.neighbours.request import (
    COLUMNS,
    HEAD,
    MARGIN,
    PICTURE,
    QUERY,
    WORDS,
    figure_height,
    figure_width,
)


def neighbours_figure(answer: Answer, *, title: str, caption: str) -> Figure:
    """Draw an image and its nearest neighbours, with a title above and a caption below."""
    width = figure_width(len(answer.nearest))
    lines = wrapped([caption], width)
    bottom = 0.2 + LINE_INCHES * len(lines)
    height = figure_height(len(answer.nearest), caption=bottom)
    figure = Figure(figsize=(width, height), facecolor="white")
    text_line(figure, MARGIN, height - 0.3, title, size=11, weight="bold")
    top = height - HEAD
    _put(figure, answer.query, left=MARGIN, top=top, side=QUERY, caption="asked for", letters=44)
    for number, (shown, cosine) in enumerate(answer.nearest):
        row, column = divmod(number, COLUMNS)
        left = QUERY + 3 * MARGIN + column * (PICTURE + MARGIN)
        place = top - row * (PICTURE + WORDS)
        rank = f"{number + 1}.  {cosine:.3f}  {shown.part}"
        _put(figure, shown, left=left, top=place, side=PICTURE, caption=rank, letters=25)
    put_caption(figure, lines, left=MARGIN, top=bottom)
    return figure


def _put(figure: Figure, shown: Shown, *, left: float, top: float, side: float, caption: str, letters: int) -> None:
    axes = square(figure, left, top - side, side)
    axes.imshow(shown.pixels)
    axes.set_anchor("S")
    below = top - side - 0.14
    lines = (
        (caption, "normal", GREY),
        (_short(shown.known, letters), "bold", "black"),
        # The end of a path tells more than its beginning.
        (_short(shown.image, letters, tail=True), "normal", GREY),
    )
    for text, weight, colour in lines:
        if text:
            text_line(figure, left, below, text, size=7, colour=colour, weight=weight)
            below -= 0.14


def _short(text: str, letters: int, *, tail: bool = False) -> str:
    if len(text) <= letters:
        return text
    return f"…{text[1 - letters :]}" if tail else f"{text[: letters - 1]}…"
