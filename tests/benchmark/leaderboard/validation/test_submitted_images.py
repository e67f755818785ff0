"""Chosen parts of the test, images that nobody else has, and clusters that are shuffled."""

from pathlib import Path
from random import Random

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from artbench.data.dataset import Dataset
from artbench.plugins.loading import load_plugins
from artbench.plugins.registry import Registry
from artbench.protocol import Protocol
from tests.support.mutants import Submission
from tests.support.mutants.forging import forge, renumbered
from tests.support.submissions import changed, check, copied, faults, submitted

pytestmark = pytest.mark.usefixtures("cached")


def test_a_chosen_part_of_the_test_is_a_fault_with_the_data_and_a_notice_without(
    colour: Submission, registry: Registry
) -> None:
    table = pq.read_table(colour.beside())
    kept = [row for row in range(len(table)) if row % 4]
    forge(colour, table.take(kept), unreadable=len(table) - len(kept))
    (fault,) = faults(check(colour.folder, registry))
    assert fault.startswith("test images are left out that can be read here: ")
    without = check(colour.folder, load_plugins(only=""))
    assert faults(without) == []
    assert any("are said to be unreadable" in finding.message for finding in without.findings)


def test_an_image_that_nobody_can_read_may_be_left_out(
    colour: Submission, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = pq.read_table(colour.beside())
    forge(colour, table.slice(1), unreadable=1)
    gone = table["image"][0].as_py()
    # The toy's images are shared by all tests.
    read = Dataset.read
    monkeypatch.setattr(Dataset, "read", lambda self, row: b"" if self.ids[row] == gone else read(self, row))
    assert faults(check(colour.folder, registry)) == []
    changed(colour, dataset__unreadable=2)
    (fault,) = faults(check(colour.folder, registry))
    assert fault.startswith("of 2 unreadable images 1 are test images")
    changed(colour, dataset__unreadable=0)
    assert any(
        fault.startswith("1 images of the test split are left out") for fault in faults(check(colour.folder, registry))
    )


def test_training_images_that_are_said_to_be_unreadable_are_decoded(
    colour: Submission, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    train = colour.content["dataset"]["train"]
    changed(colour, dataset__unreadable=1, dataset__train=train - 1)
    (fault,) = faults(check(colour.folder, registry))
    assert fault == f"{train} of {train} training images can be read here; the record says {train - 1}"
    tested = set(pq.read_table(colour.beside())["image"].to_pylist())
    read = Dataset.read

    def without_one(self: Dataset, row: int) -> bytes:
        gone = next(name for name in self.ids if name not in tested)
        return b"" if self.ids[row] == gone else read(self, row)

    monkeypatch.setattr(Dataset, "read", without_one)
    assert faults(check(colour.folder, registry)) == []


def test_two_tests_of_a_leaderboard_differ_by_what_was_unreadable_alone(colour: Submission) -> None:
    """Without the data: whoever leaves out more, or has images that others can't have left out, is named."""
    other = copied(colour)
    changed(other, backbone="another", encoder__weights_sha256="0" * 64)
    table = pq.read_table(other.beside())
    images = table["image"].to_pylist()
    forge(other, table.set_column(0, "image", pa.array([*images[:-1], "made up"])), unreadable=1)
    found = faults(check(colour.folder, load_plugins(only="")))
    assert sum("differ by more than unreadable images" in fault for fault in found) == 2


def test_clusters_that_are_shuffled_are_found_with_the_data(
    measured: Path, protocol: Protocol, registry: Registry, tmp_path: Path
) -> None:
    clustered = submitted(measured, "toy-clustered", protocol.name, tmp_path)
    assert faults(check(clustered.folder, registry)) == []
    table = pq.read_table(clustered.beside())
    numbers = np.random.default_rng(0).permutation(table["cluster"].to_numpy()).tolist()
    at = table.column_names.index("cluster")
    forge(clustered, table.set_column(at, "cluster", pa.array(renumbered(numbers), pa.int32())))
    assert any("the clusters are not the task's groups" in fault for fault in faults(check(clustered.folder, registry)))


def test_images_that_no_other_record_has_are_told_alone(colour: Submission) -> None:
    """Its own test leaves nothing out that the others have: what is added alone tells."""
    table = pq.read_table(colour.beside())
    others = [copied(colour)]
    for number, other in enumerate(others):
        changed(other, backbone=f"other{number}", encoder__weights_sha256=f"{number:064x}")
    more = pa.concat_tables([table, table.slice(0, 1).set_column(0, "image", pa.array(["made up"]))])
    added = copied(Submission(colour.folder, colour.file, [], Random(0)))
    changed(added, backbone="added", encoder__weights_sha256="f" * 64)
    forge(added, more)
    found = [finding for finding in check(colour.folder, load_plugins(only="")).findings if finding.status == "FAIL"]
    told = {finding.name for finding in found if "differ by more than unreadable images" in finding.message}
    assert told == {added.file.relative_to(colour.folder / "records").as_posix()}
