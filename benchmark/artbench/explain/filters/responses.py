"""The pictures of a dataset that units respond to most."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import partial

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

# In a mosaic of two by two; and pictures looked through for them.
SHOWN, SAMPLE = 4, 512
_BATCH = 16
_BELOW = 0.1


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Some pictures of a dataset, drawn by seed.

    Attributes:
        dataset: Its name.
        ids: Of the pictures.
        pixels: As an encoder of any input size sees them, uint8, (n, side, side, 3).
        of: How many pictures the dataset has.
    """

    dataset: str
    ids: list[str]
    pixels: NDArray[np.uint8]
    of: int

    def batches(self, device: str) -> list[torch.Tensor]:
        """RGB in [0, 1], float32, (up to 16, 3, side, side) each."""
        parts = np.split(self.pixels, range(_BATCH, len(self.pixels), _BATCH))
        return [torch.from_numpy(part).to(device).permute(0, 3, 1, 2).float() / 255 for part in parts]


def draw_sample(dataset: Dataset, *, side: int, seed: int, reporter: Reporter, most: int = SAMPLE) -> Sample:
    """Decode at most `most` pictures of a dataset, drawn by seed; what can't be read is left out.

    Args:
        dataset: Where they are.
        side: Of the square centre crop in pixels.
        seed: Of the draw.
        reporter: Told how far it is, and how many were left out.
        most: Pictures.

    Raises:
        ArtbenchError: None can be read.
    """
    rows = sorted(np.random.default_rng(seed).permutation(len(dataset))[:most].tolist())
    work = partial(_decoded, dataset, side=side)
    found: dict[int, NDArray[np.uint8]] = {}
    with (
        reporter.counting(f"pictures of {dataset.name}", total=len(rows), unit="pictures") as counter,
        closing(in_threads(work, rows, threads=usable_cores())) as pictures,
    ):
        for row, picture in zip(rows, pictures, strict=True):
            if picture is not None:
                found[row] = picture
            counter.advance()
    if not found:
        raise ArtbenchError(
            f"no picture of {dataset.name} can be read", mend="`artbench data check` says what is wrong with them"
        )
    if len(found) < len(rows):
        reporter.notice(f"{dataset.name}: {len(rows) - len(found)} of {len(rows)} pictures can't be read")
    return Sample(
        dataset=dataset.name,
        ids=[dataset.ids[row] for row in found],
        pixels=np.stack(list(found.values())),
        of=len(dataset),
    )


def _decoded(dataset: Dataset, row: int, *, side: int) -> NDArray[np.uint8] | None:
    try:
        return decode(dataset.read(row), short_side=Preprocessing().short_side(side), crop=side)
    except (UnreadableImage, OSError):
        return None


def strongest(responses: torch.Tensor, count: int = SHOWN) -> NDArray[np.int64]:
    """The numbers of the pictures that each unit responds to most, the strongest first: (units, count or fewer).

    Args:
        responses: Of each picture and unit, (pictures, units).
        count: How many.
    """
    order = torch.sort(responses, dim=0, descending=True, stable=True).indices
    return order[:count].T.numpy()


class _Reached(Exception):  # noqa: N818  it ends a forward pass that has done its work
    pass


class UnitReader:
    """A network up to one layer.

    Args:
        module: The network, as `artbench.explain.filters.depths.readable` gives it.
        depth: The layer.
        mean: Per channel, of RGB in [0, 1].
        std: Per channel, of RGB in [0, 1].
    """

    def __init__(self, module: torch.nn.Module, depth: Depth, *, mean: Sequence[float], std: Sequence[float]) -> None:
        self._module, self._depth = module, depth
        device = next(iter(module.parameters())).device
        self._mean = torch.tensor(mean, device=device).view(1, 3, 1, 1)
        self._std = torch.tensor(std, device=device).view(1, 3, 1, 1)

    def __call__(self, pictures: torch.Tensor) -> torch.Tensor:
        """How much each unit responds, (n, units), to pictures: RGB in [0, 1], (n, 3, height, width).

        The mean over its map; values below zero count a tenth.
        """
        normalised = ((pictures - self._mean) / self._std).contiguous(memory_format=torch.channels_last)
        with self._reading() as read, suppress(_Reached):
            self._module(normalised)
        # Of a filter that sums to zero the mean says nothing, so what is above zero counts; that a unit far below
        # climbs at all, what is below counts a little.
        value = functional.leaky_relu(read[0], _BELOW)
        place = self._depth.place
        if place.kind == "maps":
            return value.mean(dim=(2, 3))
        if place.kind == "maps, channels last":
            return value.mean(dim=(1, 2))
        return value[:, place.prefix :].mean(dim=1)

    @contextmanager
    def _reading(self) -> Iterator[list[torch.Tensor]]:
        read: list[torch.Tensor] = []
        calls = 0

        def reach(tensor: torch.Tensor) -> None:
            nonlocal calls
            calls += 1
            if calls == self._depth.call + 1:
                read.append(tensor)
                raise _Reached

        part = self._module.get_submodule(self._depth.hook)
        if self._depth.before:
            hook = part.register_forward_pre_hook(lambda _, given: reach(given[0]))
        else:
            hook = part.register_forward_hook(lambda _, __, output: reach(output))
        try:
            yield read
        finally:
            hook.remove()
