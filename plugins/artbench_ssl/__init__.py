"""The methods `simclr`, `byol` and `dino`."""

from collections.abc import Callable

from artbench import hookimpl
from artbench.specs import Family, PretrainingSpec


@hookimpl
def register_pretrainings(register: Callable[[PretrainingSpec | Family[PretrainingSpec]], None]) -> None:
    """Register the methods, each with its original's settings."""
    for name, description in (
        ("simclr", "contrast within large batches, without a momentum encoder (Chen et al. 2020)"),
        ("byol", "predicting the momentum encoder's embedding, without negatives (Grill et al. 2020)"),
        ("dino", "predicting the momentum encoder's softmax from small crops as well (Caron et al. 2021)"),
    ):
        method = f"artbench_ssl.methods:{name}"
        register(PretrainingSpec(name=name, description=description, method=method, seeded=True))
