"""The settings of MoCo v1, v2 and v3."""

from typing import ClassVar, Literal

from pydantic import Field

from artbench.pretrain import Settings


class QueueSettings(Settings):
    """MoCo v2 (Chen et al. 2020, arXiv 2003.04297), at the crops of 128 px that art was pretrained with.

    Attributes:
        queue: Number of earlier keys that serve as negatives; None: 65,536, but at most a tenth of the pool.
        momentum: Momentum of the key encoder.
        temperature: Temperature of the softmax over similarities.
        dim: Length of an embedding.
        mlp: Whether the head has a hidden layer.
        shuffle: Whether keys are computed in differently composed sub-batches (shuffling batch normalisation).
    """

    queue: int | None = Field(default=None, ge=1, le=10_000_000)
    momentum: float = Field(default=0.999, ge=0, le=1)
    temperature: float = Field(default=0.2, gt=0, le=10)
    dim: int = Field(default=128, ge=2, le=8192)
    mlp: bool = True
    shuffle: bool = True


class SmallSettings(QueueSettings):
    """MoCo v2 for a few thousand images of art and crops of 128 px: many small steps, milder colours.

    How each value was found is in `docs/pretraining-moco.md`.
    """

    epochs: int = Field(default=35, ge=1, le=100_000)
    batch_size: int = Field(default=64, ge=2, le=65_536)
    optimizer: Literal["sgd", "lars", "adamw"] = "adamw"
    lr: float = Field(default=0.004, gt=0, le=100, allow_inf_nan=False)
    weight_decay: float = Field(default=0.01, ge=0, le=1)
    warmup_epochs: float = Field(default=1, ge=0, le=100_000)
    momentum: float = Field(default=0.99, ge=0, le=1)
    temperature: float = Field(default=0.1, gt=0, le=10)
    crop_scale: float = Field(default=0.15, gt=0, le=1)
    source_side: int | None = Field(default=224, ge=16, le=4096)
    saturation: float = Field(default=0.2, ge=0, le=1)
    hue: float = Field(default=0.05, ge=0, le=0.5)
    grey_p: float = Field(default=0.1, ge=0, le=1)
    blur_p: float = Field(default=0.1, ge=0, le=1)
    blur_p_second: float = Field(default=0.1, ge=0, le=1)


class FirstSettings(QueueSettings):
    """MoCo v1 (He et al. 2020, arXiv 1911.05722)."""

    grey_first: ClassVar[bool] = True

    temperature: float = Field(default=0.07, gt=0, le=10)
    mlp: bool = False
    schedule: Literal["cosine", "steps"] = "steps"
    jitter_p: float = Field(default=1.0, ge=0, le=1)
    hue: float = Field(default=0.4, ge=0, le=0.5)
    blur_p: float = Field(default=0, ge=0, le=1)
    blur_p_second: float = Field(default=0, ge=0, le=1)


class ThirdSettings(Settings):
    """MoCo v3 (Chen et al. 2021, arXiv 2104.02057) for ResNets.

    The learning rate of 0.6 is the original's for 100 epochs. The original normalises the heads, and a ResNet, over the
    whole batch of 4,096; here it is over `sub_batch`.

    Attributes:
        momentum: Momentum of the momentum encoder at the start; it rises to 1 along half a cosine.
        temperature: Temperature of the softmax over similarities.
        dim: Length of an embedding.
        hidden: Width of the hidden layers of projector and predictor.
        projector_layers: Number of layers of the projector; the predictor has two.
        predictor_norm: Whether the predictor ends in a batch normalisation.
        initialise_vit: Whether a vision transformer begins as the original: Xavier weights, fixed sin-cos positions.
        freeze_patch_embedding: Whether a vision transformer keeps its random patch embedding.
    """

    epochs: int = Field(default=100, ge=1, le=100_000)
    batch_size: int = Field(default=4096, ge=2, le=65_536)
    sub_batch: int = Field(default=256, ge=2, le=65_536)
    optimizer: Literal["sgd", "lars", "adamw"] = "lars"
    lr: float = Field(default=0.6, gt=0, le=100, allow_inf_nan=False)
    weight_decay: float = Field(default=1e-6, ge=0, le=1)
    warmup_epochs: float = Field(default=10, ge=0, le=100_000)
    saturation: float = Field(default=0.2, ge=0, le=1)
    blur_p: float = Field(default=1.0, ge=0, le=1)
    blur_p_second: float = Field(default=0.1, ge=0, le=1)
    solarise_p_second: float = Field(default=0.2, ge=0, le=1)
    momentum: float = Field(default=0.99, ge=0, le=1)
    temperature: float = Field(default=1.0, gt=0, le=10)
    dim: int = Field(default=256, ge=2, le=8192)
    hidden: int = Field(default=4096, ge=2, le=65_536)
    projector_layers: int = Field(default=2, ge=1, le=6)
    predictor_norm: bool = False
    initialise_vit: bool = False
    freeze_patch_embedding: bool = False


class TransformerSettings(ThirdSettings):
    """MoCo v3 for vision transformers."""

    epochs: int = Field(default=300, ge=1, le=100_000)
    optimizer: Literal["sgd", "lars", "adamw"] = "adamw"
    lr: float = Field(default=1.5e-4, gt=0, le=100, allow_inf_nan=False)
    weight_decay: float = Field(default=0.1, ge=0, le=1)
    warmup_epochs: float = Field(default=40, ge=0, le=100_000)
    crop_scale: float = Field(default=0.08, gt=0, le=1)
    temperature: float = Field(default=0.2, gt=0, le=10)
    projector_layers: int = Field(default=3, ge=1, le=6)
    predictor_norm: bool = True
    initialise_vit: bool = True
    freeze_patch_embedding: bool = True
