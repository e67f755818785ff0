"""Deletion and insertion: the probability of a class when the places that a map names are erased, or alone shown."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional
from torchvision.transforms.functional import gaussian_blur

from artbench.explain.gradcam.model import ProbedEncoder

# Cells a side in which an image is erased. All orders erase the same cells, whatever the resolution of their map:
# single pixels taken at random would spoil every texture at once, and any map would look bad beside that.
CELLS = 16
# Shares of the cells at which the probability is taken, the ends included.
SHARES = np.linspace(0, 1, 9)
RANDOM, RANDOM_ORDERS = "random", 2
# The blur from which insertion starts, as a share of the side of the image.
_BLUR = 0.04


@dataclass(frozen=True, kw_only=True)
class Curves:
    """Mean probability of the explained class against the share of cells erased or shown, over the images.

    Attributes:
        deletion: float64, shape (9,), from the whole image to none of it.
        insertion: float64, shape (9,), from the blurred image to the whole.
    """

    deletion: NDArray[np.float64]
    insertion: NDArray[np.float64]

    @property
    def deletion_area(self) -> float:
        """Area under the curve, in [0, 1]; the smaller, the more the map's first places mattered."""
        return float(np.trapezoid(self.deletion, SHARES))

    @property
    def insertion_area(self) -> float:
        """Area under the curve, in [0, 1]; the larger, the more the map's first places mattered."""
        return float(np.trapezoid(self.insertion, SHARES))


def erasure_curves(
    model: ProbedEncoder,
    pixels: NDArray[np.uint8],
    *,
    classes: NDArray[np.int64],
    maps: Mapping[str, NDArray[np.float32]],
    grid: tuple[int, int],
    seed: int,
    advance: Callable[[int], None],
) -> dict[str, Curves]:
    """Compute deletion and insertion (Petsiuk et al. 2018) in the order of each map, and in random orders (`RANDOM`).

    Deleted cells get the mean colour of the encoder's normalisation; shown ones replace a blurred image.

    Args:
        model: The network.
        pixels: uint8, shape (n, height, width, 3).
        classes: The explained class of each image, shape (n,).
        maps: Maps by name, never negative, shape (n, height, width).
        grid: Height and width of Grad-CAM's layer. Random orders are those of random values on it, bilinear, as smooth
            as Grad-CAM's: cells that are scattered all over spoil more of an image than as many side by side.
        seed: Seed of the random orders.
        advance: Called with the number of images that are done since the last call.
    """
    random = np.random.default_rng(seed)
    orders = {name: [_order(torch.from_numpy(np.ascontiguousarray(values))[:, None])] for name, values in maps.items()}
    orders[RANDOM] = []
    for _ in range(RANDOM_ORDERS):
        values = torch.from_numpy(random.random((len(pixels), 1, *grid), np.float32))
        orders[RANDOM].append(_order(functional.interpolate(values, size=(CELLS, CELLS), mode="bilinear")))
    found: dict[str, list[NDArray[np.float64]]] = {name: [] for name in orders}
    for at, class_ in enumerate(classes.tolist()):
        image = _Image(model, pixels[at], class_)
        for name, several in orders.items():
            found[name] += [image.deletion_and_insertion(order[at]) for order in several]
        advance(1)
    means = {name: np.mean(curves, axis=0) for name, curves in found.items()}
    return {name: Curves(deletion=mean[0], insertion=mean[1]) for name, mean in means.items()}


class _Image:
    """An image, its class, and the two backgrounds."""

    def __init__(self, model: ProbedEncoder, pixels: NDArray[np.uint8], class_: int) -> None:
        self._model, self._class = model, class_
        self._whole = model.images(pixels[None])
        sigma = _BLUR * pixels.shape[0]
        self._blurred = gaussian_blur(self._whole, kernel_size=2 * round(3 * sigma) + 1, sigma=sigma)
        self._mean = model.mean.expand_as(self._whole)
        self._ends = self._probabilities(torch.cat([self._whole, self._mean, self._blurred]))

    def deletion_and_insertion(self, order: NDArray[np.int64]) -> NDArray[np.float64]:
        """The probability of the class, shape (2, 9), as the cells are deleted or shown in this order."""
        rank = torch.empty(CELLS * CELLS)
        rank[torch.from_numpy(order.copy())] = torch.arange(CELLS * CELLS).float()
        grid = rank.view(1, 1, CELLS, CELLS).to(self._whole.device)
        ranks = functional.interpolate(grid, size=self._whole.shape[2:], mode="nearest")
        taken = ranks < torch.from_numpy(SHARES[1:-1] * CELLS * CELLS).to(ranks).view(-1, 1, 1, 1)
        deleted = self._probabilities(torch.where(taken, self._mean, self._whole))
        shown = self._probabilities(torch.where(taken, self._whole, self._blurred))
        whole, mean, blurred = self._ends
        return np.array([[whole, *deleted, mean], [blurred, *shown, whole]])

    def _probabilities(self, images: torch.Tensor) -> NDArray[np.float64]:
        return self._model.probabilities(images)[:, self._class]


def _order(maps: torch.Tensor) -> NDArray[np.int64]:
    """The cells of each image, the most important first, shape (n, cells), from maps of shape (n, 1, h, w)."""
    cells = functional.adaptive_avg_pool2d(maps, CELLS).flatten(1).numpy()
    order: NDArray[np.int64] = np.argsort(-cells, axis=1, kind="stable")
    return order
