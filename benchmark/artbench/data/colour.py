"""Conversion from the stored colours of an image to eight-bit sRGB."""

import io
from contextlib import suppress
from typing import cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

Box = tuple[float, float, float, float]


def to_rgb(image: Image.Image, *, size: tuple[int, int], box: Box) -> NDArray[np.uint8]:
    """Resize a part of a loaded image (bicubic, antialiased) and convert it to sRGB.

    Museums deliver scans in Adobe RGB, ProPhoto or CMYK; read as sRGB they look faded, and two scans of one painting
    differ by their scanner. The conversion follows the resize and takes a millisecond or two; images in sRGB or
    without a profile (nearly all) skip it.

    Args:
        image: The image.
        size: Width and height to resize to, in pixels.
        box: Left, top, right, bottom of the part, in pixels of the image.

    Returns:
        uint8, shape (height, width, 3).

    Raises:
        ValueError: The image's mode can't be converted to RGB.
    """
    profile = image.info.get("icc_profile")
    white = _white(image)
    image = _resizable(image).resize(size, Image.Resampling.BICUBIC, box=box)
    if image.mode == "F":
        image = _eight_bits(image, white=white)
    alpha = image.getchannel("A") if image.mode == "RGBA" else None
    if isinstance(profile, bytes) and profile:
        image = _to_srgb(image, profile)
    rgb = image.convert("RGB")
    if alpha is not None:
        rgb = Image.composite(rgb, Image.new("RGB", rgb.size, "white"), alpha)
    return np.asarray(rgb)


def colour_path() -> bytes:
    """Return colours that the library of colour profiles converts on this machine."""
    ramp = Image.fromarray(np.arange(0, 256, 5).astype(np.uint8).repeat(9).reshape(-1, 3, 3))
    source, target = (ImageCms.createProfile(name) for name in ("sRGB", "LAB"))
    converted = ImageCms.profileToProfile(ramp, source, target, outputMode="LAB")
    assert converted is not None
    return converted.tobytes()


def _resizable(image: Image.Image) -> Image.Image:
    """Convert to one of the modes L, RGB, RGBA, CMYK and F, which Pillow resizes exactly."""
    may_be_transparent = image.mode in {"1", "L", "P", "RGB"} and "transparency" in image.info
    if image.mode in {"PA", "LA", "La", "RGBa"} or may_be_transparent:
        return image.convert("RGBA")
    if image.mode == "1":
        return image.convert("L")
    if image.mode in {"P", "RGBX", "YCbCr"}:
        return image.convert("RGB")
    if image.mode.startswith("I"):
        return image.convert("I").convert("F")
    if image.mode in {"L", "RGB", "RGBA", "CMYK", "F"}:
        return image
    raise ValueError(f"colours of mode {image.mode} can't be turned into RGB")


def _white(image: Image.Image) -> float:
    """Return the value of white: the largest of 16 bits; for 32 bits and floats the next usual one."""
    if image.mode not in {"I", "F"}:
        return 65535.0
    highest = float(cast("tuple[float, float]", image.getextrema())[1])
    usual = (1.0, 255.0, 65535.0) if image.mode == "F" else (255.0, 65535.0)
    return next((white for white in usual if highest <= white), highest)


def _eight_bits(image: Image.Image, *, white: float) -> Image.Image:
    grey = np.asarray(image, np.float32) * (255 / white)
    if not np.isfinite(grey).all():
        raise ValueError("the image holds values that are not finite")
    return Image.fromarray(np.clip(grey + 0.5, 0, 255).astype(np.uint8))


def _to_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """Convert by the embedded profile; leave the colours as they are if it is broken or does not fit the mode."""
    with suppress(ImageCms.PyCMSError, OSError, ValueError, TypeError):
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        fits = source.profile.xcolor_space.strip() == {"RGBA": "RGB", "L": "GRAY"}.get(image.mode, image.mode)
        if fits and image.mode != "L" and "srgb" not in (source.profile.profile_description or "").lower():
            target = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
            colours = image.convert("RGB") if image.mode == "RGBA" else image
            converted = ImageCms.profileToProfile(
                colours, source, target, renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC, outputMode="RGB"
            )
            return converted or image
    return image
