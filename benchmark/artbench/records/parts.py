"""The parts of a record: data, encoder, probe, metrics and rounds."""

from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    StringConstraints,
    model_serializer,
    model_validator,
)

Fraction = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0, le=10**15)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
# No characters that control a terminal, are invisible or change the direction of text.
Name = Annotated[str, StringConstraints(min_length=1, max_length=300, pattern=r"^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+$")]


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
        fingerprint: Digest of classes, splits, labels and images (`Targets.fingerprint`).
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
    settings: dict[Name, bool | int | float | Name | tuple[float, ...] | None]
    seed: Count
    steps: Count
    images_seen: Count
    batch_norm: Name
    dtype: Name
    unreadable: Count
    plugins: dict[Name, str]


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
    """

    name: Name
    l2: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    grid: tuple[float, ...]
    grid_losses: tuple[Amount | None, ...]
    validation: dict[Name, Amount]
    validation_accuracy: Fraction | None
    thresholds: dict[Name, Fraction] = Field(default_factory=dict)
    converged: bool


class NeighboursState(Part):
    """Weighted k-nearest neighbours on the same features."""

    k: Count
    temperature: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    metrics: dict[Name, Metric]


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
    """

    shots: Count
    draws: Count
    seed: Count
    scarce: Count


class BaselineState(Part):
    """Scores of a guess without pixels, such as `largest class`."""

    name: Name
    metrics: dict[Name, Metric]
