"""A matrix that is looked at again and again: what has not changed is not read again, what has is told."""

import os
from pathlib import Path

import pytest

from artbench.matrix.jobs import Job
from artbench.matrix.looks import Looks
from artbench.matrix.options import matrix_options
from artbench.matrix.plan import Plan
from artbench.matrix.state import MatrixState
from artbench.matrix.submission import new_submission
from artbench.matrix.units import Unit
from tests.support.opened_files import opened_files


@pytest.fixture
def units(tmp_path: Path) -> list[Unit]:
    """Units of a matrix, of which the first is done and the second has failed once."""
    made = [
        Unit(id=f"{n:016x}", kind="measure", backbones=(f"net{n}",), pretraining="random", dataset="a", tasks=("t",))
        for n in range(4)
    ]
    state = MatrixState(tmp_path)
    Plan(options=matrix_options({"backbone": "net", "task": "t"}), units=made).write(tmp_path)
    new_submission(tmp_path, plan="p", engine="local", jobs=[Job(units=tuple(made))])
    finish(state, made[0])
    state.fail(made[1].id, "RuntimeError: out of paint")
    return made


def finish(state: MatrixState, unit: Unit) -> None:
    with state.held(unit) as lease:
        assert lease is not None
        state.finish(unit, lease, {"seconds": 3.0})


@pytest.mark.usefixtures("units")
def test_a_second_look_reads_only_what_may_have_changed(tmp_path: Path) -> None:
    look = Looks(tmp_path)
    before = look()
    with opened_files() as opened:
        assert look() == before
    files = {os.path.relpath(path, tmp_path) for path in opened if Path(path).is_file()}
    assert files == {"plan.json"}


def test_what_has_changed_is_told(tmp_path: Path, units: list[Unit]) -> None:
    look, state = Looks(tmp_path), MatrixState(tmp_path)
    assert [(row.state.status, row.state.why) for row in look().rows] == [
        ("done", ""),
        ("to do", "RuntimeError: out of paint"),
        ("to do", ""),
        ("to do", ""),
    ]
    # Tried anew, and failed for another reason; another one ended; the plan has grown smaller.
    state.forget_failures([units[1].id])
    state.fail(units[1].id, "RuntimeError: out of canvas")
    finish(state, units[2])
    Plan(options=matrix_options({"backbone": "net", "task": "t"}), units=units[:3]).write(tmp_path)
    assert [(row.state.status, row.state.why, row.seconds) for row in look().rows] == [
        ("done", "", 3.0),
        ("to do", "RuntimeError: out of canvas", None),
        ("done", "", 3.0),
    ]
