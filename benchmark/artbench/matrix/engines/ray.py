"""Ray: a task for each job, on a cluster that runs, or on this machine alone."""

import socket
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from artbench.errors import ArtbenchError, UsageError
from artbench.matrix.engines.ray_cluster import cluster, load_ray, room_for
from artbench.matrix.engines.supervise import Supervisor, Worker
from artbench.matrix.options import MatrixOptions
from artbench.matrix.submission import Submission, read_submission
from artbench.runtime.progress import Reporter, Silent

# Times that a task is begun anew after its node or its process has died: what a unit did wrong is counted apart.
_RETRIES = 100
# Cores of a task unless --cores says it, or the largest node has fewer.
_CORES = 4
# Seconds between two looks at the tasks, and for tasks that were cancelled to end.
_LOOK, _TO_END = 1.0, 15.0


class RayEngine:
    """Runs the jobs as tasks and waits for them; Ray begins a task anew elsewhere if its node fails."""

    waits = True

    def check(self, options: MatrixOptions) -> None:
        """Raise UsageError if there is no Ray."""
        load_ray()

    def submit(self, submission: Submission, options: MatrixOptions, reporter: Reporter) -> Mapping[str, str]:
        """Run all jobs, and return when their units are done or have failed.

        Raises:
            UsageError: No node has what a job needs.
            ArtbenchError: The cluster does not answer.
        """
        with cluster(options.ray.address, reporter) as ray:
            most = max((node["Resources"].get("CPU", 0) for node in ray.nodes() if node["Alive"]), default=0)
            needs = _needs(options, cores=max(1, min(_CORES, int(most))))
            room_for(ray, needs)
            _run(ray, submission, needs, at_most=options.resources.at_most, say=cache(reporter.notice))
        return {}

    def script(self, submission: Submission, options: MatrixOptions) -> str:
        """What each task asks for, and its command."""
        needs = " ".join(f"{name}={value:g}" for name, value in _needs(options, cores=_CORES).items())
        return "\n".join(
            f"{needs}  {' '.join(submission.command('--job', str(one), '--wait'))}"
            for numbers in submission.stages.values()
            for one in numbers
        )

    def words(self, submission: Submission) -> Mapping[int, str]:
        """Nothing: the command that waits for the tasks has them, and our own files say all else."""
        return {}

    def cancel(self, submission: Submission) -> None:
        """Refuse: the command that waits for the tasks ends them."""
        raise UsageError("the tasks on Ray end with the command that waits for them", mend="Press Ctrl-C there")


def _run(
    ray: Any, submission: Submission, needs: Mapping[str, float], *, at_most: int | None, say: Callable[[str], None]
) -> None:
    """Run all jobs; say why one could not be done as soon as that is known."""
    task = ray.remote(max_retries=_RETRIES, **needs)(_work)
    left = [(stage, job) for stage, jobs in submission.stages.items() for job in jobs]
    trainings: list[Any] = []
    running: list[Any] = []
    try:
        while left or running:
            while left and (at_most is None or len(running) < at_most):
                stage, job = left.pop(0)
                running.append(
                    task.remote(
                        str(submission.folder), submission.number, job, *(trainings if stage == "after" else [])
                    )
                )
                trainings += running[-1:] if stage == "train" else []
            ended, running = ray.wait(running, timeout=_LOOK)
            for one in ended:
                try:
                    said = ray.get(one)
                except ray.exceptions.RayError as error:
                    said = f"Ray says: {' '.join(str(error).split())[-300:]}"
                if said:
                    say(said)
    except BaseException:
        # Python in their processes gets an interrupt, which ends their children.
        for one in running:
            ray.cancel(one)
        if running:
            ray.wait(running, num_returns=len(running), timeout=_TO_END)
        raise


def _work(folder: str, number: int, job: int, *trainings: str) -> str:
    """Do a job on a node, after trainings of which some could not begin; return why it could not, empty otherwise."""
    import ray

    try:
        # Who waits for a unit that another runs does it if that one is gone. A training that nobody runs never ends.
        arguments = ["--job", str(job), *([] if any(trainings) else ["--wait"])]
        environment = {"ARTBENCH_JOB": f"Ray task {ray.get_runtime_context().get_task_id()}"}
        worker = Worker(arguments=arguments, environment=environment, log=f"{job}.log")
        Supervisor(read_submission(Path(folder), number), Silent()).run([worker])
    except ArtbenchError as error:
        return f"{socket.gethostname()}: {error}"
    return ""


def _needs(options: MatrixOptions, *, cores: int) -> dict[str, float]:
    """What a task asks Ray for, in Ray's names; memory in bytes."""
    wanted = options.resources
    gpus = wanted.gpus or int(options.device == "cuda")
    memory = {} if wanted.memory is None else {"memory": int(wanted.memory * 2**30)}
    return {"num_cpus": wanted.cores or cores, "num_gpus": gpus, **memory}
