"""Momentum contrast on a pool of images: `moco-v1`, `moco-v2` and `moco-v3`, for large and small pools."""

from collections.abc import Callable

from artbench import hookimpl
from artbench.specs import Family, PretrainingSpec


@hookimpl
def register_pretrainings(register: Callable[[PretrainingSpec | Family[PretrainingSpec]], None]) -> None:
    """Register the methods, each with its original's settings."""
    for name, description in (
        ("moco-v1", "momentum contrast with a queue (He et al. 2020)"),
        ("moco-v2", "momentum contrast with a queue, an MLP head, and blur (Chen et al. 2020)"),
        ("moco-v2-small", "MoCo v2 with settings for a few thousand images of art"),
        ("moco-v3", "momentum contrast without a queue, settings for ResNets (Chen et al. 2021)"),
        ("moco-v3-vit", "momentum contrast without a queue, settings for vision transformers (Chen et al. 2021)"),
    ):
        factory = f"artbench_moco.methods:{name.replace('-', '_')}"
        register(PretrainingSpec(name=name, description=description, method=factory, seeded=True))
