"""The parts of a record: data, probe, metrics and rounds."""

from typing import Annotated, Any, Literal, Self

from pydantic import (
    Field,
    SerializerFunctionWrapHandler,
    StringConstraints,
    model_serializer,
    model_validator,
)

from artbench.records.fields import Amount, Count, Fraction, Name, Number, Part, Positive, Seconds, Sha256
from artbench.records.own_probe import OwnProbeState, without_own_probe
from artbench.specs import UNIT_PATTERN


class ExclusionState(Part):
    """What a list given with `--exclude` has removed.

    Attributes:
        sha256: Digest of the entries of the list.
        train: Number of images removed from train and validation.
        test: Number of images removed from test.
    """

    sha256: Sha256
    train: Count
    test: Count


class NearDuplicatesState(Part):
    """Near-duplicates between training and test, as found by an audit.

    Attributes:
        test: Number of test images with a near-duplicate among the training images.
        tiers: Methods of the audit: `bytes`, `hash`, `features`.
        audit_sha256: Digest of the pairs that the audit found.
    """

    test: Count
    tiers: tuple[Name, ...]
    audit_sha256: Sha256


class DatasetState(Part):
    """State of the data.

    Attributes:
        name: Name of the dataset.
        fingerprint: Digest of classes, splits, labels and the contents of all images (`Targets.fingerprint`).
        listing: The same with the sizes of the images in place of their contents. None in records of artbench 0.1,
            which have it as their fingerprint.
        train: Number of training images, including those of the validation split; of pictures of an index.
        test: Number of test images, or of queries.
        classes: Number of classes or labels; of different things that pictures of an index or queries are of.
        missing: Number of listed images that were missing.
        unreadable: Number of images that could not be decoded.
        partial: Whether more than 1 % were missing, with the user's consent.
        exclusion: Images excluded by the user; None if none were.
        twins: Near-duplicates; None if there was no audit of this state of the data.
    """

    name: Name
    fingerprint: Sha256
    listing: Sha256 | None = None
    train: Count
    test: Count
    classes: Count
    missing: Count
    unreadable: Count
    partial: bool = False
    exclusion: ExclusionState | None = None
    twins: NearDuplicatesState | None = None


