"""Submissions that must not pass: chosen parts of the test, copies, shuffled clusters, other sizes and names."""

import shutil
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from artbench.data.dataset import Dataset
from artbench.data.folders import DatasetPaths
from artbench.evaluation.request import RunRequest
from artbench.evaluation.sizes import sizes_known_to
from artbench.evaluation.workflow import run
from artbench.leaderboard.validation.findings import Report
from artbench.leaderboard.validation.workflow import check_records
from artbench.plugins.loading import load_plugins
from artbench.plugins.registry import Registry
from artbench.protocol import LINEAR_V1, LINEAR_V2
from artbench.records.record import SUFFIXES
from artbench.runtime.files import sha256_of
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
                tasks=["toy-colour", "toy-clustered", "toy-traits"],
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
        folder, registry=registry, paths=DatasetPaths(), sizes=partial(map, sizes_known_to(registry)), reporter=Silent()
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


def test_a_copy_of_labels_that_leaves_out_an_image_is_found(
    measured: Mapping[str, Path], protocol: str, tmp_path: Path
) -> None:
    traits = submitted(measured, protocol, "toy-traits", tmp_path)
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
    colour: Submission, registry: Registry, protocol: str, width: int
) -> None:
    other, renamed = copied(colour), PROTOCOLS[protocol].with_width(width)
    changed(other, protocol=renamed.name, protocol_hash=renamed.hash)
    found = faults(check(colour.folder, registry))
    assert sum("among widths that differ it has the very predictions of" in fault for fault in found) == 2
    assert any("weights of rank 2 can't be had from 1 components" in fault for fault in found) == (width == 1)


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
        ("resnet5\u041e", "mixes letters of two alphabets"),
        ("resnet50 ", "has blanks at its ends"),
        ("\uff52esnet50", "only look like others"),
        ("https://example.org/model", "is an address"),
        ("www.example.org", "is an address"),
        ("me@example.org", "is an address"),
        ("net_www.example.org", "is an address"),
        ("ftp://example.org", "is an address"),
        ("mailto:me", "is an address"),
    ],
)
def test_names_that_look_like_others_are_faults(
    colour: Submission, registry: Registry, name: str, problem: str
) -> None:
    changed(colour, backbone=name)
    assert any(problem in fault for fault in faults(check(colour.folder, registry)))


@pytest.mark.parametrize(
    "name",
    [
        *("resnet50.a1_in1k", "vit_base@layer=2,pool=avg", "эрмитаж.pth", "müller.safetensors", "my weights.pt"),
        *("vit_base_patch16_clip_224.openai", "weights.de/x", "swww.x", "v1.5.com"),
    ],
)
def test_honest_names_are_none(colour: Submission, registry: Registry, name: str) -> None:
    seen = (
        {"corpus": "my images", "state": "unknown", "evidence": "mine"} if colour.content["encoder"]["seen"] else None
    )
    changed(colour, pretraining=name, encoder__checkpoint_sha256="e" * 64, encoder__seen=seen)
    assert faults(check(colour.folder, registry)) == []


def test_two_names_that_a_reader_takes_for_one_are_both_named(colour: Submission, registry: Registry) -> None:
    other = copied(colour)
    changed(other, backbone="t\u043ey-patches", encoder__weights_sha256="0" * 64)
    found = faults(check(colour.folder, registry))
    assert sum("looks like that of" in fault for fault in found) == 2


def test_a_large_i_is_taken_for_a_small_l(colour: Submission) -> None:
    changed(colour, backbone="tf_efficientnet_Iite0")
    found = faults(check(colour.folder, load_plugins(only="")))
    assert "the backbone tf_efficientnet_Iite0 looks like tf_efficientnet_lite0" in found


