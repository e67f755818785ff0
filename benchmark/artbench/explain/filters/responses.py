"""The pictures of a dataset that units respond to most."""

from contextlib import closing
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray

from artbench.data.dataset import Dataset
from artbench.data.decode import UnreadableImage, decode
from artbench.errors import ArtbenchError
from artbench.protocol import Picture
from artbench.runtime.cores import usable_cores
from artbench.runtime.progress import Reporter
from artbench.runtime.threads import in_threads

# In a mosaic of two by two; and pictures looked through for them.
SHOWN, SAMPLE = 4, 512
_BATCH = 16


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
        return decode(dataset.read(row), short_side=Picture().short_side(side), crop=side)
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
