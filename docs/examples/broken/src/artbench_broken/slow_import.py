"""Takes its time to import, as a plugin does that imports torch at its top."""

import time
from collections.abc import Callable

from artbench import hookimpl
from artbench.specs import BackboneSpec

time.sleep(1.2)


@hookimpl
def register_backbones(register: Callable[[BackboneSpec], None]) -> None:
    """Register `broken-slow`."""
    register(BackboneSpec(name="broken-slow", description="slow to import", factory="nowhere:build"))
