"""JPEGs without anything that decoders treat differently."""

import io

from PIL import JpegImagePlugin

_ORIENTATION = 0x0112  # EXIF tag
_MOST_PIXELS = 60_000_000
_LONGEST = 8
# Sampling factors of the luminance: 4:4:4, 4:2:2, 4:2:0.
_SAMPLINGS = {(1, 1), (2, 1), (2, 2)}
_BASELINE_END = b"\xff\xd9"


def plain_jpeg(data: bytes) -> bool:
    """Whether a file is a whole, baseline YCbCr JPEG that is shown as it is stored.

    Others (progressive, grey, CMYK, RGB, turned, with a colour profile, cut short, unusually sampled, very large or
    very long) are for the decoder of the processor, which knows them all.

    Examples:
        >>> plain_jpeg(b"GIF89a")
        False
    """
    if not data.startswith(b"\xff\xd8\xff") or not data.rstrip(b"\0").endswith(_BASELINE_END):
        return False
    try:
        image = JpegImagePlugin.JpegImageFile(io.BytesIO(data))
        turned = image.getexif().get(_ORIENTATION, 1) != 1
    except Exception:  # Pillow raises many types for a broken file.
        return False
    odd = {"progressive", "progression", "icc_profile"} & image.info.keys()
    # Without the marker of Adobe, components are YCbCr unless their numbers spell RGB.
    coded = image.info.get("adobe_transform", 1) == 1 and [layer[0] for layer in image.layer] != [82, 71, 66]
    sides = image.size
    fits = sides[0] * sides[1] <= _MOST_PIXELS and max(sides) <= _LONGEST * min(sides)
    if image.mode != "RGB" or odd or turned or not coded or not fits:
        return False
    samplings = [tuple(layer[1:3]) for layer in image.layer]
    return samplings[0] in _SAMPLINGS and set(samplings[1:]) == {(1, 1)}