@pytest.mark.parametrize(
    ("field", "name", "fault"),
    [
        ("task", "artbench-toy:toy-colour", "the task artbench-toy:toy-colour is toy-colour"),
        ("pretraining", "artbench:random", "the pretraining artbench:random is random"),
    ],
)
def test_a_name_with_its_plugin_is_another_way_to_write_it(
    colour: Submission, registry: Registry, field: str, name: str, fault: str
) -> None:
    plain = name.partition(":")[2]
    tasks, pretrainings = registry.tasks.owners(plain), registry.pretrainings.owners(plain)
    (owner,) = [one.distribution for one in tasks] if field == "task" else [one.distribution for one in pretrainings]
    name, fault = (text.replace(name.partition(":")[0], owner) for text in (name, fault))
    changed(colour, **{field: name})
    assert fault in faults(check(colour.folder, registry))


@pytest.mark.parametrize("names", [["largest class", "largest class"], ["DINOv2 (Oquab et al.)"], ["median year"]])
def test_guesses_have_the_names_that_artbench_gives_them(
    colour: Submission, registry: Registry, names: list[str]
) -> None:
    (first, *_) = colour.content["references"]
    changed(colour, references=[first | {"name": name} for name in names])
    assert any(fault.startswith("references can't be ") for fault in faults(check(colour.folder, registry)))


def test_a_record_says_the_sizes_of_its_images_as_the_others_do(
    colour: Submission, registry: Registry, protocol: str
) -> None:
    content = colour.content["dataset"]
    changed(colour, dataset__fingerprint=content["listing"], dataset__listing=None)
    found = faults(check(colour.folder, registry))
    assert ("dataset.listing is missing" in found) == (protocol == "linear-v2")
    changed(colour, dataset__fingerprint=content["fingerprint"], dataset__listing=content["listing"])
    other = copied(colour)
    changed(other, backbone="another", encoder__weights_sha256="0" * 64, dataset__listing="0" * 64)
    found = faults(check(colour.folder, load_plugins(only="")))
    assert sum(fault.startswith("dataset differs from that of") for fault in found) == 2


def test_an_exclusion_list_and_other_weights_of_the_same_name_are_notices(
    colour: Submission, registry: Registry
) -> None:
    other = copied(colour)
    changed(other, encoder__weights_sha256="0" * 64)
    told = [finding.message for finding in check(colour.folder, registry).findings if finding.status == "WARN"]
    assert sum(message.startswith("its weights are not those of toy-colour/") for message in told) == 2
    changed(other, dataset__exclusion={"sha256": "0" * 64, "train": 1, "test": 0}, dataset__fingerprint="1" * 64)
    told = [finding.message for finding in check(colour.folder, registry).findings if finding.status == "WARN"]
    assert any(message.startswith("measured without the images of an exclusion list") for message in told)
    assert not any(message.startswith("its weights are not those") for message in told)


def test_a_check_says_in_one_list_what_it_could_not_check(colour: Submission, registry: Registry) -> None:
    here, elsewhere = check(colour.folder, registry), check(colour.folder, load_plugins(only=""))
    name = colour.file.relative_to(colour.folder / "records").as_posix()
    assert set(here.unchecked.values()) == {(name,)}
    assert any("leaderboard verify" in what for what in here.unchecked)
    assert not any("the data is not at hand" in what for what in here.unchecked)
    assert any("the data is not at hand" in what for what in elsewhere.unchecked)
    assert any("toy-patches: it is not known here" in what for what in elsewhere.unchecked)


def test_the_kinds_of_numbers_and_the_plugins_of_a_record_are_bounded(colour: Submission, registry: Registry) -> None:
    changed(colour, provenance__dtype="int2", provenance__plugins={f"p{number}": "1" for number in range(21)})
    found = faults(check(colour.folder, registry))
    assert any("unknown dtype 'int2'" in fault for fault in found)
    assert any(fault.startswith("21 plugins can't have taken part") for fault in found)


def test_a_record_of_a_newer_artbench_is_named(colour: Submission, registry: Registry) -> None:
    changed(colour, provenance__artbench="9.0.0")
    report = check(colour.folder, registry)
    assert faults(report) == []
    assert any("made by artbench 9.0.0, newer than this one" in finding.message for finding in report.findings)
    assert "what is new in artbench 9.0.0" in report.unchecked


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
