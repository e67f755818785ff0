"""How large the figure of a picture and its nearest gets, in inches: known before anything is drawn."""

QUERY, PICTURE, MARGIN, HEAD, WORDS = 2.6, 1.5, 0.14, 0.5, 0.62
COLUMNS = 5


def figure_width(nearest: int) -> float:
    """The picture asked for, and a row of its nearest."""
    return QUERY + max(1, min(COLUMNS, nearest)) * (PICTURE + MARGIN) + 3 * MARGIN


def figure_height(nearest: int, *, caption: float) -> float:
    """Rows of nearest one under the other.

    Args:
        nearest: How many there are.
        caption: The height of what stands under them.
    """
    rows = max(1, -(-nearest // COLUMNS))
    return HEAD + max(QUERY + WORDS, rows * (PICTURE + WORDS)) + caption
