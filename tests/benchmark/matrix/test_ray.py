"""A matrix on a real Ray of two nodes: run, told about, refused.

What joins the cluster is a process of its own, since Ray reads its settings once.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from artbench.matrix.workflow import status
from tests.support.command_line import CommandLine
from tests.support.matrices import times_begun
from tests.support.plugins import SMALL, TOY
from tests.support.ray_cluster import RayCluster, free_port, ray_cluster

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def unshared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the second node does not see, if mounts can be made here."""
    return tmp_path_factory.mktemp("unshared")


def hiding(folder: Path) -> Sequence[str]:
    """Words before a command that hide a folder from it; none where that can't be."""
    words = ("unshare", "--mount", "sh", "-c", 'mount -t tmpfs none "$0" && exec "$@"', str(folder))
    try:
        possible = subprocess.run([*words, "true"], capture_output=True, check=False).returncode == 0
    except OSError:
        possible = False
    return words if possible else ()


@pytest.fixture(scope="module")
def cluster(unshared: Path) -> Iterator[RayCluster]:
    with ray_cluster(cores=(1, 2), before={1: hiding(unshared)}) as running:
        yield running


@pytest.fixture
def call(
    command_line: CommandLine,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> CommandLine:
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path_factory.getbasetemp() / "ray-cache"))
    monkeypatch.chdir(tmp_path)
    return command_line


def asked(*words: str, backbones: tuple[str, ...] = ("toy-patches",)) -> list[str]:
    encoders = [word for name in backbones for word in ("--backbone", name)]
    fixed = ("--pretraining", "random", "--task", "toy-colour", "--device", "cpu", "--at-least", "1s")
    plugins = ("--plugin", str(TOY), "--plugin", str(SMALL))
    return ["matrix", "run", "--on", "ray", *fixed, *plugins, *encoders, *words]


def on(
    cluster: RayCluster, *words: str, backbones: tuple[str, ...] = ("toy-patches",)
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "artbench", *asked(*words, backbones=backbones)],
        env=cluster.environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.usefixtures("call")
def test_units_run_on_the_cluster_and_each_that_ends_is_told(cluster: RayCluster) -> None:
    done = on(cluster, "--cores", "1", backbones=("toy-patches", "toy-broken"))
    assert done.returncode == 1, done.stderr
    told = done.stderr.splitlines()
    assert sum(line.startswith("toy-patches, random on toy: done in ") for line in told) == 1, told
    for number in (1, 2, 3):
        assert sum(f"toy-broken, random on toy: failed try {number} of 3: " in line for line in told) == 1
    assert "2 units: 1 done, 1 failed." in done.stdout
    # It joined the cluster, and nothing of Ray's own is printed.
    assert len(told) == len([line for line in told if line.startswith("toy")])
    assert "toy-patches" in Path("results/leaderboards/toy-colour.md").read_text()
    (measured,) = [row.unit for row in status(Path("results")).rows if row.state.status == "done"]
    assert times_begun(Path("results"))[measured.id] == 1
    # What a job prints is in a file with its number.
    logs = Path("results/matrix/logs/0001")
    assert "out of paint" in "".join((logs / f"{job}.log").read_text() for job in (0, 1))


@pytest.mark.usefixtures("call")
def test_a_task_that_is_killed_is_begun_again_and_counts_as_a_try(cluster: RayCluster) -> None:
    command = [sys.executable, "-m", "artbench", *asked("--cores", "1")]
    with subprocess.Popen(command, env=cluster.environment, stderr=subprocess.PIPE, text=True) as process:
        doing = Path("results/matrix/logs/0001/0.unit")
        while not doing.exists():
            assert process.poll() is None
            time.sleep(0.01)
        (task,) = (pid for number in (0, 1) for pid in cluster.processes(number) if is_task(pid))
        os.kill(task, signal.SIGKILL)
        _, told = process.communicate()
    assert process.returncode == 0, told
    first, second = [line for line in told.splitlines() if line.startswith("toy-patches")]
    assert first == "toy-patches, random on toy: failed try 1 of 3: its process was killed"
    assert second.startswith("toy-patches, random on toy: done in ")
    assert not doing.exists()


def is_task(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"ray::_work")
    except OSError:
        return False


@pytest.mark.slow
@pytest.mark.usefixtures("call")
def test_a_folder_that_a_node_does_not_see_is_said_in_a_line_from_the_node(cluster: RayCluster, unshared: Path) -> None:
    if not hiding(unshared):
        pytest.skip("no folder can be hidden from a node here (unshare --mount)")
    done = on(cluster, "--cores", "2", "--results", str(unshared / "results"))
    assert done.returncode == 1
    (line,) = [line for line in done.stderr.splitlines() if not line.startswith("toy: making")]
    assert f"{unshared}/results/matrix/submissions/0001.json is not there on this machine" in line
    assert "1 unit: 1 to do." in done.stdout


@pytest.mark.slow
@pytest.mark.usefixtures("call")
@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--cores", "99"), "has 99 cores: its nodes have 2 cores, "),
        (("--gpus", "1"), "has 2 cores, 1 GPU: its nodes have 2 cores, "),
        (("--memory", "90000G"), "90,000 GB of memory: its nodes have 2 cores, "),
    ],
)
def test_what_no_node_has_is_refused_in_a_line(cluster: RayCluster, words: tuple[str, ...], says: str) -> None:
    done = on(cluster, *words)
    assert done.returncode == 2
    (line,) = [line for line in done.stderr.splitlines() if not line.startswith("toy: making")]
    assert line.startswith("artbench: no node of the Ray cluster has ")
    assert says in line


@pytest.mark.parametrize(
    ("address", "says"), [("127.0.0.1:PORT", "Connection refused"), ("the-cluster", "it is no host:port")]
)
def test_an_address_without_a_cluster_is_said_in_a_line(call: CommandLine, address: str, says: str) -> None:
    pytest.importorskip("ray", reason="no Ray here (pip install ray)")
    address = address.replace("PORT", str(free_port()))
    done = call(*asked("--address", address))
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(f"artbench: no Ray cluster can be joined at {address} ({says}")
    # It is no submission, after which `retry` would ask Ray again.
    assert not list(Path("results/matrix/submissions").iterdir())


def test_without_ray_nothing_is_begun(call: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    done = call(*asked())
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("artbench: --on ray needs Ray, which is not installed")
    assert not Path("results").exists()


def test_a_dry_run_needs_no_cluster(call: CommandLine) -> None:
    pytest.importorskip("ray", reason="no Ray here (pip install ray)")
    done = call(*asked("--dry-run", "--cores", "2", "--memory", "2G", backbones=("toy-patches", "small-colour")))
    assert done.returncode == 0
    first, second = done.stdout.splitlines()
    assert first.startswith("num_cpus=2 num_gpus=0 memory=2")
    assert first.endswith("--job 0 --wait")
    assert second.endswith("--job 1 --wait")
