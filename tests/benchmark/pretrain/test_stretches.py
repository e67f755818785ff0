"""A training that is resumed with something else than before says so, or is refused."""

from pathlib import Path
from typing import Any

import pytest
import torch

from artbench.encoders.build import build_encoder
from artbench.encoders.provenance import training_history
from artbench.errors import ArtbenchError
from artbench.runtime.progress import Silent
from tests.support import training as toys
from tests.support.training_folder import assert_same, restate, weights


def older(facts: dict[str, Any]) -> None:
    """As if an older torch on a processor with bfloat16 had written a checkpoint."""
    facts["stretches"][-1] |= {"torch": "2.0.1", "dtype": "bfloat16"}


def begun(images: Path, out: Path) -> dict[str, torch.Tensor]:
    """Train to the end, and take the last two steps away again; the weights there were."""
    toys.train(toys.training(images, "dtype=float32", plugins={"toys": "1.0"}), out, keep=9)
    whole = weights(out)
    for step in (5, 6):
        (out / "checkpoints" / f"step-{step:09}.safetensors").unlink()
    (out / "encoder.safetensors").unlink()
    return whole


def test_an_undisturbed_training_is_one_stretch_also_where_it_was_resumed(images: Path, tmp_path: Path) -> None:
    whole = begun(images, tmp_path)
    work = toys.training(images, "dtype=float32", plugins={"toys": "1.0"})
    toys.train(work, tmp_path, resume=True)
    assert_same(weights(tmp_path), whole)
    history = training_history(tmp_path / "encoder.safetensors")
    assert history is not None
    (stretch,) = history.stretches
    assert stretch.from_step == 0
    assert (stretch.device, stretch.dtype, stretch.torch) == ("cpu", "float32", torch.__version__)
    assert stretch.plugins == {"toys": "1.0"}


def test_a_change_is_refused_with_both_values_or_begins_a_stretch_on_record(images: Path, tmp_path: Path) -> None:
    begun(images, tmp_path)
    restate(tmp_path, 4, older)
    work = toys.training(images, "dtype=float32", plugins={"toys": "1.1"})
    with pytest.raises(ArtbenchError) as refused:
        toys.train(work, tmp_path, resume=True)
    for told in ("torch: 2.0.1, now ", "dtype: bfloat16, now float32", "toys: 1.0, now 1.1", "--accept-changes"):
        assert told in str(refused.value)
    assert not (tmp_path / "encoder.safetensors").exists()
    toys.train(work, tmp_path, resume=True, accept_changes=True)
    encoder = build_encoder(work.backbone, tmp_path, seed=0, reporter=Silent())
    assert encoder.training is not None
    first, second = encoder.training.stretches
    assert (first.from_step, first.torch, first.dtype, first.plugins) == (0, "2.0.1", "bfloat16", {"toys": "1.0"})
    assert (second.from_step, second.dtype, second.plugins) == (4, "float32", {"toys": "1.1"})
    # What was accepted is what later runs are compared with.
    toys.train(work, tmp_path, resume=True)


def test_a_checkpoint_that_does_not_say_what_made_it_is_continued_on_demand_alone(images: Path, tmp_path: Path) -> None:
    begun(images, tmp_path)
    restate(tmp_path, 4, lambda facts: facts.pop("stretches"))
    work = toys.training(images, "dtype=float32")
    with pytest.raises(ArtbenchError, match="device: not said, now cpu"):
        toys.train(work, tmp_path, resume=True)
    toys.train(work, tmp_path, resume=True, accept_changes=True)
    history = training_history(tmp_path / "encoder.safetensors")
    assert history is not None
    assert [stretch.from_step for stretch in history.stretches] == [4]
