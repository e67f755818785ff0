"""`artbench run` as people and scripts call it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from artbench.cli.main import artbench
from tests.support.command_line import CommandLine
from tests.support.plugins import TOY


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    words = [
        "run",
        "--backbone",
        "toy-patches",
        "--pretraining",
        "random",
        "--task",
        "toy-colour",
        "--plugin",
        str(TOY),
    ]
    return [sys.executable, "-m", "artbench", *words]


def test_results_go_to_stdout_and_all_else_to_stderr(
    command: list[str], command_line: CommandLine, tmp_path: Path
) -> None:
    first = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "toy-colour" in first.stdout
    assert "rank 1 of 1" in first.stdout
    assert "results/leaderboards" in first.stderr
    assert "\x1b" not in first.stdout + first.stderr
    assert (tmp_path / "results" / "leaderboards" / "toy-colour.md").is_file()
    again = command_line(*command[3:], "--json")
    assert again.returncode == 0, again.stderr
    (record,) = json.loads(again.stdout)
    assert record["task"] == "toy-colour"
    built = command_line("leaderboard", "show")
    assert built.returncode == 0, built.stderr
    assert "toy-patches" in built.stdout


def test_nothing_is_run_again_and_the_user_is_told(command: list[str], command_line: CommandLine) -> None:
    assert command_line(*command[3:]).returncode == 0
    again = command_line(*command[3:])
    assert again.returncode == 0
    assert "not run again" in again.stderr


def test_a_failure_is_one_line_and_status_one(command: list[str], command_line: CommandLine) -> None:
    done = command_line(*command[3:], "--backbone", "toy-broken")
    assert done.returncode == 1
    assert "toy-patches" in done.stdout
    assert "out of paint" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_task_is_status_two_and_gets_the_nearest(command: list[str], command_line: CommandLine) -> None:
    done = command_line(*command[3:], "--task", "toy-color")
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


def test_shots_are_drawn_ten_times_and_told(command: list[str], command_line: CommandLine) -> None:
    done = command_line(*command[3:], "--shots", "2, 1,2", "--json")
    assert done.returncode == 0, done.stderr
    records = json.loads(done.stdout)
    assert [record["protocol"] for record in records] == ["linear-v2-shots-1", "linear-v2-shots-2"]
    assert [len(record["rounds"]) for record in records] == [10, 10]


def test_a_results_folder_that_cannot_be_written_is_named(
    command: list[str], command_line: CommandLine, tmp_path: Path
) -> None:
    (tmp_path / "taken").write_text("")
    done = command_line(*command[3:], "--results", "taken/results")
    assert done.returncode == 1
    assert "taken" in done.stderr
    assert "--results" in done.stderr


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="needs POSIX signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_says_so_in_a_line_and_goes_on_next_time(
    command: list[str], command_line: CommandLine, tmp_path: Path, number: signal.Signals
) -> None:
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    # When the images are there, the work has begun.
    deadline = time.monotonic() + 60
    while not (tmp_path / "cache" / "datasets" / "toy-1").is_dir() and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    if process.returncode == 0:
        pytest.skip("it was through before the signal")
    assert process.returncode == 128 + number
    assert "interrupted" in err
    assert "Traceback" not in err
    assert out == ""
    assert command_line(*command[3:]).returncode == 0


def test_no_training_code_is_imported_where_nothing_is_trained(tmp_path: Path) -> None:
    words = [
        "run",
        "--backbone",
        "colour-histogram",
        "--pretraining",
        "none",
        "--task",
        "toy-colour",
        "--plugin",
        str(TOY),
    ]
    code = f"""
import sys
from artbench.cli.main import artbench
artbench.main({words!r}, standalone_mode=False)
print(sorted(name for name in sys.modules if name.startswith("artbench.pretrain")), file=sys.stderr)
"""
    environment = {**os.environ, "ARTBENCH_CACHE": str(tmp_path / "cache")}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "['artbench.pretrain', 'artbench.pretrain.cached_training']" in done.stderr
