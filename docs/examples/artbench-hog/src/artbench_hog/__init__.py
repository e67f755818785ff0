"""Histograms of oriented gradients as a backbone of artbench."""

from collections.abc import Callable

from artbench import hookimpl
from artbench.specs import BackboneSpec

# The contract of artbench's plugins that this was written for: another one would refuse it, and say so.
ARTBENCH_CONTRACT = 1


@hookimpl
def register_backbones(register: Callable[[BackboneSpec], None]) -> None:
    """Register `hog`."""
    register(
        BackboneSpec(
            name="hog",
            description="histograms of oriented gradients: what contours alone tell; with --pretraining none",
            # As text: torch is imported when somebody uses it, and `artbench list` stays instant.
            factory="artbench_hog.hog:backbone",
        )
    )
