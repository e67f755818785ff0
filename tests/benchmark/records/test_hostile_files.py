"""Files written by anybody: no link is followed, no pipe waited for, and no file unpacked without end."""

import json
import os
import re
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from artbench.errors import ArtbenchError
from artbench.records.folder import ResultsFolder, read_record
from artbench.records.parquet import StoredTable
from artbench.records.predictions import TestPredictions, read_predictions
from artbench.records.record import FileState, Record
from artbench.records.tables import read_table
from artbench.runtime.files import sha256_of
from tests.support.child_processes import child
from tests.support.memory import peak_megabytes
from tests.support.opened_files import opened_files, outside
from tests.support.records import record
from tests.support.reporters import RecordingReporter


@pytest.fixture
def folder(tmp_path: Path) -> ResultsFolder:
    return ResultsFolder(tmp_path / "results")


@pytest.fixture
def written(folder: ResultsFolder) -> Record:
    predictions = TestPredictions(
        images=["a.jpg", "b.jpg"], labels=np.array([1, 0]), outputs=np.array([[0.25, 0.75], [0.4, 0.6]], np.float32)
    )
    columns = {"class": np.array(["a", "b"], object), "support": np.array([1, 1]), "f1": np.array([0.5, 1.0])}
    two = record()
    two = two.model_copy(update={"dataset": two.dataset.model_copy(update={"classes": 2})})
    return folder.write(two, predictions, {"classes": columns})


def _link(file: Path) -> None:
    aside = file.parents[3] / f"aside{file.suffix}"
    file.rename(aside)
    file.symlink_to(aside)


def _pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def _endless(file: Path) -> None:
    file.unlink()
    file.symlink_to("/dev/zero")


@pytest.mark.parametrize("change", [_link, _pipe, _endless])
@pytest.mark.parametrize("suffix", [".json", ".parquet", ".classes.parquet"])
def test_links_pipes_and_devices_are_not_opened(
    folder: ResultsFolder, written: Record, change: Callable[[Path], None], suffix: str
) -> None:
    file, listening = folder.file_of(written), RecordingReporter()
    change(file.with_suffix(suffix))
    with opened_files() as opened:
        found = list(folder.records(listening))
        if suffix == ".json":
            assert found == []
            assert file.name in listening.notices[0]
        elif suffix == ".parquet":
            with pytest.raises(ArtbenchError, match=r"link|regular"):
                read_predictions(file.with_suffix(".parquet"), written)
        else:
            assert read_table(file, written, "classes") is None
    assert outside(opened, folder.path) == []


def test_a_folder_of_a_task_that_is_a_link_is_not_entered(folder: ResultsFolder, written: Record) -> None:
    place = folder.file_of(written).parent
    place.rename(folder.path / "aside")
    place.symlink_to(folder.path / "aside")
    assert list(folder.records(RecordingReporter())) == []


def test_records_that_are_a_link_are_not_read(folder: ResultsFolder, written: Record) -> None:
    (folder.path / "records").rename(folder.path / "aside")
    (folder.path / "records").symlink_to(folder.path / "aside")
    with pytest.raises(ArtbenchError, match="symbolic link"):
        list(folder.records(RecordingReporter()))


def test_predictions_that_are_a_link_are_not_those_of_the_record(folder: ResultsFolder, written: Record) -> None:
    assert folder.is_whole(written)
    _link(folder.predictions_of(written))
    with opened_files() as opened:
        assert not folder.is_whole(written)
    assert outside(opened, folder.path) == []


def test_a_link_that_leads_to_itself_does_not_hide_the_age_of_records(folder: ResultsFolder, written: Record) -> None:
    loop = folder.file_of(written).with_name("loop.json")
    loop.symlink_to(loop.name)
    page = folder.path / "README.md"
    assert folder.newer_than(page)
    page.touch()
    assert not folder.newer_than(page)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text.replace('"task": ', '"task": "another",\n "task": ', 1), "'task' is there twice"),
        (lambda text: text.replace('"probe_s": 0.2', '"probe_s": NaN'), "NaN"),
        (lambda text: text.replace("{", "{" + " " * (5 << 20), 1), "bytes"),
    ],
)
def test_json_that_readers_would_read_differently_is_refused(
    folder: ResultsFolder, written: Record, change: Callable[[str], str], said: str
) -> None:
    file = folder.file_of(written)
    file.write_text(change(file.read_text()))
    with pytest.raises(ArtbenchError, match=said):
        read_record(file)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"mood": "blue"}, "was made by artbench 99.1.0, which is newer than this one.*Upgrade"),
        ({"encoder": {"pooling": "attention"}}, "99.1.0"),
    ],
)
def test_what_a_newer_artbench_wrote_asks_for_an_upgrade(
    folder: ResultsFolder, written: Record, change: dict[str, object], said: str
) -> None:
    file = folder.file_of(written)
    content = json.loads(file.read_text())
    for key, value in ({"provenance": {"artbench": "99.1.0"}} | change).items():
        content[key] = content.get(key, {}) | value if isinstance(value, dict) else value
    file.write_text(json.dumps(content))
    with pytest.raises(ArtbenchError) as caught:
        read_record(file)
    assert re.search(said, str(caught.value))


def test_an_unknown_field_of_this_or_an_older_artbench_is_named(folder: ResultsFolder, written: Record) -> None:
    file = folder.file_of(written)
    file.write_text(json.dumps(json.loads(file.read_text()) | {"mood": "blue"}))
    with pytest.raises(ArtbenchError, match=r"mood: artbench .* knows no such field"):
        read_record(file)


def test_folders_are_tried_by_many_at_once(folder: ResultsFolder) -> None:
    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(folder.check_writable) for _ in range(200)]:
            done.result()
    assert list((folder.path / "records").iterdir()) == []


