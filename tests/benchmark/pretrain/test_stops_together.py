"""Signals as Slurm, torchrun and a terminal send them save once, and the same command goes on."""

import os
import pty
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from artbench.cli.main import main
from tests.support import ranks
from tests.support.child_processes import child
from tests.support.plugins import TOY

pytestmark = [pytest.mark.integration, pytest.mark.skipif(not hasattr(os, "fork"), reason="needs POSIX signals")]

WORDS = ["pretrain", "moco-v2", "--backbone", "toy-patches", "--dataset", "toy", "--save-minutes", "0", "--keep", "999"]
WORDS += ["--plugin", str(TOY), "--out", "out", "--resume"]
for pair in ("batch_size=16", "sub_batch=8", "crop_size=16", "steps=100000"):
    WORDS += ["--set", pair]


def command(folder: Path) -> None:
    os.chdir(folder)
    os.environ.update(ARTBENCH_CACHE=str(folder / "cache"), OMP_NUM_THREADS="1")
    sys.argv = ["artbench", *WORDS]
    main()


def at_a_terminal(folder: Path, terminal: str) -> None:
    """Run the command as the leader of a terminal's session."""
    os.setsid()
    slave = os.open(terminal, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(slave, stream)
    sys.stdout, sys.stderr = (os.fdopen(stream, "w", closefd=False) for stream in (1, 2))
    command(folder)


def saved(folder: Path) -> list[int]:
    return sorted(int(file.stem[5:]) for file in (folder / "out" / "checkpoints").glob("step-*.safetensors"))


def until(condition: Callable[[], bool], *processes: Any) -> None:
    end = time.monotonic() + 60
    while not condition() and time.monotonic() < end and all(process.is_alive() for process in processes):
        time.sleep(0.02)
    assert condition()


def as_srun(folder: Path) -> list[Any]:
    """Two tasks of a step, each on a node of its own."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
    step = {"SLURM_STEP_ID": "0", "SLURM_STEP_NUM_TASKS": "2", "SLURM_STEP_NODELIST": "n[1-2]", "SLURM_JOB_ID": "1"}
    step |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "SLURM_STEP_TASKS_PER_NODE": "1(x2)"}
    return [
        child(ranks.begun, step | {"SLURM_PROCID": rank, "SLURM_NODEID": rank, "SLURM_LOCALID": "0"}, command, folder)
        for rank in "01"
    ]


def test_every_signal_to_the_tasks_of_a_step_saves_once_and_the_same_command_goes_on(tmp_path: Path) -> None:
    done = 0
    for name in ("SIGUSR1", "SIGTERM", "SIGHUP", "SIGINT"):
        tasks = as_srun(tmp_path)
        until(lambda: (saved(tmp_path) or [0])[-1] > done + 1, *tasks)  # noqa: B023
        for _ in range(2):
            for task in tasks:
                os.kill(task.pid, getattr(signal, name))
        assert ranks.ended(tasks) == [0, 0], ranks.told(tmp_path, 0) + ranks.told(tmp_path, 1)
        told = ranks.told(tmp_path, 0)
        before, done = done, saved(tmp_path)[-1]
        assert told.count(f"{name}: saved at step {done} of 100000; the same command continues.") == 1
        assert (f"Going on from step {before} of 100000." in told) == bool(before)
        assert ranks.told(tmp_path, 1) == ""
    assert not (tmp_path / "out" / "encoder.safetensors").exists()
    assert saved(tmp_path) == [*range(1, done + 1)]


def test_a_terminal_that_closes_saves(tmp_path: Path) -> None:
    master, slave = pty.openpty()
    process = child(at_a_terminal, tmp_path, os.ttyname(slave))
    until(lambda: len(saved(tmp_path)) > 1, process)
    os.close(slave)
    os.close(master)
    assert ranks.ended([process]) == [0]
    last = saved(tmp_path)[-1]
    time.sleep(0.2)
    assert saved(tmp_path)[-1] == last


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_two_agents_of_torchrun_go_on_after_one_of_their_processes_was_killed(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--nnodes=2", "--nproc-per-node=1", "--max-restarts=3"]
    torchrun += ["--rdzv-backend=c10d", f"--rdzv-endpoint=127.0.0.1:{port}", "--rdzv-id=1"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "ARTBENCH_CACHE": str(tmp_path / "cache")}
    words = [word for word in WORDS if word != "--resume"]
    words[words.index("steps=100000")] = "steps=300"
    agents = []
    for number in (0, 1):
        with (tmp_path / f"agent-{number}").open("w") as told:
            command = [*torchrun, "-m", "artbench", *words]
            agents.append(subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=told, stdout=told))
    try:
        end = time.monotonic() + 200
        while len(saved(tmp_path)) < 2 and time.monotonic() < end:
            time.sleep(0.1)
        # Its agent starts it again, and counts; the other agent starts its own again, and does not.
        children = Path(f"/proc/{agents[1].pid}/task/{agents[1].pid}/children").read_text().split()
        os.kill(int(children[0]), signal.SIGKILL)
        assert [agent.wait(200) for agent in agents] == [0, 0]
    finally:
        for agent in agents:
            agent.terminate()
            agent.wait(60)
    said = [(tmp_path / f"agent-{number}").read_text() for number in (0, 1)]
    assert any("Going on from step " in text for text in said)
    assert (tmp_path / "out" / "encoder.safetensors").exists()


@pytest.mark.timeout(240)
@pytest.mark.parametrize(
    ("name", "to_all"), [("SIGTERM", True), pytest.param("SIGUSR1", False, marks=pytest.mark.slow)]
)
def test_torchrun_hands_signals_on_and_the_training_is_saved(tmp_path: Path, name: str, to_all: bool) -> None:
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    handled = "--signals-to-handle=SIGTERM,SIGINT,SIGHUP,SIGUSR1"
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "ARTBENCH_CACHE": str(tmp_path / "cache")}
    with (tmp_path / "stderr").open("w") as told:
        run = subprocess.Popen(
            [*torchrun, handled, "-m", "artbench", *WORDS],
            cwd=tmp_path,
            env=environment,
            stderr=told,
            start_new_session=True,
        )
    try:
        end = time.monotonic() + 200
        while len(saved(tmp_path)) < 2 and run.poll() is None and time.monotonic() < end:
            time.sleep(0.1)
        (os.killpg if to_all else os.kill)(run.pid, getattr(signal, name))
        # Whatever its processes do, the agent of torchrun ends so.
        assert run.wait(60) == 1
    finally:
        if run.poll() is None:
            os.killpg(run.pid, signal.SIGKILL)
    last = saved(tmp_path)[-1]
    assert f"{name}: saved at step {last} of 100000" in (tmp_path / "stderr").read_text()
