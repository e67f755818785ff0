"""Mean and standard deviation of the channels of images, as somebody gives them; without importing torch."""

import math
from dataclasses import dataclass

from artbench.errors import UsageError

_CHANNELS = 3


@dataclass(frozen=True)
class Normalisation:
    """Mean and standard deviation of each channel, of RGB in [0, 1]."""

    mean: tuple[float, float, float]
    std: tuple[float, float, float]

    def __str__(self) -> str:
        return "; ".join(", ".join(f"{value:g}" for value in values) for values in (self.mean, self.std))


def given_normalisation(mean: tuple[float, ...] | None, std: tuple[float, ...] | None) -> Normalisation | None:
    """What `--mean` and `--std` say; None if neither is given.

    Raises:
        UsageError: One is given without the other, they are not three finite numbers, or a deviation is not above zero.

    Examples:
        >>> print(given_normalisation((0.5, 0.5, 0.5), (0.25, 0.25, 0.25)))
        0.5, 0.5, 0.5; 0.25, 0.25, 0.25
    """
    if mean is None and std is None:
        return None
    if mean is None or std is None:
        raise UsageError("--mean and --std belong together", mend="Give both, such as --mean 0.485,0.456,0.406")
    for name, values in (("--mean", mean), ("--std", std)):
        if len(values) != _CHANNELS or not all(math.isfinite(value) and abs(value) < 1e3 for value in values):
            raise UsageError(f"{name} is not three numbers, for red, green and blue", mend="Write 0.485,0.456,0.406")
    if min(std) <= 0:
        raise UsageError("--std is not above zero", mend="Give it of RGB in [0, 1], such as 0.229,0.224,0.225")
    return Normalisation((mean[0], mean[1], mean[2]), (std[0], std[1], std[2]))