class Metric(Part):
    """A value and its interval.

    Attributes:
        value: Value on the test images; with several rounds, the mean over them.
        ci95: Lower and upper end of the 95 % interval; None for a metric of which no interval can be made.
        unit: `fraction`, in [0, 1], `years`, or what the plugin of the metric says. Not written for fractions.
        higher_is_better: Whether more is better, as the plugin of the metric says; None, and not written, for built-in
            metrics.
    """

    value: Number
    ci95: tuple[Number, Number] | None
    unit: Annotated[str, StringConstraints(pattern=f"^{UNIT_PATTERN}$")] = "fraction"
    higher_is_better: bool | None = None

    @model_validator(mode="after")
    def _possible(self) -> Self:
        numbers = (self.value, *(self.ci95 or ()))
        if self.ci95 is not None and self.ci95[0] > self.ci95[1]:
            raise ValueError("the lower end of ci95 lies above the upper")
        if self.unit == "fraction" and max(numbers) > 1:
            raise ValueError("a fraction lies above 1")
        if self.unit in ("fraction", "years") and min(numbers) < 0:
            raise ValueError("a fraction, or a number of years, lies below 0")
        return self

    @model_serializer(mode="wrap")
    def _briefly(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        written: dict[str, Any] = write(self)
        if self.unit == "fraction":
            del written["unit"]
        if self.higher_is_better is None:
            del written["higher_is_better"]
        return written


class ProbeState(Part):
    """What the probe chose on validation.

    Attributes:
        name: Name of the probe.
        l2: The penalty chosen.
        grid: The penalties to choose from.
        grid_losses: Mean loss on validation for each penalty (mean squared error for years); None if it was not tried.
        validation: Every metric on validation at the penalty chosen; empty without validation images.
        validation_accuracy: The accuracy among them; None for tasks without it.
        thresholds: Probability from which a label counts as predicted, by metric.
        converged: Whether every fit met the protocol's convergence test.
        groups: Number of groups, such as painters, that were held out while the penalty was chosen; None if single
            images were.
        unfitted: Number of classes or labels that only images have on which the penalty was chosen, in some fold; None
            in records of artbench 0.1.
    """

    name: Name
    l2: Positive
    grid: tuple[Positive, ...]
    grid_losses: tuple[Amount | None, ...]
    validation: dict[Name, Number]
    validation_accuracy: Fraction | None
    thresholds: dict[Name, Fraction] = Field(default_factory=dict)
    converged: bool
    groups: Count | None = None
    unfitted: Count | None = None


class NeighboursState(Part):
    """Weighted k-nearest neighbours on the same features.

    Attributes:
        k: Number of neighbours.
        temperature: Temperature of their weights.
        metrics: Every metric; those that need a threshold are missing in records of artbench 0.1.
        thresholds: Vote from which a label counts as predicted, by metric; with several rounds, in the first.
    """

    k: Count
    temperature: Positive
    metrics: dict[Name, Metric]
    thresholds: dict[Name, Fraction] = Field(default_factory=dict)


class RoundState(Part):
    """One of several rounds that a record averages: a few-shot draw, or one of several splits.

    Attributes:
        train: Number of training images, including those of the validation split.
        test: Number of test images.
        metrics: Value of each metric.
        neighbours: Value of each metric for the nearest neighbours; empty without.
        probe: What the probe chose; None if an index was searched, or a plugin brought the probe.
        own_probe: That one; not written where there is none.
    """

    train: Count
    test: Count
    metrics: dict[Name, Number]
    neighbours: dict[Name, Number]
    probe: ProbeState | None = None
    own_probe: OwnProbeState | None = None

    @model_serializer(mode="wrap")
    def _written(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return without_own_probe(write(self))


class FewShotState(Part):
    """Few-shot training.

    Attributes:
        shots: Number of images drawn from each class.
        draws: Number of draws.
        seed: Seed of the draws.
        scarce: Number of classes with fewer images, all of which were taken.
        absent: Number of classes among these without any image, which no draw holds; None in records of artbench 0.1.
    """

    shots: Count
    draws: Count
    seed: Count
    scarce: Count
    absent: Count | None = None


class PromptsState(Part):
    """What a task said of its classes in words.

    Attributes:
        sha256: Digest of templates and words (`artbench.specs.Prompts.sha256`), which is in the hash of the protocol.
        templates: The templates, with `{}` for the class.
    """

    sha256: Sha256
    templates: Annotated[tuple[Name, ...], Field(min_length=1, max_length=200)]


class BaselineState(Part):
    """Scores of a guess without pixels, one of its kind of target."""

    name: Name
    metrics: dict[Name, Metric]


class ResourcesState(Part):
    """What a step took of the machine; not comparable between machines.

    Attributes:
        device_s: Seconds of the device, summed over processes: for which a GPU was held, or for which the cores of a
            processor computed.
        memory_bytes: Peak memory of the process that took most: allocated by torch on a GPU, resident on the CPU; None
            if the system does not tell.
        memory_by: How it was measured: `cuda`, `VmHWM` (the kernel's own peak), or `sampled`.
        reserved_bytes: Peak of what torch reserved on a GPU, with its cache; None on the CPU.
        energy_j: Energy in joules that the device as a whole used meanwhile; None if it does not tell.
        energy_by: Who counted it: `nvml` (the GPU) or `rapl` (the packages of the processor, and their memory).
    """

    device_s: Seconds
    memory_bytes: Count | None = None
    memory_by: Literal["cuda", "VmHWM", "sampled"] | None = None
    reserved_bytes: Count | None = None
    energy_j: Amount | None = None
    energy_by: Literal["nvml", "rapl"] | None = None

    @model_validator(mode="after")
    def _together(self) -> Self:
        for value, source in ((self.memory_bytes, self.memory_by), (self.energy_j, self.energy_by)):
            if (value is None) != (source is None):
                raise ValueError("a measured number and what measured it go together")
        return self


class LabelFreeState(Part):
    """Figures of the features of the test images that nothing was fitted for (`artbench.stats.label_free`).

    Attributes:
        of: Number of test images that could be read, each once; of the first round, if there are several.
        images: Number of these that were looked at: all, or the 5,000 whose ids have the smallest SHA-256.
        dimensions: Length of a feature vector.
        distinct: Number of different vectors among them.
        rankme: RankMe, of the features as they are.
        effective_rank: Effective rank of their covariance matrix.
        intrinsic_dimension: Intrinsic dimension by TwoNN; None if too few images differ.
        clusters: Number of k-means clusters, one for each class that is there; None if the task has several labels per
            image or asks for the year.
        ari: Adjusted Rand index of clusters and classes.
        nmi: Normalised mutual information of clusters and classes.
    """

    of: Count
    images: Count
    dimensions: Count
    distinct: Count
    rankme: Amount
    effective_rank: Amount
    intrinsic_dimension: Amount | None
    clusters: Count | None = None
    ari: Annotated[float, Field(ge=-1, le=1, allow_inf_nan=False)] | None = None
    nmi: Fraction | None = None
