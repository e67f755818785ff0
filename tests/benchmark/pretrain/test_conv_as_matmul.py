"""Convolutions as products of matrices give what convolutions give, gradients too."""

import subprocess
import sys

import pytest
import torch
from torch import nn
from torch.nn import functional

from artbench.pretrain import conv_as_matmul
from artbench.pretrain.conv_as_matmul import MatmulConvolutions


def outcome(module: nn.Module, maps: torch.Tensor) -> list[torch.Tensor]:
    """What a module makes, and the gradients by maps, weights and biases."""
    maps = maps.clone().requires_grad_()
    made = module(maps)
    random = torch.randn(made.shape, generator=torch.Generator().manual_seed(2)).to(made.dtype)
    return [made, *torch.autograd.grad(made, [maps, *module.parameters()], random)]


def outcomes(module: nn.Module, maps: torch.Tensor) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Pairs of the same tensor: as a product, and as the library makes it."""
    with MatmulConvolutions():
        products = outcome(module, maps)
    return list(zip(products, outcome(module, maps), strict=True))


@pytest.fixture
def products(monkeypatch: pytest.MonkeyPatch) -> list[torch.Size]:
    """The shape of the weights of each convolution that was computed as a product."""
    shapes: list[torch.Size] = []
    apply = conv_as_matmul._Product.apply

    def counted(maps: torch.Tensor, weight: torch.Tensor, *rest: object) -> torch.Tensor:
        shapes.append(weight.shape)
        made: torch.Tensor = apply(maps, weight, *rest)
        return made

    monkeypatch.setattr(conv_as_matmul._Product, "apply", counted)
    return shapes


@pytest.mark.parametrize(
    ("kernel", "stride", "padding", "bias", "size"),
    [
        (3, 1, 1, False, (4, 4)),
        (3, 2, 1, True, (8, 8)),
        (3, 2, 1, False, (7, 5)),
        (1, 2, 0, False, (6, 6)),
        ((3, 1), (2, 1), (1, 0), True, (5, 4)),
        (2, 2, 0, False, (5, 5)),
        (3, 1, "valid", False, (5, 5)),
    ],
)
@pytest.mark.parametrize("layout", [torch.channels_last, torch.contiguous_format])
def test_they_agree_with_convolutions(
    kernel: int,
    stride: int,
    padding: int | str,
    bias: bool,
    size: tuple[int, int],
    layout: torch.memory_format,
    products: list[torch.Size],
) -> None:
    torch.manual_seed(0)
    # Not fewer than 8 channels: the library's own gradients must be right, also with a stride.
    module = nn.Conv2d(8, 64, kernel, stride, padding, bias=bias)
    for found, expected in outcomes(module, torch.randn(2, 8, *size).contiguous(memory_format=layout)):
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
    assert products == [module.weight.shape]


def test_they_agree_in_bfloat16() -> None:
    torch.manual_seed(0)
    module = nn.Conv2d(32, 64, 3, 1, 1, bias=False)
    maps = torch.randn(2, 32, 4, 4)
    with torch.autocast("cpu", torch.bfloat16):
        pairs = outcomes(module, maps)
    exact = outcome(module, maps)
    for (one, like), right in zip(pairs, exact, strict=True):
        assert one.dtype == like.dtype
        # No farther from float32 than bfloat16 is anyway.
        assert (one - right).norm() <= 1.5 * (like - right).norm() + 1e-6


def test_float64_stays_float64() -> None:
    torch.manual_seed(0)
    module = nn.Conv2d(6, 64, 3, 2, 1).double()
    for found, expected in outcomes(module, torch.randn(2, 6, 5, 5, dtype=torch.float64)):
        torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("bias", [False, True])
def test_the_next_layer_may_work_in_place(bias: bool) -> None:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(6, 64, 3, padding=1, bias=bias), nn.ReLU(inplace=True))
    for found, expected in outcomes(module, torch.randn(2, 6, 4, 4)):
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


class Standardised(nn.Conv2d):
    """Makes its weights before it uses them."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002
        weight = self.weight - self.weight.mean(dim=(1, 2, 3), keepdim=True)
        return functional.conv2d(input, weight, self.bias, self.stride)


def test_convolutions_outside_plain_modules_count_too(products: list[torch.Size]) -> None:
    torch.manual_seed(0)
    module = Standardised(8, 64, 3, stride=2)
    for found, expected in outcomes(module, torch.randn(2, 8, 6, 6)):
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
    assert products == [module.weight.shape]


@pytest.mark.parametrize(
    "convolution",
    [
        nn.Conv2d(8, 64, 3, padding=1, groups=2),
        nn.Conv2d(8, 64, 3, padding=2, dilation=2),
        nn.Conv2d(8, 64, 3, padding="same"),
        nn.Conv2d(8, 15, 3, padding=1),
        nn.Conv2d(7, 15, 1),
    ],
    ids=["groups", "dilation", "same", "more places than channels", "no stride"],
)
def test_others_stay_convolutions(convolution: nn.Conv2d, products: list[torch.Size]) -> None:
    maps = torch.randn(1, convolution.in_channels, 4, 4)
    with MatmulConvolutions():
        assert torch.equal(convolution(maps), convolution(maps))
    assert not products


# 1 x 1, with a stride, over fewer than 8 channels: without the products, most of these end by a signal or never on a
# processor with AVX2 and no more, to which the variables hold any other.
_STRIDED = """
import torch
from torch.nn.functional import conv2d
from artbench.pretrain.conv_as_matmul import MatmulConvolutions, exclude_from_compiling

torch.set_num_threads(1)
torch.manual_seed(0)

def check(module, mode, channels, layout):
    maps = torch.randn(14, channels, 32, 32).contiguous(memory_format=layout)
    with mode:
        made = module(maps)
    random = torch.randn_like(made)
    found = torch.autograd.grad(made, list(module.parameters()), random)
    exact, bias = (tensor.detach().double().requires_grad_() for tensor in module.parameters())
    made = conv2d(maps.double(), exact, bias, module[0].stride, dilation=module[0].dilation).tanh()
    for one, other in zip(found, torch.autograd.grad(made, [exact, bias], random.double()), strict=True):
        torch.testing.assert_close(one, other.float(), rtol=1e-3, atol=1e-3)

def network(channels, stride, dilation):
    module = torch.nn.Sequential(torch.nn.Conv2d(channels, 32, 1, stride, dilation=dilation), torch.nn.Tanh())
    return module.to(memory_format=torch.channels_last)

for channels, stride, dilation, layout in [
    (3, 2, 1, torch.channels_last), (7, (1, 2), 1, torch.channels_last), (4, 3, 2, torch.contiguous_format)
]:
    module = network(channels, stride, dilation)
    for _ in range(30):
        check(module, MatmulConvolutions(), channels, layout)
module = network(3, 2, 1)
exclude_from_compiling(module)
# The compiler's default back end would only add the time of a C++ compiler, and ask the library for the same.
module.compile(dynamic=False, backend="aot_eager")
for _ in range(30):
    check(module, torch.enable_grad(), 3, torch.channels_last)
print("well")
"""


@pytest.mark.integration
def test_strided_convolutions_over_few_channels_neither_crash_nor_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")
    monkeypatch.setenv("ATEN_CPU_CAPABILITY", "avx2")
    done = subprocess.run([sys.executable, "-c", _STRIDED], check=False, capture_output=True, text=True, timeout=110)
    assert (done.returncode, done.stdout) == (0, "well\n"), done.stderr
