"""Runs that are killed while they write leave a whole record, and what they leave besides is removed."""

import multiprocessing
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from artbench.records import folder as folder_module
from artbench.records.folder import ResultsFolder, ResultsIndex
from artbench.records.predictions import TestPredictions
from artbench.records.tables import Tables
from artbench.runtime.lease import LeaseLost
from artbench.runtime.progress import Silent
from tests.support.leases import ManualClock, on_machine
from tests.support.records import record


def test_a_process_that_was_succeeded_leaves_to_others_what_a_killed_run_left(tmp_path: Path) -> None:
    left = tmp_path / "results" / "records" / "task" / ".net.killed.tmp"
    left.mkdir(parents=True)
    (left / "net.parquet").write_bytes(b"")
    clock = ManualClock()
    with on_machine("n1", tmp_path / "lease", clock) as lease:
        lease.acquire()
        (tmp_path / "lease" / "000002").write_text("")
        clock.frozen = True
        clock.sleep(100.0)
        with pytest.raises(LeaseLost):
            ResultsFolder(tmp_path / "results").settle()
        assert left.is_dir()
    ResultsFolder(tmp_path / "results").settle()
    assert not left.exists()


def test_a_page_made_before_predictions_were_put_in_place_is_made_again(
    tmp_path: Path, predictions: TestPredictions
) -> None:
    folder, page = ResultsFolder(tmp_path), tmp_path / "README.md"
    file = folder.file_of(folder.write(record(), predictions))
    left = file.with_name(f".{file.name}.a1b2c3d4.tmp")
    left.mkdir()
    file.with_suffix(".parquet").rename(left / file.with_suffix(".parquet").name)
    os.utime(file, ns=(0, 0))
    page.touch()
    assert not folder.newer_than(page)
    folder.settle()
    assert file.with_suffix(".parquet").is_file()
    assert folder.newer_than(page)
    page.touch()
    folder.settle()
    assert not folder.newer_than(page)


def test_what_a_killed_run_left_while_it_tried_to_write_is_removed(tmp_path: Path) -> None:
    left = tmp_path / "records" / ".writable.a1b2c3d4.tmp"
    left.parent.mkdir()
    left.touch()
    ResultsFolder(tmp_path).check_writable()
    assert list(left.parent.iterdir()) == []


def _killed(at: str, folder: Path, given: TestPredictions) -> None:
    """Write a record of another value in a process that dies at one point, as by kill -9."""

    def die(*_: object, **__: object) -> None:
        os._exit(9)

    setattr(folder_module, at, die)
    ResultsFolder(folder).write(record(0.9), given, TABLES)


TABLES: Tables = {"classes": {"class": np.array(["a"], object), "support": np.array([2])}}


@pytest.mark.parametrize("at", ["write_table", "write_record", "_put_in_place"])
def test_a_kill_leaves_the_earlier_record_or_the_new_one_and_nothing_else(
    tmp_path: Path, predictions: TestPredictions, at: str
) -> None:
    folder = ResultsFolder(tmp_path)
    before = folder.write(record(0.5), predictions, TABLES)
    other = replace(predictions, outputs=np.array([[0.9, 0.1], [0.1, 0.9]], np.float32))
    process = multiprocessing.get_context("fork").Process(target=_killed, args=(at, tmp_path, other))
    process.start()
    process.join()
    assert process.exitcode == 9
    ledger = ResultsIndex(folder, Silent())
    found = ledger.find(before.board, lambda _: True)
    assert found is not None
    assert found.primary.value == (0.9 if at == "_put_in_place" else 0.5)
    assert (found == before) == (at != "_put_in_place")
    assert folder.is_whole(found)
    names = {path.name.partition(found.id)[2] for path in folder.file_of(found).parent.iterdir()}
    assert names == {".json", ".parquet", ".classes.parquet"}
