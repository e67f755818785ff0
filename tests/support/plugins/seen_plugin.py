"""A plugin for tests: a small network of ReLUs, one of them used twice, and a task that asks for the year."""

from collections.abc import Callable
from typing import Any

from artbench import hookimpl
from artbench.specs import BackboneSpec, TaskSpec


@hookimpl
def register_backbones(register: Callable[[BackboneSpec], None]) -> None:
    register(BackboneSpec(name="seen-net", description="Two convolutions with ReLUs in place.", factory=net))


@hookimpl
def register_tasks(register: Callable[[TaskSpec], None]) -> None:
    register(
        TaskSpec(
            name="seen-year",
            description="When it was painted.",
            dataset="toy",
            target="year",
            primary_metric="mean_absolute_error",
            factory=years,
        )
    )


def net() -> Any:
    import torch

    from artbench.encoders.backbone import Backbone

    relu = torch.nn.ReLU(inplace=True)
    module = torch.nn.Sequential()
    module.add_module("stem", torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3, stride=2), torch.nn.BatchNorm2d(8), relu))
    module.add_module("stage", torch.nn.Sequential(torch.nn.Conv2d(8, 16, 3, stride=2), relu))
    module.add_module("last", torch.nn.Sequential(torch.nn.Conv2d(16, 12, 1), torch.nn.ReLU6(inplace=True)))
    module.add_module("pool", torch.nn.AdaptiveAvgPool2d(1))
    module.add_module("flat", torch.nn.Flatten())
    return Backbone(
        name="seen-net", module=module, feature_dim=12, mean=(0.2, 0.2, 0.2), std=(0.2, 0.2, 0.2), input_size=32
    )


def years(dataset: Any) -> Any:
    import numpy as np

    from artbench.data.targets import Split, Targets

    rows = np.arange(len(dataset))
    made = 1600.0 + np.array(dataset.tables["labels"], np.float64)
    return Targets(
        classes=(), train=Split(rows=rows[:60], labels=made[:60]), test=Split(rows=rows[60:], labels=made[60:])
    )
