"""What a record's predictions look like on disk, and what of them is not written or not read."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from artbench.errors import ArtbenchError
from artbench.records.folder import ResultsFolder
from artbench.records.predictions import TestPredictions, read_predictions
from artbench.records.record import Record
from artbench.runtime.files import sha256_of
from artbench.runtime.progress import Silent
from tests.support.records import record


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
