"""Colour jitter, grey, blur and solarise on tensors, with separate parameters for every image."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from artbench.pretrain.draws import Draws

# Far from the centre of a blur, weights below this change nothing, and the smallest of all slow many processors down.
_NEGLIGIBLE = 1e-12


class _Change(NamedTuple):
    """An operation on some of the images, in place: its function, which images, and its parameter for each."""

    adjust: Callable[[torch.Tensor, torch.Tensor], object]
    chosen: NDArray[np.bool_]
    values: NDArray[np.float32]


def augment(pixels: torch.Tensor, draws: Draws, *, together: bool | None = None) -> torch.Tensor:
    """Apply all but crop and flip, in the order of MoCo v2 and BYOL: jitter, grey, blur, solarise.

    With `Draws.grey_first`, as in MoCo v1, grey comes before the jitter.

    The operations are those of torchvision's `ColorJitter`, `RandomGrayscale` and `RandomSolarize` on tensors;
    the blur is a Gaussian whose weights are normalised where the image's edge cuts it off. Each operation changes only
    the images that it was drawn for. A CPU works on one image at a time, which stays in its cache; other devices work
    on all images of an operation at once.

    Args:
        pixels: uint8, shape (n, side, side, 3), on any device.
        draws: Parameters of these n images.
        together: Whether all images of an operation are worked on at once; None: on other devices than the CPU.

    Returns:
        float32 in [0, 1], shape (n, 3, side, side).
    """
    images = pixels.permute(0, 3, 1, 2).contiguous().float().div_(255)
    changes = [change for change in _changes(draws) if change.chosen.any()]
    if not (images.device.type != "cpu" if together is None else together):
        for row in range(len(images)):
            for change in changes:
                if change.chosen[row]:
                    value = torch.from_numpy(change.values[row : row + 1])
                    change.adjust(images[row : row + 1], value.view(1, 1, 1, 1))
        return images
    # All numbers in two copies, which nothing waits for.
    rows = [np.flatnonzero(change.chosen) for change in changes]
    counts = list(map(len, rows))
    indices = sent(np.concatenate([np.empty(0, np.int64), *rows]), images.device)
    taken = [change.values[of] for change, of in zip(changes, rows, strict=True)]
    values = sent(np.concatenate([np.empty(0, np.float32), *taken]), images.device)
    parts = zip(changes, torch.split(indices, counts), torch.split(values, counts), strict=True)
    for change, index, value in parts:
        chosen = images[index]
        change.adjust(chosen, value.view(-1, 1, 1, 1))
        images[index] = chosen
    return images


def sent(array: NDArray[np.generic], device: torch.device) -> torch.Tensor:
    """An array on a device; the host does not wait for the copy."""
    tensor = torch.from_numpy(array)
    if device.type == "cuda" and torch.cuda.is_available():
        tensor = tensor.pin_memory()
    return tensor.to(device, non_blocking=True)


def _changes(draws: Draws) -> list[_Change]:
    jitter = []
    for stage in range(4):
        for number, adjust in enumerate((_brightness, _contrast, _saturation, _hue)):
            factors = draws.factors[:, number]
            # The first three are factors, the hue is shifted: values that leave an image unchanged.
            same = factors == (0 if number == 3 else 1)
            jitter.append(_Change(adjust, draws.jitter & (draws.order[:, stage] == number) & ~same, factors))
    unused = np.zeros_like(draws.sigma)
    grey = [_Change(_grey, draws.grey, unused)]
    return [
        *(grey + jitter if draws.grey_first else jitter + grey),
        _Change(_blur, draws.blur, draws.sigma),
        _Change(_solarise, draws.solarise, unused),
    ]


def _luma(images: torch.Tensor) -> torch.Tensor:
    red, green, blue = images.unbind(1)
    return (0.2989 * red).add_(green, alpha=0.587).add_(blue, alpha=0.114).unsqueeze(1)


def _blend(images: torch.Tensor, other: torch.Tensor, factors: torch.Tensor) -> None:
    images.mul_(factors).add_(other.mul_(1 - factors)).clamp_(0, 1)


def _brightness(images: torch.Tensor, factors: torch.Tensor) -> None:
    images.mul_(factors).clamp_(0, 1)


def _contrast(images: torch.Tensor, factors: torch.Tensor) -> None:
    _blend(images, _luma(images).mean(dim=(1, 2, 3), keepdim=True), factors)


def _saturation(images: torch.Tensor, factors: torch.Tensor) -> None:
    _blend(images, _luma(images), factors)


def _grey(images: torch.Tensor, _: torch.Tensor) -> None:
    images.copy_(_luma(images).expand_as(images))


def _hue(images: torch.Tensor, shifts: torch.Tensor) -> None:
    """Turn the hue by a share of the circle, at the same value and saturation in HSV."""
    red, green, blue = images.unbind(1)
    value = torch.maximum(red, green)
    value = torch.maximum(value, blue, out=value)
    least = torch.minimum(red, green)
    chroma = torch.sub(value, torch.minimum(least, blue, out=least), out=least)
    # A grey has no hue: its differences are all 0, and 0 times this is 0.
    inverse = chroma.clamp_min(1e-12).reciprocal_()
    # In sixths of the circle, from the largest channel; `lerp` by 0 or 1 chooses, much faster than `where`.
    hue, from_green, from_blue = ((a - b).mul_(inverse) for a, b in ((green, blue), (blue, red), (red, green)))
    from_green.add_(2).lerp_(from_blue.add_(4), torch.sub(value, green, out=inverse).sign_())
    hue.lerp_(from_green, torch.sub(value, red, out=inverse).sign_())
    hue.add_(6 * shifts[:, 0])
    hue.sub_(torch.div(hue, 6, out=inverse).floor_(), alpha=6)
    # A channel has nothing of the chroma where the hue is more than two sixths from its own, all within one.
    torch.sub(hue, 3, out=inverse).abs_().neg_().add_(2).clamp_(0, 1)
    red.copy_(value).addcmul_(inverse, chroma, value=-1)
    for channel, own in ((green, 2), (blue, 4)):
        torch.sub(hue, own, out=inverse).abs_().sub_(1).clamp_(0, 1)
        channel.copy_(value).addcmul_(inverse, chroma, value=-1)


def _blur(images: torch.Tensor, sigma: torch.Tensor) -> None:
    # Each row of the matrix holds the weights that one row, or column, of the image is made with.
    side = torch.arange(images.shape[-1], device=images.device, dtype=images.dtype)
    squares = (side.view(-1, 1) - side.view(1, -1)).square()
    weights = torch.exp(squares / (-2 * sigma.view(-1, 1, 1).square()))
    weights = torch.nn.functional.threshold(weights, _NEGLIGIBLE, 0.0)
    weights = weights / weights.sum(dim=-1, keepdim=True)
    across = (images.flatten(1, 2) @ weights.mT).view_as(images)
    # Side by side, the channels are one wide image: one product instead of three.
    down = weights @ across.transpose(1, 2).flatten(2)
    images.copy_(down.view(*images.shape[::2], 3, -1).transpose(1, 2))


def _solarise(images: torch.Tensor, _: torch.Tensor) -> None:
    # From a half on, the inverse is the smaller one.
    torch.minimum(images, 1 - images, out=images)
