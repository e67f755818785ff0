"""Predictions that do not come from the named weights are refuted on a few images, and honest ones are not."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from click.testing import CliRunner

from artbench.cli.main import artbench
from artbench.evaluation.request import RunRequest
from artbench.evaluation.workflow import run
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

pytestmark = pytest.mark.integration

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
    newest: list[tuple[list[int], int | None]] = [([12], None), ([], 8)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ARTBENCH_CACHE", str(tmp_path_factory.mktemp("cache")))
        for name, protocol in PROTOCOLS.items():
            given, folder = ResultsFolder(tmp_path_factory.mktemp(name)), tmp_path_factory.mktemp(name)
            for tasks, shots, width in (
                (["toy-colour", "toy-traits", "toy-year", "toy-clustered", "toy-splits"], [], None),
                (["toy-by-painter"], [2], None),
                *((["toy-by-painter"], shots, width) for shots, width in newest if protocol is LINEAR_V2),
            ):
                request = RunRequest(
                    backbones=["toy-patches"],
                    pretrainings=["random"],
                    tasks=tasks,
                    results=folder,
                    device="cpu",
                    protocol=protocol,
                    shots=shots,
                    width=width,
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
    assert sum("predictions are those of its weights" in finding.message for finding in found) == 6 + 2 * (
        protocol == "linear-v2"
    )
    skipped = sorted(finding.message for finding in found if finding.status == "SKIP")
    assert all(message.startswith("whether its probe was fitted on training images alone: ") for message in skipped)
    assert [message.partition(": ")[2].partition(" (t")[0] for message in skipped] == [
        "6 are too few, of at least 30",
        *(["its principal components are not on record"] if protocol == "linear-v2" else []),
    ]


def test_what_was_computed_in_bfloat16_is_computed_so_again(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = RunRequest(
        backbones=["toy-patches"], pretrainings=["random"], tasks=["toy-colour"], results=tmp_path, device="cpu"
    )
    largest = []
    for made, here in ((torch.bfloat16, torch.float32), (torch.float32, torch.bfloat16)):
        folder = tmp_path / str(made)
        monkeypatch.setattr("artbench.runtime.machine.choose_dtype", lambda _, made=made: made)
        assert run(replace(request, results=folder), registry=registry, reporter=Silent()).failures == {}
        # Another kind of processor.
        monkeypatch.setattr("artbench.runtime.machine.choose_dtype", lambda _, here=here: here)
        told = [finding.message for finding in verified(folder, registry).findings if finding.status == "PASS"]
        largest.append(float(told[0].rpartition(" to ")[2]))
    assert max(largest) < 1e-3


def test_a_probe_of_few_shots_is_tested_on_the_images_that_it_drew(
    measured: Mapping[str, Path], registry: Registry
) -> None:
    (few,) = [file for file in records_in([measured["linear-v2"]]) if "linear-v2-shots-12" in file.read_text()]
    request = VerifyRequest(files=(few,), sources=Sources(), sample=SAMPLE, seed=0)
    *_, found = verify_records(request, registry=registry, reporter=Silent()).findings
    # All 36 are drawn, so that nothing but rounding is left of the gradient.
    assert found.message.replace("-0.0", "0.0") == (
        "its probe is as one of the training split is on 36 of its images (t = 0.0)"
    )


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
        ({"task": "collection:/:x"}, "a record does not hold the path of a collection"),
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


def test_a_task_of_a_plugin_that_is_not_here_is_told_with_the_plugin(colour: Submission, registry: Registry) -> None:
    content = colour.content | {"task": "gone-colour"}
    content["provenance"]["plugins"]["artbench-gone"] = "1.2"
    colour.write(content)
    (found,) = verified(colour.folder, registry).findings
    assert found.status == "SKIP"
    assert found.mend.startswith("Install artbench-gone 1.2, which")


def test_a_record_with_other_draws_than_the_protocol_is_skipped(
    measured: Mapping[str, Path], tmp_path: Path, registry: Registry
) -> None:
    shutil.copytree(measured["linear-v2"] / "records" / "toy-by-painter", tmp_path / "records" / "toy-by-painter")
    (file,) = [file for file in records_in([tmp_path]) if "linear-v2-shots-2" in file.read_text()]
    few = Submission(tmp_path, file, [], Random(0))
    few.rewrite(lambda table: table.slice(0, 30))
    few.rewrite(lambda table: table.slice(0, 3), ".probe.parquet")
    few.write(few.content | {"rounds": few.content["rounds"][:1]})
    request = VerifyRequest(files=(file,), sources=Sources(), sample=SAMPLE, seed=0)
    (found,) = verify_records(request, registry=registry, reporter=Silent()).findings
    assert (found.status, found.message) == ("SKIP", "it has 1 rounds, not 10")


def test_other_weights_than_those_on_record_are_not_compared(colour: Submission, registry: Registry) -> None:
    content = colour.content
    content["encoder"]["weights_sha256"] = "0" * 64
    colour.write(content)
    (found,) = verified(colour.folder, registry).findings
    assert (found.status, "has other weights here" in found.message) == ("SKIP", True)


def test_a_plugin_that_fails_is_a_fault_of_its_record_alone(
    measured: Mapping[str, Path], tmp_path: Path, registry: Registry
) -> None:
    for task in ("toy-colour", "toy-traits"):
        shutil.copytree(measured["linear-v2"] / "records" / task, tmp_path / "records" / task)
    broken = tmp_path / "toy_plugin.py"
    broken.write_text(TOY.read_text() + BROKEN)
    found = verified(tmp_path, load_plugins([broken, JUDGED], only=""))
    (failed,) = [finding for finding in found.findings if finding.status == "FAIL"]
    assert "its verification failed (RuntimeError: out of paint)" in failed.message
    assert (found.verified, found.refuted, found.skipped) == (1, 1, 0)


# The first dataset that is opened can't be read.
BROKEN = """
_read, _opened = read, []


def read(root):
    from artbench.data.dataset import Dataset

    class Locked(Dataset):
        def read(self, row):
            raise RuntimeError("out of paint")

    found = _read(root)
    _opened.append(found)
    if len(_opened) == 1:
        object.__setattr__(found, "__class__", Locked)
    return found
"""


@pytest.mark.parametrize(("change", "status", "said"), [({}, 0, "1 verified"), ({"task": "nobodys"}, 3, "0 verified")])
def test_the_exit_status_says_whether_anything_was_verified(
    colour: Submission, change: dict[str, object], status: int, said: str
) -> None:
    colour.write(colour.content | change)
    words = ["leaderboard", "verify", str(colour.folder), "--sample", "3", "--plugin", str(TOY)]
    result = CliRunner().invoke(artbench, words, standalone_mode=False)
    assert result.return_value == status, result.output
    assert f"1 record: {said}, 0 refuted, {1 if status else 0} could not be verified." in result.stdout
