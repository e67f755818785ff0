"""The checks that every run of Grad-CAM makes, and what they say in a line."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata
from scipy.stats import t as student_t

from artbench.explain.gradcam.maps import Explainer, Maps
from artbench.explain.gradcam.sanity.cascade import Cascade
from artbench.explain.gradcam.sanity.erasure import RANDOM, Curves, erasure_curves
from artbench.runtime.progress import Reporter
from artbench.runtime.text import counted

# A map passes if it shares less than a quarter of the variance of its ranks with the map of a network whose weights
# are random, whether that is the head alone or everything.
MOST_CORRELATION = 0.5
CRITERION = (
    "passes if the 95 % interval of the mean rank correlation with the maps of the randomised network ends at or below "
    f"{MOST_CORRELATION} at every depth, fails if it begins above at one, and is not judged otherwise"
)
# With fewer images an interval rests on too little.
FEWEST = 5
GRAD_CAM, GUIDED, GUIDED_GRAD_CAM = "Grad-CAM", "guided backpropagation", "Guided Grad-CAM"
# Ranks that differ by less than this share of what is possible are those of a map of one value.
_FLAT = 1e-12


@dataclass(frozen=True, kw_only=True)
class Checked:
    """Results of the checks for one kind of map.

    Attributes:
        correlations: For each depth of the cascade, the mean over the images of Spearman's rank correlation with the
            map of the trained network; None where no image has two maps to compare.
        intervals: For each depth, the 95 % interval of that mean (`mean_interval`).
        compared: For each depth, how many images have two: a map of Grad-CAM may be zero everywhere.
        curves: Deletion and insertion in the map's order.
    """

    correlations: tuple[float | None, ...]
    intervals: tuple[tuple[float, float], ...]
    compared: tuple[int, ...]
    curves: Curves

    @property
    def most(self) -> tuple[float, int] | None:
        """The largest of the correlations and its depth; None where there was nothing to compare.

        Where an interval decides that the map fails, it is the largest of those that do.
        """
        known = [(value, depth) for depth, value in enumerate(self.correlations) if value is not None]
        failing = [(value, depth) for value, depth in known if self.intervals[depth][0] > MOST_CORRELATION]
        return max(failing or known, default=None)

    @property
    def passes(self) -> bool | None:
        """Whether it passes the randomisation check (`CRITERION`); None where there is too little to judge it by."""
        known = [self.intervals[depth] for depth, value in enumerate(self.correlations) if value is not None]
        if any(low > MOST_CORRELATION for low, _ in known):
            return False
        return True if known and all(high <= MOST_CORRELATION for _, high in known) else None


@dataclass(frozen=True, kw_only=True)
class Sanity:
    """Results of the checks of one run.

    Attributes:
        depths: Names of what was made random, from the head down; each with all before it.
        maps: Results by the name of the kind of map.
        random: Deletion and insertion in random order.
        images: Number of images.
    """

    depths: tuple[str, ...]
    maps: Mapping[str, Checked]
    random: Curves
    images: int

    def verdict(self, kind: str) -> str:
        """Say how a kind of map does, such as `passes the randomisation check (…)`, with numbers."""
        checked = self.maps[kind]
        if checked.most is None:
            return "can't be put to the randomisation check: its maps are empty"
        value, depth = checked.most
        low, high = checked.intervals[depth]
        count = checked.compared[depth]
        over = f"95 % interval [{low:.2f}, {high:.2f}] over {counted(count, 'image')}"
        if checked.passes:
            return f"passes the randomisation check (rank correlation at most {value:.2f}, {over})"
        if checked.passes is None:
            return (
                f"is not judged by the randomisation check: {counted(count, 'image')} are too few to judge "
                f"(rank correlation {value:.2f}, 95 % interval [{low:.2f}, {high:.2f}], limit {MOST_CORRELATION})"
            )
        part = "the head" if depth == 0 else f"the {self.depths[0]} to {self.depths[depth].split(' to ')[-1]}"
        return f"fails the randomisation check (rank correlation {value:.2f}, {over}, with random weights in {part})"

    def areas(self, kind: str) -> str:
        """Describe deletion and insertion beside random order in a line."""
        curves = self.maps[kind].curves
        return (
            f"deletion {curves.deletion_area:.2f} (random {self.random.deletion_area:.2f}, lower is better), "
            f"insertion {curves.insertion_area:.2f} (random {self.random.insertion_area:.2f}, higher is better)"
        )


def kinds(maps: Maps) -> dict[str, NDArray[np.float32]]:
    """The maps by the name of their kind, shape (n, h, w): Grad-CAM on its grid, sums of magnitudes of gradients."""
    found = {GRAD_CAM: maps.grid}
    if maps.guided is not None and maps.guided_grad_cam is not None:
        found[GUIDED] = np.abs(maps.guided).sum(axis=3)
        found[GUIDED_GRAD_CAM] = np.abs(maps.guided_grad_cam).sum(axis=3)
    return found


def check_sanity(
    explainer: Explainer,
    cascade: Cascade,
    *,
    randomised: Explainer,
    pixels: NDArray[np.uint8],
    classes: NDArray[np.int64],
    maps: Maps,
    seed: int,
    reporter: Reporter,
) -> Sanity:
    """Randomise the weights from the head down, and erase images in the order of their maps.

    Args:
        explainer: Explainer of the network as it is.
        cascade: Randomisation of the network of `randomised`.
        randomised: Like `explainer`, on a network of its own.
        pixels: uint8, shape (n, height, width, 3).
        classes: The explained class of each image, shape (n,).
        maps: The maps that `explainer` makes of them.
        seed: Seed of the random orders.
        reporter: Receives progress and notices.
    """
    trained = kinds(maps)
    depths: list[str] = []
    correlations: dict[str, list[NDArray[np.float64]]] = {kind: [] for kind in trained}
    with reporter.counting("sanity checks", total=len(cascade) + len(pixels), unit="steps") as counter:
        for depth in cascade:
            depths.append(depth)
            for kind, values in kinds(randomised(pixels, classes)).items():
                correlations[kind].append(rank_correlations(trained[kind], values))
            counter.advance(note=depth)
        curves = erasure_curves(
            explainer.model,
            pixels,
            classes=classes,
            maps={**trained, GRAD_CAM: maps.grad_cam},
            grid=explainer.place.size,
            seed=seed,
            advance=counter.advance,
        )
    checked = {}
    for kind, by_depth in correlations.items():
        known = [values[np.isfinite(values)] for values in by_depth]
        means = tuple(float(values.mean()) if len(values) else None for values in known)
        checked[kind] = Checked(
            correlations=means,
            intervals=tuple(map(mean_interval, known)),
            compared=tuple(map(len, known)),
            curves=curves[kind],
        )
    return Sanity(depths=tuple(depths), maps=checked, random=curves[RANDOM], images=len(pixels))


def mean_interval(values: NDArray[np.float64]) -> tuple[float, float]:
    """Compute the 95 % interval of a mean rank correlation, by Student's t; [-1, 1] for fewer than 5 values.

    Args:
        values: Correlations of some images, shape (n,).
    """
    if len(values) < FEWEST:
        return -1.0, 1.0
    reach = float(student_t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values)))
    mean = float(values.mean())
    return max(-1.0, mean - reach), min(1.0, mean + reach)


def rank_correlations(ones: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float64]:
    """Compute Spearman's rank correlation of each pair of maps.

    Args:
        ones: Maps, shape (n, height, width).
        others: Maps of the same shape.

    Returns:
        float64, shape (n,); NaN where either map is of one value, as Grad-CAM's is where nothing is positive.
    """
    found = np.full(len(ones), np.nan)
    for at, pair in enumerate(zip(ones, others, strict=True)):
        ranks = np.stack([rankdata(values) for values in pair]).reshape(2, -1)
        ranks -= ranks.mean(axis=1, keepdims=True)
        spread = np.sqrt(np.square(ranks).sum(axis=1))
        if spread.min() > _FLAT * ranks.shape[1] ** 1.5:
            found[at] = (ranks[0] @ ranks[1]) / (spread[0] * spread[1])
    return found
