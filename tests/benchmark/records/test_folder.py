"""A results folder keeps what is whole and names what is not."""

import json
import multiprocessing
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from artbench.errors import ArtbenchError
from artbench.records import folder as folder_module
from artbench.records.folder import ResultsFolder, ResultsIndex, read_record
from artbench.records.predictions import TestPredictions, read_predictions
from artbench.records.record import Record
from artbench.records.tables import Tables
from artbench.runtime.files import sha256_of
from artbench.runtime.lease import LeaseLost
from artbench.runtime.progress import Silent
from tests.support.leases import ManualClock, on_machine
from tests.support.records import record
from tests.support.reporters import RecordingReporter


@pytest.fixture
def predictions() -> TestPredictions:
    return TestPredictions(
        images=["a.jpg", "b.jpg"], labels=np.array([1, 0]), outputs=np.array([[0.25, 0.75], [0.4, 0.6]], np.float32)
    )


def test_record_and_predictions_lie_side_by_side(tmp_path: Path, predictions: TestPredictions) -> None:
    folder = ResultsFolder(tmp_path)
    written = folder.write(record(0.5), predictions)
    file = folder.file_of(written)
    assert list(folder.records(Silent())) == [written]
    table = file.with_suffix(".parquet")
    assert written.predictions is not None
    assert written.predictions.sha256 == sha256_of(table)
    rows = pq.read_table(table).to_pylist()
    assert rows[0] == {"image": "a.jpg", "target": 1, "prediction": 1, "confidence": 0.75}
    assert [row["prediction"] for row in rows] == [1, 1]
    assert not list(tmp_path.rglob("*.tmp"))


def test_multi_label_predictions_list_labels(tmp_path: Path) -> None:
    several = TestPredictions(
        images=["a.jpg"], labels=np.array([[True, False, True]]), outputs=np.array([[0.9, 0.6, 0.1]], np.float32)
    )
    several.write(tmp_path / "p.parquet")
    row = pq.read_table(tmp_path / "p.parquet").to_pylist()[0]
    assert row["target"] == [0, 2]
    assert row["prediction"] == [0, 1]
    assert row["confidence"] == pytest.approx([0.9, 0.6, 0.1])


