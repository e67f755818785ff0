"""Every model of timm as a backbone, with the weights that timm publishes for it."""

from collections.abc import Callable

from artbench import hookimpl
from artbench.specs import BackboneSpec, Family


@hookimpl
def register_backbones(register: Callable[[BackboneSpec | Family[BackboneSpec]], None]) -> None:
    """Register timm's models as one family."""
    register(
        Family(
            name="timm",
            description="every model of timm, with or without a pretrained tag",
            resolve="artbench_timm.family:resolve",
            names="artbench_timm.family:names",
            particulars="artbench_timm.particulars:particulars",
            library="timm",
        )
    )
