"""The classes of a task by the names that users give."""

from difflib import get_close_matches

from artbench.errors import UsageError
from artbench.opening import OpenTask


def class_number(name: str, task: OpenTask) -> int:
    """The number of the class called `name`.

    Raises:
        UsageError: There is none; the nearest names are given.
    """
    classes = task.targets.classes
    if name in classes:
        return classes.index(name)
    folded = {known.casefold(): known for known in classes}
    near = [folded[found] for found in get_close_matches(name.casefold(), folded, n=3, cutoff=0.5)]
    raise UsageError(
        f"{task.spec.name} has no class {name!r}",
        mend=f"Did you mean {', '.join(near)}?" if near else f"It has {', '.join(classes[:20])}",
    )
