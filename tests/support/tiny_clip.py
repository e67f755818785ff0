"""A network of open_clip with a few layers, known to the library while a test runs, and its seeded weights."""

from copy import deepcopy
from pathlib import Path

import open_clip
import pytest
import torch
from open_clip import factory, pretrained
from safetensors.torch import save_file

NAME = "tiny-clip"
TAG = "drawn"
SIDE, WIDTH = 32, 24

_CONFIG = {
    "embed_dim": WIDTH,
    "vision_cfg": {"image_size": SIDE, "layers": 2, "width": 32, "patch_size": 8, "head_width": 16},
    "text_cfg": {"context_length": 20, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2},
}


def know_tiny_clip(monkeypatch: pytest.MonkeyPatch, *, quick_gelu: bool = False) -> None:
    """Make open_clip know the network, with a tag of published weights, until the test ends."""
    monkeypatch.setitem(factory._MODEL_CONFIGS, NAME, deepcopy(_CONFIG))
    published = pretrained._pcfg(hf_hub="example/tiny-clip/", quick_gelu=quick_gelu, mean=(0.5, 0.5, 0.5))
    monkeypatch.setitem(pretrained._PRETRAINED, NAME, {TAG: published})


def drawn(*, seed: int = 3, quick_gelu: bool = False) -> open_clip.CLIP:
    """The network as open_clip makes it, in eval mode, with weights from a seed."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = open_clip.create_model(NAME, force_quick_gelu=quick_gelu)
    return network.eval()


def checkpoint(folder: Path, *, seed: int = 3) -> Path:
    """A file with its weights, as open_clip's training writes it."""
    path = folder / "tiny-clip.pt"
    state = {f"module.{name}": tensor for name, tensor in drawn(seed=seed).state_dict().items()}
    torch.save({"epoch": 1, "name": "tiny", "state_dict": state}, path)
    return path


def in_hub(cache: Path) -> None:
    """Put its published weights into the hub's cache, as a download would."""
    repository = cache / "hub" / "models--example--tiny-clip"
    (repository / "snapshots" / ("0" * 40)).mkdir(parents=True)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("0" * 40)
    save_file(drawn().state_dict(), repository / "snapshots" / ("0" * 40) / "open_clip_model.safetensors")
