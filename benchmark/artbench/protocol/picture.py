"""How a picture is prepared for a network."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Preprocessing:
    """Preprocessing of an image: RGB, EXIF orientation applied, short side resized, centre cropped.

    Attributes:
        size: Side of the crop in pixels, for backbones that take any.
        crop_fraction: Side of the crop divided by the resized short side: 244 / 0.875 = 279.
        interpolation: Interpolation of the resize, which is antialiased.
    """

    size: int = 244
    crop_fraction: float = 0.875
    interpolation: str = "bicubic"

    def crop_side(self, fixed: int | None) -> int:
        """Return the side of the crop for a backbone whose input size is `fixed` (None: any)."""
        return self.size if fixed is None else fixed

    def short_side(self, fixed: int | None) -> int:
        """Return the length in pixels to which the short side is resized before the crop."""
        return round(self.crop_side(fixed) / self.crop_fraction)
