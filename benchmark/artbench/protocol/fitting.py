"""What is fitted on features: the probe, on all images or on a few, and the neighbours beside it."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Probe:
    """Softmax regression (one sigmoid per label for multi-label targets) with an L2 penalty, solved to convergence.

    The objective is the mean loss over the images (for multi-label targets, the loss of an image is the sum over its
    labels) plus l2 / 2 times the squared norm of the weights; intercepts are not penalised. Years are fitted by ridge
    regression: the loss is half the squared error.

    Attributes:
        name: Name of the probe.
        standardise: Features are z-scored with the training statistics.
        grid: Penalties `l2` to choose from, ascending.
        patience: The grid is tried from the largest penalty down, until so many in a row have not lowered the loss.
        selection: Images on which the penalty is chosen.
        selection_metric: Criterion of the choice. Unlike accuracy, the loss hardly depends on which few images it is
            computed on.
        validation_fraction: Share of train held out if the dataset has no validation split.
        refit: Images on which the probe is fitted once the penalty is chosen.
        groups: Images on which the penalty is chosen where the task is about unseen groups, such as painters
            (`TaskSpec.clustered`); None: as everywhere.
        group_folds: Number of folds into which these groups are divided.
        tolerance: The fit has converged when the norm of the gradient is at most this share of `l2` times the norm of
            the weights, which puts the weights within this share of the exact ones; 0 for closed-form solutions.
    """

    name: str = "logistic"
    standardise: str = "z-score"
    grid: tuple[float, ...] = tuple(float(f"{10 ** (k / 2):.6g}") for k in range(-10, 3))
    patience: int = 2
    selection: str = "validation split, or a stratified tenth of train picked by SHA-256 of the image id"
    selection_metric: str = "mean loss"
    validation_fraction: float = 0.1
    refit: str = "train + validation"
    groups: str | None = None
    group_folds: int | None = None
    tolerance: float = 1e-3


@dataclass(frozen=True, kw_only=True)
class Neighbours:
    """Weighted k-nearest neighbours on cosine similarity, as in Wu et al. 2018 and DINO.

    Attributes:
        k: Number of neighbours.
        temperature: Temperature of the weights exp(similarity / temperature).
    """

    k: int = 20
    temperature: float = 0.07


@dataclass(frozen=True, kw_only=True)
class FewShot:
    """The probe is fitted on a few images of each class, drawn several times; the test split stays whole.

    Attributes:
        shots: Images drawn from each class of train; all of them if a class has fewer.
        draws: Number of draws; results are means over them.
        seed: Seed of the draws.
        draw: How an image is drawn.
        selection: Images on which the penalty is chosen; no other image of train or validation is used.
    """

    shots: int
    draws: int = 10
    seed: int = 0
    draw: str = "smallest SHA-256 of seed, draw and image id"
    selection: str = "a stratified tenth of the pictures drawn, at least one of each class; with one shot, none"
