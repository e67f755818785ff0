"""Submissions have numbers of their own, and what is known of their jobs is told."""

import multiprocessing
from dataclasses import replace
from pathlib import Path

import pytest

from artbench.errors import ArtbenchError
from artbench.matrix.jobs import Job
from artbench.matrix.options import matrix_options
from artbench.matrix.plan import Plan
from artbench.matrix.state import MatrixState
from artbench.matrix.status import status_of
from artbench.matrix.submission import new_submission, submissions
from artbench.matrix.units import Unit
from artbench.matrix.workflow import cancel

CONTEXT = multiprocessing.get_context("fork")

UNITS = [
    Unit(
        id=f"{number:016x}",
        kind="measure",
        backbones=(f"net{number}",),
        pretraining="random",
        dataset="toy",
        tasks=("toy-task",),
    )
    for number in range(2)
]


def _hand_in(folder: Path, plan: str) -> None:
    for _ in range(20):
        new_submission(folder, plan=plan, engine="local", jobs=[])


def test_each_submission_has_a_number_of_its_own(tmp_path: Path) -> None:
    processes = [CONTEXT.Process(target=_hand_in, args=(tmp_path, f"plan{number}")) for number in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    found = submissions(tmp_path)
    assert [one.number for one in found] == list(range(1, 81))
    assert sorted(one.plan for one in found) == sorted(f"plan{number % 4}" for number in range(80))
    assert sorted(file.name for file in (tmp_path / "submissions").iterdir()) == [f"{n:04}.json" for n in range(1, 81)]


def test_a_job_of_slurm_that_is_gone_and_left_no_log_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("artbench.matrix.status.words_of", lambda _: {})
    made = new_submission(tmp_path, plan="a", engine="slurm", jobs=[Job(units=(unit,)) for unit in UNITS])
    made = replace(made, handles={"free": "7", "collect": "8"})
    made.logs.mkdir(parents=True)
    (made.logs / "7_0_0_log.out").touch()
    plan = Plan(options=matrix_options({"backbone": "net0", "task": "toy-task"}), units=UNITS)
    first, second = status_of(plan, MatrixState(tmp_path), [made]).rows
    assert first.state.why == ""
    assert second.state.status == "to do"
    assert second.state.why == f"job 7 left no log: it never began, or its node does not see {tmp_path}"


def test_jobs_are_cancelled_without_a_plan(tmp_path: Path) -> None:
    with pytest.raises(ArtbenchError, match="there is no matrix"):
        cancel(tmp_path)
    new_submission(tmp_path / "matrix", plan="a", engine="slurm", jobs=[])
    assert cancel(tmp_path) == 0
