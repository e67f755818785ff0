"""How far, and how fast, pictures are climbed to."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Ascent:
    """How pictures are climbed to.

    Attributes:
        steps: Of Adam.
        side: Of the pictures in pixels.
        rate: Adam's.
    """

    steps: int = 128
    side: int = 128
    rate: float = 0.08
