"""What is told while an engine runs the units of a matrix."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from artbench.cli.matrix_table import live_table
from artbench.errors import ArtbenchError
from artbench.matrix.following import following
from artbench.matrix.options import matrix_options
from artbench.matrix.plan import Plan
from artbench.matrix.state import MatrixState, UnitState
from artbench.matrix.status import MatrixStatus, UnitRow
from artbench.matrix.units import Unit
from artbench.matrix.work import work
from tests.support.reporters import RecordingReporter


def unit(number: int) -> Unit:
    return Unit(
        id=f"{number:016x}",
        kind="measure",
        backbones=(f"net{number}",),
        pretraining="random",
        dataset="toy",
        tasks=("toy-task",),
    )


def perform(one: Unit) -> dict[str, object]:
    if one.backbones == ("net2",):
        raise ArtbenchError("the disk is full", mend="Free it")
    return {"records": []}


def test_each_unit_that_ends_and_each_try_that_fails_is_told_once(tmp_path: Path) -> None:
    units, reporter, silent = [unit(number) for number in range(4)], RecordingReporter(), RecordingReporter()
    work(units[:1], MatrixState(tmp_path), perform, wait=False, reporter=silent)
    with following(units[:3], MatrixState(tmp_path), reporter):
        # What was done before, and what is not of this matrix, is not told.
        work(units, MatrixState(tmp_path), perform, wait=False, reporter=silent)
    done, *failed = sorted(reporter.notices)
    assert done.startswith("net1, random on toy: done in ")
    assert failed == [
        f"net2, random on toy: failed try {number} of 3: ArtbenchError: the disk is full. Free it."
        for number in (1, 2, 3)
    ]


def test_what_ends_before_a_failure_of_the_engine_is_told_too(tmp_path: Path) -> None:
    units, reporter = [unit(0)], RecordingReporter()

    def interrupted() -> None:
        with following(units, MatrixState(tmp_path), reporter):
            work(units, MatrixState(tmp_path), perform, wait=False, reporter=RecordingReporter())
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    (done,) = reporter.notices
    assert done.startswith("net0, random on toy: done in ")


@pytest.mark.parametrize("terminal", [True, False])
def test_a_terminal_shows_a_table_below_the_lines(terminal: bool) -> None:
    options = matrix_options({"backbone": ["net0", "net1"], "task": "toy-task"})
    rows = [
        UnitRow(unit=unit(0), state=UnitState(status="running")),
        UnitRow(unit=unit(1), state=UnitState(status="to do")),
    ]
    console = Console(file=io.StringIO(), force_terminal=terminal, width=100)
    looks: list[MatrixStatus] = []

    def look() -> MatrixStatus:
        looks.append(MatrixStatus(plan=Plan(options=options, units=[row.unit for row in rows]), rows=rows))
        if len(looks) == 2:
            raise ArtbenchError("the file is being written")
        return looks[-1]

    with live_table(look, console=console):
        console.print("a line")
    assert isinstance(console.file, io.StringIO)
    printed = console.file.getvalue()
    assert "a line" in printed
    assert ("net0, random on toy" in printed) is terminal
    assert ("2 units: 1 running, 1 to do." in printed) is terminal
    assert bool(looks) is terminal
