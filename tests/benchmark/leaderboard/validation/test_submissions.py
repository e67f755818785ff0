"""Submissions that must not pass: chosen parts of the test, copies, shuffled clusters, other sizes and names."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from artbench.data.dataset import Dataset
from artbench.data.folders import DatasetPaths
from artbench.evaluation.sizes import sizes_known_to
from artbench.evaluation.workflow import RunRequest, run
from artbench.leaderboard.validation.findings import Report
from artbench.leaderboard.validation.workflow import check_records
from artbench.plugins.loading import load_plugins
from artbench.plugins.registry import Registry
from artbench.protocol import LINEAR_V1, LINEAR_V2
from artbench.records.record import SUFFIXES
from artbench.runtime.progress import Silent
from tests.support.mutants import Submission
from tests.support.mutants.forging import forge, renumbered
from tests.support.plugins import JUDGED, TOY

PROTOCOLS = {protocol.name: protocol for protocol in (LINEAR_V1, LINEAR_V2)}


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load_plugins([TOY, JUDGED], only="")


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def _cached(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARTBENCH_CACHE", str(cache))


@pytest.fixture(scope="module")
def measured(registry: Registry, cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """Results under both protocols."""
    folders = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ARTBENCH_CACHE", str(cache))
        for name, protocol in PROTOCOLS.items():
            folders[name] = tmp_path_factory.mktemp(name) / "results"
            request = RunRequest(
                backbones=["toy-patches"],
                pretrainings=["random"],
                tasks=["toy-colour", "toy-clustered"],
                results=folders[name],
                device="cpu",
                protocol=protocol,
            )
            assert run(request, registry=registry, reporter=Silent()).failures == {}
    return folders


@pytest.fixture(params=list(PROTOCOLS))
def protocol(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def submitted(measured: Mapping[str, Path], protocol: str, task: str, tmp_path: Path) -> Submission:
    shutil.copytree(measured[protocol] / "records" / task, tmp_path / "records" / task)
    (file,) = (tmp_path / "records" / task).glob("*.json")
    return Submission(tmp_path, file, [], Random(0))


@pytest.fixture
def colour(measured: Mapping[str, Path], protocol: str, tmp_path: Path) -> Submission:
    return submitted(measured, protocol, "toy-colour", tmp_path)


@pytest.fixture
def clustered(measured: Mapping[str, Path], protocol: str, tmp_path: Path) -> Submission:
    return submitted(measured, protocol, "toy-clustered", tmp_path)


def check(folder: Path, registry: Registry) -> Report:
    return check_records(
        folder, registry=registry, paths=DatasetPaths(), sizes=sizes_known_to(registry), reporter=Silent()
    )


def faults(report: Report) -> list[str]:
    return [finding.message for finding in report.findings if finding.status == "FAIL"]


def blamed(report: Report) -> set[str]:
    return {finding.name for finding in report.findings if finding.status == "FAIL"}


def changed(it: Submission, **changes: Any) -> None:
    content = it.content
    for path, value in changes.items():
        *parts, last = path.split("__")
        part = content
        for name in parts:
            part = part[name]
        part[last] = value
    it.write(content)
    it.settle()


def copied(it: Submission) -> Submission:
    """A second record beside the first, equal to the byte."""
    for suffix in (".json", *SUFFIXES):
        if it.beside(suffix).exists():
            shutil.copyfile(it.beside(suffix), it.file.with_name(f"copy{suffix}"))
    return Submission(it.folder, it.file.with_name("copy.json"), [it.file], Random(0))


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


def test_two_tests_of_a_leaderboard_differ_by_what_was_unreadable_alone(colour: Submission) -> None:
    """Without the data: whoever leaves out more, or has images that others can't have left out, is named."""
    other = copied(colour)
    changed(other, backbone="another", encoder__weights_sha256="0" * 64)
    table = pq.read_table(other.beside())
    images = table["image"].to_pylist()
    forge(other, table.set_column(0, "image", pa.array([*images[:-1], "made up"])), unreadable=1)
    found = faults(check(colour.folder, load_plugins(only="")))
    assert sum("differ by more than unreadable images" in fault for fault in found) == 2


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


def test_clusters_that_are_shuffled_are_found_with_the_data(clustered: Submission, registry: Registry) -> None:
    assert faults(check(clustered.folder, registry)) == []
    table = pq.read_table(clustered.beside())
    numbers = np.random.default_rng(0).permutation(table["cluster"].to_numpy()).tolist()
    at = table.column_names.index("cluster")
    forge(clustered, table.set_column(at, "cluster", pa.array(renumbered(numbers), pa.int32())))
    assert any("the clusters are not the task's groups" in fault for fault in faults(check(clustered.folder, registry)))


@pytest.mark.parametrize("field", ["parameters", "feature_dim", "input_size"])
def test_sizes_that_the_backbone_does_not_have_are_faults(colour: Submission, registry: Registry, field: str) -> None:
    value = colour.content["encoder"][field]
    changed(colour, **{f"encoder__{field}": value + 1})
    assert any(f"toy-patches has the {field} {value}" in fault for fault in faults(check(colour.folder, registry)))


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("r\u0435snet50", "mixes letters of two alphabets"),
        ("resnet50 ", "has blanks at its ends"),
        ("\uff52esnet50", "only look like others"),
        ("https://example.org/model", "is an address"),
        ("www.example.org", "is an address"),
        ("me@example.org", "is an address"),
    ],
)
def test_names_that_look_like_others_are_faults(
    colour: Submission, registry: Registry, name: str, problem: str
) -> None:
    changed(colour, backbone=name)
    assert any(problem in fault for fault in faults(check(colour.folder, registry)))


@pytest.mark.parametrize(
    "name", ["resnet50.a1_in1k", "vit_base@layer=2,pool=avg", "эрмитаж.pth", "müller.safetensors", "my weights.pt"]
)
def test_honest_names_are_none(colour: Submission, registry: Registry, name: str) -> None:
    changed(colour, pretraining=name)
    assert faults(check(colour.folder, registry)) == []


def test_two_names_that_a_reader_takes_for_one_are_both_named(colour: Submission, registry: Registry) -> None:
    other = copied(colour)
    changed(other, backbone="t\u043ey-patches", encoder__weights_sha256="0" * 64)
    found = faults(check(colour.folder, registry))
    assert sum("looks like that of" in fault for fault in found) == 2


def test_a_check_says_in_one_list_what_it_could_not_check(colour: Submission, registry: Registry) -> None:
    here, elsewhere = check(colour.folder, registry), check(colour.folder, load_plugins(only=""))
    name = colour.file.relative_to(colour.folder / "records").as_posix()
    assert set(here.unchecked.values()) == {(name,)}
    assert any("leaderboard verify" in what for what in here.unchecked)
    assert not any("the data is not at hand" in what for what in here.unchecked)
    assert any("the data is not at hand" in what for what in elsewhere.unchecked)
    assert any("toy-patches: it is not known here" in what for what in elsewhere.unchecked)
