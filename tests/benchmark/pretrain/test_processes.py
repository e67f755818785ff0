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


def on_two_processes(*arguments: str, restarts: int = 0, **environment: str) -> None:
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    command = [*torchrun, f"--max-restarts={restarts}", "-m", "tests.support.training", *arguments]
    subprocess.run(command, check=True, env={**os.environ, "OMP_NUM_THREADS": "1", **environment}, timeout=240)


def last(out: Path) -> dict[str, torch.Tensor]:
    return load_file(out / "checkpoints" / "step-000000006.safetensors")


@pytest.mark.parametrize(("method", "pairs"), [("moco-v2", ()), ("moco-v3", ("hidden=16", "warmup_epochs=0"))])
def test_two_processes_end_with_the_weights_of_one(tmp_path: Path, method: str, pairs: tuple[str, ...]) -> None:
    images = toys.paint(tmp_path / "images", broken=(7, 21))
    on_two_processes(str(images), str(tmp_path / "two"), method, *pairs)
    toys.train(toys.training(images, *pairs, method=method), tmp_path / "one")
    one, two = last(tmp_path / "one"), last(tmp_path / "two")
    assert one.keys() == two.keys()
    for name, tensor in one.items():
        torch.testing.assert_close(two[name], tensor, atol=2e-5, rtol=1e-4, msg=f"{name} differs")
    assert (tmp_path / "two" / "encoder.safetensors").is_file()
    histories = [training_history(tmp_path / out / "encoder.safetensors") for out in ("one", "two")]
    assert [history.unreadable for history in histories if history is not None] == [2, 2]
    # What each process holds: its queue, and the rest.
    held = [load_file(tmp_path / "two" / f"rank-{rank}.safetensors") for rank in (0, 1)]
    assert all(torch.equal(held[0][name], held[1][name]) for name in held[0])
    assert ("memory.queue" in held[0]) == (method == "moco-v2")


def test_killed_processes_that_torchrun_restarts_end_with_the_same_weights(images: Path, tmp_path: Path) -> None:
    # Two processes that nothing kills end with the weights of one, by the test above.
    toys.train(toys.training(images), tmp_path / "whole")
    on_two_processes(str(images), str(tmp_path / "killed"), "moco-v2", restarts=1, TOYS_KILLED_AFTER="4")
    whole, killed = last(tmp_path / "whole"), last(tmp_path / "killed")
    for name, tensor in whole.items():
        torch.testing.assert_close(killed[name], tensor, atol=2e-5, rtol=1e-4, msg=f"{name} differs")


def test_sub_batches_that_can_not_be_divided_among_processes_are_refused(images: Path) -> None:
    with pytest.raises(UsageError, match="4 sub-batches of a batch can't be divided among 3 processes"):
        set_up(toys.training(images), device="cpu", group=Group(rank=0, size=3))
