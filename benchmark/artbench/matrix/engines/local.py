"""Processes of this machine: one for each GPU, or for each so many cores."""

import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

from artbench.errors import UsageError
from artbench.matrix.engines.supervise import Supervisor, Worker
from artbench.matrix.options import MatrixOptions
from artbench.matrix.submission import Submission
from artbench.runtime.progress import Reporter, Silent
from artbench.runtime.threads import usable_cores

# Cores of a process unless --cores says it.
_CORES = 4


class LocalEngine:
    """Runs the jobs and waits for them; a process that dies is replaced by another."""

    waits = True

    def check(self, options: MatrixOptions) -> None:
        """Raise UsageError if this machine has no room for a job."""
        wanted, memory = options.resources, _memory()
        if wanted.cores is not None and wanted.cores > usable_cores():
            raise UsageError(f"this machine has {usable_cores()} cores, not {wanted.cores}", mend="Give fewer --cores")
        if wanted.gpus > len(_gpus(options)):
            raise UsageError(
                f"this machine has {len(_gpus(options))} GPUs, not {wanted.gpus}", mend="Give fewer --gpus"
            )
        if wanted.memory is not None and memory is not None and wanted.memory > memory:
            raise UsageError(
                f"this machine has {memory:.0f} GB of memory, not {wanted.memory:g}", mend="Give less --memory"
            )

    def submit(self, submission: Submission, options: MatrixOptions, reporter: Reporter) -> Mapping[str, str]:
        """Run all jobs, and return when they are done or have failed, or when a signal ends them."""
        Supervisor(submission, Silent()).run(_workers(options))
        return {}

    def script(self, submission: Submission, options: MatrixOptions) -> str:
        """The commands of all processes, one a line."""
        return "\n".join(
            " ".join([*(f"{name}={value}" for name, value in worker.environment.items()), shlex.join(command)])
            for worker in _workers(options)
            for command in [submission.command(*worker.arguments)]
        )

    def words(self, submission: Submission) -> Mapping[int, str]:
        """Nothing: our own files say all that there is."""
        return {}

    def cancel(self, submission: Submission) -> None:
        """Nothing: the command that runs the processes ends them."""


def _workers(options: MatrixOptions) -> list[Worker]:
    """What each process has for itself; all work on all units, and each begins at another."""
    wanted, gpus = options.resources, _gpus(options)
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else list(range(usable_cores()))
    if gpus:
        each = max(1, wanted.gpus)
        groups = [gpus[first : first + each] for first in range(0, len(gpus) - each + 1, each)]
        part = wanted.cores or max(1, len(cores) // len(groups))
    else:
        part = min(wanted.cores or _CORES, usable_cores())
        groups = [[] for _ in range(max(1, usable_cores() // part))]
    groups = groups[: wanted.at_most]
    return [
        Worker(
            arguments=["--share", f"{number}/{len(groups)}", "--wait"],
            environment={"CUDA_VISIBLE_DEVICES": ",".join(group)} if group else {},
            cores=cores[number * part : (number + 1) * part],
            log=f"{number}.log",
        )
        for number, group in enumerate(groups)
    ]


def _gpus(options: MatrixOptions) -> list[str]:
    """Names by which CUDA knows the GPUs that may be used; none if the CPU is to compute."""
    if options.device == "cpu" or (options.device == "auto" and _without_gpu()):
        return []
    # Torch takes seconds to import.
    import torch

    from artbench.runtime.machine import choose_device

    if choose_device(options.device) != "cuda":
        return []

    count = torch.cuda.device_count()
    given = os.environ.get("CUDA_VISIBLE_DEVICES")
    return given.split(",")[:count] if given else [str(number) for number in range(count)]


def _without_gpu() -> bool:
    """Whether the system knows of no GPU that torch could compute on; False where it can't be asked."""
    names = ("nvidia*", "nvhost*", "dxg", "kfd")
    return sys.platform == "linux" and not any(file for name in names for file in Path("/dev").glob(name))


def _memory() -> float | None:
    """Gigabytes of memory of this machine; None where it can't be asked."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    except (ValueError, OSError, AttributeError):
        return None
