"""Features are the network's, the same bytes however they came about, and only made once."""

import os
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from artbench.data.dataset import Dataset
from artbench.data.decode import decode
from artbench.features import extract as extracting
from artbench.runtime.progress import RESUMED
from tests.support.extraction import COUNT, FAR, GOOD, PREPROCESSING, encoder, features, paint
from tests.support.reporters import RecordingReporter


def test_they_are_what_the_network_gives(images: Dataset, whole: NDArray[np.float32]) -> None:
    by = encoder()
    for feature, row in zip(whole, GOOD.tolist(), strict=True):
        pixels = decode(images.read(row), short_side=PREPROCESSING.short_side(None), crop=PREPROCESSING.crop_side(None))
        batch = torch.from_numpy(pixels).permute(2, 0, 1)[None] / 255
        batch = (batch - torch.tensor(by.mean).view(3, 1, 1)) / torch.tensor(by.std).view(3, 1, 1)
        expected = by.module(batch)[0].numpy()
        assert np.allclose(feature, expected, atol=2e-5 + FAR * np.abs(expected).max())


@pytest.mark.parametrize("workers", [1, 3, 8])
def test_the_number_of_threads_changes_no_byte(
    workers: int, images: Dataset, whole: NDArray[np.float32], tmp_path: Path
) -> None:
    threads = torch.get_num_threads()
    assert (features(images, tmp_path, workers=workers).take(GOOD) == whole).all()
    assert torch.get_num_threads() == threads


