"""The kit for plugins' tests: functions that check a plugin against the contract, and fixtures for pytest."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from artbench.runtime.findings import Finding
    from artbench.testing.backbone import check_backbone, examine_backbone
    from artbench.testing.checks import ContractError
    from artbench.testing.dataset import check_dataset, examine_dataset
    from artbench.testing.pretraining import check_pretraining, examine_pretraining
    from artbench.testing.task import check_task, examine_task
    from artbench.testing.tiny import TinyDataset

__all__ = [
    "ContractError",
    "Finding",
    "TinyDataset",
    "check_backbone",
    "check_dataset",
    "check_pretraining",
    "check_task",
    "examine_backbone",
    "examine_dataset",
    "examine_pretraining",
    "examine_task",
]

_AT = {"ContractError": "testing.checks", "Finding": "runtime.findings", "TinyDataset": "testing.tiny"}


def __getattr__(name: str) -> Any:
    # Imported on first use: pytest imports this package at every start, for the fixtures.
    if name in __all__:
        return getattr(import_module(f"artbench.{_AT.get(name) or 'testing.' + name.partition('_')[2]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
