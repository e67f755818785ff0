"""Every choice that must be equal for two numbers to be comparable, under a name and a hash."""

import hashlib
import json
import re
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Literal

from artbench.errors import UsageError


@dataclass(frozen=True, kw_only=True)
class Preprocessing:
    """Preprocessing of an image: RGB, EXIF orientation applied, short side resized, centre cropped.

    Attributes:
        size: Side of the crop in pixels, for backbones that take any.
        crop_fraction: Side of the crop divided by the resized short side: 244 / 0.875 = 279.
        interpolation: Interpolation of the resize, which is antialiased.
    """

    size: int = 244
    crop_fraction: float = 0.875
    interpolation: str = "bicubic"

    def crop_side(self, fixed: int | None) -> int:
        """Return the side of the crop for a backbone whose input size is `fixed` (None: any)."""
        return self.size if fixed is None else fixed

    def short_side(self, fixed: int | None) -> int:
        """Return the length in pixels to which the short side is resized before the crop."""
        return round(self.crop_side(fixed) / self.crop_fraction)


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
class Search:
    """Exact search of an index for the pictures that are most similar to each query, in place of a probe.

    Attributes:
        name: Name of the search.
        similarity: Measure of similarity, by which the pictures of the index are ranked.
        ties: Places of pictures of equal similarity.
        left_out: Pictures of the index that a query is not compared with.
        whitening: Number of whitened principal components of the index that vectors of length 1 are reduced to, and
            scaled to length 1 again (Jégou and Chum 2012); None: features are used as they are.
        csls: Number of neighbours of cross-domain similarity local scaling: twice the cosine, less the mean cosine of
            the query to its nearest so many of the index, less that of the picture to its nearest so many queries
            (Conneau, Lample et al. 2018). It looks at all queries at once. None: the cosine itself.
        neighbours: Number of nearest pictures of which is counted what they share with the query; None: all pictures
            are ranked.
        compared: Pictures that are compared with each other, in place of one index.
    """

    name: str = "exact"
    similarity: str = "cosine, float32"
    ties: str = "the last of their places"
    left_out: str = "the query itself, where it is in the index"
    whitening: int | None = None
    csls: int | None = None
    neighbours: str | None = None
    compared: str | None = None

    @property
    def asks(self) -> Literal["ranking", "neighbours"]:
        """The form of the answers to tasks that are measured so."""
        return "ranking" if self.neighbours is None else "neighbours"


@dataclass(frozen=True, kw_only=True)
class Bootstrap:
    """Percentile intervals from resampled test images.

    Attributes:
        resamples: Number of resamples.
        level: Coverage of the interval.
        seed: Seed of the resampling.
    """

    resamples: int = 1000
    level: float = 0.95
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class Intervals:
    """Intervals and paired tests from the metric without each unit: an image, or a cluster such as a painter.

    Attributes:
        name: Name of the method, which stands for the formulas of `stats.intervals` and `stats.robust_tests`.
        level: Coverage of the interval.
        most_units: Units that are left out one by one; more of them are first dealt out into so many groups.
        dealt: The order in which they are dealt out.
        seed: Seed of the simulation for the calibration error.
    """

    name: str = "left-out-v1"
    level: float = 0.95
    most_units: int = 1000
    dealt: str = "by SHA-256 of the image id; clusters by the smallest of their images"
    seed: int = 0


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


