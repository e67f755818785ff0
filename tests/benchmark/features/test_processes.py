"""Kills at any moment, several runs at once, several processes on one run: always the same bytes."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from artbench.runtime.distributed import process_group
from tests.support import extraction as tiny
from tests.support.child_processes import CONTEXT
from tests.support.reporters import RecordingReporter

pytestmark = pytest.mark.integration


def prepare(folder: Path, count: int) -> dict[str, bytes]:
    """Paint images; return the bytes of a store that nothing disturbed."""
    images = tiny.paint(folder, count)
    (folder / "count").write_text(str(count))
    tiny.features(images, folder / "undisturbed", workers=1)
    return tiny.stored_bytes(folder / "undisturbed")


def tell(target: Callable[[Path], int], folder: Path, queue: Any) -> None:
    queue.put(target(folder))


def extract_and_tell(folder: Path, begun: Any) -> None:
    count = int((folder / "count").read_text())
    listener = RecordingReporter(each=begun.set)
    tiny.features(tiny.dataset(folder, count), folder / "cache", workers=2, reporter=listener)
    begun.set()


def killed_again_and_again(folder: Path, *, count: int, kills: int) -> None:
    expected = prepare(folder, count)
    cache = folder / "cache"
    random = np.random.default_rng(0)
    midst = 0
    for number in range(kills):
        begun = CONTEXT.Event()
        child = CONTEXT.Process(target=extract_and_tell, args=(folder, begun))
        child.start()
        # Half of the kills strike anywhere, the other half once images are being extracted.
        if number % 2:
            assert begun.wait(60)
        child.join(float(random.uniform(0, 0.1 if number % 2 else 0.5)))
        if child.is_alive():
            child.kill()
            child.join()
        done = int(np.count_nonzero(np.frombuffer(tiny.stored_bytes(cache).get("rows.idx", b""), "<u8")[::4] == 1))
        midst += 0 < done < count - 2
        if done == count - 2:
            # Begin again, so that more kills strike an extraction.
            assert tiny.stored_bytes(cache) == expected
            cache.rename(folder / f"done-{number}")
    tiny.extract_all(folder)
    assert tiny.stored_bytes(cache) == expected
    assert midst > kills // 4, "hardly any kill struck in the midst"


def test_kills_at_random_moments_lose_nothing(tmp_path: Path) -> None:
    killed_again_and_again(tmp_path, count=600, kills=16)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_two_hundred_kills_lose_nothing(tmp_path: Path) -> None:
    killed_again_and_again(tmp_path, count=1000, kills=200)


def test_eight_runs_at_once_do_the_work_once(tmp_path: Path) -> None:
    expected = prepare(tmp_path, 300)
    queue = CONTEXT.Queue()
    children = [CONTEXT.Process(target=tell, args=(tiny.extract_all, tmp_path, queue)) for _ in range(8)]
    for child in children:
        child.start()
    extracted = sorted(queue.get(timeout=60) for _ in children)
    for child in children:
        child.join()
    # Number 11 has no file, and is looked for by every run.
    assert extracted == [1] * 7 + [300]
    assert tiny.stored_bytes(tmp_path / "cache") == expected


def test_who_waits_is_told(tmp_path: Path) -> None:
    images = tiny.paint(tmp_path, 3)
    told = CONTEXT.Event()
    child = CONTEXT.Process(target=listen, args=(tmp_path, told))

    def start_another() -> None:
        child.start()
        assert told.wait(30)

    tiny.features(images, tmp_path / "cache", reporter=RecordingReporter(each=start_another))
    child.join()
    assert child.exitcode == 0


def listen(folder: Path, told: Any) -> None:
    class Telling(RecordingReporter):
        def notice(self, text: str, /) -> None:
            assert "Another run is extracting these features" in text
            told.set()

    tiny.features(tiny.dataset(folder, 3), folder / "cache", reporter=Telling())


def test_torchrun_gives_the_same_bytes(tmp_path: Path) -> None:
    expected = prepare(tmp_path, 100)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    command += ["-m", tiny.__name__, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=110, cwd=Path(__file__).parents[3])
    assert done.returncode == 0, done.stderr
    assert done.stdout == "100\ntiny on tiny, share of one process of 2"
    assert tiny.stored_bytes(tmp_path / "cache") == expected


def share(folder: Path, rank: int, size: int, port: int, queue: Any) -> None:
    """Extract a share, as one of the processes that torchrun starts."""
    os.environ.update(RANK=str(rank), WORLD_SIZE=str(size), LOCAL_RANK=str(rank))
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    listener = RecordingReporter()
    with process_group():
        queue.put((rank, tiny.extract_all(folder, listener), listener.works))


def test_three_processes_give_the_same_bytes(tmp_path: Path) -> None:
    expected, queue = prepare(tmp_path, 100), CONTEXT.Queue()
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    children = [CONTEXT.Process(target=share, args=(tmp_path, rank, 3, port, queue)) for rank in range(3)]
    for child in children:
        child.start()
    told = sorted(queue.get(timeout=60) for _ in children)
    for child in children:
        child.join()
    assert told[0] == (0, 100, ["tiny on tiny, share of one process of 3"])
    assert tiny.stored_bytes(tmp_path / "cache") == expected
