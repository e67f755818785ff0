"""What an audit says: of each task, which test pictures are in training too; of each checkpoint, which it has seen."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from artbench.audit.near_duplicates import Pair
from artbench.data.dataset import Dataset
from artbench.data.exclusion import Side
from artbench.data.pool import Manifest
from artbench.data.targets import Targets

Place = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class TaskLeak:
    """What of a task's test leaks.

    Attributes:
        task: Its name, or that with the name of a checkpoint.
        tested: Number of test pictures.
        same: Test pictures that the checkpoint was pretrained on; 0 without a checkpoint.
        twins: Test pictures with a twin in training, or in the checkpoint's pool, and not in it themselves.
    """

    task: str
    tested: int
    same: int
    twins: int


@dataclass(frozen=True, kw_only=True)
class AuditResult:
    """The outcome of an audit.

    Attributes:
        datasets: What was audited.
        targets: Of each dataset, the targets of its tasks by name.
        checkpoints: Manifests by the names of their checkpoints.
        pairs: Like pictures.
        tiers: How they were looked for.
        encoder: Whose features were compared; None if none were.
    """

    datasets: Sequence[Dataset]
    targets: Sequence[Mapping[str, Targets]]
    checkpoints: Mapping[str, Manifest]
    pairs: Sequence[Pair]
    tiers: Sequence[str]
    encoder: str | None

    @cached_property
    def twins_of(self) -> Mapping[Place, Sequence[Place]]:
        """Of each picture that has any, its twins."""
        found: dict[Place, list[Place]] = defaultdict(list)
        for pair in self.pairs:
            if pair.twins:
                found[pair.first].append(pair.second)
                found[pair.second].append(pair.first)
        return found

    @cached_property
    def leaks(self) -> Sequence[TaskLeak]:
        """Of each task: test pictures with a twin in training; of each checkpoint and task: with one in its pool."""
        found: list[TaskLeak] = []
        for number, name, targets in self._tasks():
            tested = self._tested(number, targets)
            leaking = {test for test, _ in self._from_training(number, targets)}
            found.append(TaskLeak(task=name, tested=len(tested), same=0, twins=len(leaking)))
        for checkpoint, pool in self._pools.items():
            for number, name, targets in self._tasks():
                tested = self._tested(number, targets)
                twins = {place for place in tested - pool if not pool.isdisjoint(self.twins_of.get(place, ()))}
                label = f"{name}, pretrained by {checkpoint}"
                found.append(TaskLeak(task=label, tested=len(tested), same=len(tested & pool), twins=len(twins)))
        return found

    @cached_property
    def leaking(self) -> frozenset[frozenset[Place]]:
        """The pairs of which one half trains and the other tests in some task."""
        return frozenset(
            frozenset(pair) for number, _, targets in self._tasks() for pair in self._from_training(number, targets)
        )

    def exclusions(self) -> Iterator[tuple[str, str, Side]]:
        """What to leave out so that nothing leaks: twins from train, what a checkpoint has seen from test."""
        for number, _, targets in self._tasks():
            for _, (_, row) in self._from_training(number, targets):
                yield self.datasets[number].name, self.datasets[number].ids[row], "train"
        for pool in self._pools.values():
            for number, _, targets in self._tasks():
                for place in self._tested(number, targets):
                    if place in pool or not pool.isdisjoint(self.twins_of.get(place, ())):
                        yield self.datasets[number].name, self.datasets[number].ids[place[1]], "test"

    def roles(self, place: Place) -> str:
        """What a picture does in each task: `wikiart-style test, wikiart-genre train`."""
        number, row = place
        roles = [
            f"{task} {name}"
            for task, targets in self.targets[number].items()
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
        for number, targets in enumerate(self.targets):
            for name, of in targets.items():
                yield number, name, of

    def _tested(self, number: int, targets: Targets) -> set[Place]:
        return {(number, row) for round_ in targets.rounds for row in round_.test.rows.tolist()}

    def _from_training(self, number: int, targets: Targets) -> set[tuple[Place, Place]]:
        """Test pictures and their twins in training, round by round."""
        found: set[tuple[Place, Place]] = set()
        for round_ in targets.rounds:
            fitted = {(number, row) for name, split in round_.splits if name != "test" for row in split.rows.tolist()}
            for row in set(round_.test.rows.tolist()):
                found.update(((number, row), twin) for twin in self.twins_of.get((number, row), ()) if twin in fitted)
        return found

    @cached_property
    def _pools(self) -> Mapping[str, frozenset[Place]]:
        """Of each checkpoint, the audited pictures that are in its pool."""
        return {
            checkpoint: frozenset(
                (number, dataset.rows[image])
                for number, dataset in enumerate(self.datasets)
                for image in manifest.images_of(dataset.name)
                if image in dataset.rows
            )
            for checkpoint, manifest in self.checkpoints.items()
        }
