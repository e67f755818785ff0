"""Processes that form a group, as a launcher would start them, but forked: they are at work within milliseconds."""

import os
import socket
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from artbench.runtime.distributed import process_group
from tests.support.child_processes import child


def start(
    work: Callable[..., None],
    folder: Path,
    *arguments: object,
    size: int = 2,
    each: Mapping[int, dict[str, str]] | None = None,
) -> list[Any]:
    """Start `work(folder, *arguments)` as processes of one group; what they write to stderr is in `folder/stderr-RANK`.

    `each` has further environment variables of some of them, which may also replace those of the group.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    shared = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": str(size)}
    found = []
    for rank in range(size):
        own = {"RANK": str(rank), "LOCAL_RANK": str(rank), **(each or {}).get(rank, {})}
        found.append(child(begun, shared | own, work, folder, *arguments))
    return found


def begun(environment: dict[str, str], work: Callable[..., None], folder: Path, *arguments: object) -> None:
    os.environ.update(environment)
    told = folder / f"stderr-{os.environ.get('RANK', os.environ.get('SLURM_PROCID'))}"
    os.dup2(os.open(told, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
    try:
        work(folder, *arguments)
    except Exception as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
        raise SystemExit(1) from None


def ended(processes: list[Any], *, within: float = 90) -> list[int | None]:
    """The exit statuses of processes, once all have ended; those that don't in time are killed."""
    for process in processes:
        process.join(within)
    for process in processes:
        process.kill()
        process.join()
    return [process.exitcode for process in processes]


def told(folder: Path, rank: int) -> str:
    """What a process wrote to stderr."""
    return (folder / f"stderr-{rank}").read_text()


def in_a_group(folder: Path, work: Callable[..., None], *arguments: object) -> None:
    """To be started: join the group, and do the work in it."""
    with process_group():
        work(folder, *arguments)
