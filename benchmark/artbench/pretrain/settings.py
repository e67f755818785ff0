"""The settings of a training, with types and ranges, from `--set KEY=VALUE` and TOML."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, ClassVar, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails

from artbench.errors import UsageError
from artbench.pretrain.setting_words import allowed, kinds, limits, shown, values
from artbench.pretrain.views import View
from artbench.runtime.text import key_and_value


class Settings(BaseModel):
    """Settings that every method has. A method derives its own class, with the defaults of the original.

    Attributes:
        epochs: Passes over the pool.
        steps: Updates of the weights, instead of `epochs`.
        batch_size: Images in an update, over all processes.
        sub_batch: Images that go through the network together, and over which batch normalisation normalises;
            the whole batch if that is smaller.
        one_source: Whether the images of a batch, and the keys of a queue it is compared with, are from one dataset:
            images of another collection can be recognised by their scan, border and format.
        optimizer: `sgd`, `lars` or `adamw`.
        lr: Learning rate for a batch of 256; it is scaled in proportion to the batch.
        optimizer_momentum: Momentum of `sgd` and `lars`.
        weight_decay: L2 penalty; decoupled with `adamw`.
        schedule: `cosine` to zero, or `steps`: a tenth at each milestone.
        milestones: Shares of the training after which the learning rate drops.
        warmup_epochs: Epochs over which the learning rate rises from zero.
        crop_size: Side of the crops in pixels; None: 128, or the size the backbone wants.
        crop_scale: Least share of the image's area that a crop covers.
        crop_scale_max: Largest share. Below 1, objects appear as large as in a probe that enlarges images.
        flip_p: Probability of a flip from left to right.
        jitter_p: Probability of colour jitter.
        brightness: Strength of the jitter: the factor is drawn within 1 - strength and 1 + strength.
        contrast: Strength, as for brightness.
        saturation: Strength, as for brightness.
        hue: Shift of the hue, as a share of the circle, in either direction.
        grey_p: Probability of dropping all colour.
        blur_p: Probability of a Gaussian blur in the first view.
        blur_p_second: Probability of a Gaussian blur in the second view.
        blur_sigma_min: Least standard deviation of the blur in pixels.
        blur_sigma_max: Largest standard deviation of the blur in pixels.
        solarise_p: Probability of inverting the bright pixels of the first view.
        solarise_p_second: Probability of inverting the bright pixels of the second view.
        source_side: Short side in pixels to which images are reduced before they are cropped; None: 1.5 crops.
        dtype: Number type of the networks; `auto`: bfloat16 where the hardware is fast at it, float16 on other GPUs.
        grey_first: Whether colour is dropped before the jitter, not after it; a method's own, not a setting.
        last_lr: Learning rate at the end of a cosine, whatever the batch; a method's own, not a setting.

    Examples:
        >>> from artbench.pretrain import Settings
        >>> class OfMine(Settings):
        ...     lr: float = 0.05
        ...     temperature: float = 0.2
        >>> OfMine(temperature=0.1).lr, OfMine().batch_size
        (0.05, 256)
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    grey_first: ClassVar[bool] = False
    last_lr: ClassVar[float] = 0.0

    epochs: int = Field(default=200, ge=1, le=100_000)
    steps: int | None = Field(default=None, ge=1, le=1_000_000_000)
    batch_size: int = Field(default=256, ge=2, le=65_536)
    sub_batch: int = Field(default=32, ge=2, le=65_536)
    one_source: bool = False
    optimizer: Literal["sgd", "lars", "adamw"] = "sgd"
    lr: float = Field(default=0.03, gt=0, le=100, allow_inf_nan=False)
    optimizer_momentum: float = Field(default=0.9, ge=0, lt=1)
    weight_decay: float = Field(default=1e-4, ge=0, le=1)
    schedule: Literal["cosine", "steps"] = "cosine"
    milestones: tuple[float, ...] = (0.6, 0.8)
    warmup_epochs: float = Field(default=0, ge=0, le=100_000)
    crop_size: int | None = Field(default=None, ge=16, le=1024)
    crop_scale: float = Field(default=0.2, gt=0, le=1)
    crop_scale_max: float = Field(default=1, gt=0, le=1)
    flip_p: float = Field(default=0.5, ge=0, le=1)
    jitter_p: float = Field(default=0.8, ge=0, le=1)
    brightness: float = Field(default=0.4, ge=0, le=1)
    contrast: float = Field(default=0.4, ge=0, le=1)
    saturation: float = Field(default=0.4, ge=0, le=1)
    hue: float = Field(default=0.1, ge=0, le=0.5)
    grey_p: float = Field(default=0.2, ge=0, le=1)
    blur_p: float = Field(default=0.5, ge=0, le=1)
    blur_p_second: float = Field(default=0.5, ge=0, le=1)
    blur_sigma_min: float = Field(default=0.1, gt=0, le=10)
    blur_sigma_max: float = Field(default=2.0, gt=0, le=10)
    solarise_p: float = Field(default=0, ge=0, le=1)
    solarise_p_second: float = Field(default=0, ge=0, le=1)
    source_side: int | None = Field(default=None, ge=16, le=4096)
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"

    @field_validator("milestones", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return [part for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @model_validator(mode="after")
    def _agree(self) -> Self:
        self._check_common()
        if self.batch_size > self.sub_batch and self.batch_size % self.sub_batch:
            raise ValueError(f"batch_size={self.batch_size} is no multiple of sub_batch={self.sub_batch}")
        if self.blur_sigma_min > self.blur_sigma_max:
            raise ValueError("blur_sigma_min is above blur_sigma_max")
        if self.crop_scale > self.crop_scale_max:
            raise ValueError("crop_scale is above crop_scale_max")
        if list(self.milestones) != sorted(self.milestones) or not all(0 < share < 1 for share in self.milestones):
            raise ValueError("milestones are shares of the training, ascending, between 0 and 1")
        return self

    def _check_common(self) -> None:
        """Raise if a setting is outside the range that it has here, which a method's class may have redeclared."""
        if type(self) is not Settings:
            values = {name: getattr(self, name) for name in Settings.model_fields}
            try:
                Settings.model_validate(values)
            except ValidationError as error:
                raise ValueError(_explained(Settings, values, error.errors()[0])) from error

    @property
    def two_views(self) -> tuple[View, View]:
        """The two views of an image that these settings describe."""
        first = View(
            scale=(self.crop_scale, self.crop_scale_max),
            flip_p=self.flip_p,
            jitter_p=self.jitter_p,
            brightness=self.brightness,
            contrast=self.contrast,
            saturation=self.saturation,
            hue=self.hue,
            grey_p=self.grey_p,
            grey_first=self.grey_first,
            blur_p=self.blur_p,
            blur_sigma=(self.blur_sigma_min, self.blur_sigma_max),
            solarise_p=self.solarise_p,
        )
        return first, replace(first, blur_p=self.blur_p_second, solarise_p=self.solarise_p_second)

    @property
    def sub_batches(self) -> int:
        """The number of sub-batches in a batch."""
        return max(1, self.batch_size // self.sub_batch)

    @property
    def scaled_lr(self) -> float:
        """The learning rate for this batch size (Goyal et al. 2017)."""
        return self.lr * self.batch_size / 256


SettingsT = TypeVar("SettingsT", bound=Settings)


def check_narrowing(kind: type[Settings]) -> None:
    """Check that a method's class of settings allows no kind of value that `Settings` refuses: nobody would read it.

    Ranges are those of `Settings` too, whatever the class states; values are checked against them as they are read.

    Raises:
        UsageError: A setting takes another type or another word.
    """
    for name, field in Settings.model_fields.items():
        known, taken = values(field), values(kind.model_fields[name])
        # Whole numbers are numbers.
        unknown = taken - known - ({int} if float in known else set())
        if unknown:
            more = ", ".join(sorted(getattr(value, "__name__", str(value)) for value in unknown))
            raise UsageError(
                f"{kind.__name__} lets the setting {name} take {more}, which artbench does not know",
                mend=f"It takes {allowed(field)}; a method's own choices need a setting of another name",
            )


def read_settings(
    kind: type[SettingsT],
    *,
    toml: Path | None = None,
    pairs: Sequence[str] = (),
    begun: Mapping[str, Any] | None = None,
) -> SettingsT:
    """Read settings from a TOML file and `KEY=VALUE` texts, which take precedence; the rest have their defaults.

    Args:
        kind: The method's class of settings.
        toml: Path of the TOML file.
        pairs: The `KEY=VALUE` texts.
        begun: Settings of the training to resume, used instead of defaults; unknown ones are ignored.

    Raises:
        UsageError: A key is unknown (the nearest are named), or a value is not of its type or outside its range.
    """
    given = {key: value for key, value in (begun or {}).items() if key in kind.model_fields}
    given |= {} if toml is None else _read_toml(toml)
    for pair in pairs:
        key, value = key_and_value(pair)
        given[key] = None if value.lower() == "none" else value
    return check_settings(kind, given)


def check_settings(kind: type[SettingsT], given: Mapping[str, Any]) -> SettingsT:
    """Check settings given by name, and raise `UsageError` as `read_settings` does."""
    for key in given:
        if key not in kind.model_fields:
            near = get_close_matches(key, kind.model_fields, n=3)
            hint = f"The nearest: {', '.join(near)}" if near else f"There is: {', '.join(kind.model_fields)}"
            raise UsageError(f"there is no setting {key!r}", mend=hint)
    for key, value in given.items():
        words, taken = allowed(kind.model_fields[key]), kinds(kind.model_fields[key])
        # To Python, true and false are numbers.
        if (value == "" and words) or (isinstance(value, bool) and bool not in taken and {int, float} & {*taken}):
            raise UsageError(_refused(key, shown(value), words))
    try:
        return kind.model_validate(dict(given))
    except ValidationError as error:
        raise UsageError(_explained(kind, given, error.errors()[0])) from error


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path} can't be read ({error.strerror})") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path} is not TOML ({error})") from error


def _explained(kind: type[Settings], given: Mapping[str, Any], error: ErrorDetails) -> str:
    message = " ".join(error["msg"].removeprefix("Value error, ").split())
    if not error["loc"]:
        return message
    key = str(error["loc"][0])
    field, value = kind.model_fields[key], shown(given.get(key, error["input"]))
    if error["type"].startswith(("greater_than", "less_than")):
        return f"{key}={value} is outside its range, {limits(field)}"
    words = allowed(field)
    # A check of the plugin has its own message.
    return _refused(key, value, words) if words and error["type"] != "value_error" else f"{key}={value}: {message}"


def _refused(key: str, value: str, words: str) -> str:
    return f"{key}={value}: it takes {words}" if value else f"{key} is given without a value: it takes {words}"
