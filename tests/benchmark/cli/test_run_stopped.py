"""`artbench run` whose pretraining is stopped by a signal: saved, one line, and the status of an interruption."""

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from artbench.cli.main import main
from tests.support import ranks
from tests.support.child_processes import child
from tests.support.plugins import TOY

slow = partial(pytest.param, marks=pytest.mark.slow)
pytestmark = [pytest.mark.integration, pytest.mark.skipif(not hasattr(os, "fork"), reason="needs POSIX signals")]

PLUGIN = """
from artbench import hookimpl
from artbench.specs import PretrainingSpec

@hookimpl
def register_pretrainings(register):
    register(PretrainingSpec(name="endless", description="MoCo that is never done.", method=method, seeded=True))

def method():
    from artbench.pretrain.method import Method
    from artbench_moco.queued import QueuedContrast
    from artbench_moco.settings import QueueSettings

    class Endless(QueueSettings):
        steps: int | None = 10_000_000
        batch_size: int = 16
        sub_batch: int = 8
        crop_size: int | None = 16

    return Method(settings=Endless, build=QueuedContrast)
"""
WORDS = ["run", "--backbone", "toy-patches", "--task", "toy-colour", "--plugin", str(TOY), "--plugin", "endless.py"]
WORDS += ["--pretraining", "endless", "--pretraining", "random", "--device", "cpu"]


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "endless.py").write_text(PLUGIN)


def until_it_trains(folder: Path) -> None:
    end = time.monotonic() + 60
    while not any(file.stat().st_size for file in folder.rglob("log.jsonl")) and time.monotonic() < end:
        time.sleep(0.02)


def alone(folder: Path) -> None:
    os.chdir(folder)
    os.environ["ARTBENCH_CACHE"] = str(folder / "cache")
    sys.argv = ["artbench", *WORDS]
    main()


@pytest.mark.parametrize("name", ["SIGINT", "SIGUSR1", slow("SIGTERM"), slow("SIGHUP")])
def test_it_is_saved_and_nothing_else_is_begun(tmp_path: Path, name: str) -> None:
    process = child(ranks.begun, {"RANK": "0"}, alone, tmp_path)
    until_it_trains(tmp_path)
    os.kill(process.pid, getattr(signal, name))
    assert ranks.ended([process]) == [128 + getattr(signal, name)], ranks.told(tmp_path, 0)
    told = ranks.told(tmp_path, 0)
    assert f"{name}: saved at step" in told
    assert told.count("; the same command continues.") == 1
    assert told.endswith("interrupted; the same command continues from what is stored.\n")
    assert [*tmp_path.rglob("step-*.safetensors")] != []
    assert [*(tmp_path / "results").rglob("*.json")] == []


@pytest.mark.slow
def test_processes_of_several_devices_are_handed_the_signal(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "artbench", *WORDS, "--devices", "2"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    until_it_trains(tmp_path)
    process.send_signal(signal.SIGUSR1)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (128 + signal.SIGUSR1, ""), err
    assert "SIGUSR1: saved at step" in err
    assert "Traceback" not in err
