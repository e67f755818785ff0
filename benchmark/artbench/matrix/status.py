"""How a matrix stands: each unit, what became of it, and what is known of its future."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from artbench.errors import ArtbenchError, UsageError
from artbench.matrix.engines.engine import engine
from artbench.matrix.plan import Plan
from artbench.matrix.state import TRIES, MatrixState, UnitState
from artbench.matrix.submission import Submission
from artbench.matrix.units import Unit


@dataclass(frozen=True, kw_only=True)
class UnitRow:
    """A unit, what became of it, and what is known of its future.

    Attributes:
        unit: The unit.
        state: What became of it, by our own files.
        words: What the engine says of its job; empty if nothing.
        seconds: Seconds that it took or is estimated to take; None: unknown.
        stored: Bytes of features that it is estimated to store; None: unknown.
    """

    unit: Unit
    state: UnitState
    words: str = ""
    seconds: float | None = None
    stored: int | None = None


@dataclass(frozen=True, kw_only=True)
class MatrixStatus:
    """A matrix as its files, and the engine, tell it.

    Attributes:
        plan: The newest plan.
        rows: All units in order.
    """

    plan: Plan
    rows: Sequence[UnitRow]

    def count(self, status: str) -> int:
        """Number of units with a status."""
        return sum(row.state.status == status for row in self.rows)

    @property
    def finished(self) -> bool:
        """Whether every unit is done or has failed for good."""
        return self.count("done") + self.count("failed") == len(self.rows)


def status_of(made: Plan, state: MatrixState, handed: Sequence[Submission]) -> MatrixStatus:
    """Return what became of the units of a plan, by their files and by the words of the engines that have jobs."""
    found, said = state.states(made.units), words_of(handed)
    unheard = _unheard_of(handed)
    rows = []
    for unit in made.units:
        one, estimate = found[unit.id], made.estimates.get(unit.id)
        if unit.id in made.on_record and one.status != "done":
            one = UnitState(status="done")
        elif unit.after and found[unit.after].status == "failed" and one.status == "to do":
            one = UnitState(status="failed", tries=TRIES, why="its training failed")
        elif one.status == "running" and unit.id not in said and _was_in_a_job(one, handed):
            # It was killed on another machine, whose processes can't be seen from here.
            one = replace(one, status="failed" if one.tries >= TRIES else "to do", holder=None)
        if one.status == "to do" and not one.why and unit.id not in said:
            one = replace(one, why=unheard.get(unit.id, ""))
        seconds = one.seconds if one.seconds is not None else None if estimate is None else estimate.seconds
        rows.append(
            UnitRow(
                unit=unit,
                state=one,
                words=said.get(unit.id, "") if one.status in ("to do", "running") else "",
                seconds=seconds,
                stored=None if estimate is None else estimate.stored,
            )
        )
    return MatrixStatus(plan=made, rows=rows)


def _was_in_a_job(state: UnitState, handed: Sequence[Submission]) -> bool:
    """Whether who has a unit is a job of one of these submissions: all that Slurm still has are in its words."""
    name, job, place = (state.holder.job if state.holder else "").partition("Slurm job ")
    handle = place.partition("_")[0]
    return not name and bool(job) and any(handle in submission.handles.values() for submission in handed)


def _unheard_of(handed: Sequence[Submission]) -> dict[str, str]:
    """What is known of the units, by their ids, whose last job has left no log; of others nothing."""
    found: dict[str, str] = {}
    for submission in handed:
        logs = {file.name for file in submission.logs.glob("*.out")}
        for handle, jobs in submission.places.items():
            for index, job in enumerate(jobs):
                heard = not logs.isdisjoint((f"{handle}_0_log.out", f"{handle}_{index}_0_log.out"))
                why = f"job {handle} left no log: it never began, or its node does not see {submission.folder}"
                found |= dict.fromkeys(submission.jobs[job], "" if heard else why)
    return found


def words_of(handed: Sequence[Submission]) -> dict[str, str]:
    """What engines say of units, by their ids; the latest submission has the last word."""
    found: dict[str, str] = {}
    for submission in handed:
        try:
            words = engine(submission.engine).words(submission)
        except (ArtbenchError, UsageError) as error:
            words = dict.fromkeys(range(len(submission.jobs)), f"{submission.engine} can't be asked: {error}")
        found |= {unit: said for job, said in words.items() for unit in submission.jobs[job]}
    return found