def test_neither_do_neighbours_nor_order(images: Dataset, whole: NDArray[np.float32], tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for part in np.array_split(random.permutation(COUNT), 7):
        features(images, tmp_path, rows=part)
    again = features(images, tmp_path, rows=GOOD)
    assert (again.take(GOOD) == whole).all()
    assert again.timing.extracted == 0
    assert again.timing.images_per_s is None


def test_what_is_kept_is_not_extracted_again(images: Dataset, whole: NDArray[np.float32], tmp_path: Path) -> None:
    first = features(images, tmp_path, rows=np.arange(0, COUNT, 2))
    second = features(images, tmp_path)
    fresh = features(images, tmp_path, fresh=True, rows=np.arange(10))
    assert [run.timing.extracted for run in (first, second, fresh)] == [45, 45, 10]
    assert second.timing.images_per_s is not None
    assert 0 < (second.timing.waiting or 0) < 1
    assert (second.take(GOOD) == whole).all()


def test_unreadable_images_are_named_and_left_out(images: Dataset, tmp_path: Path) -> None:
    listener = RecordingReporter()
    found = features(images, tmp_path, reporter=listener)
    assert set(found.unreadable) == {7, 11}
    assert "file can't be read" in found.unreadable[11]
    assert found.rows.tolist() == GOOD.tolist()
    (notice,) = listener.notices
    assert notice == f"2 of {COUNT} images can't be read, the first of them 00007.jpg: {found.unreadable[7]}"
    with pytest.raises(KeyError, match="7"):
        found.take(np.array([3, 7]))


def test_take_keeps_the_order_and_refuses_what_was_not_asked_for(images: Dataset, tmp_path: Path) -> None:
    found = features(images, tmp_path, rows=[1, 2, 3, 3])
    taken = found.take(np.array([3, 1, 3]))
    assert (taken[0] == taken[2]).all()
    assert (taken[1] == found.matrix[1]).all()
    with pytest.raises(KeyError):
        found.take(np.array([4]))


def test_a_file_that_is_back_is_read_the_next_time(tmp_path: Path) -> None:
    images = paint(tmp_path, 20)
    assert 11 in features(images, tmp_path / "cache").unreadable
    Image.new("RGB", (40, 40)).save(images.path(11))
    assert set(features(images, tmp_path / "cache").unreadable) == {7}


def test_changed_code_under_an_old_name_is_noticed(images: Dataset, tmp_path: Path) -> None:
    features(images, tmp_path, rows=GOOD)
    by = encoder()
    changed = replace(by, module=torch.nn.Sequential(by.module, torch.nn.ReLU()))
    listener = RecordingReporter()
    found = features(images, tmp_path, rows=GOOD, by=changed, reporter=listener)
    assert found.timing.extracted == len(GOOD)
    assert "its code has changed" in listener.notices[0]
    assert (found.take(GOOD) >= 0).all()


@pytest.mark.parametrize("fresh", [False, True])
def test_changed_code_is_noticed_whatever_is_wanted_of_what_is_kept(
    fresh: bool, images: Dataset, tmp_path: Path
) -> None:
    features(images, tmp_path, rows=GOOD if fresh else GOOD[20:50])
    by = encoder()
    changed = replace(by, module=torch.nn.Sequential(by.module, torch.nn.ReLU()))
    features(images, tmp_path, rows=GOOD[[0, 1, -2, -1]], by=changed, fresh=fresh)
    assert (features(images, tmp_path, rows=GOOD, by=changed).take(GOOD) >= 0).all()


def test_features_in_use_stay_when_changed_code_makes_others(
    images: Dataset, whole: NDArray[np.float32], tmp_path: Path
) -> None:
    in_use = features(images, tmp_path, rows=GOOD)
    by = encoder()
    features(images, tmp_path, rows=GOOD, by=replace(by, module=torch.nn.Sequential(by.module, torch.nn.ReLU())))
    assert (in_use.take(GOOD) == whole).all()


CHANGES: dict[str, dict[str, Any]] = {
    "weights": {"by": {"weights_sha256": "cd" * 32}},
    "backbone": {"by": {"backbone": "other"}},
    "mean": {"by": {"mean": (0.5, 0.5, 0.5)}},
    "deviation": {"by": {"std": (0.5, 0.5, 0.5)}},
    "fixed size": {"by": {"input_size": 40}},
    "size": {"picture": {"size": 40}},
    "crop": {"picture": {"crop_fraction": 1.0}},
    "interpolation": {"picture": {"interpolation": "bilinear"}},
    "an image": {"of": {"versions": ["2", *["1"] * (COUNT - 1)]}},
    "dataset": {"of": {"name": "other"}},
    "batch": {"batch_size": 8},
}


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_changes_a_feature_is_a_miss_and_keeps_the_others(
    change: str, images: Dataset, tmp_path: Path
) -> None:
    changed = CHANGES[change]
    options = {name: value for name, value in changed.items() if not isinstance(value, dict)}
    options |= {"by": encoder(**changed.get("by", {})), "picture": replace(PREPROCESSING, **changed.get("picture", {}))}
    rows = GOOD[:4]
    features(images, tmp_path, rows=rows)
    assert features(replace(images, **changed.get("of", {})), tmp_path, rows=rows, **options).timing.extracted == 4
    assert features(images, tmp_path, rows=rows).timing.extracted == 0
    assert features(images, tmp_path, rows=rows, by=encoder(pretraining="another name")).timing.extracted == 0


def test_another_decoder_type_or_device_is_a_miss(
    images: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    features(images, tmp_path, rows=GOOD[:4])
    for part, other in (
        ("decode_path", lambda: "pillow-99"),
        ("choose_feature_dtype", lambda module, device: torch.float16),
    ):
        with monkeypatch.context() as patched:
            patched.setattr(extracting, part, other)
            assert features(images, tmp_path, rows=GOOD[:4]).timing.extracted == 4


def test_an_interrupt_keeps_what_is_done_and_leaves_no_thread(
    images: Dataset, whole: NDArray[np.float32], tmp_path: Path
) -> None:
    def interrupt() -> None:
        if listener.steps >= 30:
            raise KeyboardInterrupt

    listener = RecordingReporter(each=interrupt)
    with pytest.raises(KeyboardInterrupt):
        features(images, tmp_path, reporter=listener, workers=4)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("artbench")]
    resumed = RecordingReporter()
    rest = features(images, tmp_path, reporter=resumed)
    # Bars count from where they stand.
    assert resumed.notes[0] == RESUMED
    assert resumed.steps == COUNT
    assert COUNT - 40 <= rest.timing.extracted <= COUNT - 28
    assert (rest.take(GOOD) == whole).all()


def test_progress_tells_the_rate_and_the_waiting(images: Dataset, tmp_path: Path) -> None:
    listener = RecordingReporter()
    features(images, tmp_path, reporter=listener)
    assert listener.steps == COUNT
    assert "images/s" in listener.notes[-1]
    assert "% waiting" in listener.notes[-1]


def test_an_image_changed_in_place_is_extracted_again_and_named(tmp_path: Path) -> None:
    images = paint(tmp_path, 20)
    before = features(images, tmp_path / "cache")
    for file, other in ((images.path(4), images.path(9)), (images.path(7), images.path(8))):
        content = other.read_bytes()
        os.truncate(other, 0)
        file.write_bytes(content)
        other.write_bytes(content)
    listener = RecordingReporter()
    after = features(images, tmp_path / "cache", reporter=listener)
    assert listener.notices[0].startswith("2 images of tiny have changed since their features were extracted")
    assert "00004.jpg" in listener.notices[0]
    assert after.timing.extracted == 3  # And number 11, which is not there.
    assert (after.matrix[4] == after.matrix[9]).all()
    assert (after.matrix[9] == before.matrix[9]).all()
    assert after.contents[4].tolist() == after.contents[9].tolist() == before.contents[9].tolist()
    assert set(after.unreadable) == {11}
    fresh = features(images, tmp_path / "other")
    assert fresh.take(fresh.rows).tolist() == after.take(after.rows).tolist()