# Once the features are decomposed, a penalty costs nothing, so all of a wide grid is tried.
_RIDGE = Probe(
    name="ridge",
    grid=tuple(float(f"{10 ** (k / 2):.6g}") for k in range(-8, 9)),
    patience=17,
    selection_metric="mean squared error",
    tolerance=0,
)


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """A named set of choices. A change to any of them makes a new protocol with a new name.

    Attributes:
        search: How an index is searched, for tasks that ask for rankings: nothing is fitted then, so that `probe` and
            `neighbours` are no choices of the protocol. None: it has a probe.
        bootstrap: Intervals and tests from resampled test images; None: `intervals`.
        intervals: Intervals and tests from the metric without each unit; None: `bootstrap`.
        width: Number of principal components of train that features are reduced to; None: all features are used.
    """

    name: str
    picture: Preprocessing = Preprocessing()
    features: str = "pooled output before the classifier, eval mode"
    probe: Probe = Probe()
    neighbours: Neighbours = Neighbours()
    search: Search | None = None
    bootstrap: Bootstrap | None = Bootstrap()
    intervals: Intervals | None = None
    few_shot: FewShot | None = None
    width: int | None = None

    @cached_property
    def hash(self) -> str:
        """SHA-256 over all choices in canonical JSON; 64 hexadecimal digits."""
        given = asdict(self)
        if self.search is not None:
            del given["probe"], given["neighbours"]
        choices = json.dumps(_without_none(given), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(choices.encode()).hexdigest()

    def for_years(self) -> "Protocol":
        """Return this protocol for tasks that ask for the year: `ridge-v2` for `linear-v2`."""
        probe = replace(_RIDGE, groups=self.probe.groups, group_folds=self.probe.group_folds)
        return replace(self, name=self.name.replace("linear", "ridge"), probe=probe)

    def with_whitening(self, components: int) -> "Protocol":
        """Return this protocol with a search of whitened principal components: `retrieval-v1-whitening-512`."""
        search = replace(self.search or Search(), whitening=components)
        return replace(self, name=f"{self.name}-whitening-{components}", search=search)

    def with_csls(self, neighbours: int) -> "Protocol":
        """Return this protocol with similarities scaled by neighbourhoods: `retrieval-v1-csls-10`."""
        return replace(
            self, name=f"{self.name}-csls-{neighbours}", search=replace(self.search or Search(), csls=neighbours)
        )

    def with_shots(self, shots: int) -> "Protocol":
        """Return this protocol with a few images per class: `linear-v2-shots-4`."""
        return replace(self, name=f"{self.name}-shots-{shots}", few_shot=FewShot(shots=shots))

    def with_width(self, width: int) -> "Protocol":
        """Return this protocol on features of a common width: `linear-v2-width-512`."""
        return replace(self, name=f"{self.name}-width-{width}", width=width)


def _without_none(choices: dict[str, object]) -> dict[str, object]:
    """Leave out what a protocol does not have, so that a later field changes no hash."""
    return {
        name: _without_none(choice) if isinstance(choice, dict) else choice
        for name, choice in choices.items()
        if choice is not None
    }


LINEAR_V1 = Protocol(name="linear-v1")
"""The first protocol: a linear probe on the features that each library gives by default. Its records stay readable."""

LINEAR_V2 = Protocol(
    name="linear-v2",
    features="the declared layer, pooled as declared, eval mode",
    probe=Probe(
        grid=tuple(float(f"{10 ** (k / 2):.6g}") for k in range(-12, 5)),
        groups="train and validation, or the images drawn from train, in folds of whole groups of which each is held "
        "out once; a validation split by other groups than train's, where there is one",
        group_folds=5,
    ),
    bootstrap=None,
    intervals=Intervals(),
)
"""A linear probe on features whose layer, pooling and input size are declared."""

RETRIEVAL_V1 = Protocol(
    name="retrieval-v1", features=LINEAR_V2.features, bootstrap=None, intervals=Intervals(), search=Search()
)
"""Exact search of an index by the cosine of features as they are, for tasks that ask for rankings."""

ROBUSTNESS_V1 = Protocol(
    name="robustness-v1",
    features=LINEAR_V2.features,
    bootstrap=None,
    intervals=Intervals(),
    search=Search(
        similarity="cosine, float64",
        ties="places that are left, shared in equal parts",
        left_out="the picture itself",
        neighbours="as many as a cell has pictures",
        compared="equally many pictures of two classes from each of two origins; all such pairs, summed",
    ),
)
"""Neighbours of each picture by class and origin, such as museum, for tasks that ask which of them weighs more."""

PROTOCOLS = {protocol.name: protocol for protocol in (LINEAR_V1, LINEAR_V2)}
"""The protocols that a run can be made under, by name; years, shots and widths are variants of them, and tasks that ask
for rankings have `RETRIEVAL_V1`, those that ask for neighbours `ROBUSTNESS_V1`."""

DEFAULT_PROTOCOL = LINEAR_V2
"""The protocol of a run that asks for none. Features made for anything else are made as it makes them."""

_VARIANT = re.compile(r"(?P<whole>.+)-(?P<kind>shots|width|whitening|csls)-(?P<number>[1-9][0-9]{0,5})")


def protocol_to_run(name: str) -> Protocol:
    """Return the protocol of a run that asks for it: one of `PROTOCOLS`, or `retrieval-v1` and its variants.

    Raises:
        UsageError: There is none of that name.

    Examples:
        >>> from artbench.protocol import protocol_to_run
        >>> protocol_to_run("retrieval-v1-csls-10").search.csls
        10
    """
    found = PROTOCOLS.get(name) or protocol_named(name)
    if found is None or (found.search is None and name not in PROTOCOLS):
        raise UsageError(
            f"no protocol is called {name!r}",
            mend=f"There are {', '.join(PROTOCOLS)} and {RETRIEVAL_V1.name}, also as {RETRIEVAL_V1.name}-whitening-N "
            f"and {RETRIEVAL_V1.name}-csls-N",
        )
    return found


def protocol_named(name: str) -> Protocol | None:
    """Return the protocol of a name, such as `ridge-v1` or `linear-v2-shots-4`; None if this version has none.

    Examples:
        >>> from artbench.protocol import protocol_named
        >>> protocol_named("linear-v2-shots-4").few_shot.shots
        4
    """
    variant = _VARIANT.fullmatch(name)
    if variant is None:
        fitting = (protocol for linear in PROTOCOLS.values() for protocol in (linear, linear.for_years()))
        return next((protocol for protocol in (*fitting, RETRIEVAL_V1, ROBUSTNESS_V1) if protocol.name == name), None)
    whole, kind, number = protocol_named(variant["whole"]), variant["kind"], int(variant["number"])
    if whole is None or (kind in ("whitening", "csls")) != (whole.search is not None):
        return None
    if whole.search is not None:
        if whole.search.asks != "ranking":
            return None
        if whole.search.csls is not None or (kind == "whitening" and whole.search.whitening is not None):
            return None
        return whole.with_csls(number) if kind == "csls" else whole.with_whitening(number)
    if whole.few_shot is not None or (kind == "width" and whole.width is not None):
        return None
    return whole.with_shots(number) if kind == "shots" else whole.with_width(number)
