"""Checks of what a command names, before torch is imported, which takes seconds."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from artbench.errors import UsageError
from artbench.plugins.registry import Registry
from artbench.specs import Variant, load_factory


def check_named(registry: Registry, fields: Mapping[str, Any], *, methods: bool = False) -> None:
    """Raise an ArtbenchError for a name that is unknown, a path that is not there, or unless `methods` a method."""
    from artbench.data.unlabelled import find_unlabelled
    from artbench.encoders.checkpoint_path import check_pretraining, is_checkpoint

    for name in fields["paths"].by_name:
        registry.datasets.get(name)
    named = [one for task in _given(fields, "task", "tasks", "knn") for one in registry.tasks.expand(task)]
    tasks = [one for one in named if find_unlabelled(one, registry=registry) is None]
    datasets = [registry.tasks.get(task).dataset for task in tasks]
    for name in dict.fromkeys([*datasets, *_given(fields, "dataset", "datasets", "examples")]):
        fields["paths"].given_folder(registry.datasets.get(name))
    for pretraining in _given(fields, "pretraining", "pretrainings"):
        if methods and not is_checkpoint(pretraining, registry):
            registry.pretrainings.get(pretraining)
        else:
            check_pretraining(pretraining, registry)
    # What follows an @ is no part of a backbone's own name.
    asked = [name.partition("@") for name in _given(fields, "backbone", "backbones")]
    for name in {plain for plain, _, _ in asked}:
        registry.backbones.get(name)
    for _, has_variant, variant in asked:
        if has_variant and ".." not in variant:
            Variant.parse(variant)


def check_parameters(registry: Registry, fields: Mapping[str, Any]) -> None:
    """Raise UsageError for a plugin's backbone without parameters if only weights are asked for that it can't have."""
    given = {name.partition("@")[0] for name in _given(fields, "backbone", "backbones")}
    published = {"imagenet", "published", "random"}.issuperset(_given(fields, "pretraining", "pretrainings"))
    for spec in [spec for _, spec in registry.backbones.specs() if published and spec.name in given]:
        weights = True
        with suppress(Exception):  # The run reports it.
            weights = any(True for _ in load_factory(spec.factory)().module.parameters())
        if not weights:
            raise UsageError(f"{spec.name} has nothing to learn, and no weights", mend="Give --pretraining none")


def _given(fields: Mapping[str, Any], *options: str) -> Iterator[str]:
    for value in map(fields.get, options):
        yield from (value,) if isinstance(value, str) else value or ()
