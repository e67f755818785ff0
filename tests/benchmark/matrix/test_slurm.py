"""A matrix on a real Slurm of two nodes: handed in, watched, cancelled, refused."""

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from artbench.errors import ArtbenchError
from artbench.matrix.submission import read_submission
from artbench.runtime.lease import Lease
from artbench.runtime.lease_holder import this_process
from tests.support.command_line import Called, CommandLine
from tests.support.plugins import SMALL, TOY
from tests.support.slurm_cluster import SlurmCluster, slurm_cluster

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

_SHORT = ("--at-least", "1s", "--device", "cpu")


@pytest.fixture(scope="module")
def cluster() -> Iterator[SlurmCluster]:
    # Of three jobs, the third makes another array.
    with slurm_cluster(most=2) as running:
        yield running


@pytest.fixture
def on_slurm(
    cluster: SlurmCluster,
    command_line: CommandLine,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[CommandLine]:
    monkeypatch.setenv("SLURM_CONF", cluster.environment["SLURM_CONF"])
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path_factory.getbasetemp() / "slurm-cache"))
    monkeypatch.chdir(tmp_path)
    yield command_line
    cluster.ask("scancel", "-u", "root")
    cluster.wait_until_empty(60)


@pytest.fixture
def no_room(cluster: SlurmCluster) -> Iterator[None]:
    """Jobs wait, since the nodes take none."""
    cluster.ask("scontrol", "update", "nodename=n1,n2", "state=drain", "reason=test")
    yield
    cluster.ask("scontrol", "update", "nodename=n1,n2", "state=resume")


def submitted(call: CommandLine, *words: str, backbones: tuple[str, ...] = ("toy-patches",)) -> Called:
    asked = [word for name in backbones for word in ("--backbone", name)]
    plugins = ("--plugin", str(TOY), "--plugin", str(SMALL))
    return call(
        *("matrix", "run", "--on", "slurm", "--pretraining", "random", "--task", "toy-colour", *plugins),
        *(*_SHORT, *asked, *words),
    )


def test_run_returns_at_once_and_the_last_job_builds_the_leaderboards(
    on_slurm: CommandLine, cluster: SlurmCluster
) -> None:
    done = submitted(on_slurm, backbones=("toy-patches", "small-colour", "toy-broken"))
    assert done.returncode == 0, done.stderr
    assert "Slurm has 3 jobs and one that collects: free " in done.stderr
    assert "artbench matrix status --results" in done.stdout
    # Two arrays, and a job that waits for both.
    assert sorted(line.split()[0] for line in cluster.queue()) == ["artbench-collect", *["artbench-free"] * 3]
    assert not Path("results/leaderboards").exists()
    told = json.loads(on_slurm("matrix", "status", "--json").stdout)
    assert all(row["where"].startswith("Slurm job ") for row in told)

    cluster.wait_until_empty(240)
    rows = {row["backbones"][0]: row for row in json.loads(on_slurm("matrix", "status", "--json").stdout)}
    assert {name: row["status"] for name, row in rows.items()} == {
        "toy-patches": "done",
        "small-colour": "done",
        "toy-broken": "failed",
    }
    assert "out of paint" in rows["toy-broken"]["why"]
    assert rows["toy-broken"]["tries"] == 3
    board = Path("results/leaderboards/toy-colour.md").read_text()
    assert "toy-patches" in board
    assert "small-colour" in board
    # What each job printed is in a file with its number, and no work was handed in twice.
    logs = [file.name for file in Path("results/matrix/logs/0001").glob("*.out")]
    assert len(logs) == 4
    assert not Path("results/matrix/logs/0002").exists()
    again = submitted(on_slurm, backbones=("toy-patches", "small-colour"))
    assert "Slurm has" not in again.stderr
    assert not cluster.queue()


def test_a_dry_run_prints_the_scripts_and_submits_nothing(on_slurm: CommandLine, cluster: SlurmCluster) -> None:
    words = ("--dry-run", "--partition", "brief", "--cores", "2", "--memory", "1500M", "--setup", "module load python")
    done = submitted(on_slurm, *words, "--at-most", "1", backbones=("toy-patches", "small-colour"))
    assert done.returncode == 0, done.stderr
    for line in (
        "#SBATCH --partition=brief",
        "#SBATCH --array=0-1%1",
        "#SBATCH --cpus-per-task=2",
        "#SBATCH --mem=1500M",
        "#SBATCH --requeue",
        # All that the partition allows, since it is less than a day.
        "#SBATCH --time=480",
        "#SBATCH --job-name=artbench-collect",
        "#SBATCH --dependency=afterany:FREE",
        "module load python",
    ):
        assert line in done.stdout.splitlines()
    assert "wckey" not in done.stdout
    assert not cluster.queue()
    assert not Path("results").exists()


