"""A matrix on a real Ray whose memory monitor ends what takes too much."""

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from artbench.matrix.state import MatrixState, failure_name
from artbench.matrix.workflow import folder_of, status
from tests.support.plugins import HUNGRY, SMALL, TOY
from tests.support.ray_cluster import RayCluster, ray_cluster

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

_GB = 1 << 30
# Memory of the node. Without a hungry network it needs less than the half.
_LIMIT = 6 * _GB


def accounted(cluster: RayCluster, folder: Path, over: threading.Event) -> None:
    """Say in the files of a control group what the processes of the node take, as Linux does for a container."""
    while not over.wait(0.1):
        used = 0
        for pid in cluster.processes(0):
            with suppress(OSError):
                used += int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        say_used(folder, used)


def say_used(folder: Path, used: int) -> None:
    for name, text in {
        "memory.max": f"{_LIMIT}\n",
        "memory.current": f"{used}\n",
        "memory.stat": f"anon {used}\nshmem 0\ninactive_file 0\nactive_file 0\nswapcached 0\n",
    }.items():
        temporary = folder / f".{name}"
        temporary.write_text(text)
        temporary.replace(folder / name)


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[RayCluster]:
    """A node that is a container with little memory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "cache"))
    files = tmp_path / "cgroup"
    files.mkdir()
    say_used(files, 0)
    container = ("unshare", "--mount", "sh", "-c", 'mount --bind "$0" /sys/fs/cgroup && exec "$@"', str(files))
    if shutil.which("unshare") is None or subprocess.run([*container, "true"], capture_output=True).returncode:
        pytest.skip("no folder can be mounted for a node here (unshare --mount)")
    settings = {"RAY_memory_usage_threshold": "0.9", "RAY_memory_monitor_refresh_ms": "100"}
    over = threading.Event()
    with ray_cluster(cores=(1,), before={0: container}, settings=settings) as running:
        counting = threading.Thread(target=accounted, args=(running, files, over))
        counting.start()
        try:
            yield running
        finally:
            over.set()
            counting.join()


def test_what_rays_memory_monitor_ends_counts_as_a_try_and_ends_no_other(cluster: RayCluster, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "artbench", "matrix", "run", "--on", "ray", "--cores", "1", "--at-least", "10h"]
    command += ["--backbone", "toy-hungry", "--backbone", "small-colour", "--pretraining", "random"]
    command += ["--task", "toy-colour", "--device", "cpu"]
    command += [word for plugin in (TOY, SMALL, HUNGRY) for word in ("--plugin", str(plugin))]
    done = subprocess.run(command, env=cluster.environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert "2 units: 1 done, 1 failed." in done.stdout, done.stderr
    hungry, small = status(tmp_path / "results").rows
    assert (hungry.state.status, hungry.state.tries) == ("failed", 3)
    assert (small.state.status, small.state.tries) == ("done", 0)
    folder = folder_of(tmp_path / "results")
    for number in (1, 2, 3):
        assert f"toy-hungry, random on toy: failed try {number} of 3: it needs more memory than " in done.stderr
        # What Ray says of it, with figures.
        assert "GB" in (folder / failure_name(hungry.unit.id, number)).read_text()
    assert MatrixState(folder).failures() == {hungry.unit.id: 3}
