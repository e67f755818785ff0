"""A backbone that is no network: how often each colour occurs."""

from collections.abc import Callable

from artbench.hookspecs import hookimpl
from artbench.specs import BackboneSpec


@hookimpl
def register_backbones(register: Callable[[BackboneSpec], None]) -> None:
    """Register `colour-histogram`."""
    register(
        BackboneSpec(
            name="colour-histogram",
            description="joint RGB histogram of 8 x 8 x 8 bins: what colour alone tells; with --pretraining none",
            factory="artbench_histogram.histogram:backbone",
        )
    )