@pytest.mark.usefixtures("no_room")
def test_jobs_that_wait_are_told_not_handed_in_twice_and_cancelled(
    on_slurm: CommandLine, cluster: SlurmCluster
) -> None:
    assert submitted(on_slurm).returncode == 0
    (row,) = json.loads(on_slurm("matrix", "status", "--json").stdout)
    assert row["status"] == "to do"
    assert "PENDING" in row["where"]
    again = submitted(on_slurm)
    assert again.returncode == 0
    assert "Left out, since the engine has a job for each already: 1 unit" in again.stderr
    assert len(cluster.queue()) == 2
    # Another plan: of what it leaves out nothing is counted.
    other = submitted(on_slurm, backbones=("small-colour",))
    assert "of 1 unit 1 is not in it any more, of which 0 run now" in other.stderr
    assert "Left out" not in other.stderr

    cancelled = on_slurm("matrix", "cancel")
    assert cancelled.returncode == 0
    assert "Cancelled: 2 submissions." in cancelled.stdout
    assert not cluster.queue()
    assert "No engine has jobs" in on_slurm("matrix", "cancel").stdout


def test_what_slurm_refuses_is_said_once_in_its_words(on_slurm: CommandLine, cluster: SlurmCluster) -> None:
    done = submitted(on_slurm, "--partition", "nowhere")
    assert done.returncode == 1
    # The first of these tests makes the images, and says so.
    (line,) = [line for line in done.stderr.splitlines() if not line.startswith("toy: making the images")]
    assert line.startswith("artbench: Slurm refuses the jobs: ")
    assert line.count("invalid partition specified: nowhere") == 1
    assert not cluster.queue()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--cores", "99"), "no node of the default partition has 99 cores: its nodes have 2 cores, "),
        (("--gpus", "1", "--partition", "brief"), "no node of partition brief has 1 GPU: its nodes have 2 cores, "),
        (("--memory", "900G"), "no node of the default partition has 900 GB of memory: its nodes have 2 cores, "),
    ],
)
def test_what_no_node_has_is_refused_before_anything_is_submitted(
    on_slurm: CommandLine, cluster: SlurmCluster, words: tuple[str, ...], says: str
) -> None:
    done = submitted(on_slurm, *words)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"artbench: {says}")
    assert not cluster.queue()
    assert not Path("results").exists()


def test_without_slurm_or_submitit_a_line_says_so(
    command_line: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path))
    done = submitted(command_line)
    assert done.returncode == 2
    assert done.stderr.startswith("artbench: there is no Slurm on this machine (sbatch is missing)")
    assert len(done.stderr.splitlines()) == 1
    monkeypatch.setitem(sys.modules, "submitit", None)
    done = submitted(command_line)
    assert done.returncode == 2
    assert done.stderr.startswith("artbench: --on slurm needs submitit, which is not installed")
    assert not Path("results").exists()


def test_a_node_without_the_results_folder_says_so(tmp_path: Path) -> None:
    with pytest.raises(ArtbenchError, match=r"is not there on this machine. The results folder has to be one that all"):
        read_submission(tmp_path / "results" / "matrix", 1)


@pytest.mark.usefixtures("no_room")
def test_a_unit_of_a_job_that_is_gone_does_not_run(on_slurm: CommandLine, tmp_path: Path) -> None:
    assert submitted(on_slurm).returncode == 0
    (row,) = json.loads(on_slurm("matrix", "status", "--json").stdout)
    job = read_submission(tmp_path / "results" / "matrix", 1).handles["free"]
    # As a job leaves it that was killed on another node.
    elsewhere = replace(this_process(), host="n2", boot="another", job=f"Slurm job {job}")
    lease = Lease(tmp_path / "results/matrix/leases" / row["id"], doing="working", holder=lambda: elsewhere)
    with lease:
        assert lease.acquire()
        assert json.loads(on_slurm("matrix", "status", "--json").stdout)[0]["status"] == "running"
        assert on_slurm("matrix", "cancel").returncode == 0
        assert json.loads(on_slurm("matrix", "status", "--json").stdout)[0]["status"] == "to do"
