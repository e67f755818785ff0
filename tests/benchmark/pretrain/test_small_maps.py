"""Convolutions as products of matrices give what convolutions give, gradients too."""

import copy

import pytest
import torch
from torch import nn

from artbench.pretrain import small_maps
from artbench.pretrain.small_maps import multiply_small_maps


def outcome(module: nn.Module, maps: torch.Tensor) -> list[torch.Tensor]:
    """What a module makes, and the gradients by maps, weights and biases."""
    maps = maps.clone().requires_grad_()
    made = module(maps)
    random = torch.randn(made.shape, generator=torch.Generator().manual_seed(2)).to(made.dtype)
    return [made, *torch.autograd.grad(made, [maps, *module.parameters()], random)]


@pytest.mark.parametrize(
    ("kernel", "stride", "padding", "bias", "size"),
    [
        (3, 1, 1, False, (4, 4)),
        (3, 2, 1, True, (8, 8)),
        (3, 2, 1, False, (7, 5)),
        (1, 2, 0, False, (6, 6)),
        ((3, 1), (2, 1), (1, 0), True, (5, 4)),
        (2, 2, 0, False, (5, 5)),
    ],
)
@pytest.mark.parametrize("layout", [torch.channels_last, torch.contiguous_format])
def test_they_agree_with_convolutions(
    kernel: int, stride: int, padding: int, bias: bool, size: tuple[int, int], layout: torch.memory_format
) -> None:
    torch.manual_seed(0)
    usual = nn.Conv2d(6, 64, kernel, stride, padding, bias=bias)
    other = copy.deepcopy(usual)
    multiply_small_maps(other)
    maps = torch.randn(2, 6, *size).contiguous(memory_format=layout)
    for found, expected in zip(outcome(other, maps), outcome(usual, maps), strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


def test_they_agree_in_bfloat16() -> None:
    torch.manual_seed(0)
    usual = nn.Conv2d(32, 64, 3, 1, 1, bias=False)
    other = copy.deepcopy(usual)
    multiply_small_maps(other)
    maps = torch.randn(2, 32, 4, 4)
    with torch.autocast("cpu", torch.bfloat16):
        found, expected = outcome(other, maps), outcome(usual, maps)
    exact = outcome(usual, maps)
    for one, like, right in zip(found, expected, exact, strict=True):
        assert one.dtype == like.dtype
        # No farther from float32 than bfloat16 is anyway.
        assert (one - right).norm() <= 1.5 * (like - right).norm() + 1e-6


def test_float64_stays_float64() -> None:
    torch.manual_seed(0)
    usual = nn.Conv2d(6, 64, 3, 2, 1).double()
    other = copy.deepcopy(usual)
    multiply_small_maps(other)
    maps = torch.randn(2, 6, 5, 5, dtype=torch.float64)
    for found, expected in zip(outcome(other, maps), outcome(usual, maps), strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("bias", [False, True])
def test_what_comes_next_may_work_in_place(bias: bool) -> None:
    torch.manual_seed(0)
    usual = nn.Sequential(nn.Conv2d(6, 64, 3, padding=1, bias=bias), nn.ReLU(inplace=True))
    other = copy.deepcopy(usual)
    multiply_small_maps(other)
    maps = torch.randn(2, 6, 4, 4)
    for found, expected in zip(outcome(other, maps), outcome(usual, maps), strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "convolution",
    [
        nn.Conv2d(8, 64, 3, padding=1, groups=2),
        nn.Conv2d(8, 64, 3, padding=2, dilation=2),
        nn.Conv2d(8, 64, 3, padding=1, padding_mode="reflect"),
        nn.Conv2d(8, 64, 3, padding="same"),
        nn.Conv2d(8, 15, 3, padding=1),
    ],
    ids=["groups", "dilation", "reflect", "same", "more places than channels"],
)
def test_others_stay_convolutions(convolution: nn.Conv2d, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(small_maps._Product, "apply", None)
    maps = torch.randn(1, 8, 4, 4)
    expected = convolution(maps)
    multiply_small_maps(convolution)
    assert torch.equal(convolution(maps), expected)


def test_parameters_are_shared_and_named_as_before() -> None:
    module = nn.Sequential(nn.Conv2d(3, 64, 3), nn.ReLU())
    before = dict(module.named_parameters())
    multiply_small_maps(module)
    assert all(module.get_parameter(name) is parameter for name, parameter in before.items())
