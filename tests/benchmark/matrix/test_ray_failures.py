"""A matrix on a real Ray of two nodes, of which one is killed, or whose driver is interrupted."""

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from artbench.matrix.state import MatrixState
from artbench.matrix.workflow import folder_of, status
from tests.support.command_line import CommandLine
from tests.support.matrices import records, times_begun, workers
from tests.support.ray_cluster import RayCluster, ray_cluster

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

_ENCODERS = (
    "test_byobnet",
    "test_resnet",
    "test_vit",
    "test_efficientnet",
    "test_convnext",
    "mobilenetv3_small_050",
)


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[RayCluster]:
    monkeypatch.chdir(tmp_path)
    with ray_cluster(cores=(1, 1)) as running:
        yield running


def asked(results: str, encoders: tuple[str, ...] = _ENCODERS) -> list[str]:
    words = [word for name in encoders for word in ("--backbone", name)]
    return [*words, "--pretraining", "random", "--task", "sample-style", "--device", "cpu", "--results", results]


def on(cluster: RayCluster, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "artbench", "matrix", "run", "--on", "ray", "--cores", "1", "--at-least", "1s"]
    pipe = subprocess.PIPE
    return subprocess.Popen([*command, *words], env=cluster.environment, stdout=pipe, stderr=pipe, text=True)


def until(condition: Callable[[], object], process: subprocess.Popen[str]) -> None:
    while not condition():
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.2)


def test_units_of_a_killed_node_are_measured_elsewhere_as_in_a_serial_run(
    cluster: RayCluster, command_line: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "cache"))
    results = tmp_path / "results"
    process = on(cluster, *asked("results"))
    state = MatrixState(folder_of(results))

    def begun_on_the_second() -> set[str]:
        there = cluster.processes(1)
        rows = status(results).rows
        return {row.unit.id for row in rows if row.state.holder is not None and row.state.holder.pid in there}

    # Once some are done, and the second node is at work on a unit.
    until(lambda: state.done() and begun_on_the_second(), process)
    lost = begun_on_the_second()
    cluster.kill(1)
    stdout, stderr = process.communicate()
    assert process.returncode == 0, stderr
    assert "6 units: 6 done." in stdout

    # The same images, but no features.
    shutil.copytree(tmp_path / "cache" / "datasets", tmp_path / "serial-cache" / "datasets")
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "serial-cache"))
    serial = command_line("run", *asked("serial"))
    assert serial.returncode == 0, serial.stderr
    assert len(records(results)) == len(_ENCODERS)
    assert records(results) == records(tmp_path / "serial")
    board = (results / "leaderboards" / "sample-style.md").read_text()
    assert all(record["backbone"] in board for record in records(results).values())
    # What the killed node had begun was begun again, once, and nothing else.
    begun = times_begun(results)
    print(f"{lost} was lost; units were begun so often: {begun}", file=sys.stderr)
    assert {unit for unit, times in begun.items() if times > 1} <= lost
    assert max(begun.values()) <= 2


def test_ctrl_c_ends_all_processes_and_says_a_line(
    cluster: RayCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "cache"))
    process = on(cluster, *asked("results"))
    until(lambda: len(workers(tmp_path / "results")) == 2, process)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate()
    assert process.returncode == 128 + signal.SIGINT
    (line,) = [line for line in stderr.splitlines() if line and "sample: making" not in line and "done in" not in line]
    assert line == "artbench: interrupted; the same command continues from what is stored."
    assert not workers(tmp_path / "results")
