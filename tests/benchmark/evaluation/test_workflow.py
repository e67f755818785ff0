"""The main job, from images to a leaderboard, on a small dataset that a plugin paints."""

import json
import shutil
import subprocess
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
from artbench.plugins.loading import load_plugins
from artbench.plugins.registry import Registry
from artbench.runtime.files import cache_folder
from artbench.runtime.progress import Silent
from tests.support.plugins import TOY, toy_plugin
from tests.support.reporters import RecordingReporter


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load_plugins([TOY], only="")


@pytest.fixture
def request_(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunRequest:
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "cache"))
    return RunRequest(
        backbones=["toy-patches"], pretrainings=["random"], tasks=["toy-colour"], results=tmp_path / "results"
    )


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


def test_encoders_narrower_than_the_width_are_told_before_any_pass_and_the_others_are_run(
    request_: RunRequest, registry: Registry
) -> None:
    # Wide enough, too narrow twice, and one that can't be built; 128, 8, 3 features.
    names = ["toy-patches", "toy-patches@pool=max", "toy-broken", "toy-patches@layer=2"]
    reporter = RecordingReporter()
    outcome = run(replace(request_, backbones=names, width=16), registry=registry, reporter=reporter)
    assert [result.record.backbone for result in outcome.results] == ["toy-patches"]
    assert outcome.failures.keys() == {f"{name}, random" for name in names[1:]}
    for name, count in ((names[1], 8), (names[3], 3)):
        assert outcome.failures[f"{name}, random"].startswith(f"a width of 16 can't be had from {count} features")
    assert "out of paint" in outcome.failures["toy-broken, random"]
    assert [work for work in reporter.works if " on toy" in work] == ["toy-patches on toy"]
    told = [number for number, notice in enumerate(reporter.notices) if "a width of 16" in notice]
    assert told[-1] < min(number for number, notice in enumerate(reporter.notices) if "accuracy" in notice)


def test_a_width_that_no_task_has_images_for_is_refused_before_an_image_is_read(
    request_: RunRequest, registry: Registry
) -> None:
    for change, count in (({"width": 60}, 60), ({"width": 64}, 60), ({"width": 9, "shots": (2,)}, None)):
        reporter = RecordingReporter()
        outcome = run(replace(request_, **change), registry=registry, reporter=reporter)
        assert outcome.results == ()
        ((encoder, reason),) = outcome.failures.items()
        assert encoder == "toy-patches, random"
        assert reason.startswith(f"toy-colour, width {change['width']}")
        assert count is None or f"can't be had from {count} training images" in reason
        assert not any("toy-patches" in work for work in reporter.works)


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


def test_data_that_is_not_there_says_where_it_was_looked_for(request_: RunRequest, registry: Registry) -> None:
    with pytest.raises(ArtbenchError, match=r"no/such/place.*labels\.csv and pictures.*this file"):
        go(replace(request_, paths=DatasetPaths(by_name={"toy": Path("no/such/place")})), registry)


def test_variants_of_a_network_cost_one_pass(request_: RunRequest, registry: Registry, tmp_path: Path) -> None:
    names = ["toy-patches", "toy-patches@layer=2", "toy-patches@pool=max"]
    reporter = RecordingReporter()
    asked = ["toy-patches@layer=1..2", "toy-patches@pool=max"]
    outcome = run(replace(request_, backbones=asked), registry=registry, reporter=reporter)
    assert [result.record.backbone for result in outcome.results] == names
    assert [result.record.encoder.feature_dim for result in outcome.results] == [128, 3, 8]
    assert len({result.record.encoder.weights_sha256 for result in outcome.results}) == 1
    assert [work for work in reporter.works if "toy-patches" in work] == ["toy-patches on toy"]
    alone = replace(request_, backbones=names[1:2], results=tmp_path / "alone", fresh=True)
    (result,) = go(alone, registry).results
    assert result.record.predictions == outcome.results[1].record.predictions


