"""A matrix on a real Slurm whose jobs, processes, nodes and controller are killed, and whose jobs reach their limit."""

import os
import random
import shutil
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from artbench.matrix.plan import read_plan
from artbench.matrix.state import MatrixState
from artbench.matrix.workflow import folder_of, status
from tests.support.command_line import CommandLine
from tests.support.matrices import records, workers
from tests.support.plugins import SMALL, TOY
from tests.support.real_data import REAL_DATA
from tests.support.slurm_cluster import SlurmCluster, slurm_cluster

pytestmark = [pytest.mark.slow, pytest.mark.timeout(7200)]

# A machine that is busy with other things needs longer for a unit: fewer encoders, and more seconds, do there.
_ENCODERS = tuple(
    os.environ.get(
        "CHAOS_ENCODERS", "test_byobnet,test_resnet,test_vit,test_efficientnet,test_convnext,mobilenetv3_small_050"
    ).split(",")
)
_SECONDS_BETWEEN_KILLS = float(os.environ.get("CHAOS_SECONDS", "20"))
# Kills that a daemon stays down for. After twice the time a node counts as failed, and its jobs are requeued.
_DOWN = 2


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[SlurmCluster]:
    with slurm_cluster(cores=1) as running:
        monkeypatch.setenv("SLURM_CONF", running.environment["SLURM_CONF"])
        monkeypatch.chdir(tmp_path)
        yield running


