"""A real Ray of two nodes on this machine, with files and ports of its own, for as long as tests need it."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

_SECONDS = 90.0
_HOST = "127.0.0.1"


class RayCluster:
    """Nodes of a cluster, which can be killed one by one. The first is its head.

    Args:
        folder: Folder for all of its files; its path has to be short, since sockets have long names.
        cores: Cores that each node says it has.
        before: Words before the command that starts a node, by its number.
        settings: Further environment variables of its nodes, such as `RAY_memory_usage_threshold`.
    """

    def __init__(
        self, folder: Path, *, cores: Sequence[int], before: dict[int, Sequence[str]], settings: Mapping[str, str]
    ) -> None:
        self.folder = folder
        self._cores, self._before, self._settings = cores, before, settings
        self._port, self._token = free_port(), secrets.token_hex(32)
        self._nodes: list[subprocess.Popen[bytes]] = []

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"{_HOST}:{self._port}"

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables of its nodes, and of what joins it."""
        others = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
        # Its tasks have the lowest priority else, and tests share the machine.
        own = {"RAY_ADDRESS": self.address, "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": self._token}
        return {**others, **own, "RAY_worker_niceness": "0", "RAY_USAGE_STATS_ENABLED": "0", **self._settings}

    def start(self) -> None:
        """Start all nodes, and wait until the cluster has them."""
        for number in range(len(self._cores)):
            self._start(number)
            if number == 0:
                self._wait_for_port()
        count = (
            "import os, ray, time; ray.init(log_to_driver=False)\n"
            f"while sum(node['Alive'] for node in ray.nodes()) < {len(self._cores)}: time.sleep(0.2)\n"
            "os._exit(0)"
        )
        done = subprocess.run(
            [sys.executable, "-c", count],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stderr + self._said()

    def processes(self, number: int) -> list[int]:
        """Processes of a node, with all that they have started."""
        return _children(self._nodes[number].pid)

    def kill(self, number: int) -> None:
        """Kill the daemon of a node, as a crash does."""
        for pid in self.processes(number):
            if Path(f"/proc/{pid}/comm").read_text().strip() == "raylet":
                os.kill(pid, signal.SIGKILL)
                return
        raise AssertionError(f"node {number} has no daemon")

    def stop(self) -> None:
        """Stop all nodes."""
        left = [pid for node in self._nodes for pid in _children(node.pid)]
        for node in reversed(self._nodes):
            node.terminate()
        for node in self._nodes:
            with suppress(subprocess.TimeoutExpired):
                node.wait(timeout=20)
        for pid in [*left, *(node.pid for node in self._nodes)]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _start(self, number: int) -> None:
        where = [f"--address={self.address}"]
        if number == 0:
            where = ["--head", f"--port={self._port}", f"--temp-dir={self.folder}", "--include-dashboard=false"]
            where += [f"--ray-client-server-port={free_port()}"]
        # Ports that Ray has numbers for clash where two nodes have one address.
        ports = ["--min-worker-port=0", "--max-worker-port=0", "--dashboard-agent-listen-port=0"]
        size = [f"--num-cpus={self._cores[number]}", "--object-store-memory=80000000"]
        command = [
            str(Path(sys.executable).with_name("ray")),
            "start",
            *where,
            f"--node-ip-address={_HOST}",
            *ports,
            *size,
            "--block",
        ]
        with (self.folder / f"node-{number}.log").open("wb") as log:
            self._nodes.append(
                subprocess.Popen(
                    [*self._before.get(number, ()), *command],
                    env=self.environment,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            )

    def _wait_for_port(self) -> None:
        until = time.monotonic() + _SECONDS
        while time.monotonic() < until:
            with suppress(OSError):
                socket.create_connection((_HOST, self._port), timeout=1).close()
                return
            assert self._nodes[0].poll() is None, self._said()
            time.sleep(0.2)
        raise AssertionError(f"no Ray after {_SECONDS:.0f} s: {self._said()}")

    def _said(self) -> str:
        return "".join(file.read_text() for file in sorted(self.folder.glob("node-*.log")))


@contextmanager
def ray_cluster(
    *,
    cores: Sequence[int] = (1, 1),
    before: dict[int, Sequence[str]] | None = None,
    settings: Mapping[str, str] | None = None,
) -> Iterator[RayCluster]:
    """Run a cluster while the block runs; the test is skipped where there can be none.

    Args:
        cores: Cores that each node says it has.
        before: Words before the command that starts a node, by its number.
        settings: Further environment variables of its nodes.
    """
    if find_spec("ray") is None:
        pytest.skip("no Ray here (pip install ray)")
    if not Path("/proc/self/task").is_dir():
        pytest.skip("the nodes of a Ray on one machine are found by /proc")
    # pytest's own folders have names that are too long for a socket.
    with TemporaryDirectory(prefix="abr", ignore_cleanup_errors=True) as folder:
        cluster = RayCluster(Path(folder), cores=cores, before=before or {}, settings=settings or {})
        try:
            cluster.start()
            yield cluster
        finally:
            cluster.stop()


def free_port() -> int:
    """A port that nobody has now."""
    with socket.create_server((_HOST, 0)) as server:
        return int(server.getsockname()[1])


def _children(pid: int) -> list[int]:
    """Processes that a process has started, and theirs."""
    found: list[int] = []
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            found += map(int, (task / "children").read_text().split())
    return found + [deeper for one in found for deeper in _children(one)]
