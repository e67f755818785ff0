"""The checks that every run of Grad-CAM makes, and what they say in a line."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from artbench.explain.gradcam.maps import Explainer, Maps
from artbench.explain.gradcam.sanity.cascade import Cascade
from artbench.explain.gradcam.sanity.erasure import RANDOM, Curves, erasure_curves
from artbench.runtime.progress import Reporter

# A map passes if it shares less than a quarter of the variance of its ranks with the map of a network whose weights
# are random, whether that is the head alone or everything.
MOST_CORRELATION = 0.5
CRITERION = (
    "passes if the mean rank correlation with the maps of the randomised network is at most "
    f"{MOST_CORRELATION} at every depth"
)
GRAD_CAM, GUIDED, GUIDED_GRAD_CAM = "Grad-CAM", "guided backpropagation", "Guided Grad-CAM"
# Ranks that differ by less than this, as a share of how much they could, are those of a map of one value.
_FLAT = 1e-12


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What the checks make of one kind of map.

    Attributes:
        correlations: For each depth of the cascade, the mean over the pictures of Spearman's rank correlation with
            the map of the trained network; None where no picture has two maps to compare.
        compared: For each depth, how many pictures had: a map of Grad-CAM may be zero everywhere.
        curves: Deletion and insertion in the map's order.
    """

    correlations: tuple[float | None, ...]
    compared: tuple[int, ...]
    curves: Curves

    @property
    def most(self) -> tuple[float, int] | None:
        """The largest of the correlations and its depth; None where there was nothing to compare."""
        known = [(value, depth) for depth, value in enumerate(self.correlations) if value is not None]
        return max(known, default=None)

    @property
    def passes(self) -> bool | None:
        """Whether it passes the randomisation check (`CRITERION`); None where there was nothing to compare."""
        return None if self.most is None else self.most[0] <= MOST_CORRELATION


@dataclass(frozen=True, kw_only=True)
class Sanity:
    """What the checks say of one run.

    Attributes:
        depths: What was made random, from the head down; each with all before it.
        maps: By the name of the kind of map.
        random: Deletion and insertion in random order.
        pictures: How many were looked at.
    """

    depths: tuple[str, ...]
    maps: Mapping[str, Checked]
    random: Curves
    pictures: int

    def verdict(self, kind: str) -> str:
        """`passes the randomisation check (rank correlation at most 0.12)`, or what else there is to say."""
        checked = self.maps[kind]
        if checked.most is None:
            return "can't be put to the randomisation check: its maps are empty"
        value, depth = checked.most
        if checked.passes:
            return f"passes the randomisation check (rank correlation at most {value:.2f})"
        return f"fails the randomisation check (rank correlation {value:.2f} with random weights in {self.part(depth)})"

    def part(self, depth: int) -> str:
        """What is random at a depth: `the head`, `the head to layer3`."""
        return "the head" if depth == 0 else f"the {self.depths[0]} to {self.depths[depth].split(' to ')[-1]}"

    def areas(self, kind: str) -> str:
        """Deletion and insertion beside random order, in a line."""
        curves = self.maps[kind].curves
        return (
            f"deletion {curves.deletion_area:.2f} (random {self.random.deletion_area:.2f}, lower is better), "
            f"insertion {curves.insertion_area:.2f} (random {self.random.insertion_area:.2f}, higher is better)"
        )


def kinds(maps: Maps) -> dict[str, NDArray[np.float32]]:
    """The maps there are, each by the name of its kind, as they are ranked; Grad-CAM on the grid of its layer."""
    found = {GRAD_CAM: maps.grid}
    if maps.guided is not None and maps.guided_grad_cam is not None:
        found |= {GUIDED: maps.guided, GUIDED_GRAD_CAM: maps.guided_grad_cam}
    return found


def check_sanity(
    explainer: Explainer,
    cascade: Cascade,
    *,
    randomised: Explainer,
    pixels: NDArray[np.uint8],
    classes: NDArray[np.int64],
    maps: Maps,
    single_label: bool,
    seed: int,
    reporter: Reporter,
) -> Sanity:
    """Randomise the weights from the head down, and erase pictures in the order of their maps.

    Args:
        explainer: Of the network as it is.
        cascade: Over the network of `randomised`.
        randomised: Like `explainer`, on a network of its own.
        pixels: uint8, shape (n, height, width, 3).
        classes: The explained class of each, shape (n,).
        maps: What `explainer` makes of them.
        single_label: Whether probabilities are a softmax, or one sigmoid a label.
        seed: Of the random orders.
        reporter: Told how far it is.
    """
    depths: list[str] = []
    found: dict[str, list[NDArray[np.float64]]] = {name: [] for name in kinds(maps)}
    with reporter.counting("sanity checks", total=len(cascade) + len(pixels), unit="steps") as counter:
        for depth in cascade:
            depths.append(depth)
            for name, values in kinds(randomised(pixels, classes)).items():
                found[name].append(rank_correlations(kinds(maps)[name], values))
            counter.advance(note=depth)
        orders = {**kinds(maps), GRAD_CAM: maps.grad_cam}
        curves = erasure_curves(
            explainer.model,
            pixels,
            classes=classes,
            maps=orders,
            single_label=single_label,
            grid=explainer.place.size,
            seed=seed,
            advance=counter.advance,
        )
    return Sanity(
        depths=tuple(depths),
        maps={
            name: Checked(
                correlations=tuple(_mean(values) for values in correlations),
                compared=tuple(int(np.isfinite(values).sum()) for values in correlations),
                curves=curves[name],
            )
            for name, correlations in found.items()
        },
        random=curves[RANDOM],
        pictures=len(pixels),
    )


def _mean(values: NDArray[np.float64]) -> float | None:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else None


def rank_correlations(ones: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float64]:
    """Spearman's rank correlation of each pair of maps.

    Args:
        ones: Shape (n, height, width), or (n, height, width, channels), of which the sum of magnitudes counts.
        others: Of the same shape.

    Returns:
        float64, shape (n,); NaN where either map is of one value, as Grad-CAM's is where nothing is positive.
    """
    return np.array([_spearman(one, other) for one, other in zip(_flat(ones), _flat(others), strict=True)])


def _flat(maps: NDArray[np.float32]) -> NDArray[np.float32]:
    single = np.abs(maps).sum(axis=3) if maps.ndim == 4 else maps
    return single.reshape(len(maps), -1)


def _spearman(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    ranks = np.stack([rankdata(one), rankdata(other)])
    ranks -= ranks.mean(axis=1, keepdims=True)
    spread = np.sqrt(np.square(ranks).sum(axis=1))
    if spread.min() <= _FLAT * one.size**1.5:
        return float("nan")
    return float((ranks[0] @ ranks[1]) / (spread[0] * spread[1]))
