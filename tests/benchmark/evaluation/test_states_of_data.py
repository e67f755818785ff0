"""Images that are missing, unreadable, changed or left out make another state of the data, which goes on record."""

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from artbench.data.folders import DatasetPaths
from artbench.errors import ArtbenchError
from artbench.evaluation.request import RunOutcome, RunRequest
from artbench.evaluation.workflow import run
from artbench.plugins.registry import Registry
from artbench.runtime.files import cache_folder
from artbench.runtime.progress import Silent
from tests.support.reporters import RecordingReporter

pytestmark = pytest.mark.integration


def go(request: RunRequest, registry: Registry) -> RunOutcome:
    return run(request, registry=registry, reporter=Silent())


def test_data_that_is_not_there_says_where_it_was_looked_for(request_: RunRequest, registry: Registry) -> None:
    with pytest.raises(ArtbenchError, match=r"no/such/place.*labels\.csv and pictures.*this file"):
        go(replace(request_, paths=DatasetPaths(by_name={"toy": Path("no/such/place")})), registry)


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
