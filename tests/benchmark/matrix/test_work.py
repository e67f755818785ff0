"""Units are done once, whoever works on them, and what fails ends no other."""

import json
import multiprocessing
import os
import signal
import time
from collections import Counter
from pathlib import Path

import pytest

from artbench.errors import ArtbenchError
from artbench.matrix.state import TRIES, MatrixState
from artbench.matrix.units import Unit
from artbench.matrix.work import work
from tests.support.reporters import RecordingReporter

CONTEXT = multiprocessing.get_context("fork")


def unit(number: int, *, kind: str = "measure", after: str = "") -> Unit:
    assert kind in ("train", "measure")
    return Unit(
        id=f"{number:016x}",
        kind="train" if kind == "train" else "measure",
        backbones=(f"net{number}",),
        pretraining="random",
        dataset="toy",
        tasks=("toy-task",),
        after=after,
    )


def test_every_unit_is_done_once_and_says_what_it_took(tmp_path: Path) -> None:
    units, done = [unit(number) for number in range(4)], []
    state = MatrixState(tmp_path)

    def perform(one: Unit) -> dict[str, object]:
        done.append(one.id)
        return {"records": ["a.json"]}

    assert work(units, state, perform, wait=False, reporter=RecordingReporter()) == []
    assert work(units, MatrixState(tmp_path), perform, wait=True, reporter=RecordingReporter()) == []
    assert done == [one.id for one in units]
    found = state.states(units)
    assert {one.status for one in found.values()} == {"done"}
    content = json.loads((tmp_path / "done" / f"{units[0].id}.json").read_text())
    assert content["records"] == ["a.json"]
    assert content["unit"] == "net0, random on toy"


def test_what_fails_is_tried_twice_more_and_the_others_go_on(tmp_path: Path) -> None:
    units, tried = [unit(number) for number in range(3)], Counter[str]()
    reporter, state = RecordingReporter(), MatrixState(tmp_path)

    def perform(one: Unit) -> dict[str, object]:
        tried[one.id] += 1
        if one is units[0]:
            raise ArtbenchError("the disk is full", mend="Free it")
        if one is units[1] and tried[one.id] == 1:
            raise ValueError("odd\nnumbers")
        return {}

    assert work(units, state, perform, wait=True, reporter=reporter) == [units[0]]
    assert tried == {units[0].id: TRIES, units[1].id: 2, units[2].id: 1}
    found = state.states(units)
    assert [found[one.id].status for one in units] == ["failed", "done", "done"]
    assert found[units[0].id].why == "ArtbenchError: the disk is full. Free it."
    assert found[units[1].id].tries == 1
    failure = (tmp_path / "failed" / f"{units[1].id}.1.txt").read_text()
    assert "Traceback" in failure
    assert failure.splitlines()[-1] == "ValueError: odd numbers"
    assert any("try 1 of 3 failed" in notice for notice in reporter.notices)
    # Nothing more is tried, until somebody says so.
    assert work(units, state, perform, wait=True, reporter=reporter) == [units[0]]
    assert tried[units[0].id] == TRIES
    state.forget_failures([one.id for one in units])
    assert state.states(units)[units[0].id].status == "to do"


def test_what_needs_a_training_waits_for_it_and_fails_with_it(tmp_path: Path) -> None:
    training, broken = unit(0, kind="train"), unit(1, kind="train")
    units = [unit(2, after=training.id), unit(3, after=broken.id), training, broken]
    order: list[str] = []

    def perform(one: Unit) -> dict[str, object]:
        order.append(one.id)
        if one is broken:
            raise ArtbenchError("diverged")
        return {}

    left = work(units, MatrixState(tmp_path), perform, wait=False, reporter=RecordingReporter())
    assert left == [units[1], broken]
    assert order.index(training.id) < order.index(units[0].id)
    assert units[1].id not in order
    assert "its training failed" in MatrixState(tmp_path).states(units)[units[1].id].why


def _work(folder: Path, count: int, log: Path) -> None:
    def perform(one: Unit) -> dict[str, object]:
        with log.open("a") as file:
            file.write(f"{one.id}\n")
        time.sleep(0.01)
        return {}

    work(
        [unit(number) for number in range(count)], MatrixState(folder), perform, wait=True, reporter=RecordingReporter()
    )


@pytest.mark.integration
def test_sixteen_processes_do_each_unit_once(tmp_path: Path) -> None:
    log = tmp_path / "log"
    processes = [CONTEXT.Process(target=_work, args=(tmp_path / "matrix", 40, log)) for _ in range(16)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * 16
    assert Counter(log.read_text().split()) == {unit(number).id: 1 for number in range(40)}


def test_what_a_killed_process_had_begun_is_done_by_the_next(tmp_path: Path) -> None:
    begun = tmp_path / "begun"

    def stand_still(one: Unit) -> dict[str, object]:
        begun.touch()
        time.sleep(60)
        return {}

    units, state = [unit(0), unit(1)], MatrixState(tmp_path)
    process = CONTEXT.Process(
        target=work, args=(units, state, stand_still), kwargs={"wait": False, "reporter": RecordingReporter()}
    )
    process.start()
    while not begun.exists():
        time.sleep(0.01)
    running = state.states(units)[units[0].id]
    assert running.status == "running"
    assert running.holder is not None
    assert running.holder.pid == process.pid
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert state.states(units)[units[0].id].status == "to do"
    assert state.held_by(units, host=running.holder.host, pid=process.pid) == [units[0]]
    assert work(units, state, lambda _: {}, wait=False, reporter=RecordingReporter()) == []


def test_what_a_process_does_that_stood_still_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another has taken the unit over meanwhile, and has died without finishing it."""
    monkeypatch.setattr("artbench.runtime.lease.BEAT", 0.1)
    monkeypatch.setattr("artbench.runtime.lease.TIME_TO_LIVE", 0.5)
    monkeypatch.setattr("artbench.matrix.work._LOOK", 0.1)
    one, reporter, state = unit(0), RecordingReporter(), MatrixState(tmp_path)
    lease, done = tmp_path / "leases" / one.id, []

    def perform(_: Unit) -> dict[str, object]:
        done.append((tmp_path / "done").exists())
        if len(done) == 1:
            mine = json.loads((lease / "000001").read_text())
            (lease / "000002").write_text(json.dumps(mine | {"host": "elsewhere", "boot": "", "token": "another"}))
            time.sleep(1)
        return {}

    assert work([one], state, perform, wait=True, reporter=reporter) == []
    assert done == [False, False]
    assert not (tmp_path / "failed").exists()
    assert any("stood still for too long" in notice for notice in reporter.notices)
    assert json.loads((tmp_path / "done" / f"{one.id}.json").read_text())["unit"] == "net0, random on toy"
