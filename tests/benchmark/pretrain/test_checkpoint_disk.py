"""Checkpoints and a disk that has no room for them."""

import resource
import shutil
import signal
from pathlib import Path

import pytest
import torch

from artbench.errors import ArtbenchError
from artbench.pretrain.checkpoints import Checkpoints
from tests.support import training as toys
from tests.support.child_processes import child
from tests.support.reporters import RecordingReporter

pytestmark = pytest.mark.integration


def save_on_a_full_disk(checkpoints: Path, told: Path) -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
    try:
        Checkpoints(checkpoints).save(3, {"a": torch.zeros(9999)}, {}, best=None)
    except ArtbenchError as error:
        told.write_text(str(error))


def test_a_full_disk_leaves_the_last_good_checkpoint(images: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    toys.train(toys.training(images, "steps=2"), out)
    good = (out / "checkpoints" / "step-000000002.safetensors").read_bytes()
    (out / "encoder.safetensors").unlink()
    child(save_on_a_full_disk, out / "checkpoints", tmp_path / "told").join()
    told = (tmp_path / "told").read_text()
    assert "can't be written" in told
    assert "step 2 is whole" in told
    assert sorted(file.name for file in (out / "checkpoints").iterdir()) == [
        "step-000000001.safetensors",
        "step-000000002.safetensors",
    ]
    assert (out / "checkpoints" / "step-000000002.safetensors").read_bytes() == good


def test_a_disk_too_small_is_refused_before_the_first_step(
    images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, listener = tmp_path / "out", RecordingReporter()
    toys.train(toys.training(images, "steps=1"), out)
    size = (out / "checkpoints" / "step-000000001.safetensors").stat().st_size
    usage = shutil.disk_usage(out)
    for room, told in ((2.5, "the checkpoints need "), (0.5, "the checkpoints need ")):
        monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=int(room * size)))  # noqa: B023
        with pytest.raises(ArtbenchError, match=told):
            toys.train(toys.training(images), tmp_path / "small", listener=listener)
    assert listener.steps == 0
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=int(3.2 * size)))
    assert toys.train(toys.training(images), tmp_path / "small") is not None
    # Two are there, and a third will be.
    (tmp_path / "small" / "encoder.safetensors").unlink()
    (tmp_path / "small" / "checkpoints" / "step-000000006.safetensors").rename(out / "kept")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=int(2.2 * size)))
    assert toys.train(toys.training(images), tmp_path / "small", resume=True) is not None


def test_a_file_in_the_place_of_the_checkpoints_is_refused_before_the_first_step(images: Path, tmp_path: Path) -> None:
    listener = RecordingReporter()
    (tmp_path / "checkpoints").touch()
    with pytest.raises(ArtbenchError, match=r"can't be written \(File exists\)\. Give another folder"):
        toys.train(toys.training(images), tmp_path, listener=listener)
    assert listener.steps == 0
