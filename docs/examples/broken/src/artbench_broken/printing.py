"""Prints while it is imported, in its hook, and past Python's own stdout."""

import os
from collections.abc import Callable

from artbench import hookimpl
from artbench.specs import BackboneSpec

print("printing: imported")  # noqa: T201
os.write(1, b"printing: by the number of stdout\n")


@hookimpl
def register_backbones(register: Callable[[BackboneSpec], None]) -> None:
    """Register `broken-printing`."""
    print("printing: asked")  # noqa: T201
    register(BackboneSpec(name="broken-printing", description="prints", factory="nowhere:build"))