def one_text_in_every_row(file: Path) -> None:
    rows = 1_000_000
    text = pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), pa.array(["a" * 10_000]))
    numbers = pa.array(np.zeros(rows, np.int32))
    columns = {"image": text, "target": numbers, "prediction": numbers, "confidence": numbers.cast(pa.float32())}
    pq.write_table(pa.table(columns), file, compression="zstd", store_schema=False)


def longer_texts_than_a_file_holds(file: Path) -> None:
    numbers = pa.array(np.zeros(8, np.int32))
    columns = {"image": pa.array(["a" * 100_000_000] * 8), "target": numbers, "prediction": numbers}
    table = pa.table(columns | {"confidence": numbers.cast(pa.float32())})
    pq.write_table(table, file, compression="zstd", use_dictionary=False)


def more_labels_than_there_are(file: Path) -> None:
    offsets = pa.array(np.arange(1_001, dtype=np.int32) * 150_000)
    lists = pa.ListArray.from_arrays(offsets, pa.array(np.zeros(150_000_000, np.int32)))
    images = pa.array([f"{number}" for number in range(1_000)])
    columns = {"image": images, "target": lists}
    pq.write_table(pa.table(columns), file, compression="zstd", store_schema=False)


def read_and_tell(file: Path, state: FileState, told: Path) -> None:
    """Write how many megabytes the reading takes, and with what it is refused."""
    before = peak_megabytes()
    try:
        StoredTable(file, state).read(values_per_row=8)
    except ArtbenchError as error:
        told.write_text(f"{peak_megabytes() - before} {error}")


@pytest.mark.integration
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux bounds the memory of a block")
@pytest.mark.parametrize("bomb", [one_text_in_every_row, longer_texts_than_a_file_holds, more_labels_than_there_are])
def test_a_few_bytes_that_stand_for_gigabytes_are_refused_in_little_memory(
    bomb: Callable[[Path], None], tmp_path: Path
) -> None:
    file = tmp_path / "bomb.parquet"
    # In processes of their own: what the making takes is not what the reading takes.
    child(bomb, file).join()
    assert file.stat().st_size < 100_000
    state = FileState(sha256=sha256_of(file), rows=pq.read_metadata(file).num_rows)
    child(read_and_tell, file, state, tmp_path / "told").join()
    taken, _, said = (tmp_path / "told").read_text().partition(" ")
    assert "text" in said or "memory" in said, said
    assert float(taken) < 600


def test_a_table_that_is_none_is_told_from_one_that_is(folder: ResultsFolder, written: Record) -> None:
    file = folder.file_of(written)
    assert read_table(file, written, "classes") is not None
    table = file.with_suffix(".classes.parquet")
    for odd in (
        {"support": pa.array([1, -1])},
        {"support": pa.array(["1", "2"])},
        {"f1": pa.array([7.0, 0.0])},
        {"class": pa.array(["a", "a"])},
    ):
        columns = {"class": pa.array(["a", "b"]), "support": pa.array([1, 1]), "f1": pa.array([0.5, 1.0])} | odd
        pq.write_table(pa.table(columns), table)
        state = {"classes": FileState(sha256=sha256_of(table), rows=2)}
        assert read_table(file, written.model_copy(update={"tables": state}), "classes") is None, odd


def test_a_file_that_begins_as_something_else_is_no_parquet(tmp_path: Path) -> None:
    file = tmp_path / "a.parquet"
    pq.write_table(pa.table({"a": [1]}), file)
    file.write_bytes(b"%PDF" + file.read_bytes()[4:])
    with pytest.raises(ArtbenchError, match="not a Parquet file"):
        StoredTable(file, FileState(sha256=sha256_of(file), rows=1))


@pytest.mark.parametrize("rows", [0, 4])
def test_no_row_and_too_many_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    monkeypatch.setattr("artbench.records.parquet.MOST_ROWS", 3)
    file = tmp_path / "a.parquet"
    pq.write_table(pa.table({"a": np.zeros(rows)}), file)
    with pytest.raises(ArtbenchError, match=f"it has {rows} rows, and from 1 to 3 are read"):
        StoredTable(file, FileState(sha256=sha256_of(file), rows=rows))


def test_what_a_footer_announces_is_compared_with_the_record_first(tmp_path: Path) -> None:
    file = tmp_path / "t.parquet"
    pq.write_table(pa.table({"class": ["a"] * 5}), file)
    with pytest.raises(ArtbenchError, match="5 rows; the record says 4"):
        StoredTable(file, FileState(sha256=sha256_of(file), rows=4))


def stored_table(file: Path, table: pa.Table) -> StoredTable:
    pq.write_table(table, file)
    return StoredTable(file, FileState(sha256=sha256_of(file), rows=len(table)))


def test_a_large_footer_is_not_read(tmp_path: Path) -> None:
    # Of a footer with a million columns the reader's own memory ends the process, and no error can be caught.
    table = pa.table({"a": [1]}).replace_schema_metadata({"a": "x" * (1 << 20)})
    with pytest.raises(ArtbenchError, match=r"its footer has [\d,]+ bytes, and more than 1,048,576 are not read"):
        stored_table(tmp_path / "a.parquet", table)


def test_metadata_of_a_column_is_metadata(tmp_path: Path) -> None:
    told = pa.schema([pa.field("a", pa.int64(), metadata={"path": "/home/me"})])
    assert not stored_table(tmp_path / "a.parquet", pa.table({"a": [1]})).metadata
    assert stored_table(tmp_path / "b.parquet", pa.table({"a": [1]}, schema=told)).metadata
