"""Convolutions over small maps as matrix products, which the CPU computes several times as fast."""

from math import prod
from typing import Any

import torch
from torch.autograd.function import once_differentiable
from torch.nn.functional import pad


def multiply_small_maps(module: torch.nn.Module) -> None:
    """Let the convolutions of a network be products of matrices where a batch has fewer places than channels.

    In the last stage of a ResNet a crop of 128 pixels is a map of 4 x 4, and the weights are larger than all that
    they are applied to. Libraries lay out weights anew for each call, which then takes longer than the sums: with
    oneDNN in bfloat16, convolution and gradients of 32 maps of 4 x 4 with 512 channels take four times as long as
    the same sums as products of two matrices (`im2col`; Chellapilla et al. 2006).

    Only convolutions on the CPU; sums are formed in another order than else, always the same.

    Args:
        module: Changed in place; its parameters stay as they are.
    """
    for part in module.modules():
        # Not subclasses, which may do something else with their weights.
        if type(part) is torch.nn.Conv2d and _plain(part):
            part.__class__ = _Convolution


def _plain(convolution: torch.nn.Conv2d) -> bool:
    dense = convolution.groups == 1 and convolution.dilation == (1, 1)
    return dense and convolution.padding_mode == "zeros" and not isinstance(convolution.padding, str)


class _Convolution(torch.nn.Conv2d):
    def forward(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002  torch calls it so
        assert not isinstance(self.padding, str)
        sides = [
            (side + 2 * edge - kernel) // stride + 1
            for side, edge, kernel, stride in zip(
                input.shape[-2:], self.padding, self.kernel_size, self.stride, strict=True
            )
        ]
        if input.device.type != "cpu" or input.dim() != 4 or len(input) * prod(sides) > self.out_channels:
            return super().forward(input)
        weight = self.weight
        if torch.is_autocast_enabled("cpu"):
            dtype = torch.get_autocast_dtype("cpu")
            input, weight = input.to(dtype), weight.to(dtype)  # noqa: A001
        rows, columns = sides
        product: torch.Tensor = _Product.apply(input, weight, self.stride, self.padding)
        # Not within `_Product`: what a function of one's own gives as a view, activations can't change in place.
        made = product.view(len(input), rows, columns, self.out_channels).permute(0, 3, 1, 2)
        return made if self.bias is None else made + self.bias.to(made.dtype)[:, None, None]


class _Product(torch.autograd.Function):
    """A convolution: (places, kernel x channels) times (kernel x channels, outputs); gives (places, outputs)."""

    @staticmethod
    def forward(
        ctx: Any, maps: torch.Tensor, weight: torch.Tensor, stride: tuple[int, int], padding: tuple[int, int]
    ) -> torch.Tensor:
        outputs, channels, high, wide = weight.shape
        padded = pad(maps.permute(0, 2, 3, 1), (0, 0, padding[1], padding[1], padding[0], padding[0]))
        windows = padded.unfold(1, high, stride[0]).unfold(2, wide, stride[1]).permute(0, 1, 2, 4, 5, 3)
        count, rows, columns = windows.shape[:3]
        taken = windows.reshape(count * rows * columns, high * wide * channels)
        factor = weight.permute(0, 2, 3, 1).reshape(outputs, -1)
        ctx.save_for_backward(taken, factor)
        ctx.shapes = padded.shape, weight.shape, (count, rows, columns), stride, padding
        return taken @ factor.T

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, torch.Tensor | None, None, None]:
        taken, factor = ctx.saved_tensors
        padded_shape, (outputs, channels, high, wide), (count, rows, columns), stride, padding = ctx.shapes
        of_weight = of_maps = None
        if ctx.needs_input_grad[1]:
            of_weight = (gradient.T @ taken).view(outputs, high, wide, channels).permute(0, 3, 1, 2)
        if ctx.needs_input_grad[0]:
            shares = (gradient @ factor).view(count, rows, columns, high, wide, channels)
            total = torch.zeros(padded_shape, dtype=torch.promote_types(shares.dtype, torch.float32))
            for row in range(high):
                for column in range(wide):
                    below = slice(row, row + rows * stride[0], stride[0])
                    right = slice(column, column + columns * stride[1], stride[1])
                    total[:, below, right] += shares[:, :, :, row, column]
            inner = total[:, padding[0] : padded_shape[1] - padding[0], padding[1] : padded_shape[2] - padding[1]]
            of_maps = inner.to(gradient.dtype).permute(0, 3, 1, 2)
        return of_maps, of_weight, None, None
