"""What a checkpoint says of the images it was pretrained on."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from artbench.data.pool import Manifest, PoolPart
from artbench.encoders.provenance import training_pool
from artbench.errors import ArtbenchError


def manifest(*images: str) -> Manifest:
    return Manifest((PoolPart(dataset="toy", fingerprint="0" * 64, tasks=("toy-colour",), held_out=1, images=images),))


def checkpoint(folder: Path, metadata: dict[str, str] | None = None) -> Path:
    save_file({"weight": torch.zeros(2)}, folder / "encoder.safetensors", metadata)
    return folder / "encoder.safetensors"


def test_the_manifest_beside_a_checkpoint_tells_which_images_it_has_seen(tmp_path: Path) -> None:
    file = checkpoint(tmp_path, manifest("a", "b").metadata)
    manifest("a", "b").write(tmp_path / "pool.json")
    pool = training_pool(file)
    assert pool is not None
    assert pool.summary.images == 2
    assert pool.holds("toy", ["b", "c", "d"]) == 1
    assert pool.holds("other", ["b"]) == 0


def test_without_the_manifest_the_hash_is_known_and_the_images_are_not(tmp_path: Path) -> None:
    pool = training_pool(checkpoint(tmp_path, manifest("a").metadata))
    assert pool is not None
    assert pool.summary.sha256 == manifest("a").sha256
    assert pool.holds("toy", ["a"]) is None
    assert pool.holds("other", ["a"]) == 0


def test_a_checkpoint_that_artbench_did_not_write_states_no_pool(tmp_path: Path) -> None:
    assert training_pool(checkpoint(tmp_path)) is None
    torch.save({"weight": torch.zeros(2)}, tmp_path / "other.pth")
    assert training_pool(tmp_path / "other.pth") is None


def test_the_manifest_of_another_training_is_refused(tmp_path: Path) -> None:
    file = checkpoint(tmp_path, manifest("a").metadata)
    manifest("b").write(tmp_path / "pool.json")
    with pytest.raises(ArtbenchError, match="manifest of another pool"):
        training_pool(file)
