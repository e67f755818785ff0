"""The maps against what they are by definition, and against captum's own."""

import math
import warnings
from typing import Any

import numpy as np
import pytest
import torch
from captum.attr import GuidedGradCam

from artbench.explain.gradcam.maps import Explainer, refusal
from artbench.explain.gradcam.model import ProbedEncoder
from artbench.explain.gradcam.stages import last_stage
from artbench.explain.layers import MapLayer
from tests.support.networks import SIDE, model, pixels, reused

CLASSES = np.array([2, 0, 1, 3])


class Guided(torch.autograd.Function):
    """The rule of guided backpropagation, written out: through what was positive and not clipped, what is positive."""

    @staticmethod
    def forward(ctx: Any, values: torch.Tensor, most: float) -> torch.Tensor:
        ctx.passes = (values > 0) & (values < most)
        return values.clamp(0, most)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, None]:
        return gradients[0].clamp(min=0) * ctx.passes, None


def guided_by_hand(net: ProbedEncoder, images: torch.Tensor) -> torch.Tensor:
    part: Any = net.encoder
    images = images.clone().requires_grad_(True)
    rule: Any = Guided.apply
    found = rule(part.first((images - net.mean) / net.std), math.inf)
    found = rule(part.second(found) + found, math.inf)
    features = rule(part.last(found), 6.0).mean(dim=(2, 3))
    logits = net.head(features.double())
    (gradient,) = torch.autograd.grad(logits[torch.arange(len(CLASSES)), torch.from_numpy(CLASSES)].sum(), images)
    return gradient


def test_guided_backpropagation_follows_its_rule_through_reused_in_place_and_clipped_relus() -> None:
    net = reused()
    # So that some values reach the clip.
    with torch.no_grad():
        net.encoder.get_parameter("last.weight").mul_(30)
    place = last_stage(net, SIDE)
    assert refusal(net, place, side=SIDE) is None
    maps = Explainer(net, place, guided=True)(pixels(4), CLASSES)
    expected = guided_by_hand(net, net.images(pixels(4))).permute(0, 2, 3, 1).numpy()
    assert maps.guided is not None
    assert np.abs(expected).max() > 0
    np.testing.assert_allclose(maps.guided, expected, atol=1e-5 * np.abs(expected).max())


def test_grad_cam_is_the_positive_part_of_the_channels_weighed_by_their_mean_gradient() -> None:
    net = reused()
    place = last_stage(net, SIDE)
    maps = Explainer(net, place, guided=False)(pixels(4), CLASSES)
    kept: list[torch.Tensor] = []
    hook = net.encoder.get_submodule(place.name).register_forward_hook(lambda *given: kept.append(given[2]))
    logits = net(net.images(pixels(4)).requires_grad_(True))
    hook.remove()
    (gradient,) = torch.autograd.grad(logits[torch.arange(4), torch.from_numpy(CLASSES)].sum(), kept[0])
    expected = (gradient.mean(dim=(2, 3), keepdim=True) * kept[0]).sum(dim=1).clamp(min=0)
    np.testing.assert_allclose(maps.grid, expected.detach().numpy(), rtol=1e-4, atol=1e-9)
    assert maps.grad_cam.shape == (4, SIDE, SIDE)
    assert maps.guided is None


def test_the_product_is_captums_guided_grad_cam() -> None:
    net = reused()
    place = last_stage(net, SIDE)
    maps = Explainer(net, place, guided=True)(pixels(4), CLASSES)
    own = GuidedGradCam(net, net.encoder.get_submodule(place.name))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that it sets hooks
        expected = own.attribute(
            net.images(pixels(4)).requires_grad_(True), torch.from_numpy(CLASSES), interpolate_mode="bilinear"
        )
    assert maps.guided_grad_cam is not None
    found = expected.detach().permute(0, 2, 3, 1).numpy()
    np.testing.assert_allclose(maps.guided_grad_cam, found, rtol=1e-3, atol=1e-6 * np.abs(found).max())


@pytest.mark.parametrize("kind", ["tokens", "maps, channels last"])
def test_tokens_and_channels_last_give_the_map_that_plain_channels_give(kind: str) -> None:
    class Turned(torch.nn.Module):
        """Gives the maps of a convolution in another layout, with a class token before them."""

        def __init__(self) -> None:
            super().__init__()
            self.convolution = torch.nn.Conv2d(3, 6, 4, stride=4)
            self.turn = Layout(kind)

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            turned: torch.Tensor = self.turn(self.convolution(images))
            return turned[:, 1:].square().mean(dim=1) if kind == "tokens" else turned.square().mean(dim=(1, 2))

    torch.manual_seed(3)
    net = model(Turned(), 6)
    place = last_stage(net, SIDE)
    assert (place.name, place.kind, place.size) == ("turn", kind, (8, 8))
    turned = Explainer(net, place, guided=False)(pixels(4), CLASSES)
    plain = MapLayer(name="convolution", kind="maps", size=(8, 8))
    expected = Explainer(net, plain, guided=False)(pixels(4), CLASSES)
    np.testing.assert_allclose(turned.grid, expected.grid, rtol=1e-4, atol=1e-9)


class Layout(torch.nn.Module):
    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        if self.kind == "tokens":
            tokens = maps.flatten(2).transpose(1, 2)
            return torch.cat([tokens.mean(dim=1, keepdim=True), tokens], dim=1)
        return maps.permute(0, 2, 3, 1)
