"""Exported features are the kept ones, in order, with their ids."""

import csv
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from artbench.cli.features import features as command
from artbench.data.dataset import Dataset
from artbench.errors import ArtbenchError
from artbench.features import export as exporting
from artbench.features.export import export
from artbench.features.extract import Features
from tests.support.extraction import DIM, features, paint
from tests.support.plugins import TOY


@pytest.fixture(scope="module")
def extracted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Features, Dataset]:
    folder = tmp_path_factory.mktemp("export")
    images = paint(folder, 30)
    return features(images, folder / "cache"), images


@pytest.fixture(autouse=True)
def in_small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "_ROWS_AT_ONCE", 8)


def test_npy_and_csv(extracted: tuple[Features, Dataset], tmp_path: Path) -> None:
    found, images = extracted
    values, ids = export(found, images, tmp_path / "new", name="tiny")
    array = np.load(values, allow_pickle=False)
    assert array.dtype == np.float32
    assert (array == found.take(found.rows)).all()
    with ids.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["row"]) for row in rows] == list(range(28))
    assert [row["id"] for row in rows] == [images.ids[row] for row in found.rows.tolist()]


def test_parquet(extracted: tuple[Features, Dataset], tmp_path: Path) -> None:
    found, images = extracted
    (file,) = export(found, images, tmp_path, name="tiny", format_="parquet")
    table = pq.read_table(file)
    assert table["id"].to_pylist() == [images.ids[row] for row in found.rows.tolist()]
    assert (np.array(table["features"].to_pylist(), np.float32) == found.take(found.rows)).all()
    assert table.schema.field("features").type.list_size == DIM


def test_a_folder_that_cant_be_written_is_named(extracted: tuple[Features, Dataset], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ArtbenchError, match="can't be written to"):
        export(*extracted, tmp_path / "file", name="tiny")


@pytest.mark.parametrize(("format_", "files"), [("npy", [".npy", ".csv"]), ("parquet", [".parquet"])])
def test_the_command(format_: str, files: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "cache"))
    wanted = ["--backbone", "toy-patches", "--pretraining", "random", "--dataset", "toy", "--plugin", str(TOY)]
    done = CliRunner().invoke(command, ["export", *wanted, "--out", str(tmp_path / "out"), "--format", format_])
    assert done.exit_code == 0, done.output
    assert done.stdout.split() == [str(tmp_path / "out" / f"toy-toy-patches-random{suffix}") for suffix in files]
    if format_ == "npy":
        assert np.load(done.stdout.split()[0], allow_pickle=False).shape == (90, 128)
