"""Every choice that must be equal for two numbers to be comparable, under a name and a hash."""

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from functools import cached_property


@dataclass(frozen=True, kw_only=True)
class Preprocessing:
    """How a picture is made ready: RGB, EXIF orientation applied, short side resized, centre cropped.

    Attributes:
        size: Side of the crop in pixels, where the backbone leaves the choice.
        crop_fraction: Side of the crop over the resized short side: 244 / 0.875 = 279.
        interpolation: Of the resize; antialiased.
    """

    size: int = 244
    crop_fraction: float = 0.875
    interpolation: str = "bicubic"

    def crop_side(self, fixed: int | None) -> int:
        """Side of the crop for a backbone whose input size is `fixed` (None: any)."""
        return self.size if fixed is None else fixed

    def short_side(self, fixed: int | None) -> int:
        """Length in pixels to which the short side is resized before the crop."""
        return round(self.crop_side(fixed) / self.crop_fraction)


@dataclass(frozen=True, kw_only=True)
class Probe:
    """Softmax regression (one sigmoid a label for multi-label targets) with an L2 penalty, solved to convergence.

    The objective is the mean loss over the pictures (for multi-label targets the sum over the labels of theirs)
    plus l2 / 2 times the squared norm of the weights; the intercepts are free. For years it is ridge regression: the
    loss is half the squared error.

    Attributes:
        name: Of the probe.
        standardise: Features are z-scored with the training statistics.
        grid: The penalties `l2` to choose from, ascending.
        patience: They are tried from the largest down; after so many without a smaller loss the rest is left out.
        selection: On what the penalty is chosen.
        selection_metric: By what. The loss, unlike an accuracy over few pictures, hardly depends on which they are.
        validation_fraction: Share of train held out where the dataset has no validation split.
        refit: On what the probe is fitted once the penalty is chosen.
        tolerance: Solved when the norm of the gradient is at most this share of `l2` times the norm of the weights,
            which puts the weights within this share of the exact ones; 0 for what is solved in closed form.
    """

    name: str = "logistic"
    standardise: str = "z-score"
    grid: tuple[float, ...] = tuple(float(f"{10 ** (k / 2):.6g}") for k in range(-10, 3))
    patience: int = 2
    selection: str = "validation split, or a stratified tenth of train picked by SHA-256 of the image id"
    selection_metric: str = "mean loss"
    validation_fraction: float = 0.1
    refit: str = "train + validation"
    tolerance: float = 1e-3


@dataclass(frozen=True, kw_only=True)
class Neighbours:
    """Weighted k-nearest neighbours on cosine similarity, as in Wu et al. 2018 and DINO.

    Attributes:
        k: Number of neighbours.
        temperature: Of the softmax weights exp(similarity / temperature).
    """

    k: int = 20
    temperature: float = 0.07


@dataclass(frozen=True, kw_only=True)
class Bootstrap:
    """Percentile intervals from resampled test images.

    Attributes:
        resamples: Number of resamples.
        level: Coverage of the interval.
        seed: Of the resampling.
    """

    resamples: int = 1000
    level: float = 0.95
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class FewShot:
    """Only a few pictures of each class are fitted on, drawn several times over; the test stays whole.

    Attributes:
        shots: Pictures drawn of each class of train; all of them where a class has fewer.
        draws: How often; results are means over the draws.
        seed: Of the draws.
        draw: How a picture is drawn.
        selection: On what the penalty is chosen, since no other picture of train or validation may be looked at.
    """

    shots: int
    draws: int = 10
    seed: int = 0
    draw: str = "smallest SHA-256 of seed, draw and image id"
    selection: str = "a stratified tenth of the pictures drawn, at least one of each class; with one shot, none"


# The ridge path costs nothing once the features are decomposed, so that all of a wide grid is tried.
_RIDGE = Probe(
    name="ridge",
    grid=tuple(float(f"{10 ** (k / 2):.6g}") for k in range(-8, 9)),
    patience=17,
    selection_metric="mean squared error",
    tolerance=0,
)


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """A named set of choices. Any change to any of them is a new protocol with a new name."""

    name: str
    picture: Preprocessing = Preprocessing()
    features: str = "pooled output before the classifier, eval mode"
    probe: Probe = Probe()
    neighbours: Neighbours = Neighbours()
    bootstrap: Bootstrap = Bootstrap()
    few_shot: FewShot | None = None

    @cached_property
    def hash(self) -> str:
        """SHA-256 over all choices in canonical JSON; 64 hexadecimal digits."""
        chosen = {name: choice for name, choice in asdict(self).items() if choice is not None}
        choices = json.dumps(chosen, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(choices.encode()).hexdigest()

    def for_years(self) -> "Protocol":
        """The same for tasks that ask for the year: `ridge-v1` for `linear-v1`."""
        return replace(self, name=self.name.replace("linear", "ridge"), probe=_RIDGE)

    def with_shots(self, shots: int) -> "Protocol":
        """The same from a few pictures a class: `linear-v1-shots-4`."""
        return replace(self, name=f"{self.name}-shots-{shots}", few_shot=FewShot(shots=shots))


LINEAR_V1 = Protocol(name="linear-v1")
"""The protocol of the published leaderboards: a linear probe on frozen features."""
