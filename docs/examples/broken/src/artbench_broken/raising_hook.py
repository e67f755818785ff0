"""Its hook raises when half of its work is done."""

from collections.abc import Callable

from artbench import hookimpl
from artbench.specs import BackboneSpec


@hookimpl
def register_backbones(register: Callable[[BackboneSpec], None]) -> None:
    """Register one backbone, and fail."""
    register(BackboneSpec(name="broken-half", description="comes before the fault", factory="nowhere:build"))
    raise RuntimeError("the hook failed on purpose")
