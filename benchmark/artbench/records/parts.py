"""What a result was made from: the state of the data, and the encoder."""

from artbench.records.fields import Count, Name, Part, Sha256


class ExclusionState(Part):
    """What a list given with `--exclude` has taken out.

    Attributes:
        sha256: Of the list's entries.
        train: Pictures taken out of train and validation.
        test: Pictures taken out of the test.
    """

    sha256: Sha256
    train: Count
    test: Count


class TwinsState(Part):
    """What an audit that was on hand says of this task.

    Attributes:
        test: Pictures reported on that have a twin among those fitted on.
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
        fingerprint: Of classes, splits, labels and pictures (`Targets.fingerprint`).
        train: Pictures fitted on, those of the validation split included.
        test: Pictures reported on.
        classes: Number of classes or labels.
        missing: Pictures that the lists name and that were not there.
        unreadable: Pictures that could not be decoded.
        partial: Whether more than 1 % were missing and the user allowed it.
        exclusion: What was left out on the user's word; None if nothing was.
        twins: How many test pictures have a twin in training; None if no audit of this state of the data was on hand.
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
    twins: TwinsState | None = None


class PoolState(Part):
    """The pictures that a checkpoint was pretrained on, as its manifest names them.

    Attributes:
        sha256: The manifest's hash.
        images: Number of pictures.
        datasets: Of each dataset, the number of its pictures.
        test_images: How many of the pictures reported on are among them; None if the manifest was not on hand.
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
        images_seen: Pictures over all updates.
        batch_norm: Over what batch normalisation normalised.
        dtype: In which the networks computed.
        unreadable: Pictures of the pool that could not be read.
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
