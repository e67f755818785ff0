"""Units put together for jobs that are long enough to be worth their start."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

if TYPE_CHECKING:
    from artbench.matrix.estimate import Estimate
    from artbench.matrix.units import Unit

Stage: TypeAlias = Literal["train", "free", "after"]
STAGES: tuple[Stage, ...] = get_args(Stage)
# Jobs of one submission: what Slurm takes as one array unless its administrator allows more.
_MOST = 1000
# Seconds that a unit is taken for, of which no record tells.
_UNKNOWN = 600.0


@dataclass(frozen=True, kw_only=True)
class Job:
    """Units that one process does, one after the other.

    Attributes:
        units: The units, all of one stage.
    """

    units: "tuple[Unit, ...]"

    @property
    def stage(self) -> Stage:
        """Whether it trains, waits for nothing, or comes after a training."""
        return stage_of(self.units[0])


def stage_of(unit: "Unit") -> Stage:
    """The stage of a unit."""
    return "train" if unit.kind == "train" else "after" if unit.after else "free"


def jobs_of(units: "Sequence[Unit]", estimates: "Mapping[str, Estimate]", *, at_least: float) -> list[Job]:
    """Put units together, those of one dataset as far as that goes, so that each job takes `at_least` seconds.

    A training is a job of its own. They are at most a thousand: if need be, jobs are longer.

    Examples:
        >>> from artbench.matrix.estimate import Estimate
        >>> from artbench.matrix.jobs import jobs_of
        >>> from artbench.matrix.units import Unit
        >>> few = [
        ...     Unit(id=str(n), kind="measure", backbones=("x",), pretraining="random", dataset="a", tasks=("t",))
        ...     for n in range(5)
        ... ]
        >>> short = {str(n): Estimate(seconds=40.0, stored=None) for n in range(5)}
        >>> [len(job.units) for job in jobs_of(few, short, at_least=100)]
        [3, 2]
    """
    jobs: list[Job] = []
    total = sum(_seconds(unit, estimates) for unit in units)
    at_least = max(at_least, total / _MOST)
    for stage in STAGES:
        group: list[Unit] = []
        took = 0.0
        for unit in sorted((one for one in units if stage_of(one) == stage), key=lambda unit: unit.dataset):
            group.append(unit)
            took += _seconds(unit, estimates)
            if took >= at_least or stage == "train":
                jobs.append(Job(units=tuple(group)))
                group, took = [], 0.0
        if group:
            jobs.append(Job(units=tuple(group)))
    return jobs


def _seconds(unit: "Unit", estimates: "Mapping[str, Estimate]") -> float:
    found = estimates.get(unit.id)
    return _UNKNOWN if found is None or found.seconds is None else found.seconds
