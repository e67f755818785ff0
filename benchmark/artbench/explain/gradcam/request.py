"""How large the sheet of all pictures gets, in inches: known before anything is drawn."""

PANEL, LABEL, MARGIN, HEAD = 1.55, 2.3, 0.12, 0.7
# The picture, Grad-CAM, guided backpropagation, Guided Grad-CAM.
MOST_VIEWS = 4


def sheet_width(views: int) -> float:
    """What is said of a picture, and its views side by side."""
    return LABEL + views * (PANEL + MARGIN) + MARGIN


def sheet_height(pictures: int, *, caption: float) -> float:
    """Pictures one under the other.

    Args:
        pictures: How many.
        caption: The height of what stands under them.
    """
    return HEAD + pictures * (PANEL + MARGIN) + caption
