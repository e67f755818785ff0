"""A matrix on this machine: planned, run, tried again, changed."""

import json
from pathlib import Path

import pytest

from artbench.matrix.matrix import Matrix
from tests.support.command_line import CommandLine
from tests.support.plugins import SMALL, TOY

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
    assert command_line("matrix", "cancel").stderr.startswith("artbench: the processes on this machine end with")

    changed = command_line("matrix", "run", "--at-most", "1", *_FIXED, "--backbone", "small-colour")
    assert changed.returncode == 0
    assert "the plan has changed since it was submitted: of 2 units 1 is not in it any more" in changed.stderr
    assert "1 unit: 1 done." in changed.stdout
