"""Colour jitter, grey, blur and solarise on whole batches, with parameters of their own for every picture."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray

from artbench.pretrain.draws import Draws

Adjust = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
_UNUSED = np.zeros(0, np.float32)


def augment(pixels: torch.Tensor, draws: Draws) -> torch.Tensor:
    """Apply all but crop and flip, in the order of MoCo v2 and BYOL: jitter, grey, blur, solarise.

    The operations are those of torchvision's `ColorJitter`, `RandomGrayscale` and `RandomSolarize` on tensors;
    the blur is a Gaussian whose weights are normalised where the picture's edge cuts it off. Each touches only the
    pictures that it was drawn for.

    Args:
        pixels: uint8, shape (n, side, side, 3), on any device.
        draws: Of these n pictures.

    Returns:
        float32 in [0, 1], shape (n, 3, side, side).
    """
    images = pixels.permute(0, 3, 1, 2).contiguous().float().div_(255)
    for stage in range(4):
        for number, adjust in enumerate((_brightness, _contrast, _saturation, _hue)):
            factors = draws.factors[:, number]
            # The first three are factors, the hue is shifted: what leaves a picture as it is.
            same = factors == (0 if number == 3 else 1)
            _change(images, draws.jitter & (draws.order[:, stage] == number) & ~same, adjust, factors)
    _change(images, draws.grey, _grey)
    _change(images, draws.blur, _blurred, draws.sigma)
    _change(images, draws.solarise, _solarised)
    return images


def normalised(images: torch.Tensor, mean: tuple[float, float, float], std: tuple[float, float, float]) -> torch.Tensor:
    """Pictures less `mean`, over `std`, per channel; in place."""
    shape = (1, 3, 1, 1)
    return images.sub_(images.new_tensor(mean).view(shape)).div_(images.new_tensor(std).view(shape))


def _change(
    images: torch.Tensor, chosen: NDArray[np.bool_], adjust: Adjust, values: NDArray[np.float32] = _UNUSED
) -> None:
    """Put `adjust(pictures, values)` in the place of the chosen pictures."""
    rows = np.flatnonzero(chosen)
    if len(rows):
        index = torch.from_numpy(rows).to(images.device)
        column = torch.from_numpy(values[rows] if len(values) else values).to(images.device)
        images[index] = adjust(images[index], column.view(-1, 1, 1, 1))


def _luma(images: torch.Tensor) -> torch.Tensor:
    red, green, blue = images.unbind(1)
    return (0.2989 * red + 0.587 * green + 0.114 * blue).unsqueeze(1)


def _blend(images: torch.Tensor, other: torch.Tensor, factors: torch.Tensor) -> torch.Tensor:
    return torch.lerp(other.expand_as(images), images, factors).clamp_(0, 1)


def _brightness(images: torch.Tensor, factors: torch.Tensor) -> torch.Tensor:
    return (images * factors).clamp_(0, 1)


def _contrast(images: torch.Tensor, factors: torch.Tensor) -> torch.Tensor:
    return _blend(images, _luma(images).mean(dim=(1, 2, 3), keepdim=True), factors)


def _saturation(images: torch.Tensor, factors: torch.Tensor) -> torch.Tensor:
    return _blend(images, _luma(images), factors)


def _grey(images: torch.Tensor, _: torch.Tensor) -> torch.Tensor:
    return _luma(images).expand_as(images)


def _hue(images: torch.Tensor, shifts: torch.Tensor) -> torch.Tensor:
    """Turn the hue by a share of the circle, at the same value and saturation in HSV."""
    red, green, blue = images.unbind(1)
    value, least = images.amax(1), images.amin(1)
    chroma = value - least
    safe = torch.where(chroma == 0, torch.ones_like(chroma), chroma)
    # In sixths of the circle.
    hue = torch.where(
        value == red,
        (green - blue) / safe,
        torch.where(value == green, 2 + (blue - red) / safe, 4 + (red - green) / safe),
    )
    hue = hue + 6 * shifts[:, 0]
    channels = []
    for start in (5.0, 3.0, 1.0):
        place = torch.remainder(hue + start, 6)
        channels.append(value - chroma * torch.minimum(place, 4 - place).clamp_(0, 1))
    return torch.stack(channels, dim=1)


def _blurred(images: torch.Tensor, sigma: torch.Tensor) -> torch.Tensor:
    # Each row of the matrix holds the weights that one row, or column, of the picture is made with.
    side = torch.arange(images.shape[-1], device=images.device, dtype=images.dtype)
    squares = (side.view(-1, 1) - side.view(1, -1)).square()
    weights = torch.exp(squares / (-2 * sigma.square()))
    weights = weights / weights.sum(dim=-1, keepdim=True)
    return weights @ images @ weights.transpose(-1, -2)


def _solarised(images: torch.Tensor, _: torch.Tensor) -> torch.Tensor:
    return torch.where(images >= 0.5, 1 - images, images)
