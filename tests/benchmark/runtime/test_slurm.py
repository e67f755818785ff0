"""The variables that `srun` sets become torch's."""

import pytest

from artbench.runtime.slurm import step_variables

STEP = {
    "SLURM_JOB_ID": "4711",
    "SLURM_STEP_ID": "0",
    "SLURM_STEP_NUM_TASKS": "12",
    "SLURM_PROCID": "9",
    "SLURM_LOCALID": "1",
    "SLURM_NODEID": "1",
    "SLURM_STEP_NODELIST": "gpu[07-08]",
    "SLURM_STEP_TASKS_PER_NODE": "8,4",
    "SLURM_CPUS_ON_NODE": "64",
}


def test_a_task_of_a_step_is_a_process_of_a_group() -> None:
    found = step_variables(STEP, cores=64)
    port = found.pop("MASTER_PORT")
    assert 15000 <= int(port) < 30000
    assert found == {
        "RANK": "9",
        "WORLD_SIZE": "12",
        "LOCAL_RANK": "1",
        "GROUP_RANK": "1",
        "MASTER_ADDR": "gpu07",
        "LOCAL_WORLD_SIZE": "4",
    }
    assert step_variables(STEP | {"SLURM_JOB_ID": "4712"}, cores=64)["MASTER_PORT"] != port
    assert step_variables(STEP | {"SLURM_STEP_ID": "1"}, cores=64)["MASTER_PORT"] != port


def test_a_task_that_is_bound_to_cores_shares_them_with_nobody() -> None:
    assert "LOCAL_WORLD_SIZE" not in step_variables(STEP, cores=16)


def test_an_address_that_is_given_stays() -> None:
    given = {"MASTER_ADDR": "10.0.0.1", "MASTER_PORT": "999"}
    found = step_variables(STEP | given, cores=64)
    assert given.items() <= found.items()


@pytest.mark.parametrize("missing", ["SLURM_STEP_ID", "SLURM_STEP_NUM_TASKS", "SLURM_PROCID"])
def test_outside_a_step_there_is_no_group(missing: str) -> None:
    """A batch script has the number of tasks of its job, and is one process."""
    assert step_variables({name: value for name, value in STEP.items() if name != missing}, cores=64) == {}


def test_a_step_of_one_task_is_no_group_and_another_launcher_goes_first() -> None:
    assert step_variables(STEP | {"SLURM_STEP_NUM_TASKS": "1"}, cores=64) == {}
    assert step_variables(STEP | {"WORLD_SIZE": "1"}, cores=64) == {}


@pytest.mark.parametrize(
    ("nodes", "first"),
    [("n1", "n1"), ("gpu[3,7-9],big1", "gpu3"), ("big1,gpu[3,7-9]", "big1"), ("r[1-2]n[05-06]", "r1n05")],
)
def test_the_first_node_of_a_list_is_the_address(nodes: str, first: str) -> None:
    assert step_variables(STEP | {"SLURM_STEP_NODELIST": nodes}, cores=64)["MASTER_ADDR"] == first


@pytest.mark.parametrize(("node", "tasks"), [("0", "8"), ("1", "8"), ("2", "4")])
def test_the_tasks_of_each_node_are_counted(node: str, tasks: str) -> None:
    each = STEP | {"SLURM_NODEID": node, "SLURM_STEP_TASKS_PER_NODE": "8(x2),4"}
    assert step_variables(each, cores=64)["LOCAL_WORLD_SIZE"] == tasks
