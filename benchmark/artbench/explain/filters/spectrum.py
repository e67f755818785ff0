"""Pictures written as decorrelated Fourier coefficients, in which gradient ascent finds pictures and not noise."""

from collections.abc import Sequence

import torch

# The axes into which the colours of natural scenes decorrelate: Ohta, Kanade and Sakai, "Color information for region
# segmentation" (1980): intensity, red against blue, green against both; here of length one. How far colours reach
# along them falls as 3 : 1 : 1/2. The matrix in general use (`color_correlation_svd_sqrt` of lucid, Olah et al. 2017)
# was measured on ImageNet, and would give one of the pretrainings its own colours.
_AXES = torch.tensor(
    [
        [3**-0.5, 3**-0.5, 3**-0.5],
        [2**-0.5, 0.0, -(2**-0.5)],
        [-(6**-0.5), 2 * 6**-0.5, -(6**-0.5)],
    ]
)
_REACH = torch.tensor([1.0, 1 / 3, 1 / 6])

# Of the coefficients at the start, and what makes a picture's contrast of them.
_START, _CONTRAST = 0.01, 0.42


class FourierPictures(torch.nn.Module):
    """Square pictures, each started from noise of its own.

    A coefficient's reach falls with its frequency as 1/f, as in natural pictures, and the three channels are
    decorrelated colours, so that all coefficients can be climbed at one pace (Olah et al., "Feature Visualization",
    2017).

    Args:
        seeds: One for each picture.
        side: In pixels.
    """

    def __init__(self, seeds: Sequence[int], *, side: int) -> None:
        super().__init__()
        self._side = side
        half = side // 2 + 1
        starts = [torch.randn(3, side, half, 2, generator=torch.Generator().manual_seed(seed)) for seed in seeds]
        self.coefficients = torch.nn.Parameter(_START * torch.stack(starts))
        frequency = torch.hypot(torch.fft.fftfreq(side)[:, None], torch.fft.rfftfreq(side)[None, :])
        self._reach: torch.Tensor
        self._colours: torch.Tensor
        self.register_buffer("_reach", 1 / frequency.clamp(min=1 / side))
        self.register_buffer("_colours", _CONTRAST * _REACH[:, None] * _AXES)

    def forward(self) -> torch.Tensor:
        """RGB in [0, 1], (n, 3, side, side)."""
        spectrum = torch.view_as_complex(self.coefficients) * self._reach
        planes = torch.fft.irfft2(spectrum, s=(self._side, self._side), norm="ortho")
        return torch.einsum("nkhw,kc->nchw", planes, self._colours).sigmoid()
