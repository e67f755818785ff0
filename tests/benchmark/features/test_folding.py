"""Folding batch norms changes the last bits of features, and nothing else."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
import timm
import torch
from torch import nn
from torchvision.models import resnet18

from artbench.features.folding import fold_norms
from artbench.features.forward import sharing_copy


def lively(module: nn.Module) -> nn.Module:
    """Frozen, with norms that do something, as after training."""
    generator = torch.Generator().manual_seed(0)
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d) and part.running_mean is not None and part.running_var is not None:
            part.running_mean.normal_(generator=generator)
            part.running_var.uniform_(0.5, 2, generator=generator)
            if part.affine:
                part.weight.data.uniform_(0.5, 2, generator=generator)
                part.bias.data.normal_(generator=generator)
    return module.eval().requires_grad_(False)


def norms(module: nn.Module) -> int:
    return sum(type(part).forward is nn.BatchNorm2d.forward for part in module.modules()) + sum(
        type(part).__name__ == "BatchNormAct2d" for part in module.modules()
    )


def features(module: nn.Module, side: int = 64) -> torch.Tensor:
    batch = torch.randn(2, 3, side, side, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        given: torch.Tensor = module(batch)
    return given


@pytest.mark.parametrize(
    "make",
    [
        lambda: timm.create_model("resnet18", num_classes=0),
        lambda: timm.create_model("tf_efficientnet_lite0", num_classes=0),
        lambda: timm.create_model("mobilenetv3_small_050", num_classes=0),
        lambda: timm.create_model("regnetx_002", num_classes=0),
        lambda: resnet18(),
    ],
    ids=["resnet18", "tf_efficientnet_lite0", "mobilenetv3", "regnetx", "torchvision"],
)
def test_every_norm_behind_a_convolution_is_folded(make: Callable[[], nn.Module]) -> None:
    torch.manual_seed(0)
    module = lively(make())
    before = copy.deepcopy(module.state_dict())
    expected = features(module)
    folded = sharing_copy(module)
    assert folded is not None
    fold_norms(folded, side=64)
    assert norms(module) > 0
    assert norms(folded) == 0
    torch.testing.assert_close(features(folded), expected, rtol=0, atol=1e-4 * float(expected.abs().max()))
    # What it shares tensors with has changed in nothing.
    assert all(torch.equal(tensor, before[name]) for name, tensor in module.state_dict().items())
    assert torch.equal(features(module), expected)


Way = Callable[[Any, torch.Tensor], torch.Tensor]


class Small(nn.Module):
    """One convolution, one norm, and a way through them."""

    def __init__(self, convolution: nn.Module, norm: nn.Module, way: Way) -> None:
        super().__init__()
        self.convolution, self.norm, self.way = convolution, norm, way

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.way(self, images).mean(dim=(2, 3))


def straight(own: Any, images: torch.Tensor) -> torch.Tensor:
    normed: torch.Tensor = own.norm(own.convolution(images))
    return normed


def elsewhere(own: Any, images: torch.Tensor) -> torch.Tensor:
    return straight(own, images) + torch.as_tensor(own.norm(images))


def beside(own: Any, images: torch.Tensor) -> torch.Tensor:
    convolved = own.convolution(images)
    normed: torch.Tensor = own.norm(convolved) + convolved
    return normed


def between(own: Any, images: torch.Tensor) -> torch.Tensor:
    normed: torch.Tensor = own.norm(own.convolution(images).relu())
    return normed


class Standardised(nn.Conv2d):
    """Its weights are scaled before use, so no scale can be folded into them."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        convolved: torch.Tensor = self._conv_forward(images, self.weight / self.weight.norm(), self.bias)
        return convolved


@pytest.mark.parametrize(
    ("convolution", "norm", "way"),
    [
        (nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3), elsewhere),
        (nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3), beside),
        (nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3), between),
        (Standardised(3, 3, 1), nn.BatchNorm2d(3), straight),
        (nn.utils.parametrizations.weight_norm(nn.Conv2d(3, 3, 1)), nn.BatchNorm2d(3), straight),
        (nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3, track_running_stats=False), straight),
        (nn.Conv2d(3, 4, 1), nn.BatchNorm2d(3), straight),
    ],
    ids=["elsewhere", "beside", "between", "standardised", "parametrised", "without statistics", "fails"],
)
def test_what_cannot_be_folded_stays_as_it_is(convolution: nn.Conv2d, norm: nn.Module, way: Way) -> None:
    module = lively(Small(convolution, norm, way))
    expected = features(module, 8) if convolution.out_channels == 3 else None
    fold_norms(module, side=8)
    assert norms(module) == 1
    if expected is not None:
        assert torch.equal(features(module, 8), expected)


def test_what_can_be_run_once_only_stays_as_it_is() -> None:
    runs = []

    def once(own: Any, images: torch.Tensor) -> torch.Tensor:
        runs.append(images)
        if len(runs) > 1:
            raise ValueError
        return straight(own, images)

    module = lively(Small(nn.Conv2d(3, 5, 3), nn.BatchNorm2d(5), once))
    fold_norms(module, side=8)
    assert len(runs) == 2
    assert norms(module) == 1


def test_a_network_that_gives_several_things_stays_as_it_is() -> None:
    class Several(Small):
        def forward(self, images: torch.Tensor) -> Any:
            convolved = self.convolution(images)
            return self.norm(convolved), convolved

    module = lively(Several(nn.Conv2d(3, 5, 3), nn.BatchNorm2d(5), straight))
    fold_norms(module, side=8)
    assert norms(module) == 1


def test_a_network_without_parameters_is_no_trouble() -> None:
    module = nn.Sequential(nn.BatchNorm2d(3, affine=False), nn.AdaptiveAvgPool2d(1)).eval()
    fold_norms(module, side=8)
    assert norms(module) == 1


def test_a_norm_without_weights_and_a_convolution_with_a_bias_fold_too() -> None:
    module = lively(Small(nn.Conv2d(3, 5, 3, bias=True), nn.BatchNorm2d(5, affine=False), straight))
    expected = features(module, 8)
    fold_norms(module, side=8)
    assert norms(module) == 0
    torch.testing.assert_close(features(module, 8), expected, rtol=1e-4, atol=1e-5)


def test_a_network_for_images_of_one_size_folds_too() -> None:
    def sized(own: Any, images: torch.Tensor) -> torch.Tensor:
        if images.shape[-1] != 80:
            raise ValueError
        return straight(own, images)

    module = lively(Small(nn.Conv2d(3, 5, 3), nn.BatchNorm2d(5), sized))
    fold_norms(module, side=80)
    assert norms(module) == 0


def test_a_network_without_norms_is_not_even_run() -> None:
    class Unrunnable(nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            raise AssertionError

    fold_norms(Unrunnable(), side=8)


def test_a_network_that_goes_another_way_with_larger_images_stays_as_it_is() -> None:
    def by_size(own: Any, images: torch.Tensor) -> torch.Tensor:
        return straight(own, images) if images.shape[-1] <= 64 else beside(own, images)

    module = lively(Small(nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3), by_size))
    expected = features(module, 96)
    fold_norms(module, side=96)
    assert torch.equal(features(module, 96), expected)
