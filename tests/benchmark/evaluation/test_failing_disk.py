"""Whatever call of the file system fails, or kills the run, the same command afterwards ends with the same record."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

SOURCE = Path(__file__).parents[2] / "support" / "faults" / "failing_disk.c"
COMPILER = shutil.which("cc")

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux") or COMPILER is None, reason="needs Linux and a C compiler"
)


class Runs:
    """The program `tests.support.faults.runs`."""

    def __init__(self, place: Path) -> None:
        library = place / "failing_disk.so"
        assert COMPILER is not None
        subprocess.run([COMPILER, "-shared", "-fPIC", "-O2", "-o", library, SOURCE, "-ldl"], check=True)
        self._program = subprocess.Popen(
            [sys.executable, "-m", "tests.support.faults.runs", library, place / "disk"],
            env={**os.environ, "LD_PRELOAD": str(library), "OMP_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.undisturbed = self._answer()

    def ask(self, **question: object) -> Any:
        assert self._program.stdin is not None
        self._program.stdin.write(json.dumps(question) + "\n")
        self._program.stdin.flush()
        return self._answer()

    def _answer(self) -> Any:
        assert self._program.stdout is not None
        return json.loads(self._program.stdout.readline())

    def close(self) -> None:
        self._program.communicate(timeout=60)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    program = Runs(tmp_path_factory.mktemp("faults"))
    yield program
    program.close()


def check(runs: Runs, calls: list[str], number: int, *, fresh: bool, mode: str) -> list[str]:
    """Let one call fail; return what is wrong afterwards."""
    found = runs.ask(fresh=fresh, call=number, mode=mode)
    wrong = []
    # What fails is told in a line; what a run can do without (the digests of images) may go unnoticed.
    if found["said"] != "done" and not found["said"].startswith("error: ") and found["said"] != "killed":
        wrong.append(found["said"])
    if mode != "error" and found["said"] != "killed":
        wrong.append(f"not killed: {found['said']}")
    if fresh and found["kept"] != "whole":
        wrong.append(f"the earlier record is {found['kept']}")
    if found["again"] != "done":
        wrong.append(f"again: {found['again']}")
    if found["left"] != runs.undisturbed:
        names = found["left"].keys() | runs.undisturbed.keys()
        wrong += sorted(name for name in names if found["left"].get(name) != runs.undisturbed.get(name))
    return [f"{mode} at {number}, {calls[number - 1]}, fresh {fresh}: {one}" for one in wrong]


def kinds(calls: list[str]) -> list[int]:
    """Return the number of the last call of each kind: its name, and what kind of file it is about."""
    last = {re.sub(r"\.\w{8}\.tmp", ".tmp", call): number for number, call in enumerate(calls, start=1)}
    return sorted(last.values())


@pytest.mark.timeout(900)
def test_a_call_that_fails_costs_one_run(runs: Runs) -> None:
    calls = runs.ask(fresh=False)
    assert {call.partition(" ")[0] for call in calls} >= {"write", "fsync", "rename", "ftruncate64", "open64", "mkdir"}
    numbers = kinds(calls)
    chosen = numbers[:: max(1, len(numbers) // 6)]
    assert [wrong for number in chosen for wrong in check(runs, calls, number, fresh=False, mode="error")] == []


@pytest.mark.timeout(900)
def test_a_kill_while_a_record_is_replaced_keeps_one(runs: Runs) -> None:
    calls = runs.ask(fresh=True)
    renames = [number for number in kinds(calls) if re.match(r"rename /results/records/[^.]*/[^.]", calls[number - 1])]
    assert len(renames) == 4  # The record and the three files beside it.
    assert [wrong for number in renames for wrong in check(runs, calls, number, fresh=True, mode="kill")] == []


@pytest.mark.slow
@pytest.mark.timeout(12 * 3600)
@pytest.mark.parametrize("mode", ["error", "kill", "half"])
@pytest.mark.parametrize("fresh", [False, True])
def test_every_call_may_fail(runs: Runs, fresh: bool, mode: str) -> None:
    calls = runs.ask(fresh=fresh)
    numbers = [n for n, call in enumerate(calls, start=1) if mode != "half" or call.startswith("write ")]
    assert [wrong for number in numbers for wrong in check(runs, calls, number, fresh=fresh, mode=mode)] == []
