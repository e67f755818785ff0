"""Its backbone has the name of one that is built in."""

from collections.abc import Callable

from artbench import hookimpl
from artbench.specs import BackboneSpec


@hookimpl
def register_backbones(register: Callable[[BackboneSpec], None]) -> None:
    """Register a second `colour-histogram`."""
    register(BackboneSpec(name="colour-histogram", description="another one of that name", factory="nowhere:build"))
