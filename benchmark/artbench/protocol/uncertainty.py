"""How intervals and tests are made."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Bootstrap:
    """Percentile intervals from resampled test images.

    Attributes:
        resamples: Number of resamples.
        level: Coverage of the interval.
        seed: Seed of the resampling.
    """

    resamples: int = 1000
    level: float = 0.95
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class Intervals:
    """Intervals and paired tests from the metric without each unit: an image, or a cluster such as a painter.

    Attributes:
        name: Name of the method, which stands for the formulas of `stats.intervals` and `stats.robust_tests`.
        level: Coverage of the interval.
        most_units: Units that are left out one by one; more of them are first dealt out into so many groups.
        dealt: The order in which they are dealt out.
        seed: Seed of the simulation for the calibration error.
    """

    name: str = "left-out-v1"
    level: float = 0.95
    most_units: int = 1000
    dealt: str = "by SHA-256 of the image id; clusters by the smallest of their images"
    seed: int = 0