@pytest.fixture
def told(capfd: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Prints a line at once, since these tests take minutes."""

    def tell(line: str) -> None:
        with capfd.disabled():
            print(line, flush=True)

    return tell


def asked(*, results: str, encoders: tuple[str, ...] = _ENCODERS) -> list[str]:
    """What is measured: the sample, and a part of WikiArt where it is at hand."""
    words = [word for name in encoders for word in ("--backbone", name)]
    words += ["--pretraining", "random", "--task", "sample-style", "--task", "toy-colour", "--device", "cpu"]
    words += ["--plugin", str(TOY), "--plugin", str(SMALL), "--results", results]
    wikiart = REAL_DATA / "wikiart-mini"
    if wikiart.is_dir():
        words += ["--task", "wikiart-artist", "--data", f"wikiart={wikiart}", "--allow-partial"]
    return words


def finished(results: Path) -> int:
    """Number of units that are done, or were found on record after the job that had put them there was killed."""
    folder = folder_of(results)
    return len(MatrixState(folder).done() | set(read_plan(folder).on_record))


class Chaos:
    """Kills one thing after the other, and starts the daemons again a while later."""

    def __init__(self, cluster: SlurmCluster, results: Path, seed: int) -> None:
        self._cluster, self._results = cluster, results
        self._random = random.Random(seed)
        self._down: list[tuple[float, Any]] = []
        self.killed: Counter[str] = Counter()

    def kill(self) -> None:
        kinds = [self._job, self._process, self._process, self._node, self._controller]
        self._random.choice(kinds)()

    def revive(self, *, all_of_them: bool = False) -> None:
        for due, start in list(self._down):
            if all_of_them or time.monotonic() >= due:
                self._down.remove((due, start))
                start()

    def _job(self) -> None:
        with suppress(Exception):  # The controller may be down.
            jobs = self._cluster.jobs()
            if jobs:
                self._cluster.ask("scancel", "--signal=KILL", self._random.choice(jobs))
                self.killed["job"] += 1

    def _process(self) -> None:
        for pid in self._random.sample(found, 1) if (found := workers(self._results)) else ():
            os.kill(pid, signal.SIGKILL)
            self.killed["process"] += 1

    def _node(self) -> None:
        if not self._down:
            node = self._random.choice(("n1", "n2"))
            self._cluster.kill_node(node)
            self._starts_again(lambda: self._cluster.start_node(node))
            self.killed["node"] += 1

    def _controller(self) -> None:
        if not self._down:
            self._cluster.kill_controller()
            self._starts_again(self._cluster.start_controller)
            self.killed["controller"] += 1

    def _starts_again(self, start: Any) -> None:
        self._down.append((time.monotonic() + _DOWN * _SECONDS_BETWEEN_KILLS - 1, start))


def test_whatever_is_killed_all_is_measured_once_as_in_a_serial_run(
    cluster: SlurmCluster,
    command_line: CommandLine,
    told: Callable[[str], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "serial-cache"))
    serial = command_line("run", *asked(results="serial"))
    assert serial.returncode == 0, serial.stderr

    # The images are made once.
    shutil.copytree(tmp_path / "serial-cache" / "datasets", tmp_path / "cache" / "datasets")
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "cache"))
    results = tmp_path / "results"
    done = command_line("matrix", "run", "--on", "slurm", "--at-least", "1s", *asked(results="results"))
    assert done.returncode == 0, done.stderr
    chaos = Chaos(cluster, results, seed=int(os.environ.get("CHAOS_SEED", 0)))
    units = len(status(results).rows)
    by_hand = 0
    due = time.monotonic() + _SECONDS_BETWEEN_KILLS
    while finished(results) < units:
        time.sleep(1)
        if time.monotonic() >= due:
            with suppress(Exception):  # The controller may be down.
                cluster.put_right()
            chaos.kill()
            due += _SECONDS_BETWEEN_KILLS
            told(f"{finished(results)}/{units} done; {dict(chaos.killed)}")
        chaos.revive()
        # Where the last job was killed too, somebody has to hand in what is left.
        with suppress(Exception):
            if not cluster.queue() and finished(results) < units:
                by_hand += command_line("matrix", "retry", "--results", "results").returncode == 0
    chaos.revive(all_of_them=True)
    cluster.wait_until_empty(600)
    told(f"killed: {dict(chaos.killed)}; handed in by hand: {by_hand} times")

    assert records(results) == records(tmp_path / "serial")
    if not all((results / "leaderboards" / f"{task}.md").exists() for task in {one.task for one in _tasks(results)}):
        assert command_line("matrix", "retry", "--results", "results").returncode == 0
    for record in _tasks(results):
        assert record.backbone in (results / "leaderboards" / f"{record.task}.md").read_text()
    # A unit's lease has a generation for each time that it was begun: once, and again after a kill.
    begun = [
        max(int(file.name) for file in lease.iterdir() if file.name.isdecimal())
        for lease in (folder_of(results) / "leases").iterdir()
    ]
    again = sum(begun) - units
    told(f"{units} units were begun {sum(begun)} times")
    assert again <= sum(chaos.killed.values())


def _tasks(results: Path) -> list[Any]:
    from artbench.records.folder import ResultsFolder
    from artbench.runtime.progress import Silent

    return list(ResultsFolder(results).records(Silent()))


def test_jobs_of_a_minute_finish_what_takes_several(
    cluster: SlurmCluster,
    command_line: CommandLine,
    told: Callable[[str], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "cache"))
    words = asked(results="results", encoders=_ENCODERS[:3])
    # One job for all of them, so that it reaches its limit again and again.
    done = command_line("matrix", "run", "--on", "slurm", "--time", "1m", "--at-least", "10h", *words)
    assert done.returncode == 0, done.stderr
    stored = [0]
    while cluster.queue():
        time.sleep(1)
        stored.append(sum(file.stat().st_size for file in (tmp_path / "cache").glob("features/*/*/features.*")))
    # Each life of the job goes on with what the one before had stored.
    assert stored == sorted(stored)
    found = status(tmp_path / "results")
    assert found.finished
    assert found.count("done") == len(found.rows)
    (log,) = (tmp_path / "results" / "matrix" / "logs" / "0001").glob("1_*.out")
    text = log.read_text()
    requeued = text.count("Exiting gracefully after preemption/timeout")
    told(f"requeued {requeued} times")
    assert requeued > 1
    # Each was told to stop, and let go of what it had.
    assert "is gone" not in text
    assert not (tmp_path / "results" / "matrix" / "logs" / "0002").exists()
