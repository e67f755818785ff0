"""Images drawn from a dataset, and how much the units of a layer respond to images."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import count

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from artbench.data.dataset import Dataset
from artbench.data.decode import UnreadableImage, decode
from artbench.errors import ArtbenchError
from artbench.explain.filters.depths import Depth
from artbench.protocol import Preprocessing
from artbench.runtime.progress import Reporter
from artbench.runtime.threads import in_threads, usable_cores

# Images drawn; and as many of them go through the network at once.
_SAMPLE, _BATCH = 512, 16
# Weight of values below zero.
_BELOW = 0.1


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Images of a dataset, drawn by seed.

    Attributes:
        dataset: Name of the dataset.
        ids: Ids of the images.
        pixels: Square centre crops, RGB, uint8, shape (n, side, side, 3).
        of: Number of images of the dataset.
    """

    dataset: str
    ids: list[str]
    pixels: NDArray[np.uint8]
    of: int

    def batches(self, device: str) -> list[torch.Tensor]:
        """Split the images into batches: RGB in [0, 1], float32, shape (up to 16, 3, side, side)."""
        parts = np.split(self.pixels, range(_BATCH, len(self.pixels), _BATCH))
        return [torch.from_numpy(part).to(device).permute(0, 3, 1, 2).float() / 255 for part in parts]


def draw_sample(dataset: Dataset, *, side: int, seed: int, reporter: Reporter) -> Sample:
    """Draw at most 512 images of a dataset by seed and decode them; those that can't be read are left out.

    Raises:
        ArtbenchError: No image can be read.
    """
    rows = sorted(np.random.default_rng(seed).permutation(len(dataset))[:_SAMPLE].tolist())
    work = partial(_decoded, dataset, side=side)
    found: dict[int, NDArray[np.uint8]] = {}
    with (
        reporter.counting(f"images of {dataset.name}", total=len(rows), unit="images") as counter,
        closing(in_threads(work, rows, threads=usable_cores())) as images,
    ):
        for row, image in zip(rows, images, strict=True):
            if image is not None:
                found[row] = image
            counter.advance()
    if not found:
        raise ArtbenchError(
            f"no image of {dataset.name} can be read", mend="`artbench data check` says what is wrong with them"
        )
    if len(found) < len(rows):
        reporter.notice(f"{dataset.name}: {len(rows) - len(found)} of {len(rows)} images can't be read")
    ids, pixels = [dataset.ids[row] for row in found], np.stack(list(found.values()))
    return Sample(dataset=dataset.name, ids=ids, pixels=pixels, of=len(dataset))


def _decoded(dataset: Dataset, row: int, *, side: int) -> NDArray[np.uint8] | None:
    try:
        return decode(dataset.read(row), short_side=Preprocessing().short_side(side), crop=side)
    except (UnreadableImage, OSError):
        return None


class _Reached(Exception):  # noqa: N818  it ends a forward pass that has done its work
    pass


class UnitReader:
    """A network up to one layer.

    Args:
        module: The network, without modules that work in place (`artbench.explain.filters.depths.Trace`).
        depth: The layer.
        mean: Mean of each channel of RGB in [0, 1].
        std: Standard deviation of each channel.
    """

    def __init__(self, module: torch.nn.Module, depth: Depth, *, mean: Sequence[float], std: Sequence[float]) -> None:
        self._module, self._depth = module, depth
        device = next(iter(module.parameters())).device
        self._mean = torch.tensor(mean, device=device).view(1, 3, 1, 1)
        self._std = torch.tensor(std, device=device).view(1, 3, 1, 1)

    def __call__(self, images: torch.Tensor) -> torch.Tensor:
        """Compute how much each unit responds to images.

        The response is the mean over the unit's map, in which values below zero count a tenth: the plain mean says
        nothing of a filter that sums to zero, and without them a unit far below zero would have no gradient.

        Args:
            images: RGB in [0, 1], shape (n, 3, height, width).

        Returns:
            Shape (n, units).
        """
        normalised = ((images - self._mean) / self._std).contiguous(memory_format=torch.channels_last)
        read: list[torch.Tensor] = []
        calls = count()

        def reach(tensor: torch.Tensor) -> None:
            if next(calls) == self._depth.call:
                read.append(tensor)
                raise _Reached

        part = self._module.get_submodule(self._depth.hook)
        if self._depth.before:
            hook = part.register_forward_pre_hook(lambda _, given: reach(given[0]))
        else:
            hook = part.register_forward_hook(lambda _, __, output: reach(output))
        try:
            self._module(normalised)
        except _Reached:
            pass
        finally:
            hook.remove()
        value = functional.leaky_relu(read[0], _BELOW)
        place = self._depth.place
        if place.kind == "maps":
            return value.mean(dim=(2, 3))
        if place.kind == "maps, channels last":
            return value.mean(dim=(1, 2))
        return value[:, place.prefix :].mean(dim=1)
