"""The plugin contract. A plugin implements any of these hooks with `@artbench.hookimpl`."""

from collections.abc import Callable

from pluggy import HookimplMarker, HookspecMarker

from artbench.specs import (
    BackboneSpec,
    DatasetSpec,
    Family,
    MetricSpec,
    PretrainingSpec,
    ProtocolSpec,
    TargetSpec,
    TaskSpec,
)

CONTRACT = 1
"""Number of the contract of plugins, raised only when existing plugins would no longer work.

A plugin states the number that it was written for as `ARTBENCH_CONTRACT = 1`.
"""

hookspec = HookspecMarker("artbench")
hookimpl = HookimplMarker("artbench")
"""Decorator that marks a plugin's function as the implementation of the hook of its name."""


@hookspec
def register_backbones(register: Callable[[BackboneSpec | Family[BackboneSpec]], None]) -> None:
    """Call `register` with each backbone, or with a family that resolves the names of many."""


@hookspec
def register_pretrainings(register: Callable[[PretrainingSpec | Family[PretrainingSpec]], None]) -> None:
    """Call `register` with each pretraining: a named source of the weights of a backbone."""


@hookspec
def register_datasets(register: Callable[[DatasetSpec | Family[DatasetSpec]], None]) -> None:
    """Call `register` with each dataset: images on disk and what is known about each."""


@hookspec
def register_tasks(register: Callable[[TaskSpec | Family[TaskSpec]], None]) -> None:
    """Call `register` with each task: a dataset, a target, a split and a primary metric."""


@hookspec
def register_targets(register: Callable[[TargetSpec], None]) -> None:
    """Call `register` with each kind of target: what a task may ask of images."""


@hookspec
def register_metrics(register: Callable[[MetricSpec], None]) -> None:
    """Call `register` with each metric: a measure of the answers to a kind of target."""


@hookspec
def register_protocols(register: Callable[[ProtocolSpec], None]) -> None:
    """Call `register` with each protocol: how features are judged, with a probe of its own."""
