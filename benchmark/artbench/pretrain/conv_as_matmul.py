"""Convolutions as matrix products, where the CPU's library is slow or wrong."""

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

import torch
from torch.autograd.function import once_differentiable
from torch.nn.functional import conv2d, pad
from torch.overrides import TorchFunctionMode

# Input channels below which oneDNN's strided 1 x 1 convolution corrupts memory.
_FEW = 8


class MatmulConvolutions(TorchFunctionMode):
    """While active, some convolutions on the CPU are computed as products of two matrices.

    There are two reasons to (`im2col`; Chellapilla et al. 2006):

    - A batch has fewer places than output channels. In the last stage of a ResNet a crop of 128 pixels is a map of
      4 x 4, and the weights are larger than all that they are applied to. Libraries lay out weights anew for each
      call, which then takes longer than the sums: with oneDNN in bfloat16, convolution and gradients of 32 maps of
      4 x 4 with 512 channels take four times as long as the same sums as products.
    - The kernel is 1 x 1 with a stride, over fewer than 8 channels. For the gradient of its weights, oneDNN 3.12
      writes past its buffers on processors with AVX2 and no more, and crashes or never returns (`docs/decisions.md`).

    It works on calls of `torch.nn.functional.conv2d`, whichever module makes them, in the thread that enters it.
    Sums are formed in another order than the library's, always the same one.

    Example:
        >>> with MatmulConvolutions():
        ...     maps = torch.nn.Conv2d(3, 32, kernel_size=1, stride=2)(torch.ones(2, 3, 8, 8))
        >>> maps.shape
        torch.Size([2, 32, 4, 4])
    """

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Compute a function; `conv2d` may become a product."""
        if func is conv2d:
            return _convolve(*args, **(kwargs or {}))
        return func(*args, **(kwargs or {}))


def exclude_from_compiling(module: torch.nn.Module) -> None:
    """Make `torch.compile` leave out a module's convolutions that are wrong on some processors.

    Compiled code calls the library itself, so that `MatmulConvolutions` never sees the call.
    """
    for part in module.modules():
        if isinstance(part, torch.nn.Conv2d) and _crashes(part.weight, part.stride):
            part.forward = torch.compiler.disable(_with_matmul(part.forward))  # type: ignore[method-assign, no-untyped-call]


def _with_matmul(forward: Callable[[torch.Tensor], torch.Tensor]) -> Callable[[torch.Tensor], torch.Tensor]:
    def with_matmul(maps: torch.Tensor) -> torch.Tensor:
        with MatmulConvolutions():
            return forward(maps)

    return with_matmul


def _convolve(
    maps: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor | None = None,
    stride: int | Sequence[int] = 1,
    padding: str | int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
) -> torch.Tensor:
    strides, edges = _pair(stride), (0, 0) if padding == "valid" else _pair(padding)
    if (
        maps.device.type != "cpu"
        or maps.dim() != 4
        or groups != 1
        or edges is None
        or (_pair(dilation) != (1, 1) and prod(weight.shape[2:]) > 1)
    ):
        return conv2d(maps, weight, bias, stride, padding, dilation, groups)
    assert strides is not None
    rows, columns = (
        (side + 2 * edge - kernel) // step + 1
        for side, edge, kernel, step in zip(maps.shape[2:], edges, weight.shape[2:], strides, strict=True)
    )
    if len(maps) * rows * columns > len(weight) and not _crashes(weight, strides):
        return conv2d(maps, weight, bias, strides, edges, 1, 1)
    if torch.is_autocast_enabled("cpu"):
        dtype = torch.get_autocast_dtype("cpu")
        maps, weight = maps.to(dtype), weight.to(dtype)
    product: torch.Tensor = _Product.apply(maps, weight, strides, edges)
    # Not within `_Product`: activations can't change a view that a custom function returns.
    made = product.view(len(maps), rows, columns, len(weight)).permute(0, 3, 1, 2)
    return made if bias is None else made + bias.to(made.dtype)[:, None, None]


def _pair(given: str | int | Sequence[int]) -> tuple[int, int] | None:
    """The value for each dimension; None for `same`, which depends on the kernel."""
    if isinstance(given, str):
        return None
    first, last = (given, given) if isinstance(given, int) else (given[0], given[-1])
    return first, last


def _crashes(weight: torch.Tensor, strides: Sequence[int]) -> bool:
    """Whether oneDNN may corrupt memory over the gradient of these weights."""
    return weight.shape[1] < _FEW and weight.shape[2:] == (1, 1) and max(strides) > 1


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
