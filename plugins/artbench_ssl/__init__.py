"""The baselines `simclr` and `byol`."""

from collections.abc import Callable

from artbench import hookimpl
from artbench.specs import Family, PretrainingSpec


@hookimpl
def register_pretrainings(register: Callable[[PretrainingSpec | Family[PretrainingSpec]], None]) -> None:
    """Register the methods, each with its original's settings."""
    register(
        PretrainingSpec(
            name="simclr",
            description="contrast within large batches, without a momentum encoder (Chen et al. 2020)",
            method="artbench_ssl.methods:simclr",
            seeded=True,
        )
    )
    register(
        PretrainingSpec(
            name="byol",
            description="predicting the momentum encoder's embedding, without negatives (Grill et al. 2020)",
            method="artbench_ssl.methods:byol",
            seeded=True,
        )
    )
