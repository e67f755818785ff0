"""Checks of what a command names, before torch is imported, which takes seconds."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from artbench.cli.completion import from_cache, remember_names
from artbench.errors import UsageError
from artbench.specs import load_factory

if TYPE_CHECKING:
    from artbench.data.folders import DatasetPaths
    from artbench.plugins.registry import Registry

# Pretrainings that are weights published with a backbone.
_PUBLISHED = {"imagenet", "published"}


def light(registry: "Registry") -> "Registry":
    """The registry for looking up names: families answer from the cache where it knows all their names."""
    return replace(registry, backbones=from_cache(registry.backbones))


def check_named(
    registry: "Registry",
    *,
    paths: "DatasetPaths",
    backbones: Iterable[str] = (),
    pretrainings: Iterable[str] = (),
    tasks: Iterable[str] = (),
    datasets: Iterable[str] = (),
    methods: bool = False,
) -> None:
    """Check names, paths of checkpoints and folders of datasets.

    Args:
        registry: The loaded plugins.
        paths: Where the datasets are.
        backbones: Names of backbones.
        pretrainings: Names of pretrainings, and paths of checkpoints.
        tasks: Names of tasks.
        datasets: Names of datasets, besides those of the tasks.
        methods: Whether a pretraining may be a method, which is then trained.

    Raises:
        UsageError: A name is unknown or ambiguous, or a path does not exist.
        ArtbenchError: A checkpoint is not finished, or is not a file.
    """
    from artbench.encoders.checkpoint_path import check_pretraining, is_checkpoint

    for name in paths.by_name:
        registry.datasets.get(name)
    of_tasks = [registry.tasks.get(one).dataset for task in tasks for one in registry.tasks.expand(task)]
    for name in dict.fromkeys((*of_tasks, *datasets)):
        paths.given_folder(registry.datasets.get(name))
    for pretraining in pretrainings:
        if methods and not is_checkpoint(pretraining, registry):
            registry.pretrainings.get(pretraining)
        else:
            check_pretraining(pretraining, registry)
    check_backbones(registry, backbones)


def check_backbones(registry: "Registry", names: Iterable[str]) -> None:
    """Raise UsageError if a backbone's name is unknown; it takes seconds only until the cache knows all names."""
    known: Any = from_cache(registry.backbones)
    # What follows an @ is not part of a backbone's own name.
    plain = [name.partition("@")[0] for name in names]
    try:
        for name in plain:
            known.get(name)
    finally:
        registered = {spec.name for _, spec in known.specs()}
        if known.entries == registry.backbones.entries and not registered.issuperset(plain):
            with suppress(Exception):  # A family that fails has its error where it is used.
                remember_names(registry.backbones)


def check_parameters(registry: "Registry", *, backbones: Iterable[str], pretrainings: Iterable[str]) -> None:
    """Raise UsageError for a backbone without parameters if only published weights are asked for.

    Families are left out, since their models have parameters and take long to build. Imports torch.
    """
    if not _PUBLISHED.issuperset(pretrainings):
        return
    specs = {spec.name: spec for _, spec in registry.backbones.specs()}
    for spec in [specs[name] for name in backbones if name in specs]:
        parameters: Iterable[Any] = (True,)
        with suppress(Exception):  # The run reports it.
            parameters = load_factory(spec.factory)().module.parameters()
        if not any(True for _ in parameters):
            raise UsageError(f"{spec.name} has nothing to learn, and no weights", mend="Give --pretraining none")
