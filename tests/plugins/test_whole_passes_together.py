"""Several processes, whose gradients are sent while the backward pass goes on, have the weights of one."""

import os
import socket
from pathlib import Path

import pytest
import torch
import torch.distributed as dist

from artbench.runtime.distributed import Group
from artbench_moco.methods import moco_v2
from tests.support.child_processes import child
from tests.support.method_bench import Bench, bench

PAIRS = ("batch_size=24", "sub_batch=6", "queue=48", "dim=5", "optimizer=sgd")


def trained(group: Group, threads: int) -> Bench:
    made = bench(moco_v2(), *PAIRS, threads=threads, micro_batch=6, group=group)
    own = 4 // group.size
    for number in range(3):
        parts = made.views(number)[group.rank * own : (group.rank + 1) * own]
        made.stepper.update(number, parts, lr=0.1, progress=0.0)
    return made


def state(made: Bench) -> list[dict[str, torch.Tensor]]:
    return [*(network.state_dict() for network in made.objective.networks), dict(made.objective.memory)]


def one_of_several(rank: int, size: int, port: int, threads: int, out: Path) -> None:
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    torch.set_num_threads(1)
    dist.init_process_group("gloo", rank=rank, world_size=size)
    torch.save(state(trained(Group(rank=rank, size=size), threads)), out / f"{rank}.pt")
    dist.destroy_process_group()


@pytest.mark.integration
@pytest.mark.parametrize("threads", [0, 1], ids=["whole", "threads"])
@pytest.mark.parametrize("size", [2, 4])
def test_several_processes_have_the_weights_of_one(tmp_path: Path, size: int, threads: int) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    processes = [child(one_of_several, rank, size, port, threads, tmp_path) for rank in range(size)]
    expected = state(trained(Group(), threads))
    for process in processes:
        process.join()
        assert process.exitcode == 0
    for rank in range(size):
        for found, wanted in zip(torch.load(tmp_path / f"{rank}.pt"), expected, strict=True):
            assert found.keys() == wanted.keys()
            for name, tensor in found.items():
                torch.testing.assert_close(tensor, wanted[name], atol=1e-9, rtol=1e-9, msg=f"{rank} {name}")
