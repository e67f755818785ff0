"""Leaks that an audit finds: test images that are also in training, or in a checkpoint's pretraining pool."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from artbench.audit.near_duplicates import Pair, Place
from artbench.data.dataset import Dataset
from artbench.data.exclusion import Side
from artbench.data.pool import Manifest
from artbench.data.targets import Targets


@dataclass(frozen=True, kw_only=True)
class TaskLeak:
    """How much of a task's test leaks.

    Attributes:
        task: Name of the task, followed by that of the checkpoint if it is about one.
        tested: Number of test images.
        same: Test images that the checkpoint was pretrained on; 0 without a checkpoint.
        twins: Other test images with a twin in training, or in the checkpoint's pool.
    """

    task: str
    tested: int
    same: int
    twins: int


@dataclass(frozen=True, kw_only=True)
class AuditResult:
    """The outcome of an audit.

    Attributes:
        targets: Targets of each dataset's tasks, by name.
        checkpoints: Manifests of pretraining pools, by the names of their checkpoints.
        pairs: Pairs of like images.
        tiers: How pairs were searched for.
        encoder: Name of the encoder whose features were compared; None if none were.
    """

    datasets: Sequence[Dataset]
    targets: Sequence[Mapping[str, Targets]]
    checkpoints: Mapping[str, Manifest]
    pairs: Sequence[Pair]
    tiers: Sequence[str]
    encoder: str | None

    @cached_property
    def twins_of(self) -> Mapping[Place, Sequence[Place]]:
        """The twins of each image that has any."""
        found: dict[Place, list[Place]] = defaultdict(list)
        for pair in self.pairs:
            if pair.twins:
                found[pair.first].append(pair.second)
                found[pair.second].append(pair.first)
        return found

    @cached_property
    def leaks(self) -> Sequence[TaskLeak]:
        """Leaks from training into the test of each task, then from each checkpoint's pool into each task."""
        found: list[TaskLeak] = []
        for number, name, targets in self._tasks():
            leaking = {test for test, _ in self._from_training(number, targets)}
            found.append(TaskLeak(task=name, tested=len(_tested(number, targets)), same=0, twins=len(leaking)))
        for checkpoint, pool in self._pools.items():
            for number, name, targets in self._tasks():
                tested = _tested(number, targets)
                twins = sum(self._has_twin_in(pool, place) for place in tested - pool)
                label = f"{name}, pretrained by {checkpoint}"
                found.append(TaskLeak(task=label, tested=len(tested), same=len(tested & pool), twins=twins))
        return found

    @cached_property
    def leaking(self) -> frozenset[frozenset[Place]]:
        """The pairs of which one image trains and the other tests in some task."""
        return frozenset(
            frozenset(pair) for number, _, targets in self._tasks() for pair in self._from_training(number, targets)
        )

    def exclusions(self) -> Iterator[tuple[str, str, Side]]:
        """Yield what to leave out so that nothing leaks: twins from train, what a checkpoint has seen from test."""
        for number, _, targets in self._tasks():
            for _, (_, row) in self._from_training(number, targets):
                yield self.datasets[number].name, self.datasets[number].ids[row], "train"
        for pool in self._pools.values():
            for number, _, targets in self._tasks():
                for place in _tested(number, targets):
                    if place in pool or self._has_twin_in(pool, place):
                        yield self.datasets[number].name, self.datasets[number].ids[place[1]], "test"

    def roles(self, place: Place) -> str:
        """Return the splits and pools that hold an image: `wikiart-style test, wikiart-genre train`."""
        number, row = place
        roles = [
            f"{task} {name}"
            for task in self.targets[number]
            for name, rows in self._members[number, task].items()
            if row in rows
        ]
        roles += [f"pool of {checkpoint}" for checkpoint, pool in self._pools.items() if place in pool]
        return ", ".join(roles)

    @cached_property
    def _members(self) -> Mapping[tuple[int, str], Mapping[str, frozenset[int]]]:
        return {
            (number, task): {name: frozenset(split.rows.tolist()) for name, split in targets.splits}
            for number, task, targets in self._tasks()
        }

    def _tasks(self) -> Iterator[tuple[int, str, Targets]]:
        for number, tasks in enumerate(self.targets):
            for name, targets in tasks.items():
                yield number, name, targets

    def _from_training(self, number: int, targets: Targets) -> set[tuple[Place, Place]]:
        """Find test images and their twins in training, round by round."""
        found: set[tuple[Place, Place]] = set()
        for round_ in targets.rounds:
            fitted = {(number, row) for name, split in round_.splits if name != "test" for row in split.rows.tolist()}
            for row in set(round_.test.rows.tolist()):
                found.update(((number, row), twin) for twin in self.twins_of.get((number, row), ()) if twin in fitted)
        return found

    def _has_twin_in(self, pool: frozenset[Place], place: Place) -> bool:
        return not pool.isdisjoint(self.twins_of.get(place, ()))

    @cached_property
    def _pools(self) -> Mapping[str, frozenset[Place]]:
        """The audited images in each checkpoint's pool."""
        return {
            checkpoint: frozenset(
                (number, dataset.rows[image])
                for number, dataset in enumerate(self.datasets)
                for image in manifest.images_of(dataset.name)
                if image in dataset.rows
            )
            for checkpoint, manifest in self.checkpoints.items()
        }


def _tested(number: int, targets: Targets) -> set[Place]:
    return {(number, row) for round_ in targets.rounds for row in round_.test.rows.tolist()}
