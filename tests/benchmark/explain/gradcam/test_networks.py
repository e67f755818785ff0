"""Real architectures: where their maps are, and which of them guided backpropagation is refused."""

from collections.abc import Callable

import numpy as np
import pytest
import timm
import torch
import torchvision

from artbench.errors import ArtbenchError, UsageError
from artbench.explain.gradcam.maps import Explainer, refusal
from artbench.explain.gradcam.model import ProbedEncoder
from artbench.explain.gradcam.stages import last_stage, named_stage
from tests.support.networks import model

SIDE = 64


def timm_net(name: str, **options: object) -> ProbedEncoder:
    torch.manual_seed(0)
    net = timm.create_model(name, num_classes=0, **options).eval()
    with torch.inference_mode():
        width = net(torch.zeros(1, 3, SIDE, SIDE)).shape[1]
    return model(net, width)


def torchvision_resnet18() -> ProbedEncoder:
    torch.manual_seed(0)
    net = torchvision.models.resnet18()
    net.fc = torch.nn.Identity()
    return model(net, 512)


def small_vit() -> ProbedEncoder:
    return timm_net("vit_tiny_patch16_224", img_size=SIDE, patch_size=8, depth=2)


@pytest.mark.parametrize(
    ("build", "layer", "kind", "grid"),
    [
        (lambda: timm_net("resnet18"), "layer4", "maps", 2),
        (torchvision_resnet18, "layer4", "maps", 2),
        (lambda: timm_net("tf_efficientnet_lite0"), "bn2", "maps", 2),
        (lambda: timm_net("mobilenetv3_small_050"), "blocks", "maps", 2),
        (lambda: timm_net("convnext_atto"), "stages", "maps", 2),
        # What leaves the last block for the patches decides nothing, where the class token is read off.
        (small_vit, "blocks.1.norm1", "tokens", 8),
    ],
)
def test_the_last_stage_is_found_and_gives_a_map(
    build: Callable[[], ProbedEncoder], layer: str, kind: str, grid: int
) -> None:
    net = build()
    place = last_stage(net, SIDE)
    assert (place.name, place.kind, place.size) == (layer, kind, (grid, grid))
    images = np.random.default_rng(0).integers(0, 256, (2, SIDE, SIDE, 3), np.uint8)
    maps = Explainer(net, place, guided=refusal(net, place, side=SIDE) is None)(images, np.array([0, 1]))
    assert maps.grid.shape == (2, grid, grid)
    assert (maps.grid >= 0).all()
    assert np.isfinite(maps.grad_cam).all()


@pytest.mark.parametrize(
    ("build", "reason"),
    [
        (lambda: timm_net("resnet18"), None),
        (torchvision_resnet18, None),
        (lambda: timm_net("tf_efficientnet_lite0"), None),
        (lambda: timm_net("mobilenetv3_small_050"), "hard swish: use integrated gradients"),
        (lambda: timm_net("convnext_atto"), "net has GELU: use integrated gradients"),
        (small_vit, "GELU: use attention rollout or integrated gradients"),
    ],
)
def test_guided_backpropagation_is_refused_with_the_reason_where_other_activations_are(
    build: Callable[[], ProbedEncoder], reason: str | None
) -> None:
    net = build()
    found = refusal(net, last_stage(net, SIDE), side=SIDE)
    assert found is None if reason is None else found is not None and reason in found


def test_a_relu_that_is_no_module_is_seen() -> None:
    class Functional(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.convolution, self.relu = torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU()

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            features: torch.Tensor = self.relu(torch.relu(self.convolution(images)) - 1).mean(dim=(2, 3))
            return features

    net = model(Functional(), 4)
    assert "1 ReLUs of net that are no modules" in (refusal(net, last_stage(net, SIDE), side=SIDE) or "")


def test_a_layer_can_be_named_and_the_nearest_names_are_given() -> None:
    net = timm_net("resnet18")
    assert named_stage(net, SIDE, name="layer3").size == (4, 4)
    with pytest.raises(UsageError, match="layer3"):
        named_stage(net, SIDE, name="layer33")
    with pytest.raises(UsageError, match="no map"):
        named_stage(net, SIDE, name="global_pool")


def test_a_layer_on_which_nothing_depends_and_a_network_without_gradients_are_refused() -> None:
    net = small_vit()
    with pytest.raises(UsageError, match=r"no logit depends on what the layer blocks.1 gives"):
        named_stage(net, SIDE, name="blocks.1")

    class Counting(torch.nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return images.detach().mean(dim=(2, 3))

    counting = model(Counting(), 3)
    with pytest.raises(ArtbenchError, match="can't be differentiated"):
        last_stage(counting, SIDE)
