"""Probes of plugins that are fitted again, and records that they refute."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from artbench.data import Fitted
from artbench.data.folders import DatasetPaths
from artbench.errors import ArtbenchError
from artbench.evaluation.request import RunOutcome, RunRequest
from artbench.evaluation.workflow import run
from artbench.explain.sources import Sources
from artbench.plugins.protocols import protocol_to_run
from artbench.plugins.registry import Registry
from artbench.runtime.files import sha256_of
from artbench.runtime.findings import Finding
from artbench.runtime.progress import Silent
from artbench.verify.own_probe import probe_to_fit
from artbench.verify.workflow import VerifyRequest, verify_records
from tests.support.probed import cache_of, plugins_with_probes, probed, run_probed
from tests.support.reporters import RecordingReporter

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def registry() -> Registry:
    return plugins_with_probes()


@pytest.fixture(scope="module")
def request_(tmp_path_factory: pytest.TempPathFactory, registry: Registry) -> RunRequest:
    return probed(tmp_path_factory.mktemp("probed"), ("toy-colour", "toy-year", "toy-traits"))


@pytest.fixture(scope="module")
def outcome(request_: RunRequest, registry: Registry) -> RunOutcome:
    return run_probed(request_, registry)


@pytest.fixture
def cache(request_: RunRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARTBENCH_CACHE", str(cache_of(request_)))


def _even(given: Any) -> Fitted:
    return Fitted(outputs=np.full((len(given.test), given.classes), 1 / given.classes))


@pytest.mark.usefixtures("cache")
def test_it_is_verified_by_fitting_it_again(
    outcome: RunOutcome, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    def verified(number: int) -> list[Finding]:
        sources = Sources(paths=DatasetPaths(), device="cpu")
        asked = VerifyRequest(files=(outcome.results[number].file,), sources=sources, sample=8, seed=0)
        return list(verify_records(asked, registry=registry, reporter=Silent()).findings)

    for number in range(3):
        (finding,) = verified(number)
        assert finding.status == "PASS", finding
        assert "fitted again with the same seeds" in finding.message
    specs = [spec for _, spec in registry.protocols.specs() if spec.name == "means-v1"]
    other = replace(specs[0], probe=lambda given: _even(given))
    monkeypatch.setattr("artbench.verify.own_probe.own_probe", lambda protocol: other)
    monkeypatch.setattr("artbench.evaluation.rounds.own_probe", lambda protocol: other)
    (finding,) = verified(0)
    assert (finding.status, "answers otherwise" in finding.message) == ("FAIL", True)
    # Without a tolerance the spread of the seeds tells, of which this one has none.
    other = replace(other, tolerance=None)
    (finding,) = verified(0)
    assert (finding.status, "where two seeds differ by 0 here" in finding.message) == ("FAIL", True)
    other = replace(specs[0], tolerance=None)
    for number in range(3):
        (finding,) = verified(number)
        assert finding.status == "PASS", finding
        assert "where two seeds differ by" in finding.message
    # A tenth of the answers were made right.
    file = outcome.results[0].file
    whole, table = file.read_text(), pq.read_table(file.with_suffix(".parquet"))
    chances = table["confidence"].to_numpy().copy()
    chances[::10] = 1.0
    try:
        at = table.column_names.index("confidence")
        pq.write_table(table.set_column(at, "confidence", pa.array(chances)), file.with_suffix(".parquet"))
        content = json.loads(whole)
        content["predictions"]["sha256"] = sha256_of(file.with_suffix(".parquet"))
        file.write_text(json.dumps(content))
        (finding,) = verified(0)
        assert (finding.status, "answers otherwise: by on average" in finding.message) == ("FAIL", True)
        # Where seeds differ by much in probabilities, the classes tell.
        at = table.column_names.index("prediction")
        others = pa.array((table["prediction"].to_numpy() + 1) % 3, pa.int32())
        pq.write_table(table.set_column(at, "prediction", others), file.with_suffix(".parquet"))
        content["predictions"]["sha256"] = sha256_of(file.with_suffix(".parquet"))
        file.write_text(json.dumps(content))
        monkeypatch.setattr("artbench.verify.own_probe._between", lambda *_: 10.0)
        (finding,) = verified(0)
        assert (finding.status, "100.0% of the classes are others" in finding.message) == ("FAIL", True), finding
    finally:
        file.write_text(whole)
        pq.write_table(table, file.with_suffix(".parquet"), compression="zstd")


@pytest.mark.usefixtures("cache")
def test_a_probe_that_sees_tokens_is_verified_on_them(request_: RunRequest, registry: Registry, tmp_path: Path) -> None:
    asked = replace(request_, protocol=protocol_to_run("placed-v1"), tasks=["toy-colour"], results=tmp_path)
    (result,) = run(asked, registry=registry, reporter=Silent()).results
    verify = VerifyRequest(files=(result.file,), sources=Sources(device="cpu"), sample=8, seed=0)
    told = RecordingReporter()
    (finding,) = verify_records(verify, registry=registry, reporter=told).findings
    assert any("the probe of placed-v1 is fitted 2 times, as in the run" in notice for notice in told.notices)
    assert (finding.status, "where two seeds differ by" in finding.message) == ("PASS", True), finding


def test_one_seed_without_a_tolerance_tells_nothing(registry: Registry) -> None:
    with pytest.raises(ArtbenchError, match="nothing tells by how much its fits may differ"):
        probe_to_fit(protocol_to_run("free-v1"))
