"""Rankings that do not come from the named weights are refuted, and honest ones of another machine are not."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pyarrow as pa
import pytest

from artbench.evaluation.request import RunRequest
from artbench.evaluation.workflow import run
from artbench.explain.sources import Sources
from artbench.plugins.loading import load_plugins
from artbench.plugins.protocols import protocol_to_run
from artbench.plugins.registry import Registry
from artbench.probe.confidence import Choice, NearestPictures
from artbench.probe.features import Rows
from artbench.probe.search import choices, search, similar_to
from artbench.probe.similarities import Pictures
from artbench.protocol import Search
from artbench.runtime.progress import Silent
from artbench.verify.confidences import Confidences
from artbench.verify.rankings import compare_rankings
from artbench.verify.searched import _queries
from artbench.verify.workflow import Verified, VerifyRequest, records_in, verify_records
from tests.support.mutants import Submission
from tests.support.plugins import TOY, TWINS

# Each with a task.
PROTOCOLS = {
    "retrieval-v1": "toy-same",
    "retrieval-v1-whitening-3-csls-4": "toy-same",
    "retrieval-v1-softmax-10": "toy-surest",
    "retrieval-v1-whitening-3-softmax-3": "toy-surest",
}


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load_plugins([TOY, TWINS], only="")


@pytest.fixture(scope="module")
def measured(registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    folders = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ARTBENCH_CACHE", str(tmp_path_factory.mktemp("cache")))
        for name, task in PROTOCOLS.items():
            folders[name] = tmp_path_factory.mktemp(name)
            request = RunRequest(
                backbones=["toy-patches"],
                pretrainings=["random"],
                tasks=[task],
                results=folders[name],
                device="cpu",
                protocol=protocol_to_run(name),
            )
            assert run(request, registry=registry, reporter=Silent()).failures == {}
    return folders


@pytest.fixture
def given(measured: Mapping[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Submission:
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "cache"))
    return submission(measured["retrieval-v1"], tmp_path)


def submission(measured: Path, folder: Path) -> Submission:
    shutil.copytree(measured / "records", folder / "records")
    (file,) = (folder / "records").glob("*/*.json")
    return Submission(folder, file, [], Random(0))


def verified(folder: Path, registry: Registry) -> Verified:
    request = VerifyRequest(files=tuple(records_in([folder])), sources=Sources(), sample=30, seed=0)
    return verify_records(request, registry=registry, reporter=Silent())


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_honest_rankings_pass(measured: Mapping[str, Path], protocol: str, registry: Registry) -> None:
    found = verified(measured[protocol], registry)
    assert [finding.status for finding in found.findings] == ["PASS"], found.findings
    assert found.findings[0].message.startswith("30 rankings are those of its weights, to ")


def test_a_task_that_a_family_makes_of_another_is_verified(tmp_path: Path, registry: Registry) -> None:
    request = RunRequest(
        backbones=["toy-patches"],
        pretrainings=["random"],
        tasks=["reproduced:toy-colour@jpeg"],
        protocol=protocol_to_run("linear-v2"),
        results=tmp_path,
    )
    assert run(request, registry=registry, reporter=Silent()).failures == {}
    (found,) = verified(tmp_path, registry).findings
    assert (found.status, "rankings are those of its weights" in found.message) == ("PASS", True), found


def _first(table: pa.Table) -> pa.Table:
    """One query gets all its pictures at the front, and what follows from that."""
    rows = table.to_pylist()
    worst = min((row for row in rows if row["belonging"]), key=lambda row: row["average_precision"])
    worst["places"] = list(range(1, worst["belonging"] + 1))
    worst |= {"average_precision": 1.0, "precision_to_r": 1.0, "prediction": worst["target"]}
    return pa.Table.from_pylist(rows, schema=table.schema)


def _surer(table: pa.Table) -> pa.Table:
    """All right queries come before the others in the global average precision."""
    right = (table["prediction"].to_numpy() == table["target"].to_numpy()).astype(np.float32)
    return table.set_column(table.column_names.index("confidence"), "confidence", pa.array(0.9 * right))


def _another(table: pa.Table) -> pa.Table:
    """The most similar picture of a distractor is another one."""
    rows = table.to_pylist()
    alone = next(row for row in rows if row["target"] == -1)
    alone["prediction"] = (alone["prediction"] + 1) % 3
    return pa.Table.from_pylist(rows, schema=table.schema)


@pytest.mark.parametrize(("change", "count"), [(_first, 1), (_another, 1), (_surer, 30)])
def test_forged_rankings_are_refuted(
    change: Callable[[pa.Table], pa.Table], count: int, given: Submission, registry: Registry
) -> None:
    given.rewrite(change)
    (found,) = verified(given.folder, registry).findings
    assert found.status == "FAIL"
    assert found.message.startswith(f"{count} of 30 rankings are not those of toy-patches, random")
    assert ("with the same average precisions" in found.message) == (change is not _first)


def _tempered(table: pa.Table) -> pa.Table:
    """All confidences are those of another temperature, in the same order."""
    sure = table["confidence"].to_numpy()
    return table.set_column(table.column_names.index("confidence"), "confidence", pa.array(1.5 * sure + 1))


def _exchanged(table: pa.Table) -> pa.Table:
    """The surest and the least sure query change places."""
    sure = table["confidence"].to_numpy().copy()
    at = [int(sure.argmax()), int(sure.argmin())]
    sure[at] = sure[at[::-1]]
    return table.set_column(table.column_names.index("confidence"), "confidence", pa.array(sure))


@pytest.mark.parametrize(
    ("change", "counts"), [(_first, range(1, 2)), (_exchanged, range(2, 3)), (_tempered, range(25, 31))]
)
@pytest.mark.parametrize("protocol", [name for name in PROTOCOLS if "softmax" in name])
def test_forged_confidences_are_refuted(
    change: Callable[[pa.Table], pa.Table],
    counts: range,
    protocol: str,
    measured: Mapping[str, Path],
    tmp_path: Path,
    registry: Registry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "cache"))
    forged = submission(measured[protocol], tmp_path)
    forged.rewrite(change)
    (found,) = verified(forged.folder, registry).findings
    assert found.status == "FAIL"
    count, _, said = found.message.partition(" of 30 ")
    assert int(count) in counts
    assert said.startswith("rankings are not those of toy-patches, random")


def pictures(vectors: np.ndarray, labels: np.ndarray, *, first: int) -> Pictures:
    return Pictures(vectors=Rows(vectors.astype(np.float32)), labels=labels, rows=np.arange(first, first + len(labels)))


@pytest.mark.parametrize("by", [Search(), Search(csls=5), Search(whitening=12)])
@pytest.mark.parametrize(("noise", "differing"), [(1e-4, False), (1e-2, True)])
def test_a_little_noise_of_another_machine_is_let_pass(by: Search, noise: float, differing: bool) -> None:
    random = np.random.default_rng(0)
    labels = [random.integers(0, 20, count) for count in (2_000, 60)]
    centres = random.normal(size=(20, 64))
    exact = [centres[own] + random.normal(size=(len(own), 64)) for own in labels]
    noisy = [part * (1 + noise * random.normal(size=part.shape)) for part in exact]
    (index, queries), (other, asked) = (
        [pictures(part, own, first=first) for part, own, first in zip(parts, labels, (0, 2_000), strict=True)]
        for parts in (exact, noisy)
    )
    # Ties, whose places may come apart there.
    index.vectors.features[50:60] = index.vectors.features[40:50]
    index.labels[50:60] = index.labels[40:50]
    other.labels[50:60] = index.labels[50:60]
    other.vectors.features[50:60] = other.vectors.features[40:50] * np.float32(1 + 1e-6)
    stored = search(index, queries, by=by, device="cpu")
    found = compare_rankings(
        stored,
        queries.labels,
        similar_to(other, asked, np.arange(60), by=by, device="cpu"),
        other,
        by=by,
        dtype="float32",
    )
    assert (found.differing > 0) == differing
    worse = replace(stored, average_precision=stored.average_precision - 0.05)
    again = similar_to(index, queries, np.arange(60), by=by, device="cpu")
    assert compare_rankings(worse, queries.labels, again, index, by=by, dtype="float32").differing > 10


@pytest.mark.parametrize(("noise", "differing"), [(1e-4, False), (1e-2, True)])
def test_confidences_of_another_machine_are_let_pass(noise: float, differing: bool) -> None:
    random = np.random.default_rng(0)
    labels = [random.integers(-1, 20, count) for count in (2_000, 200, 60)]
    centres = random.normal(size=(21, 64))
    exact = [centres[own] + random.normal(size=(len(own), 64)) for own in labels]
    noisy = [part * (1 + noise * random.normal(size=part.shape)) for part in exact]
    (index, validation, queries), (other, known, asked) = (
        [pictures(part, own, first=first) for part, own, first in zip(parts, labels, (0, 2_000, 3_000), strict=True)]
        for parts in (exact, noisy)
    )
    by = protocol_to_run("retrieval-v1-softmax-50").search
    assert by is not None
    stored = search(index, queries, by=by, device="cpu", validation=validation)
    pairs = choices(other, known, by=by, device="cpu")
    found = compare_rankings(
        stored,
        queries.labels,
        similar_to(other, asked, np.arange(60), by=by, device="cpu"),
        other,
        by=by,
        dtype="float32",
        confidences=Confidences(pairs, other.labels, queries=200, dtype="float32"),
    )
    assert (found.differing > 0) == differing


def test_a_confidence_that_validation_did_not_choose_is_told() -> None:
    random = np.random.default_rng(0)
    labels = np.arange(10).repeat(20)
    similar = random.random(200).astype(np.float32)
    near = NearestPictures(1, 10, labels)
    near.keep(np.arange(1), similar[None], slice(0, 200))
    pairs = [Choice(neighbours=10, temperature=one, precision=one / 100) for one in (10.0, 90.0)]
    told = []
    for pair in pairs:
        ((confidence,),) = near.log_odds(10, [pair.temperature])
        given = Confidences(pairs, labels, queries=1_000, dtype="float32")
        given.compare(confidence, similar, np.full(200, 1e-5))
        told.append(given.differing().tolist())
    assert told == [[True], [False]]


def test_queries_that_pictures_belong_with_are_drawn_before_distractors() -> None:
    belonging = np.where(np.arange(400) % 16 == 0, 2, 0)
    drawn = _queries(np.arange(100, 400), belonging, 24, np.random.default_rng(0))
    assert len(set(drawn.tolist())) == 24
    assert (belonging[drawn] > 0).sum() == 18
    assert len(_queries(np.arange(10), belonging, 24, np.random.default_rng(0))) == 10
