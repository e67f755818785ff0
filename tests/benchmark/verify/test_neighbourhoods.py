"""Neighbours that do not come from the named weights are refuted, and honest ones of another machine are not."""

import shutil
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from artbench.data.neighbourhoods import Neighbourhoods
from artbench.evaluation.request import RunRequest
from artbench.evaluation.workflow import run
from artbench.explain.sources import Sources
from artbench.plugins.loading import load_plugins
from artbench.plugins.registry import Registry
from artbench.probe.neighbourhoods import neighbourhoods
from artbench.runtime.files import sha256_of
from artbench.runtime.findings import Finding
from artbench.runtime.progress import Silent
from artbench.verify.neighbourhoods import compare_neighbourhoods
from artbench.verify.workflow import VerifyRequest, records_in, verify_records
from tests.support.mutants import Submission
from tests.support.neighbours import planted
from tests.support.plugins import TOY, TWINS


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load_plugins([TOY, TWINS], only="")


@pytest.fixture(scope="module")
def measured(registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("measured")
    request = RunRequest(
        backbones=["toy-patches"], pretrainings=["random"], tasks=["toy-museums"], results=folder, device="cpu"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ARTBENCH_CACHE", str(tmp_path_factory.mktemp("cache")))
        assert run(request, registry=registry, reporter=Silent()).failures == {}
    return folder


@pytest.fixture
def given(measured: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Submission:
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "cache"))
    shutil.copytree(measured / "records" / "toy-museums", tmp_path / "records" / "toy-museums")
    (file,) = (tmp_path / "records" / "toy-museums").glob("*.json")
    return Submission(tmp_path, file, [], Random(0))


def verified(folder: Path, registry: Registry) -> Finding:
    request = VerifyRequest(files=tuple(records_in([folder])), sources=Sources(), sample=3, seed=0)
    (found,) = verify_records(request, registry=registry, reporter=Silent()).findings
    return found


def test_honest_neighbours_pass_and_those_of_other_museums_are_refuted(given: Submission, registry: Registry) -> None:
    found = verified(given.folder, registry)
    assert found.status == "PASS", found
    table = pq.read_table(given.beside())
    assert found.message.startswith(f"the neighbours of {len(table)} pictures are those of its weights, to ")
    # Two pictures turn a neighbour of their museum alone into one of their class alone.
    rows = table.to_pylist()
    forged = [row for row in rows if row["origin_alone"] >= 1][:2]
    assert len(forged) == 2
    for row in forged:
        for column in ("", "added_"):
            row[f"{column}origin_alone"] -= 1
            row[f"{column}class_alone"] += 1
    pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), given.beside(), compression="zstd")
    content = given.content
    content["predictions"]["sha256"] = sha256_of(given.beside())
    given.write(content)
    found = verified(given.folder, registry)
    assert found.status == "FAIL"
    assert found.message.startswith(f"the neighbours of 2 of {len(table)} pictures are not those of toy-patches, ")


@pytest.mark.parametrize(("noise", "differing"), [(1e-4, False), (1e-2, True)])
def test_a_little_noise_of_another_machine_is_let_pass(noise: float, differing: bool) -> None:
    random = np.random.default_rng(0)
    vectors, labels, places = planted(random, of_class=1, of_origin=1, shape=(3, 3, 20))
    # Ties, which come apart elsewhere.
    vectors[5:9] = vectors[1:5]
    stored = neighbourhoods(vectors, labels, places)
    other = (vectors * (1 + noise * random.normal(size=vectors.shape))).astype(np.float32)
    found = compare_neighbourhoods(stored, other, labels, places, dtype="float32")
    assert (found.pictures, found.differing > 0) == (180, differing)


def _narrower(given: Neighbourhoods) -> Neighbourhoods:
    """What pictures add lies nearer to its mean, and so do the ends of the interval."""
    mean = given.added.mean(axis=0)
    return replace(given, added=mean + 0.8 * (given.added - mean))


def _more(given: Neighbourhoods) -> Neighbourhoods:
    counts = given.counts.copy()
    at = int(counts[:, 2].argmax())
    counts[at, 1:3] += (1, -1)
    return replace(given, counts=counts)


def test_other_counts_and_narrower_intervals_are_told() -> None:
    vectors, labels, places = planted(np.random.default_rng(0), of_class=1, of_origin=1)
    stored = neighbourhoods(vectors, labels, places)
    for change, count in ((lambda same: same, range(1)), (_more, range(1, 2)), (_narrower, range(40, 73))):
        found = compare_neighbourhoods(change(stored), vectors, labels, places, dtype="float32")
        assert found.differing in count, change
    # Pictures that are all alike say nothing of who is near.
    alike = np.ones_like(vectors)
    same = neighbourhoods(alike, labels, places)
    assert compare_neighbourhoods(same, alike, labels, places, dtype="float32").differing == 0
