"""Jobs as tasks of Ray: those whose process or node is lost are begun again, and a lost unit counts as tried."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from artbench.matrix.jobs import Stage
from artbench.matrix.state import TRIES, MatrixState
from artbench.matrix.submission import Submission
from artbench.runtime.text import counted
from artbench.runtime.untrusted import read_regular

# Times that a job is begun again after its node has failed, for which no unit is to blame.
_NODES = 100
# Bytes of the longest id of a unit.
_ID = 100
# Seconds between two looks at the tasks, and for tasks that were cancelled to end.
_LOOK, _TO_END = 1.0, 15.0
_NO_MEMORY = "it needs more memory than its node had left, and Ray ended its process; --memory reserves some"
_KILLED = "its process was killed"


class RayTasks:
    """The jobs of a submission on a cluster.

    Args:
        ray: Ray, which has joined the cluster.
        submission: The submission.
        task: Starts a job from the folder of the matrix, the number of the submission, that of the job, and whether to
            wait for what others run; Ray must not repeat it by itself. It gives why the job could not be done, if so.
        say: Receives a line for each job that could not be done.
    """

    def __init__(self, ray: Any, submission: Submission, task: Any, *, say: Callable[[str], None]) -> None:
        self._ray, self._submission, self._task, self._say = ray, submission, task, say
        self._state = MatrixState(submission.folder)
        self._left: list[tuple[Stage, int]] = [
            (stage, job) for stage, jobs in submission.stages.items() for job in jobs
        ]
        self._running: dict[Any, tuple[Stage, int]] = {}
        self._nodes, self._in_vain = Counter[int](), Counter[int]()
        # A training that nobody could begin never ends.
        self._wait = True

    def run(self, *, at_most: int | None) -> None:
        """Run all jobs, so many at a time, and return when they have ended; those that wait for trainings come last."""
        try:
            while self._left or self._running:
                for stage, job in list(self._ready()):
                    if at_most is not None and len(self._running) >= at_most:
                        break
                    self._left.remove((stage, job))
                    wait = self._wait or stage != "after"
                    begun = self._task.remote(str(self._submission.folder), self._submission.number, job, wait)
                    self._running[begun] = (stage, job)
                ended, _ = self._ray.wait(list(self._running), timeout=_LOOK)
                for one in ended:
                    self._ended(one, *self._running.pop(one))
        except BaseException:
            # Python in their processes gets an interrupt, which ends their children.
            for one in self._running:
                self._ray.cancel(one)
            if self._running:
                self._ray.wait(list(self._running), num_returns=len(self._running), timeout=_TO_END)
            raise

    def _ready(self) -> Iterator[tuple[Stage, int]]:
        training = any(stage == "train" for stage, _ in [*self._left, *self._running.values()])
        return ((stage, job) for stage, job in self._left if stage != "after" or not training)

    def _ended(self, task: Any, stage: Stage, job: int) -> None:
        """Say why a job could not be done, or begin it again."""
        errors = self._ray.exceptions
        try:
            said = self._ray.get(task)
        except errors.NodeDiedError as error:
            self._taken(job)
            self._nodes[job] += 1
            said = _words(error) if self._nodes[job] > _NODES else None
        except errors.OutOfMemoryError as error:
            said = self._lost(job, error, why=_NO_MEMORY)
        except errors.WorkerCrashedError as error:
            said = self._lost(job, error, why=_KILLED)
        except errors.RayError as error:
            said = _words(error)
        if said is None:
            self._left.append((stage, job))
        elif said:
            self._say(said)
            self._wait = self._wait and stage != "train"

    def _lost(self, job: int, error: Exception, *, why: str) -> str | None:
        """Count a try of the unit that a job was doing; return why the job is not to be begun again, None if it is."""
        unit = self._taken(job)
        if unit:
            self._in_vain[job] = 0
            self._state.fail(unit, f"{error}\n\n{why}\n")
            return None
        self._in_vain[job] += 1
        if self._in_vain[job] < TRIES:
            return None
        units = counted(len(self._submission.jobs[job]), "unit")
        return f"A job of {units} is given up after {TRIES} tries, before it began one: {why}"

    def _taken(self, job: int) -> str:
        """Id of the unit that a job was doing, which is forgotten; empty if none."""
        file = self._submission.doing_file(job)
        try:
            unit = read_regular(file, most=_ID).decode(errors="replace")
            file.unlink()
        except OSError:
            return ""
        return unit if unit in self._submission.jobs[job] else ""


def _words(error: Exception) -> str:
    return f"Ray says: {' '.join(str(error).split())[-300:]}"
