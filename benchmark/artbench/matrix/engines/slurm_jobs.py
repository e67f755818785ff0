"""Jobs of Slurm: how submitit hands them in, and what it calls in them."""

import signal
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from artbench.errors import ArtbenchError, UsageError
from artbench.matrix.engines.slurm_commands import outside_a_job, own_words
from artbench.matrix.engines.supervise import Supervisor, Worker
from artbench.matrix.submission import read_submission
from artbench.runtime.progress import Silent
from artbench.runtime.text import printable

if TYPE_CHECKING:
    import submitit

# Times that a job may reach its limit: as often as it takes.
_LIMITS = 1_000_000


def load_submitit() -> Any:
    """Import submitit.

    Raises:
        UsageError: It is not installed.
    """
    try:
        import submitit
        import submitit.slurm.slurm
    except ImportError as error:
        raise UsageError(
            "--on slurm needs submitit, which is not installed", mend='`pip install "artbench[slurm]"` installs it'
        ) from error
    return submitit


def hand_in(logs: Path, calls: Sequence[Any], asked: Mapping[str, Any]) -> str:
    """Submit calls as one job or an array, and return its number.

    Args:
        logs: Folder for what they print.
        calls: What each of them calls.
        asked: What submitit asks Slurm for.

    Raises:
        ArtbenchError: Slurm refuses, with its own words.
    """
    slurm = load_submitit()
    try:
        # submitit prints what Slurm complains of, besides raising it.
        with outside_a_job(), redirect_stderr(StringIO()):
            executor = slurm.SlurmExecutor(logs, max_num_timeout=_LIMITS)
            executor.update_parameters(**asked)
            with executor.batch():
                jobs = [executor.submit(call) for call in calls]
    except (slurm.core.utils.FailedJobError, slurm.core.utils.FailedSubmissionError, OSError) as error:
        raise ArtbenchError(f"Slurm refuses the jobs: {own_words(error)}", mend="Nothing was submitted") from error
    return str(jobs[0].job_id).partition("_")[0]


class UnitsJob:
    """What submitit calls in a job, and again in the same job when it was requeued."""

    def __init__(self, folder: str, number: int, job: int, *, to_save: float) -> None:
        self._where = (folder, number, job)
        self._to_save = to_save
        self._supervisor: Supervisor | None = None

    def __call__(self) -> None:
        """Work on the units of the job."""
        folder, number, job = self._where
        self._supervisor = Supervisor(read_submission(Path(folder), number), Printed())
        self._supervisor.run([Worker(arguments=["--job", str(job)])])

    def checkpoint(self) -> "submitit.helpers.DelayedSubmission":
        """Let the process save before its time is over; submitit then asks Slurm to requeue the job."""
        import submitit

        if self._supervisor is not None:
            self._supervisor.stop(signal.SIGUSR1, within=self._to_save)
        return submitit.helpers.DelayedSubmission(UnitsJob(*self._where, to_save=self._to_save))


class FollowUpJob:
    """The last job: it collects the leaderboards, and hands in again what jobs that were killed have left."""

    def __init__(self, folder: str, number: int) -> None:
        self._where = (folder, number)

    def __call__(self) -> None:
        """Collect, and hand in what is left."""
        # It hands in again, for which it needs this module.
        from artbench.matrix.workflow import follow_up

        follow_up(*self._where, reporter=Printed())


class Printed(Silent):
    """A reporter for the log of a job: notices are printed."""

    def notice(self, text: str, /) -> None:
        """Print one line."""
        print(printable(text), flush=True)  # noqa: T201  into the job's log
