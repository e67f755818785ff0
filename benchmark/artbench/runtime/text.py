"""Text and file names that are safe whatever names hold, and sizes in words."""

import hashlib
import re
from pathlib import PurePath

# Letters of a task's name in the name of a file.
_LONGEST_TASK = 100
# Letters of an image's name that are kept: its end, which tells more than its beginning.
_LONGEST_IMAGE = 60
_UNITS = (("TB", 10**12), ("GB", 10**9), ("MB", 10**6), ("kB", 10**3))


def escape(text: str) -> str:
    """Text that Markdown and HTML leave as it is, on one line of a table."""
    text = re.sub(r"\s+", " ", text)
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*\[\]|#~]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9]))", r"\\\1", text)


def file_name(task: str) -> str:
    """The file name for a task. No two tasks share one, even on a disk that ignores case."""
    plain = re.sub(r"[^A-Za-z0-9_+-]+", "_", task)
    if plain == task == task.lower() and task not in ("readme", "index", "overall") and len(task) <= _LONGEST_TASK:
        return f"{task}.md"
    return f"{plain[:_LONGEST_TASK]}-{hashlib.sha256(task.encode()).hexdigest()[:8]}.md"


def printable(text: str, *, escapes: bool = False) -> str:
    r"""Text without what a terminal would take for a command, or could not write: names come from anywhere.

    Args:
        text: Any text.
        escapes: Whether such a character becomes an escape, `\x1b`, which keeps names apart, and not a `?`.
    """
    return "".join(c if c.isprintable() else ascii(c)[1:-1] if escapes else "?" for c in text)


def size(count: int) -> str:
    """A number of bytes in words: `1.5 GB`."""
    for unit, factor in _UNITS:
        if count >= factor:
            return f"{count / factor:.1f} {unit}"
    return f"{count} B"


def counted(count: int, noun: str, plural: str = "") -> str:
    """A number with its noun: `1 pair`, `1,200 pairs`; `plural` if that is not the noun with an s."""
    return f"{count:,} {noun if count == 1 else plural or f'{noun}s'}"


def figure_name(number: int, image: str, *, reason: str = "") -> str:
    """The file name of a figure, such as `03-random-sunflowers.png`: plain letters, and unique by its number.

    Args:
        number: Position of the image among those shown.
        image: Its id or path.
        reason: Why it is shown.
    """
    plain = re.sub(r"[^A-Za-z0-9]+", "-", PurePath(image).stem).strip("-")[-_LONGEST_IMAGE:]
    return "-".join(part for part in (f"{number:02}", reason.replace(" ", "-"), plain or "picture") if part) + ".png"
