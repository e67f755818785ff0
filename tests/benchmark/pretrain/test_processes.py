"""Several processes under `torchrun` train what one trains."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from artbench.encoders.provenance import training_history
from artbench.errors import UsageError
from artbench.pretrain.setup import set_up
from artbench.runtime.distributed import Group
from tests.support import training as toys

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def damaged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Images, two of which can't be read."""
    return toys.paint(tmp_path_factory.mktemp("damaged"), broken=(7, 21))


@pytest.fixture(scope="module")
def two(damaged: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What two processes trained: all of it under one `torchrun`, since each process imports torch anew."""
    out = tmp_path_factory.mktemp("two")
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", "--max-restarts=1"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "ARTBENCH_CACHE": str(out / "cache")}
    subprocess.run([*torchrun, "-m", toys.__name__, str(damaged), str(out)], check=True, env=environment, timeout=240)
    return out


def last(out: Path) -> dict[str, torch.Tensor]:
    return load_file(out / "checkpoints" / "step-000000006.safetensors")


# The first of them waits for all trainings.
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", toys.TOGETHER)
def test_two_processes_end_with_the_weights_of_one_also_where_torchrun_starts_killed_ones_again(
    damaged: Path, two: Path, tmp_path: Path, name: str
) -> None:
    method, *pairs = toys.TOGETHER[name]
    toys.train(toys.training(damaged, *pairs, method=method), tmp_path)
    expected, found = last(tmp_path), last(two / name)
    assert expected.keys() == found.keys()
    for part, tensor in expected.items():
        torch.testing.assert_close(found[part], tensor, atol=2e-5, rtol=1e-4, msg=f"{part} differs")
    assert (two / name / "encoder.safetensors").is_file()
    histories = [training_history(out / "encoder.safetensors") for out in (tmp_path, two / name)]
    assert [history.unreadable for history in histories if history is not None] == [2, 2]
    # What each process holds: its queue, and the rest.
    held = [load_file(two / name / f"rank-{rank}.safetensors") for rank in (0, 1)]
    assert all(torch.equal(held[0][part], held[1][part]) for part in held[0])
    assert ("memory.queue" in held[0]) == (method == "moco-v2")


def test_torchrun_started_the_killed_processes_again(two: Path) -> None:
    assert (two / "again").exists()


def test_sub_batches_that_can_not_be_divided_among_processes_are_refused(images: Path) -> None:
    with pytest.raises(UsageError, match="4 sub-batches of a batch can't be divided among 3 processes"):
        set_up(toys.training(images), device="cpu", group=Group(rank=0, size=3))
