"""Every classification model of torchvision as a backbone, under the name `torchvision_<name>`."""

from collections.abc import Callable

from artbench import hookimpl
from artbench.specs import BackboneSpec, Family


@hookimpl
def register_backbones(register: Callable[[BackboneSpec | Family[BackboneSpec]], None]) -> None:
    """Register torchvision's models as one family."""
    register(
        Family(
            name="torchvision",
            description="every classification model of torchvision, as torchvision_<name>",
            resolve="artbench_torchvision.family:resolve",
            names="artbench_torchvision.family:names",
            library="torchvision",
        )
    )
