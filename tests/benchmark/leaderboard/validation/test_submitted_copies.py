"""Copies of a record under another name, width or date are found, however little of them was changed."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from artbench.plugins.loading import load_plugins
from artbench.plugins.registry import Registry
from artbench.protocol import Protocol
from artbench.runtime.files import sha256_of
from tests.support.mutants import Submission
from tests.support.mutants.forging import forge
from tests.support.submissions import blamed, changed, check, copied, faults, submitted

pytestmark = pytest.mark.usefixtures("cached")


@pytest.mark.parametrize("year", ["1970", "2026"])
def test_both_of_two_copies_are_named_whatever_their_date(colour: Submission, registry: Registry, year: str) -> None:
    other = copied(colour)
    changed(other, pretraining="mine", provenance__created=f"{year}-11-24T00:00:00Z")
    report = check(colour.folder, registry)
    assert len(blamed(report)) == 2
    assert sum("has the same weights of toy-patches as" in fault for fault in faults(report)) == 2
    assert any("before artbench's first release" in fault for fault in faults(report)) == (year == "1970")


@pytest.mark.parametrize("weights", ["", "0" * 64])
def test_a_copy_under_another_name_is_found_however_little_it_was_changed(
    colour: Submission, registry: Registry, weights: str
) -> None:
    other = copied(colour)
    changed(other, backbone="another", encoder__weights_sha256=weights or other.content["encoder"]["weights_sha256"])
    assert sum("or all but so" in fault for fault in faults(check(colour.folder, registry))) == 2
    table = pq.read_table(other.beside())
    moved = table["confidence"].to_numpy() - np.random.default_rng(0).uniform(0, 1e-6, len(table)).astype(np.float32)
    forge(other, table.set_column(3, "confidence", pa.array(moved, pa.float32())))
    found = [fault for fault in faults(check(colour.folder, registry)) if "references" not in fault]
    assert sum("or all but so" in fault for fault in found) == 2


def test_a_copy_that_leaves_out_an_image_is_found_without_the_data(colour: Submission) -> None:
    other = copied(colour)
    changed(other, backbone="another", encoder__weights_sha256="0" * 64)
    forge(other, pq.read_table(other.beside()).slice(1), unreadable=1)
    found = faults(check(colour.folder, load_plugins(only="")))
    assert sum("or all but so" in fault for fault in found) == 2


def test_a_copy_of_labels_that_leaves_out_an_image_is_found(measured: Path, protocol: Protocol, tmp_path: Path) -> None:
    traits = submitted(measured, "toy-traits", protocol.name, tmp_path)
    other = copied(traits)
    changed(other, backbone="another", encoder__weights_sha256="0" * 64)
    table = pq.read_table(other.beside()).slice(1)
    pq.write_table(table, other.beside())
    state = {"sha256": sha256_of(other.beside()), "rows": len(table)}
    changed(other, dataset__test=len(table), dataset__unreadable=1, predictions=state)
    found = faults(check(traits.folder, load_plugins(only="")))
    assert sum("or all but so" in fault for fault in found) == 2


@pytest.mark.parametrize("moved", [0.0, 0.5])
def test_a_copy_with_some_other_classes_is_found_by_the_order_of_its_confidences(
    colour: Submission, registry: Registry, moved: float
) -> None:
    other, table = copied(colour), pq.read_table(colour.beside())
    changed(other, backbone="another", encoder__weights_sha256="0" * 64)
    predicted = table["prediction"].to_numpy().copy()
    predicted[:2] = (predicted[:2] + 1) % 3
    confidence = table["confidence"].to_numpy() ** (1 + moved)
    table = table.set_column(2, "prediction", pa.array(predicted, pa.int32()))
    forge(other, table.set_column(3, "confidence", pa.array(confidence, pa.float32())))
    found = [fault for fault in faults(check(colour.folder, registry)) if "references" not in fault]
    assert sum("or all but so" in fault for fault in found) == 2


@pytest.mark.parametrize("width", [1, 64])
def test_a_record_that_is_renamed_to_a_width_is_a_fault(
    colour: Submission, registry: Registry, protocol: Protocol, width: int
) -> None:
    other, renamed = copied(colour), protocol.with_width(width)
    changed(other, protocol=renamed.name, protocol_hash=renamed.hash)
    found = faults(check(colour.folder, registry))
    assert sum("among widths that differ it has the very predictions of" in fault for fault in found) == 2
    assert any("weights of rank 2 can't be had from 1 components" in fault for fault in found) == (width == 1)


@pytest.mark.parametrize(("shared", "copies"), [(0.94, False), (0.96, True)])
def test_records_that_err_alike_are_copies_however_sure_they_are(
    colour: Submission, shared: float, copies: bool
) -> None:
    """Confidences have nothing to do with each other; what is predicted where either is wrong has, or has not."""
    random, rows = np.random.default_rng(0), 600
    labels = random.integers(3, size=rows)
    wrong = np.arange(rows) < 100
    ours = np.where(wrong, (labels + 1) % 3, labels)
    # Of 100 errors so many are the same; the others are another class.
    theirs = np.where(np.arange(rows) < round(100 * (1 - shared)), (labels + 2) % 3, ours)
    other = copied(colour)
    changed(other, backbone="another", encoder__weights_sha256="0" * 64)
    for it, predicted in ((colour, ours), (other, theirs)):
        columns = {
            "image": pa.array([f"image {number}" for number in range(rows)]),
            "target": pa.array(labels, pa.int32()),
            "prediction": pa.array(predicted, pa.int32()),
            "confidence": pa.array(random.uniform(0.4, 1, rows), pa.float32()),
        }
        forge(it, pa.table(columns))
    found = faults(check(colour.folder, load_plugins(only="")))
    assert sum("or all but so" in fault for fault in found) == 2 * copies
