"""What every engine can do; which one schedules a matrix is chosen by `--on`."""

from collections.abc import Mapping
from importlib import import_module
from typing import Protocol

from artbench.errors import UsageError
from artbench.matrix.options import MatrixOptions
from artbench.matrix.submission import Submission
from artbench.runtime.progress import Reporter

ENGINES = {
    "local": "artbench.matrix.engines.local:LocalEngine",
    "slurm": "artbench.matrix.engines.slurm:SlurmEngine",
    "ray": "artbench.matrix.engines.ray:RayEngine",
}


class Engine(Protocol):
    """Schedules jobs, places and repeats them. What they do, and what became of it, is not its business.

    Attributes:
        waits: Whether `submit` returns when all jobs have ended, rather than at once.
    """

    waits: bool

    def check(self, options: MatrixOptions) -> None:
        """Raise ArtbenchError if it is not there, or has no room for a job, before anything is submitted."""

    def submit(self, submission: Submission, options: MatrixOptions, reporter: Reporter) -> Mapping[str, str]:
        """Hand over all jobs, trainings first; return what the engine calls them.

        Raises:
            ArtbenchError: The engine refuses, with its own words.
        """

    def script(self, submission: Submission, options: MatrixOptions) -> str:
        """What `submit` would hand over, to read; nothing is submitted."""

    def words(self, submission: Submission) -> Mapping[int, str]:
        """What the engine says about each job that it still has, by its number, such as `PENDING (Priority)`."""

    def cancel(self, submission: Submission) -> None:
        """End all jobs of a submission that do not end with `submit`; those that have ended are no fault."""


def engine(name: str) -> Engine:
    """Return an engine by its name.

    Raises:
        UsageError: There is none of that name.
    """
    if name not in ENGINES:
        raise UsageError(f"there is no engine {name!r}", mend=f"There are {', '.join(ENGINES)}")
    module, _, attribute = ENGINES[name].partition(":")
    made: Engine = getattr(import_module(module), attribute)()
    return made
