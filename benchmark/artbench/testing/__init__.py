"""What checks a plugin against the contract: plain functions for its tests, and fixtures for pytest."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from artbench.testing.backbone import check_backbone, examine_backbone
    from artbench.testing.dataset import check_dataset, examine_dataset
    from artbench.testing.finding import ContractError, Finding
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

_AT = {
    "ContractError": "finding",
    "Finding": "finding",
    "TinyDataset": "tiny",
    "check_backbone": "backbone",
    "check_dataset": "dataset",
    "check_pretraining": "pretraining",
    "check_task": "task",
    "examine_backbone": "backbone",
    "examine_dataset": "dataset",
    "examine_pretraining": "pretraining",
    "examine_task": "task",
}


def __getattr__(name: str) -> Any:
    # Imported when asked for: pytest imports this package at every start, for the fixtures.
    if name in _AT:
        return getattr(import_module(f"{__name__}.{_AT[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
