"""The units of a matrix: one encoder on one dataset, or one training."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, Self

from artbench.data.unlabelled import find_unlabelled
from artbench.encoders.checkpoint_path import checkpoint_file, checkpoint_name, is_checkpoint
from artbench.errors import UsageError
from artbench.matrix.options import MatrixOptions
from artbench.plugins.registry import Registry
from artbench.specs.variants import sweep


@dataclass(frozen=True, kw_only=True)
class Unit:
    """What one process does in one go, and any may do again: what is there is not done twice.

    Attributes:
        id: Digest of what the unit is to do, 16 hexadecimal digits: the same for the same work in any plan.
        kind: Whether it trains an encoder, or measures one.
        backbones: The variants of one network, which share a pass over the images.
        pretraining: Name of a pretraining, or the absolute path of a checkpoint.
        dataset: Name of the dataset to measure on; of a training, those whose images it trains on.
        tasks: Tasks of that dataset; of a training, all of the matrix.
        after: Id of the training that has to be done before; empty: none.
    """

    id: str
    kind: Literal["train", "measure"]
    backbones: tuple[str, ...]
    pretraining: str
    dataset: str
    tasks: tuple[str, ...]
    after: str = ""

    def __str__(self) -> str:
        first, *others = self.backbones
        more = f" and {len(others)} more" if others else ""
        name = checkpoint_name(Path(self.pretraining)) if "/" in self.pretraining else self.pretraining
        if self.kind == "train":
            return f"training of {first}{more} by {name}"
        # A collection that was given a place is called as it is on record.
        dataset, _, place = self.dataset.partition("=")
        return f"{first}{more}, {name} on {dataset if place.startswith('/') else self.dataset}"

    def as_json(self) -> dict[str, Any]:
        """The unit as it is written into a plan."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """The unit that a plan names."""
        return cls(**content | {name: tuple(map(str, content[name])) for name in ("backbones", "tasks")})


def units_of(options: MatrixOptions, registry: Registry) -> list[Unit]:
    """Return the units of a matrix in the order of its encoders, then datasets; a training before those that need it.

    Raises:
        UsageError: The name of a backbone, pretraining or task is unknown, or a setting is of no training.
        ArtbenchError: A checkpoint is not there.
    """
    tasks = _by_dataset(options, registry)
    every = tuple(task for names in tasks.values() for task in names)
    units: list[Unit] = []
    for (network, pretraining), backbones in _networks(options, registry).items():
        trained = not is_checkpoint(pretraining, registry) and registry.pretrainings.get(pretraining).method is not None
        after = ""
        if trained:
            # One training for all variants, of the network itself.
            _check_settings(options, network, pretraining, registry)
            training = _unit(options, "train", (network,), pretraining, ", ".join(tasks), every)
            units.append(training)
            after = training.id
        units += [
            _unit(options, "measure", backbones, pretraining, dataset, names, after) for dataset, names in tasks.items()
        ]
    if options.set and not any(unit.kind == "train" for unit in units):
        raise UsageError(
            f"{options.settings[0]} is a setting of a pretraining that trains, and this matrix has none",
            mend="Leave it out, or name a pretraining such as moco-v2",
        )
    return units


def _check_settings(options: MatrixOptions, network: str, pretraining: str, registry: Registry) -> None:
    if options.set:
        # Only now: the classes of settings come with torch.
        from artbench.pretrain.workflow import choose_training

        choose_training(pretraining, network, registry=registry, seed=options.seed, settings=options.settings)


def _by_dataset(options: MatrixOptions, registry: Registry) -> dict[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {}
    for name in dict.fromkeys(one for asked in options.task for one in registry.tasks.expand(asked)):
        unlabelled = find_unlabelled(name, registry=registry) is not None
        found.setdefault(name if unlabelled else registry.tasks.get(name).dataset, {})[name] = None
    return {dataset: tuple(names) for dataset, names in found.items()}


def _networks(options: MatrixOptions, registry: Registry) -> dict[tuple[str, str], tuple[str, ...]]:
    """Return the names of backbones by network and pretraining."""
    found: dict[tuple[str, str], dict[str, None]] = {}
    for asked, pretraining in options.choices:
        for name in sweep(asked):
            network = registry.backbones.get(name).network
            source = _absolute(pretraining, options.cwd) if is_checkpoint(pretraining, registry) else pretraining
            found.setdefault((network, source), {})[name] = None
    return {key: tuple(names) for key, names in found.items()}


def _absolute(checkpoint: str, cwd: Path) -> str:
    path = cwd / Path(checkpoint).expanduser()
    checkpoint_file(path)
    return str(path)


def _unit(
    options: MatrixOptions,
    kind: Literal["train", "measure"],
    backbones: tuple[str, ...],
    pretraining: str,
    dataset: str,
    tasks: tuple[str, ...],
    after: str = "",
) -> Unit:
    content = [kind, sorted(backbones), pretraining, sorted(tasks), after, *_conditions(options, kind)]
    content += [[list(state)] for state in _states(options, pretraining)]
    digest = hashlib.sha256(json.dumps(content, default=str).encode()).hexdigest()
    return Unit(
        id=digest[:16],
        kind=kind,
        backbones=backbones,
        pretraining=pretraining,
        dataset=dataset,
        tasks=tasks,
        after=after,
    )


def _conditions(options: MatrixOptions, kind: str) -> list[object]:
    """What besides encoder and tasks tells one measurement from another."""
    shared: list[object] = [options.seed, str(options.paths)]
    if kind == "train":
        return [*shared, *options.settings]
    return [
        *shared,
        options.protocol,
        sorted(options.shots),
        options.width,
        options.mean,
        options.std,
        options.decode,
        options.compile,
        options.allow_partial,
        options.batch_size,
        # What is not asked for does not change what was planned before there was the option.
        *(["store_tokens"] if options.store_tokens else []),
    ]


def _states(options: MatrixOptions, pretraining: str) -> Iterator[tuple[str, int, int]]:
    """Size and time of the files that a unit reads: a checkpoint with another content makes another unit."""
    files = [checkpoint_file(Path(pretraining))] if pretraining.startswith("/") else []
    for file in [*files, *([] if options.exclude is None else [options.cwd / options.exclude])]:
        state = file.stat()
        yield str(file), state.st_size, state.st_mtime_ns
