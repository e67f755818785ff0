"""The settings of SimCLR and BYOL, for crops of 128 px."""

from typing import Literal

from pydantic import Field

from artbench.pretrain import Settings


class SimclrSettings(Settings):
    """SimCLR (Chen et al. 2020, arXiv 2002.05709).

    The original normalises over the whole batch of 4,096; here it is over `sub_batch`.

    Attributes:
        temperature: Temperature of the softmax over similarities.
        dim: Length of an embedding.
    """

    epochs: int = Field(default=100, ge=1, le=100_000)
    batch_size: int = Field(default=4096, ge=2, le=65_536)
    sub_batch: int = Field(default=256, ge=2, le=65_536)
    optimizer: Literal["sgd", "lars", "adamw"] = "lars"
    lr: float = Field(default=0.3, gt=0, le=100, allow_inf_nan=False)
    weight_decay: float = Field(default=1e-6, ge=0, le=1)
    warmup_epochs: float = Field(default=10, ge=0, le=100_000)
    crop_scale: float = Field(default=0.08, gt=0, le=1)
    brightness: float = Field(default=0.8, ge=0, le=1)
    contrast: float = Field(default=0.8, ge=0, le=1)
    saturation: float = Field(default=0.8, ge=0, le=1)
    hue: float = Field(default=0.2, ge=0, le=0.5)
    temperature: float = Field(default=0.1, gt=0, le=10)
    dim: int = Field(default=128, ge=2, le=8192)


class ByolSettings(Settings):
    """BYOL (Grill et al. 2020, arXiv 2006.07733), at its 300 epochs.

    The original normalises over the whole batch of 4,096; here it is over `sub_batch`.

    Attributes:
        momentum: Momentum of the target network at the start; it rises to 1 along half a cosine.
        dim: Length of an embedding.
        hidden: Width of the hidden layer of projector and predictor.
    """

    epochs: int = Field(default=300, ge=1, le=100_000)
    batch_size: int = Field(default=4096, ge=2, le=65_536)
    sub_batch: int = Field(default=256, ge=2, le=65_536)
    optimizer: Literal["sgd", "lars", "adamw"] = "lars"
    lr: float = Field(default=0.3, gt=0, le=100, allow_inf_nan=False)
    weight_decay: float = Field(default=1e-6, ge=0, le=1)
    warmup_epochs: float = Field(default=10, ge=0, le=100_000)
    crop_scale: float = Field(default=0.08, gt=0, le=1)
    saturation: float = Field(default=0.2, ge=0, le=1)
    blur_p: float = Field(default=1.0, ge=0, le=1)
    blur_p_second: float = Field(default=0.1, ge=0, le=1)
    solarise_p_second: float = Field(default=0.2, ge=0, le=1)
    momentum: float = Field(default=0.99, ge=0, le=1)
    dim: int = Field(default=256, ge=2, le=8192)
    hidden: int = Field(default=4096, ge=2, le=65_536)
