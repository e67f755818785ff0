"""The parts of a record: data, encoder, probe, metrics and rounds."""

from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    StringConstraints,
    model_serializer,
    model_validator,
)

from artbench.runtime.text import LONGEST_NAME, NAME_PATTERN

# Every number has a bound, far above what is measured: what shows them need not expect 1e308.
LARGEST = 1e15
Fraction = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Amount = Annotated[float, Field(ge=0, le=LARGEST, allow_inf_nan=False)]
Seconds = Annotated[float, Field(ge=0, le=LARGEST, allow_inf_nan=False)]
Positive = Annotated[float, Field(ge=1 / LARGEST, le=LARGEST, allow_inf_nan=False)]
Number = Annotated[float, Field(ge=-LARGEST, le=LARGEST, allow_inf_nan=False)]
Whole = Annotated[int, Field(ge=-(10**15), le=10**15)]
Count = Annotated[int, Field(ge=0, le=10**15)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Name = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_NAME, pattern=NAME_PATTERN)]
# Of a plugin in a file there is no version.
Version = Annotated[str, StringConstraints(max_length=100, pattern=r"^[\x20-\x7E]*$")]

# What is known of test images among the images that an encoder was trained on.
Knowledge: TypeAlias = Literal["clean", "unknown", "contaminated"]


class Part(BaseModel):
    """A part of a record: immutable, without unknown fields."""

    model_config = ConfigDict(extra="forbid", frozen=True)


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
        train: Number of training images, including those of the validation split.
        test: Number of test images.
        classes: Number of classes or labels.
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


class PoolState(Part):
    """The images that a checkpoint was pretrained on, from its manifest.

    Attributes:
        sha256: Digest of the manifest.
        images: Number of images.
        datasets: Number of images by dataset.
        test_images: Number of test images among them; None if the manifest was not available.
    """

    sha256: Sha256
    images: Count
    datasets: dict[Name, Count]
    test_images: Count | None

    def knowledge(self, dataset: str) -> Knowledge:
        """What the pool says of the test images of a dataset.

        Images are the same by id, within a dataset: the same work may be in another dataset under another id.
        """
        if self.test_images:
            return "contaminated"
        return "clean" if self.test_images == 0 and self.datasets.keys() == {dataset} else "unknown"


class TrainingState(Part):
    """How an encoder was pretrained.

    Attributes:
        key: Digest of everything that determines the result.
        method: Name of the method.
        backbone: Name of the backbone.
        settings: All settings of the method.
        seed: Seed of initialisation, order and augmentation.
        steps: Number of updates of the weights.
        images_seen: Number of images over all updates.
        batch_norm: What batch normalisation normalised over.
        dtype: Data type of the networks' computation.
        unreadable: Number of images of the pool that could not be read.
        plugins: Version of each distribution that was used.
    """

    key: Sha256
    method: Name
    backbone: Name
    settings: dict[Name, bool | Whole | Number | Name | tuple[Number, ...] | None]
    seed: Count
    steps: Count
    images_seen: Count
    batch_norm: Name
    dtype: Name
    unreadable: Count
    plugins: dict[Name, Version]


class SeenState(Part):
    """What the weights were trained on, and whether the test images were among it.

    Attributes:
        corpus: Name of the training images: `ImageNet-1k`; `not stated` if nothing is published; `none` if the weights
            were not trained.
        state: `clean`, `unknown` or `contaminated` (`artbench.encoders.Corpus` defines them).
        evidence: How that is known, as a short text or an address.
    """

    corpus: Name
    state: Knowledge
    evidence: Name


class EncoderState(Part):
    """The encoder of the features.

    Attributes:
        weights_sha256: Digest of the state dict.
        source: Source of the weights.
        checkpoint_sha256: Digest of the checkpoint's file, if the pretraining was a path.
        parameters: Number of parameters.
        feature_dim: Length of a feature vector.
        input_size: Side of the crop in pixels.
        layer: The layer that was read, counted from the end; None in records of artbench 0.1.
        pooling: How it was pooled: `cls`, `avg`, `cls+avg`, `map` or `max`; None if it was otherwise or is unknown.
        pool: Images that the checkpoint was pretrained on; None if unknown.
        training: How artbench pretrained it; None if it did not.
        seen: What the weights were trained on, and whether test images were among it; None in records of artbench 0.1.
    """

    weights_sha256: Sha256
    source: Name
    checkpoint_sha256: Sha256 | None = None
    parameters: Count
    feature_dim: Count
    input_size: Count
    layer: Count | None = None
    pooling: Literal["cls", "avg", "cls+avg", "map", "max"] | None = None
    pool: PoolState | None = None
    training: TrainingState | None = None
    seen: SeenState | None = None


class Metric(Part):
    """A value and its interval.

    Attributes:
        value: Value on the test images; with several rounds, the mean over them.
        ci95: Lower and upper end of the 95 % interval.
        unit: `fraction`, in [0, 1], or `years`. Not written for fractions.
    """

    value: Amount
    ci95: tuple[Amount, Amount]
    unit: Literal["fraction", "years"] = "fraction"

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.ci95[0] > self.ci95[1]:
            raise ValueError("the lower end of ci95 lies above the upper")
        if self.unit == "fraction" and max(self.value, *self.ci95) > 1:
            raise ValueError("a fraction lies above 1")
        return self

    @model_serializer(mode="wrap")
    def _briefly(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        written: dict[str, Any] = write(self)
        if self.unit == "fraction":
            del written["unit"]
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
    validation: dict[Name, Amount]
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
        neighbours: Value of each metric for the nearest neighbours.
        probe: What the probe chose.
    """

    train: Count
    test: Count
    metrics: dict[Name, Amount]
    neighbours: dict[Name, Amount]
    probe: ProbeState


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


class BaselineState(Part):
    """Scores of a guess without pixels, such as `largest class`."""

    name: Name
    metrics: dict[Name, Metric]


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
