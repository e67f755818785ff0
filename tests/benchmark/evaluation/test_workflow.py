"""The main job, from images to a leaderboard, on a small dataset that a plugin paints."""

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from safetensors.torch import save_file

from artbench.data.folders import DatasetPaths
from artbench.data.pool import Manifest, PoolPart
from artbench.encoders.normalisation import Normalisation
from artbench.errors import ArtbenchError, UsageError
from artbench.evaluation.request import RunOutcome, RunRequest
from artbench.evaluation.workflow import run
from artbench.plugins.registry import Registry
from artbench.runtime.files import cache_folder
from artbench.runtime.progress import Silent
from tests.support.plugins import toy_plugin
from tests.support.reporters import RecordingReporter


def go(request: RunRequest, registry: Registry) -> RunOutcome:
    return run(request, registry=registry, reporter=Silent())


def test_a_run_writes_record_predictions_and_leaderboard(request_: RunRequest, registry: Registry) -> None:
    outcome = go(request_, registry)
    (result,) = outcome.results
    assert outcome.failures == {}
    assert (result.new, str(result.place), result.of) == (True, "1", 1)
    record = json.loads(result.file.read_text())
    assert record["task"] == "toy-colour"
    assert (record["dataset"]["train"], record["dataset"]["test"]) == (60, 30)
    assert record["metrics"]["accuracy"]["value"] > 0.8
    assert record["encoder"]["feature_dim"] == 128
    assert record["neighbours"]["metrics"]["accuracy"]["value"] > 0.5
    assert record["probe"]["converged"] is True
    assert all(record["timing"][phase] > 0 for phase in ("extract_s", "decode_s", "forward_s", "probe_s"))
    assert record["timing"]["extraction"]["device_s"] > 0
    assert record["timing"]["probe"]["device_s"] > 0
    if sys.platform == "linux":
        # More than the code of torch alone takes.
        assert record["timing"]["extraction"]["memory_bytes"] > 100_000_000
    assert record["provenance"]["plugins"].keys() == {"artbench", "toy_plugin.py"}
    table = pq.read_table(result.file.with_suffix(".parquet")).to_pylist()
    hits = sum(row["target"] == row["prediction"] for row in table)
    assert hits / len(table) == pytest.approx(record["metrics"]["accuracy"]["value"])
    page = (request_.results / "leaderboards" / "toy-colour.md").read_text()
    assert "| 1 | toy-patches | random |" in page
    assert "toy-colour.md" in (request_.results / "leaderboards" / "README.md").read_text()


