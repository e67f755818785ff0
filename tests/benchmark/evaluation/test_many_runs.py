"""Sixteen runs on one results folder and one cache: no torn file, and no row of a leaderboard is lost."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from artbench.records.folder import ResultsFolder
from artbench.runtime.progress import Silent
from tests.support.matrices import records
from tests.support.plugins import SMALL, TOY

_PROCESSES = 16
_ENCODERS = ("toy-patches", "small-colour", "test_resnet", "test_vit", "test_efficientnet", "test_convnext")
_TASKS = ("toy-colour", "toy-traits")


def _run(cache: Path, results: Path, encoders: list[str]) -> "subprocess.Popen[str]":
    words = [word for name in encoders for word in ("--backbone", name)]
    words += [word for name in _TASKS for word in ("--task", name)]
    words += ["--pretraining", "random", "--plugin", str(TOY), "--plugin", str(SMALL), "--device", "cpu"]
    return subprocess.Popen(
        [sys.executable, "-m", "artbench", "run", *words, "--results", str(results)],
        env={**os.environ, "ARTBENCH_CACHE": str(cache), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def _files(folder: Path) -> list[str]:
    return sorted(
        file.relative_to(folder).as_posix()
        for file in folder.rglob("*")
        if file.is_file() and not {".leases", ".contents"} & set(file.relative_to(folder).parts)
    )


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_sixteen_runs_leave_what_one_leaves(tmp_path: Path) -> None:
    serial = _run(tmp_path / "serial-cache", tmp_path / "serial", list(_ENCODERS))
    _, said = serial.communicate()
    assert serial.returncode == 0, said

    # Every encoder is asked for by several of them at once.
    cache, results = tmp_path / "cache", tmp_path / "results"
    asked = [[_ENCODERS[number % 6], _ENCODERS[(number + 1 + number // 6) % 6]] for number in range(_PROCESSES)]
    runs = [_run(cache, results, encoders) for encoders in asked]
    for run in runs:
        said = run.communicate()[1]
        assert run.returncode == 0, said

    assert records(results) == records(tmp_path / "serial")
    folder = ResultsFolder(results)
    assert all(folder.is_whole(record) for record in folder.records(Silent()))
    for task in _TASKS:
        page = (results / "leaderboards" / f"{task}.md").read_text()
        assert [name for name in _ENCODERS if name not in page] == []
    assert _files(results) == _files(tmp_path / "serial")
    assert _files(cache / "features") == _files(tmp_path / "serial-cache" / "features")
