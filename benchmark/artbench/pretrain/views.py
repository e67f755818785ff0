"""What a method asks of each view of an image: its size, the area that it covers, its colours."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class View:
    """One view of every image of a batch: how it is cropped and augmented.

    Names and meanings are those of `Settings`, whose `two_views` are those that most methods take.

    Attributes:
        size: Side in pixels; None: the crop size of the training.
        scale: Least and largest share of the image's area that a crop covers.
        flip_p: Probability of a flip from left to right.
        jitter_p: Probability of colour jitter.
        brightness: Strength of the jitter.
        contrast: Strength of the jitter.
        saturation: Strength of the jitter.
        hue: Strength of the jitter, as a share of the circle.
        grey_p: Probability of dropping all colour.
        grey_first: Whether colour is dropped before the jitter, not after it.
        blur_p: Probability of a Gaussian blur.
        blur_sigma: Least and largest standard deviation of the blur in pixels.
        solarise_p: Probability of inverting the bright pixels.

    Raises:
        ValueError: A value is outside its range.

    Examples:
        >>> from dataclasses import replace
        >>> from artbench.pretrain import Settings
        >>> first, second = Settings(blur_p_second=0.1).two_views
        >>> first.blur_p, second.blur_p
        (0.5, 0.1)
        >>> replace(second, size=96, scale=(0.05, 0.4)).size
        96
    """

    size: int | None = None
    scale: tuple[float, float] = (0.2, 1.0)
    flip_p: float = 0.5
    jitter_p: float = 0.8
    brightness: float = 0.4
    contrast: float = 0.4
    saturation: float = 0.4
    hue: float = 0.1
    grey_p: float = 0.2
    grey_first: bool = False
    blur_p: float = 0.5
    blur_sigma: tuple[float, float] = (0.1, 2.0)
    solarise_p: float = 0.0

    def __post_init__(self) -> None:
        """Check every value."""
        if self.size is not None and self.size < 1:
            raise ValueError(f"a view of {self.size} pixels")
        for name, (low, high), most in (("scale", self.scale, 1.0), ("blur_sigma", self.blur_sigma, 10.0)):
            if not 0 < low <= high <= most:
                raise ValueError(f"a view's {name} is {(low, high)}, not two ascending numbers above 0 to {most:g}")
        for name in ("flip_p", "jitter_p", "brightness", "contrast", "saturation", "grey_p", "blur_p", "solarise_p"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"a view's {name} is {getattr(self, name)}, not from 0 to 1")
        if not 0 <= self.hue <= 0.5:
            raise ValueError(f"a view's hue is {self.hue}, not from 0 to 0.5")
