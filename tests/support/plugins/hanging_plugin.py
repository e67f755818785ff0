"""A plugin for tests: a backbone that hangs inside the C library once a training has saved two steps.

It does so where TOY_HANGS names a file, which is written just before.
"""

import ctypes
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from artbench import hookimpl
from artbench.specs import BackboneSpec


@hookimpl
def register_backbones(register: Callable[[BackboneSpec], None]) -> None:
    register(BackboneSpec(name="toy-hanging", description="Hangs inside a library.", factory=hanging))


def hang() -> None:
    """Wait for a lock that nobody opens: no signal makes the call return, as it would `sleep` or `pause`."""
    library = ctypes.CDLL(None)
    lock = ctypes.create_string_buffer(1024)
    library.pthread_mutex_init(lock, None)
    library.pthread_mutex_lock(lock)
    library.pthread_mutex_lock(lock)


def hanging() -> Any:
    import torch

    from artbench.encoders.backbone import Backbone

    class Hanging(torch.nn.Sequential):
        def forward(self, pixels: torch.Tensor) -> Any:
            told = os.environ.get("TOY_HANGS")
            if told and Path("out/checkpoints/step-000000002.safetensors").exists():
                Path(told).touch()
                hang()
            return super().forward(pixels)  # type: ignore[no-untyped-call]

    module = Hanging(torch.nn.AdaptiveAvgPool2d(4), torch.nn.Flatten(), torch.nn.Linear(48, 8))
    return Backbone(name="toy-hanging", module=module, feature_dim=8, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))
