"""`artbench run` as people and scripts call it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

from artbench.cli.main import artbench, main
from artbench.runtime.several import run_several
from tests.support.child_processes import child
from tests.support.command_line import CommandLine
from tests.support.plugins import TOY

pytestmark = pytest.mark.integration

# `python -m artbench`, which at its end writes down what was imported.
PROGRAM = """
import atexit, pathlib, sys
atexit.register(lambda: pathlib.Path("imported").write_text("\\n".join(sys.modules)))
from artbench.cli.main import main
main()
"""


@pytest.fixture
def words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    toys = ["--backbone", "toy-patches", "--pretraining", "random", "--task", "toy-colour", "--plugin", str(TOY)]
    return ["run", *toys]


def test_results_go_to_stdout_and_all_else_to_stderr(
    words: list[str], command_line: CommandLine, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", PROGRAM, *words]
    first = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "toy-colour" in first.stdout
    assert "rank 1 of 1" in first.stdout
    assert "results/leaderboards" in first.stderr
    assert "\x1b" not in first.stdout + first.stderr
    assert (tmp_path / "results" / "leaderboards" / "toy-colour.md").is_file()
    # Nothing is trained, so no code for it is imported.
    imported = (tmp_path / "imported").read_text().splitlines()
    assert "artbench.evaluation.workflow" in imported
    trains = sorted(name for name in imported if name.startswith("artbench.pretrain"))
    assert trains == ["artbench.pretrain", "artbench.pretrain.cached_training"]
    again = command_line(*words, "--json")
    assert again.returncode == 0, again.stderr
    (record,) = json.loads(again.stdout)
    assert record["task"] == "toy-colour"
    built = command_line("leaderboard", "show")
    assert built.returncode == 0, built.stderr
    assert "toy-patches" in built.stdout


def test_nothing_is_run_again_and_the_user_is_told(words: list[str], command_line: CommandLine) -> None:
    assert command_line(*words).returncode == 0
    again = command_line(*words)
    assert again.returncode == 0
    assert "All of this was on record, and not run again" in " ".join(again.stderr.split())
    failed = command_line(*words, "--backbone", "toy-broken")
    assert "What is listed was on record" in " ".join(failed.stderr.split())


def test_a_failure_is_one_line_and_status_one(words: list[str], command_line: CommandLine) -> None:
    done = command_line(*words, "--backbone", "toy-broken")
    assert done.returncode == 1
    assert "toy-patches" in done.stdout
    assert "out of paint" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_task_is_status_two_and_gets_the_nearest(words: list[str], command_line: CommandLine) -> None:
    done = command_line(*words, "--task", "toy-color")
    assert done.returncode == 2
    assert "toy-colour" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("shots", ["0", "-1", "4,x", "1.5", "1,,2", "", "10001"])
def test_numbers_of_shots_that_make_no_sense_are_refused(shots: str) -> None:
    done = CliRunner().invoke(
        artbench, ["run", "--backbone", "toy-patches", "--task", "toy-colour", "--shots", shots, "--plugin", str(TOY)]
    )
    assert done.exit_code == 2
    assert f"{shots!r} is not a list of numbers from 1 to 10,000, such as 1,2,4,8,16" in " ".join(
        done.stderr.replace("│", " ").split()
    )


def test_shots_are_drawn_ten_times_and_told(words: list[str], command_line: CommandLine) -> None:
    done = command_line(*words, "--shots", "2, 1,2", "--json")
    assert done.returncode == 0, done.stderr
    records = json.loads(done.stdout)
    assert [record["protocol"] for record in records] == ["linear-v2-shots-1", "linear-v2-shots-2"]
    assert [len(record["rounds"]) for record in records] == [10, 10]


def test_a_results_folder_that_cannot_be_written_is_named(
    words: list[str], command_line: CommandLine, tmp_path: Path
) -> None:
    (tmp_path / "taken").write_text("")
    done = command_line(*words, "--results", "taken/results")
    assert done.returncode == 1
    assert "taken" in done.stderr
    assert "--results" in done.stderr


def in_streams_of_its_own(words: list[str], folder: Path) -> None:
    os.chdir(folder)
    os.environ["ARTBENCH_CACHE"] = str(folder / "cache")
    for stream, name in ((1, "stdout"), (2, "stderr")):
        os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT), stream)
    sys.argv = ["artbench", *words]
    main()


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="needs POSIX signals")
@pytest.mark.parametrize(("number", "devices"), [(signal.SIGINT, "1"), (signal.SIGTERM, "1"), (signal.SIGINT, "2")])
def test_interrupted_it_says_so_in_a_line_and_goes_on_next_time(
    words: list[str], command_line: CommandLine, tmp_path: Path, number: signal.Signals, devices: str
) -> None:
    process = child(in_streams_of_its_own, [*words, "--devices", devices], tmp_path)
    # When the images are there, the work has begun.
    deadline = time.monotonic() + 60
    while not (tmp_path / "cache" / "datasets" / "toy-1").is_dir() and time.monotonic() < deadline:
        time.sleep(0.005)
    os.kill(process.pid, number)
    process.join(60)
    if process.exitcode == 0:
        pytest.skip("it was through before the signal")
    out, err = ((tmp_path / name).read_text() for name in ("stdout", "stderr"))
    assert process.exitcode == 128 + number
    assert "interrupted" in err
    assert "Traceback" not in err
    assert out == ""
    assert command_line(*words).returncode == 0


def test_several_devices_give_the_record_and_the_bytes_of_one(
    words: list[str], command_line: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def bytes_of(cache: Path) -> list[bytes]:
        (file,) = cache.rglob("features.f32")
        return [file.read_bytes(), file.with_name("rows.idx").read_bytes()]

    assert command_line(*words).returncode == 0
    ranks = tmp_path / "ranks.py"
    ranks.write_text("import os, pathlib\npathlib.Path('rank-' + os.environ.get('RANK', 'none')).touch()\n")
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "second"))
    several = ["--plugin", str(ranks), "--devices", "2", "--device", "cpu", "--results", "shared", "--json"]
    shared = command_line(*words, *several)
    assert shared.returncode == 0, shared.stderr
    (record,) = json.loads(shared.stdout)
    assert bytes_of(tmp_path / "second") == bytes_of(tmp_path / "cache")
    (file,) = (tmp_path / "results" / "records").rglob("*.json")
    alone = json.loads(file.read_text())
    assert record["metrics"] == alone["metrics"]
    assert {file.name for file in tmp_path.glob("rank-*")} == {"rank-none", "rank-0", "rank-1"}


def test_the_status_of_several_processes_is_that_of_the_first_that_fails() -> None:
    assert run_several(["run", "--no-such-option"], count=2) == 2


def test_more_gpus_than_there_are_are_refused(words: list[str], command_line: CommandLine) -> None:
    if torch.cuda.device_count() >= 64:
        pytest.skip("there are so many")
    refused = command_line(*words, "--device", "cuda", "--devices", "64")
    assert refused.returncode == 2
    assert "no device 'cuda' here" in refused.stderr or "--devices 64, and there" in refused.stderr
