"""Self-supervised pretraining: everything that does not depend on the method."""

from typing import TYPE_CHECKING

from artbench.runtime.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from artbench.pretrain.method import Method, Networks, Objective, ParameterGroup, embedder, follow, teacher_of
    from artbench.pretrain.schedule import cosine_to_one
    from artbench.pretrain.settings import Settings
    from artbench.pretrain.views import View

__all__ = [
    "Method",
    "Networks",
    "Objective",
    "ParameterGroup",
    "Settings",
    "View",
    "cosine_to_one",
    "embedder",
    "follow",
    "teacher_of",
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "artbench.pretrain.method": (
            "Method",
            "Networks",
            "Objective",
            "ParameterGroup",
            "embedder",
            "follow",
            "teacher_of",
        ),
        "artbench.pretrain.schedule": ("cosine_to_one",),
        "artbench.pretrain.settings": ("Settings",),
        "artbench.pretrain.views": ("View",),
    },
)
