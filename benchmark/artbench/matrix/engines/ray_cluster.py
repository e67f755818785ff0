"""The Ray cluster that a matrix runs on: joined where one runs, or started on this machine; and what its nodes have."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from artbench.errors import ArtbenchError, UsageError
from artbench.matrix.engines.room import Size
from artbench.runtime.progress import Reporter
from artbench.runtime.threads import usable_cores

# Seconds in which a cluster has to answer: first its port, then Ray itself, which would ask for minutes.
_PORT, _ANSWER = 5.0, 24.0
# Ray's own words where no cluster runs on this machine.
_NONE_RUNS = "Could not find any running Ray instance"
_QUIET = {"log_to_driver": False, "logging_level": "ERROR"}
# Joins and leaves: in a process of its own, which can be ended, and whose log is not the user's.
_JOIN = f"""
import os, sys, ray
print(flush=True)
try:
    ray.init(address=sys.argv[1], **{_QUIET})
except (Exception, SystemExit) as error:
    while error.__cause__ is not None:
        error = error.__cause__
    print(error, flush=True)
    os._exit(1)
os._exit(0)
"""
_MEND = "Check --address and RAY_ADDRESS; `--address local` starts a Ray of its own on this machine"


def load_ray() -> Any:
    """Import Ray.

    Raises:
        UsageError: It is not installed.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ImportError as error:
        raise UsageError(
            "--on ray needs Ray, which is not installed", mend='`pip install "artbench[ray]"` installs it'
        ) from error
    return ray


@contextmanager
def cluster(address: str | None, reporter: Reporter) -> Iterator[Any]:
    """Join the cluster that is named, or one that runs here, or else start one on this machine; yield Ray.

    Args:
        address: `host:port`, `ray://host:port`, `auto` or `local`; None: what RAY_ADDRESS says, or else what is there.
        reporter: Receives a notice if one is started.

    Raises:
        UsageError: Ray is not installed.
        ArtbenchError: The cluster does not answer, or refuses, with Ray's own words.
    """
    ray, handler = load_ray(), signal.getsignal(signal.SIGTERM)
    wanted = address or os.environ.get("RAY_ADDRESS") or "auto"
    said = "" if wanted == "local" else _refusal(wanted)
    try:
        if wanted == "local" or (address is None and said.startswith(_NONE_RUNS)):
            reporter.notice("A Ray of its own is started on this machine, for as long as this command runs")
            # Ray gives its tasks the lowest priority, for other work on its nodes.
            os.environ.setdefault("RAY_worker_niceness", "0")
            ray.init(address="local", num_cpus=usable_cores(), include_dashboard=False, **_QUIET)
        elif said:
            raise ArtbenchError(f"no Ray cluster can be joined at {wanted} ({said.rstrip('.')})", mend=_MEND)
        else:
            ray.init(address=wanted, **_QUIET)
    except (ConnectionError, ValueError, RuntimeError, OSError) as error:
        raise ArtbenchError(f"Ray does not start ({_one_line(error)})", mend=_MEND) from error
    try:
        if threading.current_thread() is threading.main_thread():
            # Ray sets one that ends the process with another exit status.
            signal.signal(signal.SIGTERM, handler)
        yield ray
    finally:
        ray.shutdown()


def node_sizes(ray: Any) -> list[Size]:
    """What each node has that lives, as Ray counts it."""
    alive = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    return [
        Size(cores=node.get("CPU", 0), gpus=node.get("GPU", 0), memory=node.get("memory", 0) / 2**30) for node in alive
    ]


def _refusal(address: str) -> str:
    """Why a cluster can't be joined, in one line; empty if it can."""
    host, _, port = address.rpartition("://")[2].rpartition(":")
    if address != "auto":
        try:
            socket.create_connection((host.strip("[]"), int(port)), timeout=_PORT).close()
        except (OSError, ValueError) as error:
            return "it is no host:port" if isinstance(error, ValueError) else error.strerror or str(error)
    tried = subprocess.Popen(  # noqa: S603  this program
        [sys.executable, "-c", _JOIN, address],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        errors="replace",
    )
    with tried:
        try:
            assert tried.stdout is not None
            tried.stdout.readline()  # It has imported Ray.
            said, _ = tried.communicate(timeout=_ANSWER)
        except subprocess.TimeoutExpired:
            return f"no answer in {_ANSWER:.0f} s"
        finally:
            tried.kill()
    if "Traceback" in said:
        said = said.strip().splitlines()[-1]
    return "" if tried.returncode == 0 else _one_line(said) or "it gives no reason"


def _one_line(said: object) -> str:
    return " ".join(str(said).split())[:300]
