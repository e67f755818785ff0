"""What a killed process left is removed, and what a living one is writing is not."""

import fcntl
import multiprocessing
import os
import signal
import socket
import time
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest

from artbench.runtime import temporaries
from artbench.runtime.files import atomic_folder, atomic_write, write_text
from artbench.runtime.temporaries import abandoned, remove_abandoned, temporary_file

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
    os.mkfifo(tmp_path / ".file.pipe.tmp")
    write_text(tmp_path / "file", "whole")
    kept = {"file", "outside", ".file.link.tmp", ".file.pipe.tmp", *names[1:]}
    assert {path.name for path in tmp_path.iterdir()} == kept
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


def test_what_is_being_removed_cannot_be_taken_by_who_has_just_made_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".file.abc.tmp").touch()
    taken: list[bool] = []
    unlink = Path.unlink

    def try_to_take_and_unlink(path: Path) -> None:
        with path.open() as maker:
            try:
                fcntl.flock(maker, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                taken.append(False)
            else:
                taken.append(True)
        unlink(path)

    monkeypatch.setattr(Path, "unlink", try_to_take_and_unlink)
    remove_abandoned(tmp_path)
    assert taken == [False]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("hours", "left"), [(0, True), (20, True), (30, False)])
def test_what_another_machine_writes_is_left_to_it_for_a_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hours: float, left: bool
) -> None:
    """Its lock need not be seen here."""
    temporaries._machine.cache_clear()
    monkeypatch.setattr(socket, "gethostname", lambda: "elsewhere")
    with temporary_file(tmp_path / "file") as elsewhere:
        pass
    temporaries._machine.cache_clear()
    monkeypatch.undo()
    changed = time.time() - 3600 * hours
    os.utime(elsewhere, (changed, changed))
    remove_abandoned(tmp_path, "file")
    assert elsewhere.exists() == left
