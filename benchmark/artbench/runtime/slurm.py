"""The processes that one `srun` starts, told to torch as `torchrun` tells those that it starts."""

import os
import re
from collections.abc import Mapping

# Below the ports that systems hand out by themselves.
_FIRST_PORT, _PORTS = 15000, 15000


def join_step() -> None:
    """Set the environment variables by which `process_group` joins the other tasks of this process's Slurm step."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0
    os.environ.update(step_variables(os.environ, cores=cores))


def step_variables(environment: Mapping[str, str], *, cores: int) -> dict[str, str]:
    """The variables of torch for a task of a Slurm step.

    MASTER_ADDR and MASTER_PORT that are there stay. There are none outside a step of several tasks, such as in the
    batch script itself, and where WORLD_SIZE says that another launcher has set them.

    Args:
        environment: The environment variables.
        cores: Number of cores that this process may use.

    Examples:
        >>> from artbench.runtime.slurm import step_variables
        >>> step = {"SLURM_STEP_ID": "0", "SLURM_STEP_NUM_TASKS": "4", "SLURM_PROCID": "3", "SLURM_LOCALID": "1"}
        >>> step |= {"SLURM_NODEID": "1", "SLURM_STEP_NODELIST": "gpu[07-08]", "SLURM_JOB_ID": "12"}
        >>> found = step_variables(step, cores=8)
        >>> found["RANK"], found["WORLD_SIZE"], found["LOCAL_RANK"], found["MASTER_ADDR"]
        ('3', '4', '1', 'gpu07')
    """
    names = ("SLURM_STEP_ID", "SLURM_STEP_NUM_TASKS", "SLURM_PROCID", "SLURM_LOCALID", "SLURM_STEP_NODELIST")
    if "WORLD_SIZE" in environment or not all(name in environment for name in names):
        return {}
    step, size, rank, local, nodes = (environment[name] for name in names)
    if int(size) == 1:
        return {}
    port = _FIRST_PORT + (int(environment.get("SLURM_JOB_ID", "0")) + 997 * int(step)) % _PORTS
    found = {
        "RANK": rank,
        "WORLD_SIZE": size,
        "LOCAL_RANK": local,
        "GROUP_RANK": environment.get("SLURM_NODEID", "0"),
        "MASTER_ADDR": environment.get("MASTER_ADDR", _first_of(nodes)),
        "MASTER_PORT": environment.get("MASTER_PORT", str(port)),
    }
    # A task that is bound to cores of its own does not share them.
    shares = cores >= int(environment.get("SLURM_CPUS_ON_NODE", "0"))
    if shares:
        found["LOCAL_WORLD_SIZE"] = _tasks_here(environment)
    return found


def _first_of(nodes: str) -> str:
    """The first name of a list of nodes such as `gpu[07-08,11],login`."""
    first = re.split(r",(?![^\[]*\])", nodes)[0]
    return re.sub(r"\[(\d+)[^\]]*\]", r"\1", first)


def _tasks_here(environment: Mapping[str, str]) -> str:
    """The number of tasks on this process's node, of a list for all nodes such as `8(x2),4`."""
    each: list[str] = []
    for part in environment.get("SLURM_STEP_TASKS_PER_NODE", "1").split(","):
        tasks, _, times = part.rstrip(")").partition("(x")
        each += [tasks] * int(times or "1")
    return each[int(environment.get("SLURM_NODEID", "0")) % len(each)]
