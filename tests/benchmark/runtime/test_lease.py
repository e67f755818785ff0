"""One process at a time has a lease; one that stood still too long writes nothing any more."""

import os
import signal
from pathlib import Path

import pytest

from artbench.errors import ArtbenchError
from artbench.runtime.files import atomic_folder, write_text
from artbench.runtime.lease import Lease, LeaseLost, check_held
from artbench.runtime.lease_holder import this_process
from tests.support.child_processes import child
from tests.support.leases import BEAT, TIME_TO_LIVE, ManualClock, count, hold, on_machine, wait_for
from tests.support.reporters import RecordingReporter

needs_proc = pytest.mark.skipif(not this_process().boot, reason="the system does not tell its start")


@pytest.mark.parametrize("hard_links", [True, False])
def test_of_sixteen_processes_one_at_a_time_is_inside(hard_links: bool, tmp_path: Path) -> None:
    file = tmp_path / "count"
    file.write_text("0")
    children = [child(count, tmp_path / "lease", file, 5, hard_links) for _ in range(16)]
    for process in children:
        process.join()
    assert [process.exitcode for process in children] == [0] * 16
    assert file.read_text() == "80"
    assert {path.name for path in (tmp_path / "lease").iterdir()} == {f"{number:06}" for number in range(65, 81)}


@needs_proc
def test_a_killed_process_is_succeeded_at_once(tmp_path: Path) -> None:
    process = child(hold, tmp_path)
    wait_for(tmp_path / "held")
    with Lease(tmp_path / "lease", doing="writing") as lease:
        assert not lease.acquire(wait=False)
        assert lease.holder is not None
        assert lease.holder.pid == process.pid
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        listener = RecordingReporter()
        assert lease.acquire(reporter=listener, wait=False)
        assert lease.generation == 2
        assert listener.notices == [f"Another run was writing ({lease_of(process.pid)}) and is gone: taken over"]


def lease_of(pid: int) -> str:
    return f"pid {pid} on {this_process().host}"


def test_a_process_frozen_for_long_writes_nothing_after_it_wakes(tmp_path: Path) -> None:
    process = child(hold, tmp_path)
    wait_for(tmp_path / "held")
    os.kill(process.pid, signal.SIGSTOP)
    with Lease(tmp_path / "lease", doing="writing", time_to_live=TIME_TO_LIVE, beat=BEAT) as lease:
        listener = RecordingReporter()
        assert lease.acquire(reporter=listener)
        told, taken = listener.notices
        assert told == f"Another run is writing ({lease_of(process.pid)}): waiting for it"
        assert "is gone: taken over" in taken
        write_text(tmp_path / "written", "by the second")
        (tmp_path / "go").write_text("")
        os.kill(process.pid, signal.SIGCONT)
        outcome = wait_for(tmp_path / "outcome")
        process.join()
        assert f"another run is writing by now ({lease_of(os.getpid())})" in outcome
        assert (tmp_path / "written").read_text() == "by the second"
        assert not list(tmp_path.glob(".written*"))
        # What it does with its lease at the end takes nothing from the one that has it.
        lease.check()
        assert not Lease(tmp_path / "lease", doing="writing").acquire(wait=False)


@pytest.mark.integration
def test_a_process_frozen_for_long_that_nobody_succeeded_goes_on(tmp_path: Path) -> None:
    process = child(hold, tmp_path)
    wait_for(tmp_path / "held")
    os.kill(process.pid, signal.SIGSTOP)
    signal.sigtimedwait([], 2 * TIME_TO_LIVE)
    (tmp_path / "go").write_text("")
    os.kill(process.pid, signal.SIGCONT)
    assert wait_for(tmp_path / "outcome") == "written"
    process.join()
    assert Lease(tmp_path / "lease", doing="writing").acquire(wait=False)


def test_a_lost_lease_keeps_all_of_the_process_from_writing(tmp_path: Path) -> None:
    clock = ManualClock()
    with on_machine("n1", tmp_path / "lease", clock) as lease:
        lease.acquire()
        check_held()
        clock.frozen = True
        clock.sleep(100.0)
        check_held()
        clock.sleep(100.0)
        (tmp_path / "lease" / "000002").write_text("")
        with pytest.raises(LeaseLost, match=r"can't be told.*What was finished before is kept") as lost:
            check_held()
        assert isinstance(lost.value, ArtbenchError)
        assert "\n" not in str(lost.value)
        with pytest.raises(LeaseLost):
            write_text(tmp_path / "file", "late")
        with pytest.raises(LeaseLost), atomic_folder(tmp_path / "folder"):
            pass
    assert {path.name for path in tmp_path.iterdir()} == {"lease"}
    write_text(tmp_path / "file", "without a lease")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system does not fork")
def test_a_forked_process_neither_has_nor_releases_the_lease(tmp_path: Path) -> None:
    with Lease(tmp_path / "lease", doing="counting") as lease:
        lease.acquire()
        forked = os.fork()
        if not forked:
            lease.release()
            check_held()
            os._exit(0 if not Lease(tmp_path / "lease", doing="counting").acquire(wait=False) else 1)
        assert os.waitpid(forked, 0)[1] == 0
        assert not Lease(tmp_path / "lease", doing="counting").acquire(wait=False)
        lease.check()
    assert Lease(tmp_path / "lease", doing="counting").acquire(wait=False)


def test_a_folder_that_cannot_be_made_is_an_error_of_the_system(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError):
        Lease(tmp_path / "file" / "lease", doing="counting").acquire()


def test_released_leases_name_nobody(tmp_path: Path) -> None:
    with Lease(tmp_path / "lease", doing="counting") as lease:
        lease.acquire()
        assert this_process().host in (tmp_path / "lease" / "000001").read_text()
    assert (tmp_path / "lease" / "000001").read_text().strip() == '{"released": true}'
