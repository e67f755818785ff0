"""Slurm, through submitit: jobs as an array, trainings before it, and a last job that collects the leaderboards."""

import shutil
from collections.abc import Mapping, Sequence
from math import ceil
from typing import TYPE_CHECKING, Any

from artbench.errors import UsageError
from artbench.matrix.engines.slurm_commands import (
    array_size,
    check_size,
    longest,
    queue,
    scancel,
)
from artbench.matrix.engines.slurm_jobs import FollowUpJob, UnitsJob, hand_in, load_submitit
from artbench.matrix.submission import Submission
from artbench.runtime.progress import Reporter
from artbench.runtime.text import counted

if TYPE_CHECKING:
    # It needs torch, which the process that only starts another one does without.
    from artbench.matrix.options import MatrixOptions

# Seconds before its end at which a job is told. Half of them are for saving, the rest for asking Slurm to requeue it.
_TOLD = 60
# Minutes of a job without a limit of ours, and of the job that collects; less where the partition allows less.
_DAY, _COLLECTING = 24 * 60, 30


class SlurmEngine:
    """Submits the jobs and returns; Slurm places them, and requeues those that it preempts or whose node fails."""

    waits = False

    def check(self, options: "MatrixOptions") -> None:
        """Raise UsageError if there is no Slurm or no submitit, or no node is large enough for a job."""
        load_submitit()
        if shutil.which("sbatch") is None or shutil.which("srun") is None:
            raise UsageError(
                "there is no Slurm on this machine (sbatch is missing)",
                mend="Run this on a login node of the cluster, or give --on local",
            )
        check_size(options)

    def submit(self, submission: Submission, options: "MatrixOptions", reporter: Reporter) -> Mapping[str, str]:
        """Submit an array for each stage and the last job, and return their numbers.

        Raises:
            ArtbenchError: Slurm refuses, with its own words; then nothing stays submitted.
        """
        folder, most = str(submission.folder), array_size()
        handles: dict[str, str] = {}
        try:
            for stage, numbers in submission.stages.items():
                trainings = [handle for name, handle in handles.items() if name.startswith("train")]
                asked = _parameters(options, stage, after=trainings if stage == "after" else [])
                to_save = asked["signal_delay_s"] / 2
                for first in range(0, len(numbers), most):
                    part = numbers[first : first + most]
                    calls = [UnitsJob(folder, submission.number, one, to_save=to_save) for one in part]
                    handles[f"{stage}+{first}" if first else stage] = hand_in(submission.logs, calls, asked)
            last = FollowUpJob(folder, submission.number)
            asked = _parameters(options, "collect", after=list(handles.values()))
            handles["collect"] = hand_in(submission.logs, [last], asked)
        except BaseException:
            scancel(handles.values())
            raise
        said = ", ".join(f"{name} {handle}" for name, handle in handles.items())
        reporter.notice(f"Slurm has {counted(len(submission.jobs), 'job')} and one that collects: {said}")
        return handles

    def script(self, submission: Submission, options: "MatrixOptions") -> str:
        """The scripts that `sbatch` would get, one for each stage and one for the last job."""
        # It has no public name; pyproject.toml keeps to one major version.
        text = load_submitit().slurm.slurm._make_sbatch_string  # noqa: SLF001
        waits = {"after": ["TRAIN"], "collect": [stage.upper() for stage in submission.stages]}
        return "\n".join(
            text(
                command=f"python -m submitit.core._submit {submission.logs}",
                folder=submission.logs,
                map_count=count if count > 1 else None,
                **_parameters(options, stage, after=waits.get(stage, [])),
            )
            for stage, count in [*((stage, len(jobs)) for stage, jobs in submission.stages.items()), ("collect", 1)]
        )

    def words(self, submission: Submission) -> Mapping[int, str]:
        """State, reason and node of each job that Slurm still has."""
        places = submission.places
        found: dict[int, str] = {}
        for job, state, reason, nodes in queue(places) if places else ():
            handle, _, place = job.partition("_")
            if handle in places and (place.isdecimal() or not place):
                where = nodes or reason
                found[places[handle][int(place or 0)]] = f"Slurm job {job} {state}" + (f" ({where})" if where else "")
        return found

    def cancel(self, submission: Submission) -> None:
        """Cancel all jobs, the one that would hand in again what is left first."""
        for name in reversed(list(submission.handles)):
            scancel([submission.handles[name]])


def _parameters(options: "MatrixOptions", stage: str, *, after: Sequence[str]) -> dict[str, Any]:
    """What submitit asks Slurm for."""
    wanted, own = options.resources, options.slurm
    if stage == "collect":
        minutes = ceil(min(_COLLECTING, longest(own.partition)))
    else:
        minutes = ceil(wanted.time or min(_DAY, longest(own.partition)))
    found = {
        "job_name": f"artbench-{stage}",
        "time": minutes,
        "partition": own.partition,
        "account": own.account,
        "setup": list(own.setup) or None,
        "signal_delay_s": min(_TOLD, 15 * minutes),
        "stderr_to_stdout": True,
        # Else after a failure of its node, or a preemption, the job is gone where the cluster's default is so.
        "additional_parameters": {"requeue": True, **dict(own.extra)},
        "dependency": f"afterany:{':'.join(after)}" if after else None,
    }
    if stage != "collect":
        found |= {
            "cpus_per_task": wanted.cores,
            # Since Slurm 22.05 a step does not inherit the cores of its job.
            "srun_args": None if wanted.cores is None else [f"--cpus-per-task={wanted.cores}"],
            "gpus_per_node": wanted.gpus or None,
            "mem": None if wanted.memory is None else f"{ceil(wanted.memory * 1024)}M",
            "array_parallelism": wanted.at_most or 1_000_000,
        }
    # A label that clusters refuse which know none of that name.
    return {name: value for name, value in found.items() if value is not None} | {"wckey": None}
