"""The kit for plugins' tests: functions that check a plugin against the contract, and fixtures for pytest."""

from typing import TYPE_CHECKING

from artbench.runtime.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from artbench.runtime.findings import Finding
    from artbench.testing.backbone import check_backbone, examine_backbone
    from artbench.testing.checks import ContractError
    from artbench.testing.dataset import check_dataset, examine_dataset
    from artbench.testing.metric import check_metric, check_target, examine_metric, examine_target
    from artbench.testing.pretraining import check_pretraining, examine_pretraining
    from artbench.testing.protocol import check_protocol, examine_protocol
    from artbench.testing.task import check_task, examine_task
    from artbench.testing.tiny import TinyDataset

__all__ = [
    "ContractError",
    "Finding",
    "TinyDataset",
    "check_backbone",
    "check_dataset",
    "check_metric",
    "check_pretraining",
    "check_protocol",
    "check_target",
    "check_task",
    "examine_backbone",
    "examine_dataset",
    "examine_metric",
    "examine_pretraining",
    "examine_protocol",
    "examine_target",
    "examine_task",
]

# pytest imports this package at every start, for the fixtures.
__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "artbench.runtime.findings": ("Finding",),
        "artbench.testing.backbone": ("check_backbone", "examine_backbone"),
        "artbench.testing.checks": ("ContractError",),
        "artbench.testing.dataset": ("check_dataset", "examine_dataset"),
        "artbench.testing.metric": ("check_metric", "check_target", "examine_metric", "examine_target"),
        "artbench.testing.pretraining": ("check_pretraining", "examine_pretraining"),
        "artbench.testing.protocol": ("check_protocol", "examine_protocol"),
        "artbench.testing.task": ("check_task", "examine_task"),
        "artbench.testing.tiny": ("TinyDataset",),
    },
)
