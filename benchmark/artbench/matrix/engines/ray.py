"""Ray: a task for each job, on a cluster that runs, or on this machine alone."""

import socket
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

from artbench.errors import ArtbenchError
from artbench.matrix.engines.ray_cluster import cluster, load_ray, node_sizes
from artbench.matrix.engines.ray_tasks import RayTasks
from artbench.matrix.engines.room import Size, check_room
from artbench.matrix.engines.supervise import Supervisor, Worker
from artbench.matrix.options import MatrixOptions
from artbench.matrix.submission import Submission, read_submission
from artbench.runtime.progress import Reporter, Silent

# Cores of a task unless --cores says it, or the largest node has fewer.
_CORES = 4


class RayEngine:
    """Runs the jobs as tasks and waits for them; they are begun again elsewhere if their node fails."""

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
            nodes = node_sizes(ray)
            most = max((node.cores for node in nodes), default=0)
            needed = _needed(options, cores=max(1, min(_CORES, int(most))))
            check_room(needed, nodes, where="the Ray cluster")
            # Ray would begin a task again without end whose process it ends for memory.
            task = ray.remote(max_retries=0, **_as_ray_says(needed))(_work)
            RayTasks(ray, submission, task, say=cache(reporter.notice)).run(at_most=options.resources.at_most)
        return {}

    def script(self, submission: Submission, options: MatrixOptions) -> str:
        """What each task asks for, and its command."""
        needed = _as_ray_says(_needed(options, cores=_CORES))
        needs = " ".join(f"{name}={value:g}" for name, value in needed.items())
        return "\n".join(
            f"{needs}  {' '.join(submission.command('--job', str(one), '--wait'))}"
            for numbers in submission.stages.values()
            for one in numbers
        )

    def words(self, submission: Submission) -> Mapping[int, str]:
        """Nothing: the command that waits for the tasks has them, and our own files say all else."""
        return {}

    def cancel(self, submission: Submission) -> None:
        """Nothing: the command that waits for the tasks ends them."""


def _work(folder: str, number: int, job: int, wait: bool) -> str:
    """Do a job on a node, waiting for what others run or not; return why it could not be done, empty otherwise."""
    import ray

    try:
        # Who waits for a unit that another runs does it if that one is gone.
        arguments = ["--job", str(job), *(["--wait"] if wait else [])]
        environment = {"ARTBENCH_JOB": f"Ray task {ray.get_runtime_context().get_task_id()}"}
        worker = Worker(arguments=arguments, environment=environment, log=f"{job}.log")
        Supervisor(read_submission(Path(folder), number), Silent()).run([worker])
    except ArtbenchError as error:
        return f"{socket.gethostname()}: {error}"
    return ""


def _needed(options: MatrixOptions, *, cores: int) -> Size:
    """What a task asks for; so many cores if it is not said."""
    gpus = options.resources.gpus or int(options.device == "cuda")
    said = Size.of(options.resources)
    return replace(said, cores=said.cores or cores, gpus=gpus)


def _as_ray_says(needed: Size) -> dict[str, float]:
    """The same in Ray's names; memory in bytes."""
    memory = {"memory": int(needed.memory * 2**30)} if needed.memory else {}
    return {"num_cpus": needed.cores, "num_gpus": needed.gpus, **memory}
