"""Leases of several machines, on clocks that a test advances."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from artbench.runtime.lease import Lease, LeaseLost, _held
from artbench.runtime.lease_disk import SharedFolder
from tests.support.leases import ManualClock, on_machine
from tests.support.reporters import RecordingReporter


@pytest.fixture(autouse=True)
def _other_machines_are_gone() -> Iterator[None]:
    """Their leases are no more of this process, in which they were simulated."""
    yield
    _held.clear()


def test_clocks_an_hour_apart_take_nothing_from_the_living_and_all_from_the_dead(tmp_path: Path) -> None:
    here = ManualClock()
    ahead = ManualClock(3600.0, here)
    first, second = on_machine("n1", tmp_path, here), on_machine("n2", tmp_path, ahead)
    assert first.acquire()
    listener = RecordingReporter()
    assert not second.acquire(reporter=listener, wait=2000.0)
    assert listener.notices == ["Another run is counting (pid 7 on n1, Slurm job 77): waiting for it"]
    first.check()
    here.frozen, begun = True, here.time
    assert second.acquire(wait=2000.0)
    assert 90.0 <= here.time - begun <= 90.0 + 15.0 + 2 * 15.0
    here.frozen = False
    with pytest.raises(LeaseLost, match=r"pid 7 on n2, Slurm job 77"):
        first.check()
    first.release()
    second.check()
    second.release()
    assert on_machine("n3", tmp_path, ManualClock(-3600.0, here)).acquire(wait=False)


def test_who_is_seen_to_live_is_refused_soon_and_who_may_be_dead_is_waited_for(tmp_path: Path) -> None:
    clock = ManualClock()
    first, second = on_machine("n1", tmp_path, clock), on_machine("n2", tmp_path, clock)
    assert first.acquire()
    assert not second.acquire(refuse_living=True)
    assert clock.time <= 2 * 15.0
    clock.frozen = True
    assert on_machine("n3", tmp_path, ManualClock(0.0, clock)).acquire(refuse_living=True)


def test_who_waits_asks_a_slow_disk_seldom_and_does_meanwhile_what_it_has_to(tmp_path: Path) -> None:
    clock = ManualClock()
    first = on_machine("n1", tmp_path, clock)
    assert first.acquire()
    looks, calls = [], []

    class Busy(SharedFolder):
        """As many others ask it, it answers late."""

        def generations(self) -> list[int]:
            looks.append(clock.now())
            clock.sleep(seconds)
            return super().generations()

    def looks_within(minutes: int) -> int:
        looks.clear()
        assert not on_machine("n2", tmp_path, clock, disk=Busy(tmp_path)).acquire(wait=60.0 * minutes)
        return len(looks)

    seconds = 0.001
    often = looks_within(20)
    seconds = 0.5
    assert looks_within(20) < often / 4
    # What has to be done while it waits is no reason to ask the disk.
    looks.clear()
    second = on_machine("n2", tmp_path, clock, disk=Busy(tmp_path))
    assert not second.acquire(wait=1200.0, meanwhile=lambda: calls.append(clock.now()))
    assert len(looks) < often / 4
    assert len(calls) > 2000
    first.release()


def test_who_beats_after_it_was_judged_dead_is_not_succeeded(tmp_path: Path) -> None:
    here = ManualClock()
    there = ManualClock(0.0, here)
    first = on_machine("n1", tmp_path, here)
    assert first.acquire()
    here.frozen = True

    class Waking(SharedFolder):
        def create(self, generation: int, content: bytes, /) -> bool:
            # The other wakes, beats and finds its lease as it was, before this one does what it decided to do.
            here.frozen = False
            here.sleep(15.0)
            first.check()
            return super().create(generation, content)

    late = on_machine("n3", tmp_path, there, disk=Waking(tmp_path))
    assert not late.acquire(wait=91.0)
    assert [path.name for path in tmp_path.iterdir()] == ["000001"]
    # The first has seen meanwhile that it was about to be succeeded, and does not risk anything.
    with pytest.raises(LeaseLost):
        first.check()
    first.release()
    assert on_machine("n2", tmp_path, there).acquire(wait=200.0)


def test_machines_that_stood_still_together_find_each_other_alive(tmp_path: Path) -> None:
    clock = ManualClock()
    first, second = on_machine("n1", tmp_path, clock), on_machine("n2", tmp_path, clock)
    assert first.acquire()
    assert not second.acquire(wait=1.0)
    clock.time += 5000.0
    assert not second.acquire(wait=30.0)
    first.check()


def test_an_answer_of_the_server_that_was_lost_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link = os.link
    codes = [errno.EEXIST, errno.EIO, errno.EPERM]

    def fails_after_it_worked(*arguments: Any) -> None:
        link(*arguments)
        raise OSError(codes[0], os.strerror(codes[0]))

    monkeypatch.setattr(os, "link", fails_after_it_worked)
    for number in (1, 2, 3):
        with Lease(tmp_path, doing="counting") as lease:
            assert lease.acquire(wait=False)
            assert lease.generation == number
            lease.check()
            assert not Lease(tmp_path, doing="counting").acquire(wait=False)
        del codes[0]


def test_an_error_of_the_server_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "link", fails)
    with pytest.raises(OSError, match="error"):
        Lease(tmp_path, doing="counting").acquire()
    assert list(tmp_path.iterdir()) == []


def test_a_number_that_was_used_and_removed_is_not_used_again(tmp_path: Path) -> None:
    for _ in range(40):
        with Lease(tmp_path, doing="counting") as lease:
            assert lease.acquire(wait=False)
    assert {path.name for path in tmp_path.iterdir()} == {f"{number:06}" for number in range(25, 41)}

    class Stale(SharedFolder):
        """What another machine may see for some seconds, after 37 generations in them."""

        looks = 0

        def generations(self) -> list[int]:
            self.looks += 1
            return [3] if self.looks == 1 else super().generations()

        def read(self, generation: int, /) -> bytes | None:
            return b'{"released": true}' if generation == 3 and self.looks == 1 else super().read(generation)

    with Lease(tmp_path, doing="counting", disk=Stale(tmp_path)) as lease:
        assert lease.acquire(wait=5.0)
        assert lease.generation == 41
    assert {path.name for path in tmp_path.iterdir()} == {f"{number:06}" for number in range(26, 42)}


def test_a_lease_whose_folder_was_removed_is_lost(tmp_path: Path) -> None:
    clock = ManualClock()
    lease = on_machine("n1", tmp_path / "lease", clock)
    lease.acquire()
    (tmp_path / "lease" / "000001").unlink()
    (tmp_path / "lease").rmdir()
    other = on_machine("n2", tmp_path / "lease", clock)
    assert other.acquire(wait=False)
    clock.sleep(20.0)
    with pytest.raises(LeaseLost, match="n2"):
        lease.check()
    other.check()
    lease.release()
    other.check()


def test_what_a_killed_process_left_is_removed_by_the_clock_of_the_disk(tmp_path: Path) -> None:
    for name, age in (("old", 2000.0), ("new", 0.0)):
        (tmp_path / f".{name}.tmp").write_text("")
        changed = tmp_path.stat().st_mtime - age
        os.utime(tmp_path / f".{name}.tmp", (changed, changed))
    with Lease(tmp_path, doing="counting") as lease:
        lease.acquire()
        assert {path.name for path in tmp_path.iterdir()} == {".new.tmp", "000001"}


@pytest.mark.parametrize("content", ["", "[1]", '{"pid": "x"}', "\0" * 40])
def test_a_file_that_says_nothing_is_taken_over_after_a_while(content: str, tmp_path: Path) -> None:
    (tmp_path / "000004").write_text(content)
    clock = ManualClock()
    lease = on_machine("n1", tmp_path, clock)
    assert not lease.acquire(wait=60.0)
    assert lease.acquire(wait=60.0)
    assert lease.generation == 5
