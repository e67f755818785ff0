"""What a result was made from: the state of the data, and the encoder."""

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
# Nothing that moves a terminal's cursor, hides in a page or turns its text around.
Name = Annotated[str, StringConstraints(min_length=1, max_length=300, pattern=r"^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+$")]


class Part(BaseModel):
    """A part of a record: nothing unknown in it, and nothing that changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ExclusionState(Part):
    """What a list given with `--exclude` has taken out.

    Attributes:
        sha256: Of the list's entries.
        train: Images taken out of train and validation.
        test: Images taken out of the test.
    """

    sha256: Sha256
    train: Count
    test: Count


class NearDuplicatesState(Part):
    """What an audit that was on hand says of this task.

    Attributes:
        test: Images reported on that have a twin among those fitted on.
        tiers: How twins were looked for: `bytes`, `hash`, `features`.
        audit_sha256: Digest of the pairs that the audit found.
    """

    test: Count
    tiers: tuple[Name, ...]
    audit_sha256: Sha256


class DatasetState(Part):
    """The state of the data: what was there, and its fingerprint.

    Attributes:
        name: Of the dataset.
        fingerprint: Of classes, splits, labels and images (`Targets.fingerprint`).
        train: Images fitted on, those of the validation split included.
        test: Images reported on.
        classes: Number of classes or labels.
        missing: Images that the lists name and that were not there.
        unreadable: Images that could not be decoded.
        partial: Whether more than 1 % were missing and the user allowed it.
        exclusion: What was left out on the user's word; None if nothing was.
        twins: How many test images have a twin in training; None if no audit of this state of the data was on hand.
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
    """The images that a checkpoint was pretrained on, as its manifest names them.

    Attributes:
        sha256: The manifest's hash.
        images: Number of images.
        datasets: Of each dataset, the number of its images.
        test_images: How many of the images reported on are among them; None if the manifest was not on hand.
    """

    sha256: Sha256
    images: Count
    datasets: dict[Name, Count]
    test_images: Count | None


class TrainingState(Part):
    """How an encoder was pretrained.

    Attributes:
        key: Digest of everything that decides what comes out.
        method: Name of the method.
        backbone: Name of the backbone.
        settings: All of them.
        seed: Of initialisation, order and augmentation.
        steps: Updates of the weights.
        images_seen: Images over all updates.
        batch_norm: Over what batch normalisation normalised.
        dtype: In which the networks computed.
        unreadable: Images of the pool that could not be read.
        plugins: Version of each distribution that took part.
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
    """What the features were made with.

    Attributes:
        weights_sha256: Digest of the state dict.
        source: Where the weights are from.
        checkpoint_sha256: Digest of the checkpoint's file, where the pretraining was a path.
        parameters: Number of parameters.
        feature_dim: Length of a feature vector.
        input_size: Side of the crop in pixels.
        pool: What the checkpoint was pretrained on; None if it does not say.
        training: How artbench trained it; None if it did not.
    """

    weights_sha256: Sha256
    source: Name
    checkpoint_sha256: Sha256 | None = None
    parameters: Count
    feature_dim: Count
    input_size: Count
    pool: PoolState | None = None
    training: TrainingState | None = None


class Metric(Part):
    """A value and its bootstrap interval.

    Attributes:
        value: On the test; with several rounds, the mean over them.
        ci95: Lower and upper end.
        unit: `fraction`, in [0, 1], or `years`. Written only where it is not a fraction.
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
    """What the probe chose, and on what grounds.

    Attributes:
        name: Of the probe.
        l2: The penalty chosen.
        grid: The penalties to choose from.
        grid_losses: The mean loss on validation for each penalty (of years the mean squared error); None where the
            path had passed its best before.
        validation: Every metric on validation at the penalty chosen; empty where there was nothing to choose on.
        validation_accuracy: The accuracy among them; None for tasks that have none.
        thresholds: For each metric that needs one, the probability from which a label counts as predicted.
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
    """One of several rounds whose mean the record is: a draw of a few images, or one split of several.

    Attributes:
        train: Images fitted on, those of the validation split included.
        test: Images reported on.
        metrics: The value of each metric.
        neighbours: The same of the nearest neighbours.
        probe: What was chosen.
    """

    train: Count
    test: Count
    metrics: dict[Name, Amount]
    neighbours: dict[Name, Amount]
    probe: ProbeState


class FewShotState(Part):
    """How few images were fitted on.

    Attributes:
        shots: Images drawn of each class.
        draws: How often.
        seed: Of the draws.
        scarce: Classes that have fewer images to draw from, and gave all of them.
    """

    shots: Count
    draws: Count
    seed: Count
    scarce: Count


class BaselineState(Part):
    """What a guess scores that looks at no image.

    Attributes:
        name: `largest class`, `painter's commonest class`, …
        metrics: As those of the record.
    """

    name: Name
    metrics: dict[Name, Metric]
