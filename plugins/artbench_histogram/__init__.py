"""The colour histogram as a backbone without weights."""

from collections.abc import Callable

from artbench import hookimpl
from artbench.specs import BackboneSpec


@hookimpl
def register_backbones(register: Callable[[BackboneSpec], None]) -> None:
    """Register `colour-histogram`."""
    register(
        BackboneSpec(
            name="colour-histogram",
            description="joint RGB histogram of 8 x 8 x 8 bins, a baseline from colour alone; with --pretraining none",
            factory="artbench_histogram.histogram:backbone",
            variants={"bins": (8, 4, 16)},
        )
    )
