"""Text and file names that are safe whatever names hold."""

import hashlib
import re

# Of a task's name in the name of a file.
_LONGEST = 100


def escape(text: str) -> str:
    """Text that Markdown and HTML leave as it is, on one line of a table."""
    text = re.sub(r"\s+", " ", text)
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*\[\]|#~]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9]))", r"\\\1", text)


def file_name(task: str) -> str:
    """A file name for each task: no two share one, on a disk that takes capitals for small letters either."""
    plain = re.sub(r"[^A-Za-z0-9_+-]+", "_", task)
    if plain == task == task.lower() and task not in ("readme", "index", "overall") and len(task) <= _LONGEST:
        return f"{task}.md"
    return f"{plain[:_LONGEST]}-{hashlib.sha256(task.encode()).hexdigest()[:8]}.md"
