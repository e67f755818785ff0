"""Processes find each other, also where their launchers count differently, and say who is missing."""

import os
from datetime import timedelta
from pathlib import Path

import pytest
from torch._C._distributed_c10d import TCPStore

from artbench.errors import ArtbenchError
from artbench.runtime.distributed import current_group, process_group
from artbench.runtime.rendezvous import joined
from tests.support import ranks

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


def joining_a_used_store(folder: Path) -> None:
    """Join by a store that an earlier attempt has left its name and its addresses in."""
    rank = int(os.environ["RANK"])
    if rank == 0:
        store = TCPStore("127.0.0.1", int(os.environ["MASTER_PORT"]), 2, is_master=True, wait_for_workers=False)
        store.set("artbench/attempt", "dead")
        store.set("artbench/dead/1", "nobody")
        store.set("artbench/dead/nobody", "go")
        store.set("begin", "")
    else:
        store = TCPStore("127.0.0.1", int(os.environ["MASTER_PORT"]), 2, timeout=timedelta(seconds=30))
        store.wait(["begin"])
    with process_group() as group:
        (folder / f"found-{rank}").write_text(str(sum(group.gathered(rank + 1))))


def alone(folder: Path) -> None:
    with joined(patience=timedelta(seconds=1)):
        pass


def one_fails(folder: Path) -> None:
    group = current_group()

    def work() -> None:
        if group.rank == 1:
            raise ArtbenchError("no room", mend="Make some")

    group.together(work)


def one_leaves(folder: Path) -> None:
    group = current_group()
    if group.rank == 1:
        os._exit(3)
    group.gathered(1)


def order(folder: Path) -> None:
    group = current_group()

    def work() -> str:
        with (folder / "order").open("a") as file:
            file.write(f"{group.rank}")
        return f"of {group.rank}"

    (folder / f"found-{group.rank}").write_text(group.first_then_others(work))


def test_a_restart_that_the_launchers_count_differently_brings_all_together(tmp_path: Path) -> None:
    counts = {0: {"TORCHELASTIC_RESTART_COUNT": "0"}, 1: {"TORCHELASTIC_RESTART_COUNT": "1"}}
    # As torchrun has it: the store is another process's, which outlives the attempts.
    for rank in counts:
        counts[rank] |= {"TORCHELASTIC_USE_AGENT_STORE": "True"}
    assert ranks.ended(ranks.start(joining_a_used_store, tmp_path, each=counts)) == [0, 0]
    assert [(tmp_path / f"found-{rank}").read_text() for rank in (0, 1)] == ["3", "3"]


def test_processes_that_do_not_come_are_named(tmp_path: Path) -> None:
    assert ranks.ended(ranks.start(alone, tmp_path, size=1, each={0: {"WORLD_SIZE": "2"}})) == [1]
    told = ranks.told(tmp_path, 0)
    assert "process 0 of 2 could not join the others at 127.0.0.1:" in told
    assert "Start as many processes as WORLD_SIZE says" in told
    assert len(told.splitlines()) == 1


def test_the_message_of_one_that_fails_reaches_all(tmp_path: Path) -> None:
    assert ranks.ended(ranks.start(ranks.in_a_group, tmp_path, one_fails)) == [1, 1]
    assert ranks.told(tmp_path, 1) == "ArtbenchError: no room. Make some.\n"
    assert ranks.told(tmp_path, 0) == "ArtbenchError: process 1 of 2 failed: no room. Make some.\n"


def test_one_that_ends_is_reported_in_one_line(tmp_path: Path) -> None:
    assert ranks.ended(ranks.start(ranks.in_a_group, tmp_path, one_leaves)) == [1, 3]
    told = ranks.told(tmp_path, 0)
    assert told.startswith("ArtbenchError: process 0 of 2 on ")
    assert "lost another one, which ended or no longer answers" in told
    assert len(told.splitlines()) == 1


def test_the_first_of_each_node_prepares_what_the_others_of_the_node_find(tmp_path: Path) -> None:
    nodes = {rank: {"LOCAL_RANK": str(rank % 2)} for rank in range(4)}
    assert ranks.ended(ranks.start(ranks.in_a_group, tmp_path, order, size=4, each=nodes)) == [0] * 4
    done = (tmp_path / "order").read_text()
    assert done[:2] == "02"
    assert sorted(done[2:]) == ["1", "3"]
    assert [(tmp_path / f"found-{rank}").read_text() for rank in range(4)] == [f"of {rank}" for rank in range(4)]
