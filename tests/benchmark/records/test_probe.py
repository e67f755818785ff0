"""The weights of the probe beside a record."""

import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from artbench.errors import ArtbenchError
from artbench.records.probe import MOST_NUMBERS, StoredProbe, probe_columns, read_probes
from artbench.records.record import FileState
from artbench.records.tables import write_table
from artbench.runtime.files import sha256_of
from tests.support.records import record

CLASSES, WIDTH = 4, 512


@pytest.fixture
def probe() -> StoredProbe:
    random = np.random.default_rng(0)
    bias = random.standard_normal(CLASSES).astype(np.float32)
    bias[2] = -np.inf
    return StoredProbe(weight=random.standard_normal((WIDTH, CLASSES)).astype(np.float32), bias=bias)


def _written(probe: StoredProbe, file: Path) -> FileState:
    columns = probe_columns([probe])
    assert columns is not None
    table = file.with_suffix(".probe.parquet")
    write_table(table, columns)
    return FileState(sha256=sha256_of(table), rows=CLASSES)


def test_it_gives_the_outputs_again_in_two_bytes_a_number(probe: StoredProbe, tmp_path: Path) -> None:
    state = _written(probe, tmp_path / "a.json")
    (read,) = read_probes(tmp_path / "a.json", record(tables={"probe": state}), classes=CLASSES)
    features = 5 + np.random.default_rng(1).standard_normal((20, WIDTH))
    np.testing.assert_allclose(read.outputs(features), probe.outputs(features), atol=0.05)
    np.testing.assert_allclose(read.weight, probe.weight, rtol=2**-13)
    assert (tmp_path / "a.probe.parquet").stat().st_size < 2.2 * CLASSES * WIDTH + 2000


@pytest.mark.parametrize(
    ("classes", "change", "words"),
    [
        (5, {}, "are not 5 x 512 numbers"),
        (4, {"sha256": "0" * 64}, "not the ones it was written with"),
        (4, {"rows": 3}, "are not 4 x 512 numbers"),
    ],
)
def test_another_shape_or_file_is_refused(
    probe: StoredProbe, tmp_path: Path, classes: int, change: dict[str, object], words: str
) -> None:
    state = _written(probe, tmp_path / "a.json").model_copy(update=change)
    with pytest.raises(ArtbenchError, match=words):
        read_probes(tmp_path / "a.json", record(tables={"probe": state}), classes=classes)


def test_a_pipe_or_a_link_in_its_place_is_not_opened(probe: StoredProbe, tmp_path: Path) -> None:
    tables = {"probe": _written(probe, tmp_path / "a.json")}
    table = tmp_path / "a.probe.parquet"
    table.rename(tmp_path / "aside")
    table.symlink_to(tmp_path / "aside")
    with pytest.raises(ArtbenchError, match="symbolic link"):
        read_probes(tmp_path / "a.json", record(tables=tables), classes=CLASSES)
    table.unlink()
    os.mkfifo(table)
    with pytest.raises(ArtbenchError, match="regular file"):
        read_probes(tmp_path / "a.json", record(tables=tables), classes=CLASSES)


def test_weights_of_another_width_are_refused(probe: StoredProbe, tmp_path: Path) -> None:
    state = _written(StoredProbe(weight=probe.weight[: WIDTH // 2], bias=probe.bias), tmp_path / "a.json")
    with pytest.raises(ArtbenchError, match="are not 4 x 512 numbers"):
        read_probes(tmp_path / "a.json", record(tables={"probe": state}), classes=CLASSES)


def test_a_column_of_something_else_is_refused(probe: StoredProbe, tmp_path: Path) -> None:
    _written(probe, tmp_path / "a.json")
    table = tmp_path / "a.probe.parquet"
    columns = pq.read_table(table)
    pq.write_table(columns.set_column(2, "bias", pa.array([{"a": 1.0}] * CLASSES)), table)
    tables = {"probe": FileState(sha256=sha256_of(table), rows=CLASSES)}
    with pytest.raises(ArtbenchError, match="can't be read"):
        read_probes(tmp_path / "a.json", record(tables=tables), classes=CLASSES)


def test_a_record_without_one_says_so(tmp_path: Path) -> None:
    with pytest.raises(ArtbenchError, match="does not have the weights"):
        read_probes(tmp_path / "a.json", record(), classes=CLASSES)


def test_what_would_be_too_large_is_not_kept(probe: StoredProbe) -> None:
    assert probe_columns([probe] * (MOST_NUMBERS // (CLASSES * WIDTH) + 1)) is None
