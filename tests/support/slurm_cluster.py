"""A real Slurm of two nodes on this machine, with files of its own, for as long as a test needs it."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

_PROGRAMS = ("slurmctld", "slurmd", "sbatch", "munged")
_NODES = ("n1", "n2")
_SECONDS = 60.0


class SlurmCluster:
    """The daemons of a cluster, which can be killed and started one by one.

    Args:
        folder: Folder for all of its files; its path has to be short, since sockets have long names.
        cores: Cores that each node says it has.
        most: Jobs that it takes as one array.
    """

    def __init__(self, folder: Path, *, cores: int = 2, most: int = 1000) -> None:
        self.folder = folder
        self._socket = folder / "munge" / "socket"
        self._write(cores, most)

    def start(self) -> None:
        """Start all daemons, and wait until both nodes are idle."""
        munge = self.folder / "munge"
        _run(
            "munged",
            "--force",
            f"--key-file={munge / 'key'}",
            f"--socket={self._socket}",
            *(f"--{what}-file={munge / what}" for what in ("pid", "log", "seed")),
        )
        self.start_controller()
        for node in _NODES:
            self.start_node(node)
        _until(lambda: self.ask("sinfo", "-h", "-o", "%T").split() == ["idle"], "two idle nodes")

    def start_controller(self) -> None:
        """Start the controller."""
        _run("slurmctld", environment=self.environment)

    def start_node(self, node: str) -> None:
        """Start the daemon of a node."""
        _run("slurmd", "-N", node, environment=self.environment)

    def kill_controller(self) -> None:
        """Kill the controller, as a crash does."""
        self._kill("ctld.pid", signal.SIGKILL)

    def kill_node(self, node: str) -> None:
        """Kill the daemon of a node, as a crash does."""
        self._kill(f"d.{node}.pid", signal.SIGKILL)

    def stop(self) -> None:
        """Stop all daemons and jobs."""
        # What a controller that is gone would have ended.
        with suppress(subprocess.SubprocessError, AssertionError):
            self.ask("scancel", "-u", "root")
            self.wait_until_empty(30)
        for pid_file in ("ctld.pid", *(f"d.{node}.pid" for node in _NODES), "munge/pid"):
            ended = self._kill(pid_file, signal.SIGTERM)
            # They write their files once more.
            with suppress(AssertionError):
                _until(lambda pid=ended: not Path(f"/proc/{pid}").exists(), "end", 20)

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables by which Slurm's commands find the cluster."""
        return {**os.environ, "SLURM_CONF": str(self.folder / "slurm.conf")}

    def ask(self, *command: str) -> str:
        """Run one of Slurm's commands, and return what it prints."""
        done = subprocess.run(
            command, env=self.environment, capture_output=True, text=True, timeout=_SECONDS, check=True
        )
        return done.stdout

    def wait_until_empty(self, seconds: float) -> None:
        """Wait until there is no job any more."""
        _until(lambda: not self.queue(), "empty queue", seconds)

    def queue(self) -> list[str]:
        """Name, state and reason of each job, those that wait too: `artbench-free PENDING Priority`."""
        return self.ask("squeue", "-h", "-r", "-o", "%j %T %r").splitlines()

    def jobs(self) -> list[str]:
        """Ids of the jobs that run now."""
        return self.ask("squeue", "-h", "-r", "-t", "RUNNING", "-o", "%i").split()

    def put_right(self) -> None:
        """Do what administrators do: take back drained nodes, and release jobs whose launch failed.

        Slurm drains a node where a killed process takes long to end, and holds a job that was to start as its node
        went down.
        """
        for node in {*self.ask("sinfo", "-h", "-N", "-t", "drain", "-o", "%N").split()}:
            self.ask("scontrol", "update", f"nodename={node}", "state=resume")
        for line in self.ask("squeue", "-h", "-r", "-o", "%i %r").splitlines():
            job, _, reason = line.partition(" ")
            if "held" in reason:
                self.ask("scontrol", "release", job)

    def _kill(self, pid_file: str, number: int) -> int:
        """Send a signal to a daemon, and return its number; 0 without one."""
        with suppress(OSError, ValueError):
            pid = int((self.folder / pid_file).read_text())
            os.kill(pid, number)
            return pid
        return 0

    def _write(self, cores: int, most: int) -> None:
        for name in ("state", "munge", *(f"spool.{node}" for node in _NODES)):
            (self.folder / name).mkdir(parents=True)
        key = self.folder / "munge" / "key"
        key.write_bytes(secrets.token_bytes(1024))
        key.chmod(0o400)
        ports = iter(_free_ports(3))
        nodes = "\n".join(
            f"NodeName={node} NodeHostname=localhost NodeAddr=127.0.0.1 Port={next(ports)} CPUs={cores} "
            "RealMemory=8000 State=UNKNOWN"
            for node in _NODES
        )
        # A requeued job waits until what it was allowed before has expired: two minutes, unless cred_expire says less.
        (self.folder / "slurm.conf").write_text(
            f"""ClusterName=lab
SlurmctldHost=localhost
AuthType=auth/munge
AuthInfo=socket={self._socket},cred_expire=5
CryptoType=crypto/munge
CredType=cred/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
SlurmUser=root
SlurmdUser=root
StateSaveLocation={self.folder}/state
SlurmdSpoolDir={self.folder}/spool.%n
SlurmctldPidFile={self.folder}/ctld.pid
SlurmdPidFile={self.folder}/d.%n.pid
SlurmctldLogFile={self.folder}/ctld.log
SlurmdLogFile={self.folder}/d.%n.log
SlurmctldPort={next(ports)}
SlurmdTimeout=20
MpiDefault=none
KillWait=5
MinJobAge=30
MaxArraySize={most + 1}
{nodes}
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
PartitionName=brief Nodes=ALL MaxTime=8:00:00 State=UP
"""
        )


@contextmanager
def slurm_cluster(*, cores: int = 2, most: int = 1000) -> Iterator[SlurmCluster]:
    """Run a cluster while the block runs; the test is skipped where there can be none.

    Args:
        cores: Cores that each node says it has.
        most: Jobs that it takes as one array.
    """
    missing = [name for name in _PROGRAMS if shutil.which(name) is None]
    if missing:
        pytest.skip(f"no Slurm here: {', '.join(missing)} missing (Debian: slurm-wlm and munge)")
    if os.getuid() != 0:
        pytest.skip("Slurm's daemons need root here")
    # pytest's own folders have names that are too long for a socket.
    with TemporaryDirectory(prefix="abs") as folder:
        cluster = SlurmCluster(Path(folder), cores=cores, most=most)
        try:
            cluster.start()
            yield cluster
        finally:
            cluster.stop()


def _run(*command: str, environment: dict[str, str] | None = None) -> None:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=_SECONDS, check=False)
    assert done.returncode == 0, f"{command[0]}: {done.stderr}"


def _until(condition: object, what: str, seconds: float = _SECONDS) -> None:
    assert callable(condition)
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, f"no {what} after {seconds:.0f} s"
        time.sleep(0.5)


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports
