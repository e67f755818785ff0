"""A plugin for tests: a backbone that takes more and more memory, until something ends it or it has four gigabytes."""

import time
from collections.abc import Callable
from typing import Any

from artbench import hookimpl
from artbench.specs import BackboneSpec

_BLOCK, _BLOCKS = 128 << 20, 32
# Seconds between two blocks, and for which it then waits to be ended.
_PAUSE, _AT_MOST = 0.05, 60.0


@hookimpl
def register_backbones(register: Callable[[BackboneSpec], None]) -> None:
    register(BackboneSpec(name="toy-hungry", description="Takes all memory.", factory=hungry))


def hungry() -> Any:
    import torch

    from artbench.encoders.backbone import Backbone

    class Hungry(torch.nn.Sequential):
        def forward(self, pixels: torch.Tensor) -> Any:
            blocks = []
            for _ in range(_BLOCKS):
                blocks.append(torch.ones(_BLOCK, dtype=torch.uint8))
                time.sleep(_PAUSE)
            time.sleep(_AT_MOST)
            raise MemoryError(f"{len(blocks)} blocks, and nothing has ended it")

    module = Hungry(torch.nn.AdaptiveAvgPool2d(4), torch.nn.Flatten(), torch.nn.Linear(48, 8))
    return Backbone(name="toy-hungry", module=module, feature_dim=8, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))
