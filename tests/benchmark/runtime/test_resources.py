"""What this process takes, measured on this machine."""

import os
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from artbench.runtime.resources import Measuring

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="Linux keeps the peak of a process")
MEGABYTES = 1 << 20


def touch(megabytes: int) -> None:
    np.ones(megabytes * MEGABYTES, np.uint8).sum()


def test_seconds_of_a_processor_are_those_that_its_cores_computed() -> None:
    with Measuring("cpu") as asleep:
        time.sleep(0.3)
    with Measuring("cpu") as busy:
        start = time.process_time()
        while time.process_time() - start < 0.3:
            pass
    assert asleep.resources.device_s < 0.3 <= busy.resources.device_s


@on_linux
def test_the_peak_is_that_of_the_block_alone() -> None:
    touch(300)
    with Measuring("cpu") as little:
        touch(10)
    with Measuring("cpu") as much:
        touch(200)
    if little.resources.memory_by != "VmHWM":
        pytest.skip("this system does not let a process reset its peak")
    assert much.resources.memory_bytes is not None
    assert little.resources.memory_bytes is not None
    assert much.resources.memory_bytes - little.resources.memory_bytes > 150 * MEGABYTES


@on_linux
def test_where_the_peak_can_not_be_reset_memory_is_sampled(tmp_path: Path) -> None:
    (tmp_path / "clear_refs").mkdir()
    (tmp_path / "statm").symlink_to("/proc/self/statm")
    (tmp_path / "status").symlink_to("/proc/self/status")
    before = {thread.name for thread in threading.enumerate()}
    with Measuring("cpu", process=tmp_path) as measured:
        block = np.ones(200 * MEGABYTES, np.uint8)
        time.sleep(0.2)
        del block
    assert measured.resources.memory_by == "sampled"
    assert measured.resources.memory_bytes is not None
    assert measured.resources.memory_bytes > 200 * MEGABYTES
    # The thread that looked is gone.
    assert {thread.name for thread in threading.enumerate()} == before


@on_linux
def test_a_peak_that_a_sandbox_only_pretends_to_reset_is_not_believed(tmp_path: Path) -> None:
    (tmp_path / "status").write_text("VmHWM:\t 9000000 kB\nVmRSS:\t 1000 kB\n")
    (tmp_path / "statm").write_text("5000 700 100 1 0 300 0\n")
    with Measuring("cpu", process=tmp_path) as measured:
        pass
    assert (measured.resources.memory_by, measured.resources.memory_bytes) == (
        "sampled",
        700 * os.sysconf("SC_PAGE_SIZE"),
    )


def test_a_system_that_does_not_tell_has_no_peak(tmp_path: Path) -> None:
    with Measuring("cpu", process=tmp_path / "none") as measured:
        pass
    assert (measured.resources.memory_by, measured.resources.memory_bytes) == (None, None)


def test_what_fails_is_raised_and_leaves_no_thread(tmp_path: Path) -> None:
    before = threading.active_count()
    with pytest.raises(KeyError), Measuring("cpu", process=tmp_path / "none"):
        raise KeyError
    assert threading.active_count() == before