@pytest.mark.parametrize("few", [10**8, 10])
def test_what_is_written_can_be_read(few: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("artbench.records.predictions._FEW_VALUES", few)
    monkeypatch.setattr("artbench.records.prediction_sizes._MOST_VALUES", 600)
    random = np.random.default_rng(0)
    folder, content = ResultsFolder(tmp_path), record(0.5).as_json()
    content["dataset"]["classes"] = 30
    for images in (20, 21):
        # Even many equal numbers, which a small file could stand for.
        outputs = np.full((images, 30), 0.25, np.float32)
        labels, names = random.random((images, 30)) < 0.2, [f"{number}.jpg" for number in range(images)]
        predictions = TestPredictions(images=names, labels=labels, outputs=outputs)
        if images > 20:
            with pytest.raises(ArtbenchError, match="21 test images and 30 classes can't be kept"):
                folder.write(Record.model_validate(content), predictions)
            return
        written = folder.write(Record.model_validate(content), predictions)
        stored = read_predictions(folder.predictions_of(written), written)
        np.testing.assert_array_equal(stored.labels, labels)
        np.testing.assert_array_equal(stored.confidence, outputs)


def test_few_bytes_do_not_stand_for_very_many_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, content = ResultsFolder(tmp_path), record(0.5).as_json()
    content["dataset"]["classes"] = 200
    labels, names = np.ones((300, 200), bool), [f"{number}.jpg" for number in range(300)]
    predictions = TestPredictions(images=names, labels=labels, outputs=np.full((300, 200), 0.25, np.float32))
    written = folder.write(Record.model_validate(content), predictions)
    monkeypatch.setattr("artbench.records.predictions._FEW_VALUES", 10**4)
    with pytest.raises(ArtbenchError, match="fewer bytes than values"):
        read_predictions(folder.predictions_of(written), written)


def test_ids_that_would_not_be_read_are_not_written(tmp_path: Path) -> None:
    long = TestPredictions(images=["a" * 5_000], labels=np.array([0]), outputs=np.array([[0.5, 0.5]], np.float32))
    with pytest.raises(ArtbenchError, match="a text has more than"):
        long.write(tmp_path / "p.parquet")


def test_a_record_that_would_not_be_read_is_not_written(
    tmp_path: Path, predictions: TestPredictions, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = ResultsFolder(tmp_path)
    before = folder.write(record(0.5), predictions)
    size = folder.file_of(before).stat().st_size
    monkeypatch.setattr(folder_module, "LARGEST_RECORD", size)
    assert folder.write(record(0.5), predictions) == before
    with pytest.raises(ArtbenchError, match=r"a record of .* bytes can't be kept"):
        folder.write(record(0.5, provenance={"hardware": "x" * 200}), predictions)
    assert read_record(folder.file_of(before)) == before
    assert folder.is_whole(before)


def test_years_are_predicted_without_confidence_and_rounds_are_numbered(tmp_path: Path) -> None:
    years = TestPredictions(
        images=["a.jpg", "a.jpg"],
        labels=np.array([1600.5, 1600.5]),
        outputs=np.array([[1610], [1590]], np.float32),
        rounds=np.array([0, 1]),
    )
    years.write(tmp_path / "p.parquet")
    assert pq.read_table(tmp_path / "p.parquet").to_pylist() == [
        {"image": "a.jpg", "target": 1600.5, "prediction": 1610.0, "round": 0},
        {"image": "a.jpg", "target": 1600.5, "prediction": 1590.0, "round": 1},
    ]


def test_tables_lie_beside_the_record_and_are_no_records(tmp_path: Path, predictions: TestPredictions) -> None:
    folder = ResultsFolder(tmp_path)
    columns = {"class": np.array(["a", "b"], object), "average_precision": np.array([0.5, np.nan])}
    written = folder.write(record(), predictions, {"classes": columns})
    table = folder.file_of(written).with_suffix(".classes.parquet")
    assert written.tables["classes"].sha256 == sha256_of(table)
    assert pq.read_table(table).to_pylist() == [
        {"class": "a", "average_precision": 0.5},
        {"class": "b", "average_precision": None},
    ]
    assert list(folder.records(Silent())) == [written]


def test_what_is_no_record_is_named_and_passed_over(tmp_path: Path, predictions: TestPredictions) -> None:
    folder = ResultsFolder(tmp_path)
    good = folder.write(record(), predictions)
    beside = folder.file_of(good).parent
    (beside / "half.json").write_text('{"schema": 1, "task"')
    (beside / "list.json").write_text("[1, 2]")
    (beside / "impossible.json").write_text(json.dumps(good.as_json() | {"task_version": 0}))
    (beside / "newer.json").write_text(json.dumps(good.as_json() | {"schema": 2}))
    (beside / "deep.json").write_text("[" * 100_000)
    (beside / "latin.json").write_bytes(b'{"task": "\xe9"}')
    listening = RecordingReporter()
    assert list(folder.records(listening)) == [good]
    assert len(listening.notices) == 6
    for name, reason in (("impossible", "task_version"), ("newer", "Upgrade artbench"), ("half", "JSON")):
        assert any(f"{name}.json" in line and reason in line for line in listening.notices), name


def test_a_folder_that_cannot_be_written_is_found_out_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "results").write_text("a file")
    with pytest.raises(ArtbenchError, match="--results"):
        ResultsFolder(tmp_path / "results").check_writable()


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


def test_hostile_names_stay_inside_the_folder(tmp_path: Path, predictions: TestPredictions) -> None:
    folder = ResultsFolder(tmp_path)
    hostile = record(backbone="../../../x", pretraining="/etc/passwd", task="..")
    file = folder.file_of(folder.write(hostile, predictions))
    assert file.resolve().is_relative_to(tmp_path.resolve() / "records")
    assert read_record(file).backbone == "../../../x"


def test_running_again_replaces_the_record_of_the_same_measurement(
    tmp_path: Path, predictions: TestPredictions
) -> None:
    ledger = ResultsIndex(ResultsFolder(tmp_path), Silent())
    ledger.enter(record(0.5), predictions)
    ledger.enter(record(0.6), predictions)
    assert [kept.primary.value for kept in ledger.records] == [0.6]
    assert ResultsIndex(ResultsFolder(tmp_path), Silent()).records == ledger.records
    assert ledger.find(record().board, lambda kept: kept.backbone == "resnet18") is not None
    assert ledger.find(record().board, lambda kept: kept.backbone == "resnet50") is None
    assert ledger.find(record(protocol_hash="f" * 64).board, lambda _: True) is None


@pytest.mark.parametrize(
    ("where", "value"),
    [
        (("metrics", "accuracy", "value"), "0.99"),
        (("probe", "converged"), 1),
        (("task_version",), "1"),
        (("dataset", "test"), 40.0),
        (("task",), "sample\u202estyle"),
        (("backbone",), "\u009b31m"),
        (("pretraining",), "zero\u200bwidth"),
        (("encoder", "parameters"), 10**30),
    ],
)
def test_a_record_is_read_to_the_letter(
    tmp_path: Path, predictions: TestPredictions, where: tuple[str, ...], value: object
) -> None:
    folder = ResultsFolder(tmp_path)
    file = folder.file_of(folder.write(record(0.5), predictions))
    content = json.loads(file.read_text())
    part = content
    for key in where[:-1]:
        part = part[key]
    part[where[-1]] = value
    file.write_text(json.dumps(content))
    with pytest.raises(ArtbenchError, match="not a valid record"):
        read_record(file)


@pytest.mark.parametrize("name", ["aaa.json", "zzz.json"])
def test_a_changed_copy_does_not_take_the_place_of_the_record(
    tmp_path: Path, predictions: TestPredictions, name: str
) -> None:
    folder, listening = ResultsFolder(tmp_path), RecordingReporter()
    written = folder.write(record(0.5), predictions)
    file = folder.file_of(written)
    content = json.loads(file.read_text())
    content["metrics"]["accuracy"]["value"] = 0.59
    file.with_name(name).write_text(json.dumps(content))
    assert list(folder.records(listening)) == [written]
    (heard,) = listening.notices
    assert name in heard
    assert "the same measurement" in heard


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


@pytest.mark.parametrize("suffix", [".parquet", ".classes.parquet"])
@pytest.mark.parametrize("damage", ["gone", "other bytes", "a folder"])
def test_a_record_whose_predictions_are_damaged_is_not_on_record(
    tmp_path: Path, predictions: TestPredictions, suffix: str, damage: str
) -> None:
    folder = ResultsFolder(tmp_path)
    written = folder.write(record(0.5), predictions, TABLES)
    file = folder.file_of(written).with_suffix(suffix)
    content = file.read_bytes()
    file.unlink()
    if damage == "other bytes":
        file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    elif damage == "a folder":
        file.mkdir()
    listening = RecordingReporter()
    ledger = ResultsIndex(folder, listening)
    assert ledger.find(written.board, lambda _: True) is None
    assert ledger.find(written.board, lambda _: True) is None
    assert len(listening.notices) == 1
    assert "is measured again" in listening.notices[0]
    if damage != "a folder":
        again = ledger.enter(record(0.5), predictions, TABLES)
        assert ledger.find(written.board, lambda _: True) == again


def test_a_record_without_tables_leaves_none_of_an_earlier_one(tmp_path: Path, predictions: TestPredictions) -> None:
    folder = ResultsFolder(tmp_path)
    folder.write(record(0.5), predictions, TABLES)
    written = folder.write(record(0.6), predictions)
    assert folder.is_whole(written)
    assert not folder.file_of(written).with_suffix(".classes.parquet").exists()
