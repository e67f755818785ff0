"""What a killed process left is removed, and what a living one is writing is not."""

import multiprocessing
import os
import signal
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest

from artbench.runtime.files import atomic_folder, atomic_write, write_text
from artbench.runtime.temporaries import abandoned, remove_abandoned

CONTEXT = multiprocessing.get_context("fork")


def _write_for_ever(path: Path, folder: bool, begun: Event, end: Event) -> None:
    with atomic_folder(path) if folder else atomic_write(path) as temporary:
        (temporary / "part" if folder else temporary).write_text("half")
        begun.set()
        end.wait(60)


@pytest.mark.parametrize("folder", [False, True])
def test_temporaries_are_abandoned_once_their_process_is_gone(tmp_path: Path, folder: bool) -> None:
    begun, end = CONTEXT.Event(), CONTEXT.Event()
    process = CONTEXT.Process(target=_write_for_ever, args=(tmp_path / "file", folder, begun, end))
    process.start()
    assert begun.wait(60)
    assert abandoned(tmp_path) == []
    remove_abandoned(tmp_path)
    (left,) = tmp_path.iterdir()
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert abandoned(tmp_path) == abandoned(tmp_path, "file") == [left]
    assert abandoned(tmp_path, "another") == []
    remove_abandoned(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_writing_a_file_removes_what_was_left_of_it_and_nothing_else(tmp_path: Path) -> None:
    names = [".file.abc.tmp", ".other.abc.tmp", "file.tmp", ".file.txt"]
    for name in names:
        (tmp_path / name).touch()
    outside = tmp_path / "outside"
    outside.touch()
    (tmp_path / ".file.link.tmp").symlink_to(outside)
    write_text(tmp_path / "file", "whole")
    assert {path.name for path in tmp_path.iterdir()} == {"file", "outside", ".file.link.tmp", *names[1:]}
    assert (tmp_path / "file").read_text() == "whole"


def test_many_writers_of_one_file_do_not_disturb_each_other(tmp_path: Path) -> None:
    def write(number: int) -> None:
        for _ in range(40):
            write_text(tmp_path / "file", str(number) * 1000)

    writers = [CONTEXT.Process(target=write, args=(number,)) for number in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0] * 4
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert len(set((tmp_path / "file").read_text())) == 1