def test_variants_that_are_the_network_itself_are_one_record(request_: RunRequest, registry: Registry) -> None:
    outcome = go(replace(request_, backbones=["toy-patches@layer=1", "toy-patches"]), registry)
    assert [result.record.backbone for result in outcome.results] == ["toy-patches"]


def test_missing_images_are_refused_unless_allowed_and_then_marked(request_: RunRequest, registry: Registry) -> None:
    (whole,) = go(request_, registry).results
    painted = cache_folder() / "datasets" / "toy-1"
    partial = request_.results.parent / "partial"
    shutil.copytree(painted, partial)
    for number in range(5):
        (partial / f"{number:03}.png").unlink()
    placed = replace(request_, paths=DatasetPaths(by_name={"toy": partial}))
    with pytest.raises(ArtbenchError, match=r"000\.png.*--allow-partial"):
        go(placed, registry)
    (marked,) = go(replace(placed, allow_partial=True), registry).results
    assert marked.record.dataset.partial
    assert marked.record.dataset.missing == 5
    assert marked.record.dataset.fingerprint != whole.record.dataset.fingerprint
    assert marked.of == 1


def test_unreadable_images_are_counted(request_: RunRequest, registry: Registry) -> None:
    go(request_, registry)
    spoilt = request_.results.parent / "spoilt"
    shutil.copytree(cache_folder() / "datasets" / "toy-1", spoilt)
    (spoilt / "003.png").write_bytes(b"")
    placed = replace(request_, paths=DatasetPaths(by_name={"toy": spoilt}), allow_partial=True)
    (result,) = go(placed, registry).results
    assert result.record.dataset.unreadable == 1
    assert result.record.dataset.train == 59


def test_an_image_changed_in_place_makes_another_state_of_the_data(request_: RunRequest, registry: Registry) -> None:
    (before,) = go(request_, registry).results
    images = cache_folder() / "datasets" / "toy-1"
    first, second = images / "070.png", images / "071.png"
    contents = [file.read_bytes() for file in (first, second)]
    size = max(map(len, contents))
    for file, content in zip((first, second), contents, strict=True):
        file.write_bytes(content.ljust(size, b"\0"))  # Bytes behind the end of a PNG change no pixel.
    (padded,) = go(request_, registry).results
    for file, content in zip((first, second), reversed(contents), strict=True):
        file.write_bytes(content.ljust(size, b"\0"))
    listener = RecordingReporter()
    (after,) = run(request_, registry=registry, reporter=listener).results
    assert any("2 images of toy have changed" in notice for notice in listener.notices)
    states = [result.record.dataset for result in (before, padded, after)]
    assert len({state.fingerprint for state in states}) == 3
    assert states[1].listing == states[2].listing
    assert after.new
    assert after.of == 1
    (again,) = go(request_, registry).results
    assert not again.new
    assert again.record == after.record


def test_a_cache_on_a_read_only_disk_is_used(request_: RunRequest, registry: Registry, tmp_path: Path) -> None:
    disk = tmp_path / "cache"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(disk)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a file system can't be mounted without the rights")
    try:
        (before,) = go(request_, registry).results
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        (after,) = go(replace(request_, results=tmp_path / "others"), registry).results
    finally:
        subprocess.run(["umount", str(disk)], check=True)
    assert after.new
    assert after.record.timing.images_per_s is None
    assert (after.record.dataset, after.record.metrics) == (before.record.dataset, before.record.metrics)


def test_excluded_images_leave_train_and_make_another_state_of_the_data(
    request_: RunRequest, registry: Registry
) -> None:
    (whole,) = go(request_, registry).results
    excluded = request_.results.parent / "exclude.csv"
    excluded.write_text("dataset,image,split\ntoy,003.png,train\ntoy,070.png,train\ntoy,080.png,test\n")
    (result,) = go(replace(request_, exclude=excluded), registry).results
    assert result.new
    assert result.of == 1
    state = result.record.dataset
    assert (state.train, state.test) == (59, 29)
    assert state.exclusion is not None
    assert (state.exclusion.train, state.exclusion.test) == (1, 1)
    assert state.fingerprint != whole.record.dataset.fingerprint
    assert whole.record.dataset.exclusion is None


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
