"""Records of `attentive-v1` that `artbench leaderboard verify` trains again, true ones and forged."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from artbench.evaluation.request import RunRequest
from artbench.evaluation.workflow import run
from artbench.explain.sources import Sources
from artbench.plugins.loading import load_plugins
from artbench.plugins.protocols import protocol_to_run
from artbench.runtime.files import sha256_of
from artbench.runtime.findings import Finding
from artbench.runtime.progress import Silent
from artbench.verify.workflow import VerifyRequest, verify_records
from artbench_attentive import _TRAINING
from tests.support.plugins import TOY

pytestmark = pytest.mark.integration


def test_the_probe_is_trained_again_and_better_answers_than_its_own_are_refuted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "cache"))
    # Two settings to choose from in place of sixteen.
    monkeypatch.setitem(_TRAINING, "rates", [0.003])
    monkeypatch.setitem(_TRAINING, "decays", [0.01])
    registry = load_plugins([TOY])
    (result,) = run(
        RunRequest(
            backbones=["toy-patches"],
            pretrainings=["random"],
            tasks=["toy-colour"],
            results=tmp_path / "results",
            protocol=protocol_to_run("attentive-v1"),
            device="cpu",
        ),
        registry=registry,
        reporter=Silent(),
    ).results

    def verified() -> Finding:
        asked = VerifyRequest(files=(result.file,), sources=Sources(device="cpu"), sample=8, seed=0)
        (finding,) = verify_records(asked, registry=registry, reporter=Silent()).findings
        return finding

    honest = verified()
    assert (honest.status, "fitted again with the same seeds" in honest.message) == ("PASS", True), honest

    file = result.file.with_suffix(".parquet")
    table = pq.read_table(file)
    sure = pa.array(np.ones(len(table)), table.schema.field("confidence").type)
    pq.write_table(table.set_column(table.column_names.index("confidence"), "confidence", sure), file)
    content = json.loads(result.file.read_text())
    content["predictions"]["sha256"] = sha256_of(file)
    result.file.write_text(json.dumps(content))
    forged = verified()
    assert (forged.status, "answers otherwise" in forged.message) == ("FAIL", True), forged
