"""Names of figures of single pictures, whatever the pictures are called."""

import re
from pathlib import PurePath

# Letters of a picture's name that are kept: its end, which tells more than its beginning.
_LONGEST = 60


def figure_name(number: int, image: str, *, reason: str = "") -> str:
    """`03-random-sunflowers.png`: plain letters alone, and told apart by the number.

    Args:
        number: Of the picture among those shown.
        image: Its id or path.
        reason: Why it is shown.
    """
    plain = re.sub(r"[^A-Za-z0-9]+", "-", PurePath(image).stem).strip("-")[-_LONGEST:]
    return "-".join(part for part in (f"{number:02}", reason.replace(" ", "-"), plain or "picture") if part) + ".png"
