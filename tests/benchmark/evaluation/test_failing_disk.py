"""Whatever call of the file system fails, or kills the run, the same command afterwards ends with the same record."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.support.faults.case import MODES

SOURCE = Path(__file__).parents[2] / "support" / "faults" / "failing_disk.c"
# Calls of each kind of failure that the slow suite tries; all of them with ARTBENCH_EVERY_FAULT=1.
_SAMPLE = 40
COMPILER = shutil.which("cc")

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(not sys.platform.startswith("linux") or COMPILER is None, reason="needs Linux and a C compiler"),
]


class Runs:
    """The program `tests.support.faults.runs`."""

    def __init__(self, library: Path) -> None:
        self._program = subprocess.Popen(
            [sys.executable, "-m", "tests.support.faults.runs", library, library.with_name("disk")],
            env=preloading(library),
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


def preloading(library: Path) -> dict[str, str]:
    return {**os.environ, "LD_PRELOAD": str(library), "OMP_NUM_THREADS": "1"}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("faults") / "failing_disk.so"
    assert COMPILER is not None
    subprocess.run([COMPILER, "-shared", "-fPIC", "-O2", "-o", made, SOURCE, "-ldl"], check=True)
    return made


@pytest.fixture(scope="module")
def runs(library: Path) -> Iterator[Runs]:
    program = Runs(library)
    yield program
    program.close()


def check(runs: Runs, calls: list[str], number: int, *, fresh: bool, mode: str) -> list[str]:
    """Let one call fail; return what is wrong afterwards."""
    found = runs.ask(fresh=fresh, call=number, mode=mode)
    wrong = []
    # What fails is told in a line; what a run can do without (the digests of images) may go unnoticed.
    if found["said"] != "done" and not found["said"].startswith("error: ") and found["said"] != "killed":
        wrong.append(found["said"])
    expected = {"kill": "killed", "half": "killed", "short": "done"}.get(mode)
    if expected is not None and found["said"] != expected:
        wrong.append(f"not {expected}: {found['said']}")
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


def test_calls_by_a_folder_and_its_file_are_seen(tmp_path: Path, library: Path) -> None:
    (tmp_path / "disk").mkdir()
    program = f"""
import ctypes, os
log = os.open("log", os.O_WRONLY | os.O_CREAT)
ctypes.CDLL({str(library)!r}).faults_arm(os.fsencode(os.path.realpath("disk")), ctypes.c_long(0), 0, log)
disk = os.open("disk", os.O_RDONLY)
os.mkdir("a", dir_fd=disk)
file = os.open("a/b", os.O_WRONLY | os.O_CREAT, dir_fd=disk)
os.pwrite(file, b"12", 0)
os.writev(file, [b"3", b"4"])
os.close(file)
os.rename("a/b", "a/c", src_dir_fd=disk, dst_dir_fd=disk)
os.link("disk/a/c", "disk/a/d")
os.truncate("disk/a/d", 0)
os.utime("disk/a/d")
os.unlink("a/c", dir_fd=disk)
os.close(disk)
"""
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, env=preloading(library), check=True)
    made = (tmp_path / "log").read_text().replace(str(tmp_path.resolve() / "disk"), "").replace("64", "").splitlines()
    assert made == [
        "mkdirat /a", "openat /a/b", "pwrite /a/b", "writev /a/b", "close /a/b", "renameat /a/c", "link /a/d",
        "truncate /a/d", "utimensat /a/d", "unlinkat /a/c",
    ]  # fmt: skip


@pytest.mark.timeout(900)
def test_a_call_that_fails_costs_one_run(runs: Runs) -> None:
    calls = runs.ask(fresh=False)
    assert {call.partition(" ")[0] for call in calls} >= {
        "write", "fsync", "rename", "ftruncate64", "open64", "mkdir", "chmod", "close", "unlink", "rmdir",
    }  # fmt: skip
    numbers = kinds(calls)
    chosen = numbers[:: max(1, len(numbers) // 6)]
    assert [wrong for number in chosen for wrong in check(runs, calls, number, fresh=False, mode="error")] == []


@pytest.mark.timeout(900)
def test_a_kill_while_a_record_is_replaced_keeps_one(runs: Runs) -> None:
    calls = runs.ask(fresh=True)
    renames = [number for number in kinds(calls) if re.match(r"rename /results/records/[^.]*/[^.]", calls[number - 1])]
    assert len(renames) == 5  # The record and the four files beside it.
    assert [wrong for number in renames for wrong in check(runs, calls, number, fresh=True, mode="kill")] == []


def numbers_of(calls: list[str], mode: str) -> list[int]:
    """Return the numbers of the calls that a mode is about.

    Half can be done of a write alone; and a kill before a call that changed nothing, or after it, leaves the same disk.
    """
    numbered = list(enumerate(calls, start=1))
    if mode in ("half", "short"):
        return [number for number, call in numbered if call.startswith("write ")]
    if mode == "kill":
        return [number for number, _ in numbered if not calls[number - 2].startswith(("close ", "fsync "))]
    return [number for number, _ in numbered]


@pytest.mark.slow
@pytest.mark.timeout(4 * 3600)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("fresh", [False, True])
def test_any_call_may_fail(runs: Runs, fresh: bool, mode: str) -> None:
    calls = runs.ask(fresh=fresh)
    numbers = numbers_of(calls, mode)
    if not os.environ.get("ARTBENCH_EVERY_FAULT"):
        numbers = sorted(Random(0).sample(numbers, _SAMPLE))
    wrong = [check(runs, calls, number, fresh=fresh, mode=mode) for number in numbers]
    assert [one for some in wrong for one in some] == []
