"""Text and file names that are safe whatever names hold."""

import hashlib
import re
from pathlib import PurePath

# Of a task's name in the name of a file.
_LONGEST_TASK = 100
# Letters of a picture's name that are kept: its end, which tells more than its beginning.
_LONGEST_IMAGE = 60


def escape(text: str) -> str:
    """Text that Markdown and HTML leave as it is, on one line of a table."""
    text = re.sub(r"\s+", " ", text)
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*\[\]|#~]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9]))", r"\\\1", text)


def file_name(task: str) -> str:
    """A file name for each task: no two share one, on a disk that takes capitals for small letters either."""
    plain = re.sub(r"[^A-Za-z0-9_+-]+", "_", task)
    if plain == task == task.lower() and task not in ("readme", "index", "overall") and len(task) <= _LONGEST_TASK:
        return f"{task}.md"
    return f"{plain[:_LONGEST_TASK]}-{hashlib.sha256(task.encode()).hexdigest()[:8]}.md"


def printable(text: str) -> str:
    """Text without what a terminal would take for a command, or could not write: names come from anywhere."""
    return "".join(character if character.isprintable() else "?" for character in text)


def figure_name(number: int, image: str, *, reason: str = "") -> str:
    """`03-random-sunflowers.png`: plain letters alone, and told apart by the number.

    Args:
        number: Of the picture among those shown.
        image: Its id or path.
        reason: Why it is shown.
    """
    plain = re.sub(r"[^A-Za-z0-9]+", "-", PurePath(image).stem).strip("-")[-_LONGEST_IMAGE:]
    return "-".join(part for part in (f"{number:02}", reason.replace(" ", "-"), plain or "picture") if part) + ".png"
