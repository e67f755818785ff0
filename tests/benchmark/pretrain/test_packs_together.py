"""A pack is built once a node, whoever asks for it, and killed builds leave nothing."""

import os
import time
from pathlib import Path

import pytest

from artbench.pretrain.pool_images import pack_folder, packed
from artbench.runtime.progress import Silent
from tests.support import ranks
from tests.support import training as toys
from tests.support.child_processes import child
from tests.support.reporters import RecordingReporter

pytestmark = [pytest.mark.integration, pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")]

SIDE = 24


def pack(images: Path, packs: Path, built: Path) -> None:
    """Open a pack, and write down if it was this process that built it."""
    listener = RecordingReporter(lambda: time.sleep(0.01))
    packed(toys.pool(images), side=SIDE, under=packs, reporter=listener)
    if listener.works:
        with built.open("a") as file:
            file.write(".")


def pack_slowly(images: Path, packs: Path) -> None:
    listener = RecordingReporter(lambda: time.sleep(60))
    packed(toys.pool(images), side=SIDE, under=packs, reporter=listener)


def train_from_a_pack(folder: Path, images: Path) -> None:
    listener = RecordingReporter()
    toys.train(toys.training(images, "steps=2"), folder / "out", listener=listener, pack=True)
    waited = any("Another run is packing" in notice for notice in listener.notices)
    (folder / f"did-{os.environ['RANK']}").write_text(f"built {'packing the pool' in listener.works} waited {waited}")


def test_eight_runs_build_one_pack(images: Path, tmp_path: Path) -> None:
    runs = [child(pack, images, tmp_path / "packs", tmp_path / "built") for _ in range(8)]
    assert ranks.ended(runs) == [0] * 8
    assert (tmp_path / "built").read_text() == "."
    assert [*(tmp_path / "packs").iterdir()] == [pack_folder(toys.pool(images), side=SIDE, under=tmp_path / "packs")]


def test_a_killed_build_leaves_nothing_after_the_next_start(images: Path, tmp_path: Path) -> None:
    packs = tmp_path / "packs"
    toys.paint(tmp_path / "other", broken=(3,))
    killed = child(pack_slowly, tmp_path / "other", packs)
    while not (packs.is_dir() and any(packs.glob(".*.tmp/pixels.u8"))):
        time.sleep(0.01)
    killed.kill()
    killed.join()
    assert len([*packs.iterdir()]) == 1
    # Of other images: nobody may ever ask for those of the killed build again.
    packed(toys.pool(images), side=SIDE, under=packs, reporter=Silent())
    assert [*packs.iterdir()] == [pack_folder(toys.pool(images), side=SIDE, under=packs)]


def test_each_node_packs_for_itself_by_its_first_process(images: Path, tmp_path: Path) -> None:
    each = {}
    for rank in range(4):
        node, local = divmod(rank, 2)
        cache = str(tmp_path / f"cache-{node}")
        each[rank] = {"ARTBENCH_CACHE": cache, "LOCAL_RANK": str(local), "GROUP_RANK": str(node)}
    processes = ranks.start(ranks.in_a_group, tmp_path, train_from_a_pack, images, size=4, each=each)
    assert ranks.ended(processes) == [0] * 4
    did = [(tmp_path / f"did-{rank}").read_text() for rank in range(4)]
    assert did == ["built True waited False", "built False waited False"] * 2
    for node in range(2):
        assert len([*(tmp_path / f"cache-{node}" / "packs").iterdir()]) == 1
