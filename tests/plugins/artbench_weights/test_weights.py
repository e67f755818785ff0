import subprocess
import sys
from functools import partial

import pytest
import torch

from artbench.encoders.backbone import Backbone
from artbench.encoders.weights import Weights
from artbench.errors import ArtbenchError
from artbench.plugins.loading import load_plugins
from artbench_weights.weights import imagenet, published, random


def _backbone(**weights: Weights) -> Backbone:
    return Backbone(
        name="small",
        module=torch.nn.Linear(3, 2),
        feature_dim=2,
        mean=(0, 0, 0),
        std=(1, 1, 1),
        published={name: partial(_given, given) for name, given in weights.items()},
    )


def _given(weights: Weights) -> Weights:
    return weights


def test_four_are_registered_and_only_random_depends_on_the_seed() -> None:
    specs = {spec.name: spec.seeded for entry, spec in load_plugins().pretrainings.specs() if entry.plugin == "weights"}
    assert specs == {"random": True, "none": False, "imagenet": False, "published": False}


def test_random_is_the_initialisation() -> None:
    backbone = _backbone()
    assert all(torch.equal(random(backbone).state[key], tensor) for key, tensor in backbone.module.state_dict().items())


def test_published_weights_are_asked_of_the_backbone() -> None:
    first, second = Weights(state={}, source="first"), Weights(state={}, source="second")
    backbone = _backbone(imagenet=first, published=second)
    assert imagenet(backbone) is first
    assert published(backbone) is second


def test_a_backbone_without_them_says_what_it_has() -> None:
    with pytest.raises(
        ArtbenchError, match=r"no supervised ImageNet weights are published for small.*--pretraining published"
    ):
        imagenet(_backbone(published=Weights(state={}, source="x")))
    with pytest.raises(ArtbenchError, match=r"no weights are published for small.*--pretraining random"):
        published(_backbone())


def test_loading_the_plugins_imports_no_heavy_library() -> None:
    code = (
        "import sys, artbench_timm, artbench_torchvision, artbench_weights\n"
        "print([name for name in ('torch', 'timm', 'torchvision', 'numpy', 'sklearn') if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
