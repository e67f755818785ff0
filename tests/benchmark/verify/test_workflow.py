"""Predictions that do not come from the named weights are refuted on a few images, and honest ones are not."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from random import Random

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from artbench.cli.main import artbench
from artbench.evaluation.workflow import RunRequest, run
from artbench.explain.sources import Sources
from artbench.plugins.loading import load_plugins
from artbench.plugins.registry import Registry
from artbench.protocol import LINEAR_V1, LINEAR_V2
from artbench.records.folder import ResultsFolder
from artbench.records.publishing import publish
from artbench.records.tables import write_table
from artbench.runtime.files import sha256_of
from artbench.runtime.progress import Silent
from artbench.verify.workflow import Verified, VerifyRequest, records_in, verify_records
from tests.support.mutants import Submission
from tests.support.mutants.forging import forge
from tests.support.plugins import JUDGED, TOY

PROTOCOLS = {protocol.name: protocol for protocol in (LINEAR_V1, LINEAR_V2)}
# Of the toy's 60 training and 30 test images.
SAMPLE = 40


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load_plugins([TOY, JUDGED], only="")


@pytest.fixture(autouse=True)
def _cached(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture(scope="module")
def measured(registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    folders = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ARTBENCH_CACHE", str(tmp_path_factory.mktemp("cache")))
        for name, protocol in PROTOCOLS.items():
            given, folder = ResultsFolder(tmp_path_factory.mktemp(name)), tmp_path_factory.mktemp(name)
            for tasks, shots in (
                (["toy-colour", "toy-traits", "toy-year", "toy-clustered", "toy-splits"], []),
                (["toy-by-painter"], [2]),
            ):
                request = RunRequest(
                    backbones=["toy-patches"],
                    pretrainings=["random"],
                    tasks=tasks,
                    results=folder,
                    device="cpu",
                    protocol=protocol,
                    shots=shots,
                )
                assert run(request, registry=registry, reporter=Silent()).failures == {}
            for record in ResultsFolder(folder).records(Silent()):
                publish(record, ResultsFolder(folder), given)
            folders[name] = given.path
    return folders


@pytest.fixture(params=list(PROTOCOLS))
def colour(measured: Mapping[str, Path], request: pytest.FixtureRequest, tmp_path: Path) -> Submission:
    shutil.copytree(measured[request.param] / "records" / "toy-colour", tmp_path / "records" / "toy-colour")
    (file,) = (tmp_path / "records" / "toy-colour").glob("*.json")
    return Submission(tmp_path, file, [], Random(0))


def verified(folder: Path, registry: Registry) -> Verified:
    request = VerifyRequest(files=tuple(records_in([folder])), sources=Sources(), sample=SAMPLE, seed=0)
    return verify_records(request, registry=registry, reporter=Silent())


@pytest.mark.parametrize("protocol", list(PROTOCOLS))
def test_honest_records_of_every_kind_pass(measured: Mapping[str, Path], protocol: str, registry: Registry) -> None:
    found = verified(measured[protocol], registry).findings
    assert {finding.status for finding in found} == {"PASS", "SKIP"}
    assert sum("predictions are those of its weights" in finding.message for finding in found) == 6
    (skipped,) = [finding.message for finding in found if finding.status == "SKIP"]
    assert skipped.endswith("it is of few shots")


def test_predictions_that_were_made_better_are_refuted(colour: Submission, registry: Registry) -> None:
    table = pq.read_table(colour.beside())
    predicted, target = (table[name].to_numpy().copy() for name in ("prediction", "target"))
    # One of thirty, which the draw holds, as it holds all.
    row = int(np.flatnonzero(predicted != target)[0]) if (predicted != target).any() else 0
    predicted[row] = target[row] if predicted[row] != target[row] else (target[row] + 1) % 3
    forge(colour, table.set_column(2, "prediction", pa.array(predicted, pa.int32())))
    (found,) = verified(colour.folder, registry).findings
    assert found.status == "FAIL"
    assert found.message.startswith("1 of 30 predictions are not those of toy-patches, random")
    plugins = [word for plugin in (TOY, JUDGED) for word in ("--plugin", str(plugin))]
    words = ["leaderboard", "verify", str(colour.folder), "--sample", "30", "--json", *plugins]
    result = CliRunner().invoke(artbench, words, catch_exceptions=False, standalone_mode=False)
    assert (result.return_value, json.loads(result.stdout)["refuted"]) == (1, 1)


def test_another_probe_does_not_give_the_predictions(colour: Submission, registry: Registry) -> None:
    table = pq.read_table(colour.beside(".probe.parquet"))
    columns = {name: table[name].to_numpy() for name in ("round", "class", "bias")}
    weight = np.stack(table["weight"].to_numpy())
    write_table(colour.beside(".probe.parquet"), {**columns, "weight": 0.5 * weight})
    content = colour.content
    content["tables"]["probe"]["sha256"] = sha256_of(colour.beside(".probe.parquet"))
    colour.write(content)
    (found,) = verified(colour.folder, registry).findings
    assert found.status == "FAIL"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"tables": {}}, "does not have the weights of its probe"),
        ({"task": "collection:/:x"}, "no plugin here registers the task"),
        ({"pretraining": "nobodys"}, "no pretraining is called"),
    ],
)
def test_what_is_not_here_is_skipped_and_says_why(
    colour: Submission, registry: Registry, change: dict[str, object], reason: str
) -> None:
    colour.write(colour.content | change)
    (found,) = verified(colour.folder, registry).findings
    assert found.status == "SKIP"
    assert reason in found.message


def test_other_weights_than_those_on_record_are_not_compared(colour: Submission, registry: Registry) -> None:
    content = colour.content
    content["encoder"]["weights_sha256"] = "0" * 64
    colour.write(content)
    (found,) = verified(colour.folder, registry).findings
    assert (found.status, "has other weights here" in found.message) == ("SKIP", True)
