"""What fails, and how."""

from dataclasses import dataclass

# In the order of `failing_disk.c`, which says what they are.
MODES = ("error", "kill", "half", "short", "gone")


@dataclass(frozen=True)
class Case:
    """One run that fails.

    Attributes:
        fresh: Whether a whole run was there before, which this one replaces.
        call: Number of the call that fails, from 1; 0: none.
        mode: One of `MODES`.
    """

    fresh: bool
    call: int
    mode: str = "error"
