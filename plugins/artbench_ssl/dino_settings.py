"""The settings of DINO, for crops of any size."""

from dataclasses import replace
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from artbench.pretrain import Settings, View

# The original's local crops are 96 of 224 pixels; sizes in patches of 16.
_SHARE, _PATCH = 96 / 224, 16


class DinoSettings(Settings):
    """DINO (Caron et al. 2021, arXiv 2104.14294) for vision transformers.

    For a ResNet the original sets `optimizer=sgd`, `lr=0.03`, `weight_decay=1e-4`, `weight_decay_end=1e-4`,
    `crop_scale=0.14` and `local_scale_max=0.14`. The first two views are global; `crop_scale` and the other settings of
    views are theirs. The original normalises a ResNet over the whole batch; here it is over `sub_batch`.

    Attributes:
        weight_decay_end: Weight decay at the end; it changes along half a cosine. Biases and norms have none.
        local_views: Number of small views besides the two global ones.
        local_size: Side of a local view in pixels; None: 3/7 of the crop size, in steps of 16.
        local_scale: Least share of the image's area that a local view covers.
        local_scale_max: Largest share of the image's area that a local view covers.
        local_blur_p: Probability of a Gaussian blur in a local view.
        temperature: Temperature of the student's softmax.
        teacher_temperature: Temperature of the teacher's softmax, after its warm-up.
        teacher_temperature_start: Temperature of the teacher's softmax in the first epoch.
        teacher_warmup_epochs: Epochs over which the teacher's temperature changes.
        centre_momentum: Momentum of the centre of the teacher's outputs.
        momentum: Momentum of the teacher at the start; it rises to 1 along half a cosine.
        hidden: Width of the two hidden layers of the head.
        dim: Length of an embedding, the input of the last layer.
        prototypes: Number of outputs of the last layer.
        normalise_last: Whether the weights of each output of the last layer keep length 1. Without, transformers get
            better and trainings less stable.
        frozen_epochs: Epochs in which the last layer does not change.
        clip: Largest norm of the gradient of each parameter; None: any.
        drop_path: Rate of stochastic depth in the last block of the student's transformer, from 0 in the first; where
            its blocks have places for it, as timm's have, and no rate of their own.
    """

    last_lr: ClassVar[float] = 1e-6

    epochs: int = Field(default=100, ge=1, le=100_000)
    batch_size: int = Field(default=1024, ge=2, le=65_536)
    sub_batch: int = Field(default=64, ge=2, le=65_536)
    optimizer: Literal["sgd", "lars", "adamw"] = "adamw"
    lr: float = Field(default=5e-4, gt=0, le=100, allow_inf_nan=False)
    weight_decay: float = Field(default=0.04, ge=0, le=1)
    warmup_epochs: float = Field(default=10, ge=0, le=100_000)
    crop_scale: float = Field(default=0.4, gt=0, le=1)
    saturation: float = Field(default=0.2, ge=0, le=1)
    blur_p: float = Field(default=1.0, ge=0, le=1)
    blur_p_second: float = Field(default=0.1, ge=0, le=1)
    solarise_p_second: float = Field(default=0.2, ge=0, le=1)
    weight_decay_end: float = Field(default=0.4, ge=0, le=1)
    local_views: int = Field(default=8, ge=0, le=64)
    local_size: int | None = Field(default=None, ge=8, le=1024)
    local_scale: float = Field(default=0.05, gt=0, le=1)
    local_scale_max: float = Field(default=0.4, gt=0, le=1)
    local_blur_p: float = Field(default=0.5, ge=0, le=1)
    temperature: float = Field(default=0.1, gt=0, le=10)
    teacher_temperature: float = Field(default=0.07, gt=0, le=10)
    teacher_temperature_start: float = Field(default=0.04, gt=0, le=10)
    teacher_warmup_epochs: int = Field(default=30, ge=0, le=100_000)
    centre_momentum: float = Field(default=0.9, ge=0, le=1)
    momentum: float = Field(default=0.996, ge=0, le=1)
    hidden: int = Field(default=2048, ge=2, le=65_536)
    dim: int = Field(default=256, ge=2, le=8192)
    prototypes: int = Field(default=65_536, ge=2, le=1_000_000)
    normalise_last: bool = True
    frozen_epochs: int = Field(default=1, ge=0, le=100_000)
    clip: float | None = Field(default=3.0, gt=0, le=1e6)
    drop_path: float = Field(default=0.1, ge=0, lt=1)

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        if self.local_scale > self.local_scale_max:
            raise ValueError("local_scale is above local_scale_max")
        return self

    @property
    def local(self) -> View:
        """A local view."""
        first, _ = self.two_views
        size = self.local_size
        if size is None and self.crop_size is not None:
            size = _PATCH * max(1, round(self.crop_size * _SHARE / _PATCH))
        scale = (self.local_scale, self.local_scale_max)
        return replace(first, size=size, scale=scale, blur_p=self.local_blur_p, solarise_p=0)

    def teacher_temperature_in(self, epoch: int) -> float:
        """The temperature of the teacher's softmax in an epoch, from 0: a straight line, then constant."""
        start, end, length = self.teacher_temperature_start, self.teacher_temperature, self.teacher_warmup_epochs
        if epoch >= length:
            return end
        return start + (end - start) * epoch / max(1, length - 1)
