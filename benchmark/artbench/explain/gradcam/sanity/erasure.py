"""Deletion and insertion: what becomes of a class when the places that a map names are taken away, or alone shown."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional
from torchvision.transforms.functional import gaussian_blur

from artbench.explain.gradcam.model import ProbedEncoder

# Cells a side in which a picture is erased. All orders erase the same cells, whatever the resolution of their map:
# single pixels taken at random would spoil every texture at once, and any map would look bad beside that.
CELLS = 16
# Shares of the cells at which the probability is taken, the ends included.
SHARES = np.linspace(0, 1, 9)
RANDOM, RANDOM_ORDERS = "random", 2
# Of the side of the picture: the blur from which insertion starts.
_BLUR = 0.04


@dataclass(frozen=True, kw_only=True)
class Curves:
    """Mean probability of the explained class against the share of cells erased or shown, over the pictures.

    Attributes:
        deletion: float64, shape (9,), from the whole picture to none of it.
        insertion: float64, shape (9,), from the blurred picture to the whole.
    """

    deletion: NDArray[np.float64]
    insertion: NDArray[np.float64]

    @property
    def deletion_area(self) -> float:
        """Area under it, in [0, 1]; the smaller, the more the map's first places mattered."""
        return float(np.trapezoid(self.deletion, SHARES))

    @property
    def insertion_area(self) -> float:
        """Area under it, in [0, 1]; the larger, the more the map's first places mattered."""
        return float(np.trapezoid(self.insertion, SHARES))


def erasure_curves(
    model: ProbedEncoder,
    pixels: NDArray[np.uint8],
    *,
    classes: NDArray[np.int64],
    maps: Mapping[str, NDArray[np.float32]],
    single_label: bool,
    grid: tuple[int, int],
    seed: int,
    advance: Callable[[int], None],
) -> dict[str, Curves]:
    """Deletion and insertion (Petsiuk et al. 2018) in the order of each map, and `RANDOM` for random orders.

    Deleted cells get the mean colour of the encoder's normalisation; shown ones replace a blurred picture.

    Args:
        model: The network.
        pixels: uint8, shape (n, height, width, 3).
        classes: The explained class of each, shape (n,).
        maps: By name, shape (n, height, width), or (n, height, width, 3), of which magnitudes count.
        single_label: Whether probabilities are a softmax, or one sigmoid a label.
        grid: Of Grad-CAM's layer. Random orders are those of random values on it, bilinear, as smooth as Grad-CAM's:
            cells that are scattered all over spoil more of a picture than as many side by side.
        seed: Of the random orders.
        advance: Called with the number of pictures whenever so many are through.
    """
    random = np.random.default_rng(seed)
    orders = {name: [_order(values)] for name, values in maps.items()}
    orders[RANDOM] = [_order(_smooth(random, len(pixels), grid)) for _ in range(RANDOM_ORDERS)]
    found: dict[str, list[tuple[NDArray[np.float64], NDArray[np.float64]]]] = {name: [] for name in orders}
    for number in range(len(pixels)):
        one = _Picture(model, pixels[number], int(classes[number]), single_label=single_label)
        for name, several in orders.items():
            for order in several:
                found[name].append((one.along(order[number], delete=True), one.along(order[number], delete=False)))
        advance(1)
    return {
        name: Curves(
            deletion=np.mean([deletion for deletion, _ in curves], axis=0),
            insertion=np.mean([insertion for _, insertion in curves], axis=0),
        )
        for name, curves in found.items()
    }


class _Picture:
    """One picture, its class, and the two backgrounds."""

    def __init__(self, model: ProbedEncoder, pixels: NDArray[np.uint8], class_: int, *, single_label: bool) -> None:
        self._model, self._class, self._single_label = model, class_, single_label
        self._whole = model.pictures(pixels[None])
        sigma = _BLUR * pixels.shape[0]
        self._blurred = gaussian_blur(self._whole, kernel_size=2 * round(3 * sigma) + 1, sigma=sigma)
        self._grey = model.mean.expand_as(self._whole)
        self._ends = self._chances(torch.cat([self._whole, self._grey, self._blurred]))

    def along(self, order: NDArray[np.int64], *, delete: bool) -> NDArray[np.float64]:
        """The probability of the class, shape (9,), as the cells are deleted or shown in this order."""
        rank = torch.empty(CELLS * CELLS)
        rank[torch.from_numpy(order.copy())] = torch.arange(CELLS * CELLS).float()
        grid = rank.view(1, 1, CELLS, CELLS).to(self._whole.device)
        ranks = functional.interpolate(grid, size=self._whole.shape[2:], mode="nearest")
        taken = ranks < torch.from_numpy(SHARES[1:-1] * CELLS * CELLS).to(ranks).view(-1, 1, 1, 1)
        first, then = (self._whole, self._grey) if delete else (self._blurred, self._whole)
        between = self._chances(torch.where(taken, then, first))
        whole, grey, blurred = self._ends
        return np.array([whole, *between, grey] if delete else [blurred, *between, whole])

    @torch.inference_mode()
    def _chances(self, pictures: torch.Tensor) -> NDArray[np.float64]:
        logits = self._model(pictures)
        chances = logits.softmax(dim=1) if self._single_label else logits.sigmoid()
        found: NDArray[np.float64] = chances[:, self._class].cpu().numpy()
        return found


def _order(maps: NDArray[np.float32]) -> NDArray[np.int64]:
    """The cells of each picture, the most important first; shape (n, cells)."""
    single = np.abs(maps).sum(axis=3) if maps.ndim == 4 else maps
    cells = functional.adaptive_avg_pool2d(torch.from_numpy(np.ascontiguousarray(single))[:, None], CELLS)
    order: NDArray[np.int64] = np.argsort(-cells.reshape(len(maps), -1).numpy(), axis=1, kind="stable")
    return order


def _smooth(random: np.random.Generator, count: int, grid: tuple[int, int]) -> NDArray[np.float32]:
    """Random values on a grid, bilinear, on the cells."""
    values = torch.from_numpy(random.random((count, 1, *grid), np.float32))
    found: NDArray[np.float32] = functional.interpolate(values, size=(CELLS, CELLS), mode="bilinear")[:, 0].numpy()
    return found