def test_what_could_not_be_read_is_refused_before_anything_is_extracted(
    request_: RunRequest, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("artbench.records.prediction_sizes._MOST_CLASSES", 2)
    with pytest.raises(ArtbenchError, match="predictions of 30 test images and 3 classes can't be kept: at most 2"):
        go(request_, registry)
    assert not list((request_.results / "records").iterdir())
    assert not (cache_folder() / "features").exists()


def test_the_second_time_nothing_is_run_again(request_: RunRequest, registry: Registry) -> None:
    (first,) = go(request_, registry).results
    before = first.file.stat().st_mtime_ns
    (second,) = go(request_, registry).results
    assert not second.new
    assert second.record == first.record
    assert second.file.stat().st_mtime_ns == before


def test_fresh_gives_the_same_numbers_to_the_last_digit(request_: RunRequest, registry: Registry) -> None:
    (first,) = go(request_, registry).results
    (second,) = go(replace(request_, fresh=True), registry).results
    assert second.new
    assert second.record.metrics == first.record.metrics
    assert second.record.neighbours == first.record.neighbours
    assert second.record.predictions == first.record.predictions
    assert len(list((request_.results / "records" / "toy-colour").glob("*.json"))) == 1


def test_every_combination_is_run_and_a_second_task_costs_no_second_pass(
    request_: RunRequest, registry: Registry
) -> None:
    both = replace(request_, tasks=["toy-colour", "toy-traits"])
    outcome = go(both, registry)
    assert [result.record.task for result in outcome.results] == ["toy-colour", "toy-traits"]
    assert outcome.results[1].record.primary_metric == "mean_average_precision"
    shutil.rmtree(request_.results)
    again = go(both, registry)
    assert all(result.record.timing.extract_s == 0 for result in again.results)
    assert all(result.record.timing.extraction is None for result in again.results)
    assert all(result.record.timing.probe is not None for result in again.results)


def test_other_seeds_of_random_weights_are_other_records(request_: RunRequest, registry: Registry) -> None:
    go(request_, registry)
    (second,) = go(replace(request_, seed=1), registry).results
    assert (second.new, second.of) == (True, 2)


def test_one_encoder_that_fails_is_named_and_the_others_are_run(request_: RunRequest, registry: Registry) -> None:
    outcome = go(replace(request_, backbones=["toy-broken", "toy-patches"]), registry)
    assert [result.record.backbone for result in outcome.results] == ["toy-patches"]
    ((encoder, reason),) = outcome.failures.items()
    assert "toy-broken" in encoder
    assert "out of paint" in reason


def test_a_task_that_fails_leaves_the_others_and_other_numbers_of_shots_alone(
    request_: RunRequest, registry: Registry
) -> None:
    reporter = RecordingReporter()
    asked = replace(request_, shots=(1, 4), width=6)
    outcome = run(asked, registry=registry, reporter=reporter)
    assert [result.record.protocol for result in outcome.results] == ["linear-v2-width-6-shots-4"]
    ((encoder, reason),) = outcome.failures.items()
    assert encoder == "toy-patches, random"
    assert reason.startswith("toy-colour, width 6, shots 1: a width of 6 can't be had from ")
    assert any(notice.startswith(f"toy-colour, width 6, shots 1, {encoder}: a width") for notice in reporter.notices)


def test_unknown_names_are_told_before_anything_is_done(request_: RunRequest, registry: Registry) -> None:
    for change in (
        {"backbones": ["toy-pathces"]},
        {"tasks": ["toy-color"]},
        {"pretrainings": ["randon"]},
        {"paths": DatasetPaths(by_name={"tyo": Path()})},
    ):
        with pytest.raises(UsageError, match="The nearest: "):
            go(replace(request_, **change), registry)
    # But for the names that timm knows.
    assert {found.name for found in cache_folder().iterdir()} <= {"names"}


def test_a_mean_that_was_given_is_on_record_and_makes_another_result(request_: RunRequest, registry: Registry) -> None:
    checkpoint = request_.results.parent / "weights.safetensors"
    save_file(toy_plugin.patches().module.state_dict(), checkpoint)
    plain = replace(request_, pretrainings=[str(checkpoint)])
    given = replace(plain, normalisation=Normalisation((0.1, 0.2, 0.3), (0.4, 0.5, 0.6)))
    results = [go(one, registry).results[0] for one in (plain, given, given, plain)]
    assert [result.new for result in results] == [True, True, False, True]
    state = results[1].record.encoder.normalisation
    assert state is not None
    assert (state.mean, state.std) == ((0.1, 0.2, 0.3), (0.4, 0.5, 0.6))
    assert results[3].record.encoder.normalisation is None
    with pytest.raises(UsageError, match="no pretraining is one"):
        go(replace(given, pretrainings=["random"]), registry)


def test_a_record_says_what_its_checkpoint_was_pretrained_on(request_: RunRequest, registry: Registry) -> None:
    folder = request_.results.parent / "moco"
    folder.mkdir()
    images = ("000.png", "001.png", "065.png")
    part = PoolPart(dataset="toy", fingerprint="0" * 64, tasks=("toy-colour",), held_out=0, images=images)
    manifest = Manifest((part,))
    save_file(toy_plugin.patches().module.state_dict(), folder / "encoder.safetensors", manifest.metadata)
    manifest.write(folder / "pool.json")
    (result,) = go(replace(request_, pretrainings=[str(folder)]), registry).results
    pool = result.record.encoder.pool
    assert pool is not None
    assert (pool.sha256, pool.images, pool.test_images) == (manifest.sha256, 3, 1)
    (random,) = go(request_, registry).results
    assert random.record.encoder.pool is None
