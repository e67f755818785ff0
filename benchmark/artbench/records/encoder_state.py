"""The encoder in a record: its weights, how they were trained, and what they have seen."""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from artbench.records.fields import Count, Name, Number, Part, Sha256, Version, Whole

# What is known of test images among the images that an encoder was trained on.
Knowledge: TypeAlias = Literal["clean", "unknown", "contaminated"]


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


class StretchState(Part):
    """A part of a training from one change of its circumstances to the next.

    Attributes:
        from_step: Number of updates before it.
        device: Kind of the device: `cpu`, `cuda` or `mps`.
        dtype: Data type of the networks' computation.
        artbench: Version of artbench.
        torch: Version of torch.
        plugins: Version of each distribution that was used.
    """

    from_step: Count
    device: Name
    dtype: Name
    artbench: Version
    torch: Version
    plugins: dict[Name, Version]


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
        dtype: Data type of the networks' computation, at the end.
        unreadable: Number of images of the pool that could not be read.
        plugins: Version of each distribution that was used, at the end.
        stretches: The parts of the training, in their order: one, or several where it was resumed with changes; none
            in records of artbench 0.1.
        skipped_steps: Number of the updates that were left out because gradients overflowed in float16; None in other
            number types.
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
    stretches: tuple[StretchState, ...] = ()
    skipped_steps: Count | None = None


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


class NormalisationState(Part):
    """Mean and standard deviation of each channel, of RGB in [0, 1]."""

    mean: tuple[Number, Number, Number]
    std: tuple[Number, Number, Number]


class EncoderState(Part):
    """The encoder of the features.

    Attributes:
        weights_sha256: Digest of the state dict.
        backbone_version: Version of the backbone's code (`BackboneSpec.version`); 1 in records of artbench before 0.3.
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
        normalisation: What `--mean` and `--std` gave for a checkpoint; None: what belongs to its layout (`source` says
            it) or to the backbone.
    """

    weights_sha256: Sha256
    backbone_version: Annotated[int, Field(ge=1, le=10**15)] = 1
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
    normalisation: NormalisationState | None = None
