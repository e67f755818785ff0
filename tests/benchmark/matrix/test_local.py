"""A matrix on this machine: planned, run, tried again, changed."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from artbench.matrix.matrix import Matrix
from tests.plugins.artbench_collection.museum import works, write_museum
from tests.support.command_line import CommandLine
from tests.support.matrices import workers
from tests.support.plugins import HUNGRY, SMALL, TOY
from tests.support.run_tasks import paint

pytestmark = pytest.mark.integration

_PLUGINS = ("--plugin", str(TOY), "--plugin", str(SMALL))
_FIXED = ("--pretraining", "random", "--task", "toy-colour", "--device", "cpu", *_PLUGINS)


@pytest.mark.timeout(300)
def test_a_failure_ends_no_other_and_can_be_tried_again_and_left_out(
    command_line: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "cache"))
    both = ("--backbone", "toy-broken", "--backbone", "small-colour")
    planned = command_line("matrix", "plan", *_FIXED, *both, "--json")
    assert [row["status"] for row in json.loads(planned.stdout)] == ["to do", "to do"]
    assert not Path("results").exists()

    done = command_line("matrix", "run", "--at-most", "1", *_FIXED, *both)
    assert done.returncode == 1
    assert "2 units: 1 done, 1 failed." in done.stdout
    assert "small-colour" in Path("results/leaderboards/toy-colour.md").read_text()
    broken, small = json.loads(command_line("matrix", "status", "--json").stdout)
    assert (broken["tries"], small["tries"]) == (3, 0)
    assert "out of paint" in broken["why"]
    assert {row.unit.id: row.state.status for row in Matrix.of("results").status().rows} == {
        broken["id"]: "failed",
        small["id"]: "done",
    }
    assert command_line("matrix", "cancel").stdout == "No engine has jobs of this matrix.\n"

    assert Matrix.of("results").script() == command_line("matrix", "run", "--dry-run", *_FIXED, *both).stdout.strip()

    changed = command_line("matrix", "run", "--at-most", "1", *_FIXED, "--backbone", "small-colour")
    assert changed.returncode == 0
    assert "the plan has changed since it was submitted: of 2 units 1 is not in it any more" in changed.stderr
    assert "1 unit: 1 done." in changed.stdout


@pytest.mark.timeout(300)
def test_settings_of_a_training_and_stored_tokens_go_from_the_plan_to_the_record(
    command_line: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "cache"))
    Path("matrix.toml").write_text(
        f'backbone = "toy-patches"\npretraining = "moco-v2"\ntask = "toy-colour"\nplugin = ["{TOY}"]\ndevice = "cpu"\n'
        'protocol = "attentive-v1"\nstore_tokens = true\nset = { steps = 2, batch_size = 16 }\n'
    )
    planned = [row["id"] for row in json.loads(command_line("matrix", "plan", "matrix.toml", "--json").stdout)]
    given = ("--set", "steps=3", "--set", "batch_size=16")
    other = command_line("matrix", "plan", "matrix.toml", *given, "--json")
    assert {row["id"] for row in json.loads(other.stdout)}.isdisjoint(planned)

    done = command_line("matrix", "run", "matrix.toml", "--at-most", "1", *given)
    assert "2 units: 2 done." in done.stdout, done.stderr
    [record] = Path("results/records").glob("*/*.json")
    content = json.loads(record.read_text())
    assert content["protocol"] == "attentive-v1"
    settings = content["encoder"]["training"]["settings"]
    assert (settings["steps"], settings["batch_size"]) == (3, 16)
    # One store of pooled features, one of tokens.
    assert len(list(Path("cache/features").glob("toy-*/*/"))) == 2


@pytest.mark.timeout(300)
def test_a_killed_process_is_replaced_and_ctrl_c_ends_all(
    command_line: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "cache"))
    words = ("--at-most", "1", *_FIXED, "--plugin", str(HUNGRY), "--backbone", "toy-hungry")
    with subprocess.Popen(
        [sys.executable, "-m", "artbench", "matrix", "run", *words], stderr=subprocess.PIPE, text=True
    ) as process:
        while not any(row["status"] == "running" for row in _status(command_line)):
            assert process.poll() is None
            time.sleep(0.2)
        refused = command_line("matrix", "cancel")
        assert refused.returncode == 2
        assert refused.stderr.startswith("artbench: 1 unit is run by a command that waits for the end (pid ")
        assert refused.stderr.endswith("Press Ctrl-C where `artbench matrix run` runs.\n")
        (killed,) = workers(tmp_path / "results")
        os.kill(killed, signal.SIGKILL)
        while not any(row["status"] == "running" and row["tries"] == 1 for row in _status(command_line)):
            assert process.poll() is None
            time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate()
    assert process.returncode == 128 + signal.SIGINT
    assert told.splitlines()[-1] == "artbench: interrupted; the same command continues from what is stored."
    assert not workers(tmp_path / "results")
    # To be killed is a try, and an interrupt is none; it leaves nothing to be cancelled.
    (row,) = _status(command_line)
    assert (row["status"], row["tries"]) == ("to do", 1)
    assert row["why"].startswith("its process ended by signal 9 (Killed), as the system ends processes where memory")
    assert command_line("matrix", "cancel").returncode == 0


def _status(call: CommandLine) -> list[dict[str, Any]]:
    told = call("matrix", "status", "--json")
    return list(json.loads(told.stdout)) if told.returncode == 0 else []


@pytest.mark.timeout(300)
def test_a_collection_is_found_where_the_options_say(
    command_line: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = write_museum(tmp_path / "museum")
    for k, (path, *_) in enumerate(works()):
        paint(tmp_path / "museum" / path, k)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "cache"))
    words = ("--backbone", "colour-histogram", "--pretraining", "none", "--task", "collection:works:style")
    placed = ("--data", f"collection:works=../museum/{table.name}", "--device", "cpu", "--at-most", "1")
    done = command_line("matrix", "run", *words, *placed)
    assert done.returncode == 0, done.stderr
    assert "1 unit: 1 done." in done.stdout
    # Units are called as collections are on record.
    assert "colour-histogram, none on collection:works: done in " in done.stderr
    (record,) = Path("results/records").rglob("*.json")
    assert json.loads(record.read_text())["task"] == "collection:works:style"
    # As `artbench run` has it: what one has put on record, the other does not do again.
    again = command_line("run", *words, *placed[:-2], "--results", "results")
    assert "was on record, and not run again" in again.stderr
    # The same in a file, from another folder.
    monkeypatch.chdir(tmp_path)
    Path("matrix.toml").write_text(
        'task = "collection:works:style"\nbackbone = "colour-histogram"\npretraining = "none"\n'
        f'results = "here/results"\ndevice = "cpu"\n[data]\n"collection:works" = "museum/{table.name}"\n'
    )
    (unit,) = json.loads(command_line("matrix", "plan", "matrix.toml", "--json").stdout)
    assert unit["status"] == "done"
