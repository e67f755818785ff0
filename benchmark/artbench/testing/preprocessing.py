"""What a backbone or weights say of the pictures they want."""

import math
from collections.abc import Iterator, Sequence

from artbench.testing.checks import Fault

_CHANNELS = 3


def normalisation_faults(mean: object, std: object) -> Iterator[Fault]:
    """What is wrong with a mean and a standard deviation."""
    for name, values in (("mean", mean), ("std", std)):
        if not isinstance(values, Sequence) or isinstance(values, str) or len(values) != _CHANNELS:
            yield Fault(f"{name} is {values!r}", f"State {name} as three numbers, one a channel: red, green, blue")
            continue
        if not all(isinstance(value, (int, float)) and math.isfinite(value) for value in values):
            yield Fault(f"{name} is {values!r}", f"State {name} as finite numbers")
        elif max(values) > 1:
            yield Fault(f"{name} is {values!r}, of pixels from 0 to 255", f"Divide {name} by 255: RGB is in [0, 1]")
        elif min(values) < 0 or (name == "std" and min(values) <= 0):
            yield Fault(f"{name} is {values!r}", f"State {name} of RGB in [0, 1]; std is above zero")
