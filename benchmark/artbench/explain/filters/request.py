"""How large the figure of filters gets, in inches: known before anything is drawn."""

PANEL, GAP, MARGIN, LABEL, BETWEEN = 0.92, 0.06, 0.14, 1.25, 0.3
ROW, HEAD = 0.44, 0.78
_NARROWEST = 5.5
# So many layers are shown where nobody names any.
MOST_LAYERS = 6


def unit_step(*, examples: bool) -> float:
    """From the left of one unit to the left of the next."""
    return 2 * PANEL + 3 * GAP if examples else PANEL + GAP


def block_width(units: int, *, examples: bool) -> float:
    """The units of one layer side by side."""
    return units * unit_step(examples=examples) - (GAP if examples else 0)


def figure_width(pretrainings: int, units: int, *, examples: bool) -> float:
    """Pretrainings side by side, with what each row shows at its left."""
    return max(LABEL + pretrainings * (block_width(units, examples=examples) + BETWEEN) - BETWEEN + MARGIN, _NARROWEST)


def figure_height(rows: int, *, caption: float) -> float:
    """Rows of layers, and of kernels, one under the other.

    Args:
        rows: How many.
        caption: The height of what stands under them.
    """
    return HEAD + rows * (PANEL + ROW) + caption
