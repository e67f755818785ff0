"""A plugin for tests: a backbone that takes the gigabytes that TOY_TAKES says, else none, and then does nothing."""

import os
import time
from collections.abc import Callable
from typing import Any

from artbench import hookimpl
from artbench.specs import BackboneSpec

_BLOCK = 128 << 20
# Seconds between two blocks, and for which it then waits to be ended.
_PAUSE, _AT_MOST = 0.05, 120.0


@hookimpl
def register_backbones(register: Callable[[BackboneSpec], None]) -> None:
    register(BackboneSpec(name="toy-hungry", description="Takes memory, and time.", factory=hungry))


def hungry() -> Any:
    import torch

    from artbench.encoders.backbone import Backbone

    class Hungry(torch.nn.Sequential):
        def forward(self, pixels: torch.Tensor) -> Any:
            blocks = []
            for _ in range(8 * int(os.environ.get("TOY_TAKES", "0"))):
                blocks.append(torch.ones(_BLOCK, dtype=torch.uint8))
                time.sleep(_PAUSE)
            time.sleep(_AT_MOST)
            raise MemoryError(f"{len(blocks)} blocks, and nothing has ended it")

    module = Hungry(torch.nn.AdaptiveAvgPool2d(4), torch.nn.Flatten(), torch.nn.Linear(48, 8))
    return Backbone(name="toy-hungry", module=module, feature_dim=8, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))
