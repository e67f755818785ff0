"""A results folder keeps what is whole and names what is not."""

import json
from pathlib import Path

import numpy as np
import pytest

from artbench.errors import ArtbenchError
from artbench.records import folder as folder_module
from artbench.records.folder import ResultsFolder, ResultsIndex, read_record
from artbench.records.predictions import TestPredictions
from artbench.records.tables import Tables
from artbench.runtime.progress import Silent
from tests.support.records import record
from tests.support.reporters import RecordingReporter


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


TABLES: Tables = {"classes": {"class": np.array(["a"], object), "support": np.array([2])}}


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
